---
-- IKE, version 1: beginning phase 1 with a VPN gateway, and what its answer says of it.
--
-- Written from RFC 2408, sections 3.1 to 3.16, RFC 2409, appendix A, and RFC 3526. Vendors are known by their identifiers,
-- which are digests of texts that their documents name. Nothing here goes on after the first answer.
--
-- @usage
-- local packet = ike.request(500, "udp", "Main", {{encryption = "aes/128", hash = "sha1", group = "1024", auth = "psk"}}, 2, "vpn")
-- local result = ike.send_request(host, port, packet)
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name ike

local nmap = require "nmap"
local openssl = require "openssl"
local rand = require "rand"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"
local ipairs, tonumber, type = ipairs, tonumber, type

_ENV = stdnse.module("ike", stdnse.seeall)

local TIMEOUT = 5000
local MAX_PAYLOADS = 64
local PORT = 500

-- RFC 2408, section 3.1: numbers of payloads and exchanges.
local SA, KEY_EXCHANGE, IDENTIFICATION, NONCE, NOTIFICATION, VENDOR = 1, 4, 5, 10, 11, 13
local EXCHANGES = { main = 2, aggressive = 4 }
local HEADER = 28

-- RFC 2409, appendix A.
local ENCRYPTION = { des = 1, blowfish = 3, ["3des"] = 5, cast = 6, aes = 7 }
local HASH = { md5 = 1, sha1 = 2, ["sha2-256"] = 4, ["sha2-384"] = 5, ["sha2-512"] = 6 }
local AUTH = { psk = 1, dss = 2, rsa_sig = 3, rsa = 3, rsa_enc = 4, rsa_rev = 5, hybrid = 64221, xauth = 65001 }
local GROUPS = { ["768"] = 1, ["1024"] = 2, ["1536"] = 5, ["2048"] = 14, ["3072"] = 15, ["4096"] = 16 }
local LIFETIME = 28800

-- Bytes of a public value of each group.
local GROUP_BYTES = { [1] = 96, [2] = 128, [5] = 192, [14] = 256, [15] = 384, [16] = 512 }

local function number_of (names, value)
  value = string.lower(value or "")
  return names[value] or tonumber(value)
end

-- An attribute with a value of two bytes (section 3.3).
local function attribute (kind, value)
  return string.pack(">I2I2", 0x8000 | kind, value)
end

