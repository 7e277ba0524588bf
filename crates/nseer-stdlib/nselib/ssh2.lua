---
-- The beginning of SSH version 2: packets before encryption, algorithms, host keys.
--
-- Written from RFC 4253 (transport), RFC 4419 (group exchange), RFC 5656 and RFC 8731 (elliptic curves). A
-- server shows its host key in the answer to a key exchange, and signs; who only wants to see the key need not
-- finish the exchange. So for the exchanges with curves a fixed point does, and no secret is ever computed.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name ssh2

local base64 = require "base64"
local deadline = require "deadline"
local match = require "match"
local math = require "math"
local nmap = require "nmap"
local openssl = require "openssl"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("ssh2", stdnse.seeall)

-- RFC 4253, section 6.1, asks for 35000 bytes at least; servers with many algorithms stay below this.
local MAX_PACKET = 128 * 1024

-- Lines that a server may say before its version (section 4.2), and packets before a key.
local MAX_LINES, MAX_PACKETS = 50, 20
local MAX_LINE, MAX_GREETING_MS = 8192, 20000

local BANNER = "SSH-2.0-nseer\r\n"

local MSG = {
  DISCONNECT = 1, IGNORE = 2, DEBUG = 4, KEXINIT = 20, NEWKEYS = 21, KEXDH_INIT = 30, KEXDH_REPLY = 31,
  GEX_GROUP = 31, GEX_INIT = 32, GEX_REPLY = 33, GEX_REQUEST = 34,
}

--- Tells whether a whole packet is in a buffer.
-- @param buffer What was received.
-- @return Bytes of the packet, its length field included; nil if it is not whole yet.
-- @return The same, so that the function can be given to <code>receive_buf</code>.
function check_packet_length (buffer)
  if #buffer < 4 then
    return nil
  end
  local length = string.unpack(">I4", buffer)
  if length > MAX_PACKET or #buffer < length + 4 then
    return nil
  end
  return length + 4, length + 4
end

-- The same for a socket's buffer: a packet that is too long ends at once, with what is there of it.
local function packet_end (buffer)
  if #buffer >= 4 and string.unpack(">I4", buffer) > MAX_PACKET then
    return #buffer, #buffer
  end
  return check_packet_length(buffer)
end

--- Functions for packets and key exchanges.
-- @class table
-- @name transport
transport = {}

--- Packs a number as <code>mpint</code> (RFC 4251, section 5).
-- @name transport.pack_mpint
-- @param bn Big number of <code>openssl</code>, not negative.
-- @return The bytes.
function transport.pack_mpint (bn)
  local bytes = openssl.bignum_bn2bin(bn)
  if bytes ~= "" and string.byte(bytes) >= 0x80 then
    bytes = "\0" .. bytes
  end
  return string.pack(">s4", bytes)
end

