---
-- TLS and SSLv3 on the wire: records and handshake messages are written and read, cipher suites are taken
-- apart. Scripts use it to ask a server what it would agree to; no connection is ever finished with it.
--
-- Written from RFC 6101, 2246, 4346, 5246, 8446 and, for extensions, RFC 6066, 7301, 8422. The tables of
-- numbers (<code>PROTOCOLS</code>, <code>CIPHERS</code>, <code>EXTENSIONS</code> and others) are IANA's.
--
-- Whatever a server sends is bounded: a record says its length in 16 bits, and a handshake message of more
-- than 256 KiB is refused.
--
-- @usage
-- local hello = tls.client_hello({protocol = "TLSv1.2", extensions = {
--   server_name = tls.EXTENSION_HELPERS.server_name("www.example.org")}})
-- socket:send(hello)
-- local ok, buffer = tls.record_buffer(socket)
-- if ok then
--   local _, record = tls.record_read(buffer, 1)
--   print(record.type, record.body[1].cipher)
-- end
-- @args tls.servername Name to ask for in the server name extension. Default: the target as it was typed, if
--       that was a name.
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name tls

local ciphers = require "tls.ciphers"
local kex = require "tls.kex"
local math = require "math"
local nmap = require "nmap"
local os = require "os"
local reading = require "tls.reading"
local registry = require "tls.registry"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("tls", stdnse.seeall)

for name, numbers in pairs(registry) do
  _ENV[name] = numbers
end
CIPHERS, SCSVS = ciphers.CIPHERS, ciphers.SCSVS
KEX_ALGORITHMS, rsa_equiv = kex.KEX_ALGORITHMS, kex.rsa_equiv

-- Reading is in a file of its own.
for name, what in pairs(reading) do
  _ENV[name] = what
end

--- Cipher suites of a hello that names none, for versions before TLS 1.3.
-- @class table
-- @name DEFAULT_TLS12_CIPHERS
DEFAULT_TLS12_CIPHERS = {
  "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
  "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
  "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_DHE_RSA_WITH_AES_256_CBC_SHA",
  "TLS_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_256_CBC_SHA",
  "TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_RSA_WITH_RC4_128_SHA",
  "TLS_RSA_WITH_RC4_128_MD5",
}

--- Cipher suites of a hello that names none, for TLS 1.3.
-- @class table
-- @name DEFAULT_TLS13_CIPHERS
DEFAULT_TLS13_CIPHERS = {
  "TLS_AKE_WITH_AES_128_GCM_SHA256", "TLS_AKE_WITH_AES_256_GCM_SHA384",
  "TLS_AKE_WITH_CHACHA20_POLY1305_SHA256",
}

--- Says what a cipher suite is made of.
-- @param c Name of the suite, such as <code>TLS_RSA_WITH_AES_128_CBC_SHA</code>.
-- @return Table with <code>kex</code>, <code>cipher</code>, <code>size</code> (strength in bits),
--         <code>block_size</code> (bits), <code>mode</code>, <code>hash</code>, and the fields of
--         <code>KEX_ALGORITHMS</code> for its key exchange, each if known.
function cipher_info (c)
  return ciphers.describe(kex, c)
end

--
-- Writing
--