local function payload (following, body)
  return string.pack(">BBI2", following, 0, #body + 4) .. body
end

-- One transform (section 3.6).
local function pack_transform (number, is_last, transform)
  local name, bits = string.match(transform.encryption or "", "^([^/]+)/?(%d*)$")
  local attributes = {
    attribute(1, number_of(ENCRYPTION, name) or 0), attribute(2, number_of(HASH, transform.hash) or 0),
    attribute(3, number_of(AUTH, transform.auth) or 0), attribute(4, number_of(GROUPS, transform.group) or 0),
    attribute(11, 1), string.pack(">I2I2I4", 12, 4, LIFETIME),
  }
  if tonumber(bits) then
    table.insert(attributes, 2, attribute(14, tonumber(bits)))
  end
  return payload(is_last and 0 or 3, string.pack(">BBI2", number & 0xff, 1, 0) .. table.concat(attributes))
end

--- Makes the first message of phase 1.
-- @param port Port number of the gateway.
-- @param proto Protocol of the port, <code>udp</code>.
-- @param mode <code>Main</code> or <code>Aggressive</code>.
-- @param transforms Array of tables with <code>encryption</code> (with a slash and bits, where it has several lengths),
--        <code>hash</code>, <code>group</code> (bits) and <code>auth</code>.
-- @param diffie Number of the group of the public value that an aggressive message has.
-- @param id Name that an aggressive message asks with.
-- @return The message.
function request (port, proto, mode, transforms, diffie, id)
  local parts = {}
  for i, transform in ipairs(transforms) do
    parts[i] = pack_transform(i, i == #transforms, transform)
  end
  local proposal = payload(0, string.pack(">BBBB", 1, 1, 0, #parts & 0xff) .. table.concat(parts))
  local exchange = EXCHANGES[string.lower(mode)] or EXCHANGES.main
  local is_aggressive = exchange == EXCHANGES.aggressive
  local body = payload(is_aggressive and KEY_EXCHANGE or 0, string.pack(">I4I4", 1, 1) .. proposal)
  if is_aggressive then
    -- A value that belongs to no key: the exchange ends with the answer.
    local value = rand.random_string(GROUP_BYTES[diffie] or 128)
    local identity = string.pack(">BBI2", 11, proto == "tcp" and 6 or 17, port) .. (id or "")
    body = body .. payload(NONCE, value) .. payload(IDENTIFICATION, rand.random_string(20)) .. payload(0, identity)
  end
  return rand.random_string(8) .. string.rep("\0", 8)
    .. string.pack(">BBBBI4I4", SA, 0x10, exchange, 0, 0, HEADER + #body) .. body
end

-- Vendors' identifiers that are a digest of a text, and what is behind it: the kind of product, or a feature.
local DIGESTED = {
  { "RFC 3947", feature = "RFC 3947 NAT-T" },
  { "draft-ietf-ipsec-nat-t-ike-03", feature = "draft-ietf-ipsec-nat-t-ike-03" },
  { "draft-ietf-ipsec-nat-t-ike-02\n", feature = "draft-ietf-ipsec-nat-t-ike-02\\n" },
  { "draft-ietf-ipsec-nat-t-ike-02", feature = "draft-ietf-ipsec-nat-t-ike-02" },
  { "draft-ietf-ipsec-nat-t-ike-00", feature = "draft-ietf-ipsec-nat-t-ike-00" },
  { "FRAGMENTATION", feature = "IKE FRAGMENTATION" },
  { "strongSwan", vendor = { name = "strongSwan" } },
  { "MS NT5 ISAKMPOAKLEY", vendor = { name = "Microsoft", ostype = "Windows" } },
}

-- Identifiers that are given as bytes: RFC 3706, section 5.1, and draft-beaulieu-ike-xauth-02, section 2.
local GIVEN = {
  { "\xaf\xca\xd7\x13\x68\xa1\xf1\xc9\x6b\x86\x96\xfc\x77\x57", feature = "Dead Peer Detection" },
  { "\x09\x00\x26\x89\xdf\xd6\xb7\x12", feature = "XAUTH" },
  { "\x12\xf5\xf2\x8c\x45\x71\x68\xa9\x70\x2d\x9f\xe2\x74\xcc\x01", vendor = { name = "Cisco Systems" } },
}

local known

local function find_vendor (bytes)
  if not known then
    known = {}
    for _, entry in ipairs(DIGESTED) do
      known[#known + 1] = { openssl.md5(entry[1]), entry }
    end
    for _, entry in ipairs(GIVEN) do
      known[#known + 1] = { entry[1], entry }
    end
  end
  for _, pair in ipairs(known) do
    if string.sub(bytes, 1, #pair[1]) == pair[1] then
      return pair[2]
    end
  end
end

--- Reads what an answer says.
-- @param packet The datagram.
-- @return Table: <code>success</code>, true where the gateway takes one of the transforms, and <code>info</code> with
--         <code>vendor</code> (table with <code>name</code>, nil if unknown) and <code>attribs</code> (array of tables with
--         <code>text</code>); nil if the datagram is none.
function response (packet)
  if type(packet) ~= "string" or #packet < HEADER then
    return nil
  end
  local kind, _, _, flags, _, total = string.unpack(">BBBBI4I4", packet, 17)
  if total ~= #packet or string.sub(packet, 9, 16) == string.rep("\0", 8) then
    return nil
  end
  local result = { success = kind == SA, info = { vendor = nil, attribs = {} } }
  local at = HEADER + 1
  -- What is encrypted cannot be read.
  for _ = 1, flags & 1 == 0 and MAX_PAYLOADS or 0 do
    if kind == 0 or at + 3 > #packet then
      break
    end
    local following, _, length = string.unpack(">BBI2", packet, at)
    if length < 4 or at + length - 1 > #packet then
      break
    elseif kind == NOTIFICATION then
      result.success = false
    elseif kind == VENDOR then
      local entry = find_vendor(string.sub(packet, at + 4, at + length - 1))
      if entry and entry.feature then
        table.insert(result.info.attribs, { text = entry.feature })
      elseif entry and not result.info.vendor then
        result.info.vendor = entry.vendor
      end
    end
    kind, at = following, at + length
  end
  return result
end

--- Sends a message and reads the answer.
-- @param host Host table.
-- @param port Port table.
-- @param packet The message.
-- @return As <code>response</code>; a table with <code>success</code> false where no answer comes.
function send_request (host, port, packet)
  local socket = nmap.new_socket("udp")
  socket:set_timeout(TIMEOUT)
  -- Many gateways answer port 500 only, which only one program can have, and only a privileged one.
  if nmap.is_privileged() then
    socket:bind(nil, PORT)
  end
  local status, data = socket:sendto(host, port, packet)
  if status then
    status, data = socket:receive()
  end
  socket:close()
  return status and response(data) or { success = false }
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local TRANSFORM = { encryption = "aes/128", hash = "sha1", group = "1024", auth = "psk" }
local main = request(500, "udp", "Main", { TRANSFORM }, 2, "vpn")
test_suite:add_test(unittest.equal(string.sub(main, 17, 28), "\1\x10\2\0\0\0\0\0\0\0\0\x58"), "a head")
test_suite:add_test(unittest.equal(string.sub(main, 53),
  "\1\1\0\0\x80\1\0\7\x80\x0e\0\x80\x80\2\0\2\x80\3\0\1\x80\4\0\2\x80\x0b\0\1\0\x0c\0\4\0\0\x70\x80"), "a transform")
local aggressive = request(500, "udp", "Aggressive", { TRANSFORM }, 2, "vpn")
test_suite:add_test(unittest.equal(string.sub(aggressive, -7), "\x0b\x11\1\xf4vpn"), "a name")
test_suite:add_test(unittest.is_nil((response(main))), "a message sent back")
local function answer (first, body)
  return string.rep("a", 8) .. string.rep("b", 8) .. string.pack(">BBBBI4I4", first, 0x10, 2, 0, 0, HEADER + #body) .. body
end
local vids = payload(VENDOR, "sa") .. payload(VENDOR, openssl.md5("RFC 3947")) .. payload(0, openssl.md5("strongSwan"))
local said = response(answer(SA, vids))
test_suite:add_test(unittest.is_true(said.success), "taken")
test_suite:add_test(unittest.identical(said.info, { vendor = { name = "strongSwan" }, attribs = { { text = "RFC 3947 NAT-T" } } }), "vendors")
test_suite:add_test(unittest.is_false(response(answer(NOTIFICATION, payload(0, "no"))).success), "refused")
test_suite:add_test(unittest.identical(response(answer(SA, "\x0d\0\xff\xff")).info.attribs, {}), "a length that cannot be")
test_suite:add_test(unittest.is_nil((response("\0\0"))), "cut off")
return _ENV