--- Puts a payload into a packet.
-- @name transport.build
-- @param payload The payload.
-- @return The packet, not encrypted.
function transport.build (payload)
  -- Length field, padding length, payload and padding are a multiple of 8; there are 4 bytes of padding or more.
  local padding = 8 - (#payload + 5) % 8
  if padding < 4 then
    padding = padding + 8
  end
  return string.pack(">I4B", #payload + padding + 1, padding) .. payload .. nmap.get_random_bytes(padding)
end

--- Takes the payload out of a packet.
-- @name transport.payload
-- @param packet The packet, not encrypted.
-- @return The payload; nil if the packet is not whole.
function transport.payload (packet)
  if #packet < 5 then
    return nil
  end
  local length, padding = string.unpack(">I4B", packet)
  if length < padding + 1 or #packet < length + 4 then
    return nil
  end
  return string.sub(packet, 6, length + 4 - padding)
end

--- Receives a packet.
-- @name transport.receive_packet
-- @param socket Connected socket, behind the exchange of versions. What it has left from an earlier
--               <code>receive_buf</code> comes first.
-- @return True, or nil if there was none.
-- @return The packet; or what went wrong.
function transport.receive_packet (socket)
  return deadline.receive_buf(socket, packet_end, true)
end

--- Receives the line in which a server says its version (RFC 4253, section 4.2). There may be others before it; they
-- may be fifty, and take twenty seconds.
-- @name transport.receive_version
-- @param socket Connected socket.
-- @return The version of the protocol, such as <code>2.0</code>; nil if the server does not say it.
-- @return The line; or what went wrong.
function transport.receive_version (socket)
  local ends = nmap.clock_ms() + MAX_GREETING_MS
  for _ = 1, MAX_LINES do
    local status, line = deadline.receive_buf(socket, match.pattern_limit("\r?\n", MAX_LINE), false, MAX_GREETING_MS)
    if not status then
      return nil, line
    end
    local version = string.match(line, "^SSH%-([%d.]+)%-")
    if version then
      return version, line
    elseif nmap.clock_ms() > ends then
      return nil, "TIMEOUT"
    end
  end
  return nil, "the server says no version"
end

-- The lists of SSH_MSG_KEXINIT in their order.
local LISTS = {
  "kex_algorithms", "server_host_key_algorithms", "encryption_algorithms_client_to_server",
  "encryption_algorithms_server_to_client", "mac_algorithms_client_to_server",
  "mac_algorithms_server_to_client", "compression_algorithms_client_to_server",
  "compression_algorithms_server_to_client", "languages_client_to_server", "languages_server_to_client",
}

local CIPHERS = "aes128-ctr,aes256-ctr,aes192-ctr,chacha20-poly1305@openssh.com,aes128-gcm@openssh.com,"
  .. "aes256-gcm@openssh.com,aes128-cbc,aes256-cbc,3des-cbc,blowfish-cbc,cast128-cbc,arcfour"
local MACS = "hmac-sha2-256,hmac-sha2-512,hmac-sha1,hmac-sha2-256-etm@openssh.com,"
  .. "hmac-sha2-512-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-64@openssh.com,hmac-md5"

local DEFAULTS = {
  kex_algorithms = "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,"
    .. "diffie-hellman-group14-sha256,diffie-hellman-group14-sha1,diffie-hellman-group16-sha512,"
    .. "diffie-hellman-group18-sha512,diffie-hellman-group-exchange-sha256,"
    .. "diffie-hellman-group-exchange-sha1,diffie-hellman-group1-sha1",
  server_host_key_algorithms = "ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256,ssh-rsa,ssh-dss",
  encryption_algorithms_client_to_server = CIPHERS,
  encryption_algorithms_server_to_client = CIPHERS,
  mac_algorithms_client_to_server = MACS,
  mac_algorithms_server_to_client = MACS,
  compression_algorithms_client_to_server = "none,zlib@openssh.com,zlib",
  compression_algorithms_server_to_client = "none,zlib@openssh.com,zlib",
  languages_client_to_server = "",
  languages_server_to_client = "",
}

--- Writes SSH_MSG_KEXINIT.
-- @name transport.kex_init
-- @param options Table, optional, with lists by name, such as <code>kex_algorithms</code> and
--                <code>server_host_key_algorithms</code>: names with commas between them.
-- @return The payload.
function transport.kex_init (options)
  options = options or {}
  local parts = {string.pack("B", MSG.KEXINIT), nmap.get_random_bytes(16)}
  for _, name in ipairs(LISTS) do
    parts[#parts + 1] = string.pack(">s4", options[name] or DEFAULTS[name])
  end
  parts[#parts + 1] = "\0\0\0\0\0"
  return table.concat(parts)
end

--- Reads SSH_MSG_KEXINIT.
-- @name transport.parse_kex_init
-- @param payload The payload.
-- @return Table with <code>cookie</code> and the lists as text, such as <code>kex_algorithms</code>; lists
--         that are cut off are missing. Nil if it is another message.
function transport.parse_kex_init (payload)
  if #payload < 17 or string.byte(payload) ~= MSG.KEXINIT then
    return nil
  end
  local parsed, pos = { cookie = string.sub(payload, 2, 17) }, 18
  for _, name in ipairs(LISTS) do
    if pos + 3 > #payload then
      break
    end
    local length = string.unpack(">I4", payload, pos)
    if length > #payload - pos - 3 then
      break
    end
    parsed[name] = string.sub(payload, pos + 4, pos + 3 + length)
    pos = pos + 4 + length
  end
  return parsed
end

--- Writes SSH_MSG_KEXDH_INIT (RFC 4253, section 8).
-- @name transport.kexdh_init
-- @param e The client's public number.
-- @return The payload.
function transport.kexdh_init (e)
  return string.pack("B", MSG.KEXDH_INIT) .. transport.pack_mpint(e)
end

--- Writes SSH_MSG_KEX_DH_GEX_INIT (RFC 4419, section 3).
-- @name transport.kexdh_gex_init
-- @param e The client's public number.
-- @return The payload.
function transport.kexdh_gex_init (e)
  return string.pack("B", MSG.GEX_INIT) .. transport.pack_mpint(e)
end

--
-- Host keys
--

-- The base point of P-256 (FIPS 186-4, section D.1.2.3): a point on the curve like any other.
local P256_POINT = stdnse.fromhex("04"
  .. "6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
  .. "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5")

-- A public number for a fixed group: 2 to a random power, computed with whatever modulus is at hand. The
-- server only checks that it lies between 1 and the modulus, and any number of 1000 bits does.
local function some_number ()
  local e = openssl.bignum_pseudo_rand(1000)
  openssl.bignum_set_bit(e, 999)
  return e
end

-- What to send for a key exchange, and the message that brings the host key.
local function first_message (algorithm)
  if string.find(algorithm, "^curve25519%-") then
    return string.pack(">Bs4", MSG.KEXDH_INIT, nmap.get_random_bytes(32)), MSG.KEXDH_REPLY
  elseif algorithm == "ecdh-sha2-nistp256" then
    return string.pack(">Bs4", MSG.KEXDH_INIT, P256_POINT), MSG.KEXDH_REPLY
  elseif string.find(algorithm, "^diffie%-hellman%-group%-exchange") then
    return string.pack(">BI4I4I4", MSG.GEX_REQUEST, 1024, 2048, 8192), MSG.GEX_REPLY
  end
  return transport.kexdh_init(some_number()), MSG.KEXDH_REPLY
end

-- The first algorithm of ours that is also the server's (RFC 4253, section 7.1).
local function agreed (ours, theirs)
  theirs = "," .. (theirs or "") .. ","
  for name in string.gmatch(ours, "[^,]+") do
    if string.find(theirs, "," .. name .. ",", 1, true) then
      return name
    end
  end
end

-- Whether the server speaks version 2; if not, a reason.
local function greet (socket)
  local version, reason = transport.receive_version(socket)
  if not version then
    return nil, reason
  end
  -- 1.99 speaks both versions.
  return version == "2.0" or version == "1.99", "the server does not speak SSH version 2"
end

-- The next payload that means something.
local function next_payload (socket)
  for _ = 1, MAX_PACKETS do
    local status, packet = transport.receive_packet(socket)
    if not status then
      return nil, packet
    end
    local payload = transport.payload(packet)
    local message = payload and string.byte(payload)
    if not message or message == MSG.DISCONNECT then
      return nil, "the server disconnects"
    elseif message ~= MSG.IGNORE and message ~= MSG.DEBUG then
      return payload, message
    end
  end
  return nil, "the server says nothing of use"
end

-- The host key of `types` on a connected socket.
local function exchange (socket, types)
  local status, why = greet(socket)
  if not status then
    return nil, why
  end
  socket:send(BANNER .. transport.build(transport.kex_init({server_host_key_algorithms = types})))
  local payload, message = next_payload(socket)
  local offered = payload and transport.parse_kex_init(payload)
  if not offered then
    return nil, payload and "the server begins without algorithms" or message
  end
  local algorithm = agreed(DEFAULTS.kex_algorithms, offered.kex_algorithms)
  if not algorithm or not agreed(types, offered.server_host_key_algorithms) then
    return nil, "the server has no such key"
  end
  local say, wanted = first_message(algorithm)
  socket:send(transport.build(say))
  payload, message = next_payload(socket)
  if payload and wanted == MSG.GEX_REPLY and message == MSG.GEX_GROUP then
    socket:send(transport.build(transport.kexdh_gex_init(some_number())))
    payload, message = next_payload(socket)
  end
  if not payload or message ~= wanted or #payload < 5 then
    return nil, "the server shows no key"
  end
  local length = string.unpack(">I4", payload, 2)
  if length > #payload - 5 then
    return nil, "the server's key is cut off"
  end
  return string.sub(payload, 6, 5 + length)
end

-- Kinds of keys: how people call them, and the algorithms that show one.
local KINDS = {
  ["ssh-rsa"] = {"RSA", "rsa-sha2-512,rsa-sha2-256,ssh-rsa"},
  ["ssh-dss"] = {"DSA", "ssh-dss"},
  ["ssh-ed25519"] = {"ED25519", "ssh-ed25519"},
  ["ssh-ed448"] = {"ED448", "ssh-ed448"},
}

-- Bits of the number at `pos`, an mpint.
local function mpint_bits (blob, pos)
  local number, after = string.unpack(">s4", blob, pos)
  return openssl.bignum_num_bits(openssl.bignum_bin2bn(number)), after
end

-- Bits of a key from its blob.
local function bits_of (kind, blob)
  local _, pos = string.unpack(">s4", blob)
  if kind == "ssh-rsa" then
    _, pos = mpint_bits(blob, pos)
    return (mpint_bits(blob, pos))
  elseif kind == "ssh-dss" then
    return (mpint_bits(blob, pos))
  elseif kind == "ssh-ed25519" then
    return 256
  end
  return math.tointeger(tonumber(string.match(kind, "nistp(%d+)") or string.match(kind, "(%d+)$")))
end

-- A key as scripts want it.
local function described (blob)
  local kind = string.unpack(">s4", blob)
  local bits = bits_of(kind, blob)
  local algorithm = KINDS[kind] and KINDS[kind][1]
  if string.find(kind, "^ecdsa%-") then
    algorithm = "ECDSA"
  end
  local encoded = base64.enc(blob)
  return {
    key = encoded, key_type = kind, algorithm = algorithm or kind, bits = bits and tostring(bits),
    full_key = kind .. " " .. encoded, fp_input = blob,
    fingerprint = openssl.md5(blob), fp_sha256 = openssl.digest("sha256", blob),
  }
end

--- Gets a host key of a server.
-- @param host Host table.
-- @param port Port table.
-- @param key_type Kind of key, such as <code>ssh-rsa</code>, <code>ssh-ed25519</code> or
--                 <code>ecdsa-sha2-nistp256</code>. For RSA, newer signatures are accepted too.
-- @return Table with <code>key</code> (base64), <code>key_type</code>, <code>algorithm</code> (such as
--         <code>RSA</code>), <code>bits</code> (text), <code>full_key</code>, <code>fp_input</code> (the
--         bytes of the key), <code>fingerprint</code> (MD5, raw) and <code>fp_sha256</code> (raw); nil if the
--         server has no such key.
-- @return Without a key: why the connection ended, if it did.
function fetch_host_key (host, port, key_type)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host))
  local blob
  local status, why = socket:connect(host, port, "tcp")
  if status then
    blob, why = exchange(socket, KINDS[key_type] and KINDS[key_type][2] or key_type)
  end
  socket:close()
  local known, key = pcall(described, blob)
  if blob and known then
    return key
  end
  stdnse.debug1("no key of the kind %s: %s", key_type, blob and "it cannot be read" or why)
  return nil, why
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()

local packet = transport.build("payload")
test_suite:add_test(unittest.equal(#packet % 8, 0), "packets are a multiple of 8 bytes")
test_suite:add_test(unittest.equal((check_packet_length(packet .. "more")), #packet), "a packet's length")
test_suite:add_test(unittest.equal(transport.payload(packet), "payload"), "and its payload")
test_suite:add_test(unittest.is_nil(transport.payload("\0\0\0\1\9")), "more padding than packet")
test_suite:add_test(unittest.is_nil(check_packet_length("\255\255\255\255")), "an absurd length")
test_suite:add_test(
  unittest.equal(transport.pack_mpint(openssl.bignum_dec2bn("255")), "\0\0\0\2\0\xff"), "the sign bit stays clear")
local lists = transport.parse_kex_init(transport.kex_init({kex_algorithms = "a,b"}))
test_suite:add_test(unittest.equal(lists.kex_algorithms, "a,b"), "our own lists can be read")
test_suite:add_test(unittest.equal(lists.languages_server_to_client, ""), "down to the last")
local cut = transport.parse_kex_init("\20" .. string.rep("c", 16) .. "\255\255\255\255abc")
test_suite:add_test(unittest.is_nil(cut.kex_algorithms), "a list longer than the message")
local key = described(string.pack(">s4s4s4", "ssh-rsa", "\1\0\1", "\0" .. string.rep("\xff", 256)))
test_suite:add_test(unittest.equal(key.bits, "2048"), "bits of an RSA key")
test_suite:add_test(unittest.equal(agreed("a,b", "b,a"), "a"), "the client's wish counts")

return _ENV