-- The numbers of names, packed one after the other.
local function packed_list (format, numbers, names, what)
  local out = {}
  for _, name in ipairs(names) do
    local number = math.type(name) == "integer" and name or numbers[name]
    if not number then
      error("there is no " .. what .. " named " .. tostring(name), 3)
    end
    out[#out + 1] = string.pack(format, number)
  end
  return table.concat(out)
end

--- Functions that write the contents of extensions.
--
-- <code>server_name(name)</code>; <code>elliptic_curves(names)</code>;
-- <code>ec_point_formats(names)</code>; <code>signature_algorithms(pairs of hash and signature)</code>;
-- <code>signature_algorithms_13(names of schemes)</code>;
-- <code>application_layer_protocol_negotiation(protocols)</code>;
-- <code>supported_versions(names)</code>. The others take the bytes themselves.
-- @class table
-- @name EXTENSION_HELPERS
EXTENSION_HELPERS = {
  server_name = function (name)
    return string.pack(">s2", string.pack(">Bs2", 0, name))
  end,
  elliptic_curves = function (names)
    return string.pack(">s2", packed_list(">I2", ELLIPTIC_CURVES, names, "elliptic curve"))
  end,
  ec_point_formats = function (names)
    return string.pack(">s1", packed_list("B", EC_POINT_FORMATS, names, "point format"))
  end,
  signature_algorithms = function (algorithms)
    local out = {}
    for _, pair in ipairs(algorithms) do
      out[#out + 1] = string.pack("BB", HashAlgorithms[pair[1]] or pair[1],
        SignatureAlgorithms[pair[2]] or pair[2])
    end
    return string.pack(">s2", table.concat(out))
  end,
  signature_algorithms_13 = function (names)
    return string.pack(">s2", packed_list(">I2", SignatureSchemes, names, "signature scheme"))
  end,
  application_layer_protocol_negotiation = function (protocols)
    local out = {}
    for _, protocol in ipairs(protocols) do
      out[#out + 1] = string.pack(">s1", protocol)
    end
    return string.pack(">s2", table.concat(out))
  end,
  supported_versions = function (versions)
    return string.pack(">s1", packed_list(">I2", PROTOCOLS, versions, "version"))
  end,
}
for _, name in ipairs({"max_fragment_length", "client_certificate_url", "trusted_ca_keys", "truncated_hmac",
    "status_request", "next_protocol_negotiation"}) do
  EXTENSION_HELPERS[name] = function (data)
    return data and tostring(data) or ""
  end
end

--- Writes a record.
-- @param type Content type, such as <code>handshake</code>.
-- @param protocol Version, such as <code>TLSv1.0</code>. For TLS 1.3 the number of TLS 1.2 is written
--                 (RFC 8446, section 5.1).
-- @param b The contents.
-- @return The record.
function record_write (type, protocol, b)
  local version = math.min(PROTOCOLS[protocol], PROTOCOLS["TLSv1.2"])
  return string.pack(">BI2s2", TLS_CONTENTTYPE_REGISTRY[type], version, b)
end

local function uses_curves (names)
  for _, name in ipairs(names) do
    if type(name) == "string" and string.find(name, "_EC", 1, true) then
      return true
    end
  end
  return false
end

-- The extensions to send: those asked for, and what servers cannot do without.
local function extensions_of (t, protocol, names)
  local wanted = {}
  for name, data in pairs(t.extensions or {}) do
    local number = EXTENSIONS[name] or math.tointeger(name)
    if not number then
      error("there is no TLS extension named " .. tostring(name), 3)
    end
    wanted[number] = data
  end
  local function default (name, data)
    local number = EXTENSIONS[name]
    wanted[number] = wanted[number] or data
  end
  local version = PROTOCOLS[protocol]
  if version >= PROTOCOLS["TLSv1.3"] then
    default("supported_versions", EXTENSION_HELPERS.supported_versions({"TLSv1.3", "TLSv1.2"}))
    -- No share at all: the server says which group it wants (RFC 8446, section 4.2.8).
    default("key_share", string.pack(">s2", ""))
  end
  if version >= PROTOCOLS["TLSv1.2"] then
    default("signature_algorithms", EXTENSION_HELPERS.signature_algorithms_13({
      "ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384", "ecdsa_secp521r1_sha512", "ed25519", "ed448",
      "rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512", "rsa_pss_pss_sha256",
      "rsa_pss_pss_sha384", "rsa_pss_pss_sha512", "rsa_pkcs1_sha256", "rsa_pkcs1_sha384",
      "rsa_pkcs1_sha512", "rsa_pkcs1_sha1", "ecdsa_sha1", 0x0402, 0x0202,
    }))
  end
  if version >= PROTOCOLS["TLSv1.3"] or version > PROTOCOLS["SSLv3"] and uses_curves(names) then
    default("elliptic_curves", EXTENSION_HELPERS.elliptic_curves(DEFAULT_ELLIPTIC_CURVES))
    default("ec_point_formats", EXTENSION_HELPERS.ec_point_formats({"uncompressed"}))
  end
  return wanted
end

local function packed_extensions (wanted)
  local numbers = {}
  for number in pairs(wanted) do
    numbers[#numbers + 1] = number
  end
  table.sort(numbers)
  local out = {}
  for _, number in ipairs(numbers) do
    out[#out + 1] = string.pack(">I2s2", number, wanted[number])
  end
  return table.concat(out)
end

-- Codes of cipher suites, the special ones too.
local SUITE_CODES = setmetatable({}, { __index = function (_, name) return CIPHERS[name] or SCSVS[name] end })

--- Writes a ClientHello, with its record.
-- @param t Table, optional, with <code>protocol</code> (the highest version offered; default TLSv1.3),
--          <code>record_protocol</code> (version of the record; default TLSv1.0, or SSLv3 for that),
--          <code>ciphers</code> (array of names or codes), <code>compressors</code> (array of names),
--          <code>extensions</code> (contents by name, see <code>EXTENSION_HELPERS</code>) and
--          <code>session_id</code>. Extensions that servers insist on are added if they are not given.
-- @return The bytes to send.
function client_hello (t)
  t = t or {}
  local protocol = t.protocol or HIGHEST_PROTOCOL
  local version = PROTOCOLS[protocol]
  if not version then
    error("there is no TLS version named " .. tostring(protocol), 2)
  end
  local names = t.ciphers
  if not names then
    names = {}
    if version >= PROTOCOLS["TLSv1.3"] then
      table.move(DEFAULT_TLS13_CIPHERS, 1, #DEFAULT_TLS13_CIPHERS, 1, names)
    end
    table.move(DEFAULT_TLS12_CIPHERS, 1, #DEFAULT_TLS12_CIPHERS, #names + 1, names)
  end
  local body = string.pack(">I2I4", math.min(version, PROTOCOLS["TLSv1.2"]), os.time() & 0xFFFFFFFF)
    .. nmap.get_random_bytes(28)
    .. string.pack(">s1", t.session_id or "")
    .. string.pack(">s2", packed_list(">I2", SUITE_CODES, names, "cipher suite"))
    .. string.pack(">s1", packed_list("B", COMPRESSORS, t.compressors or {"NULL"}, "compressor"))
  local extensions = packed_extensions(extensions_of(t, protocol, names))
  if extensions ~= "" then
    body = body .. string.pack(">s2", extensions)
  end
  local record_protocol = t.record_protocol or (protocol == "SSLv3" and "SSLv3" or "TLSv1.0")
  return record_write("handshake", record_protocol,
    string.pack(">Bs3", TLS_HANDSHAKETYPE_REGISTRY.client_hello, body))
end

--- The name to ask for in the server name extension.
-- @param host Host table.
-- @return The name, or nil if only an address is known.
function servername (host)
  local given = stdnse.get_script_args("tls.servername")
  if given then
    return given
  end
  return type(host) == "table" and host.targetname or nil
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()

-- A ServerHello as RFC 5246, section 7.4.1.3 lays it out, in one record.
local hello = string.pack(">I2", 0x0303) .. string.rep("R", 32) .. "\4abcd" .. string.pack(">I2B", 0xC02F, 0)
  .. string.pack(">s2", string.pack(">I2s2", 16, "\0\3\2h2"))
local record = string.pack(">BI2s2", 22, 0x0303, string.pack(">Bs3", 2, hello))
local after, read = record_read(record, 1)
test_suite:add_test(unittest.equal(after, #record + 1), "a record is read to its end")
test_suite:add_test(unittest.equal(read.body[1].cipher, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"), "cipher")
test_suite:add_test(unittest.equal(read.body[1].session_id, "abcd"), "session id")
test_suite:add_test(
  unittest.equal(read.body[1].extensions.application_layer_protocol_negotiation, "\0\3\2h2"), "extension")

local _, first = record_read(string.pack(">BI2s2", 22, 0x0303, "\12\0\0\5ab"), 1)
local _, second = record_read(string.pack(">BI2s2", 22, 0x0303, "cde\14\0\0\0"), 1, first.fragment)
test_suite:add_test(unittest.equal(#first.body, 0), "half of a message is no message")
test_suite:add_test(unittest.equal(second.body[1].data, "abcde"), "two fragments make a message")
test_suite:add_test(unittest.equal(second.body[2].type, "server_hello_done"), "a message after it")

for cut = 1, #record - 1 do
  local where, part, good = record_read(string.sub(record, 1, cut), 1)
  test_suite:add_test(unittest.is_true(where == 1 and part == nil and good), "a record cut off")
end
local _, none, good = record_read("HTTP/1.1 400 Bad Request", 1)
test_suite:add_test(unittest.is_true(none == nil and good == false), "HTTP is not TLS")

local _, own = record_read(client_hello({protocol = "TLSv1.1", ciphers = {"TLS_RSA_WITH_AES_128_CBC_SHA"}}), 1)
test_suite:add_test(unittest.equal(own.body[1].type, "client_hello"), "our own hello can be read")
test_suite:add_test(unittest.equal(string.sub(own.body[1].data, 36, 39), "\0\2\0\x2f"), "with the suite")

local des = cipher_info("TLS_RSA_WITH_3DES_EDE_CBC_SHA")
test_suite:add_test(unittest.equal(des.size, 112), "triple DES is worth 112 bits")
test_suite:add_test(unittest.equal(des.block_size, 64), "and has small blocks")
test_suite:add_test(unittest.equal(cipher_info("TLS_RSA_WITH_RC4_128_MD5").size, 80), "RC4 is worth less")
test_suite:add_test(unittest.equal(cipher_info("TLS_RSA_WITH_AES_128_CCM_8").mode, "CCM_8"), "CCM with 8 bytes")
test_suite:add_test(unittest.is_true(cipher_info("TLS_DH_anon_WITH_AES_128_CBC_SHA").anon), "nobody is asked")
test_suite:add_test(unittest.equal(rsa_equiv("ec", 256), 3072), "P-256 as RSA")

local params = string.pack(">s2s2s2", string.rep("\xff", 128), "\2", "y") .. "\4\1" .. string.pack(">s2", "s")
local dh = KEX_ALGORITHMS.DHE_RSA.server_key_exchange(params, "TLSv1.2")
test_suite:add_test(unittest.equal(dh.strength, 1024), "bits of a DH group")
test_suite:add_test(unittest.is_nil(KEX_ALGORITHMS.DHE_RSA.server_key_exchange("\0\9x", "TLSv1.2")), "cut off")

return _ENV
