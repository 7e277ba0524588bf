---
-- NTLM: what SMB and other protocols of Windows log in with, and what the server says of itself meanwhile.
--
-- Written from [MS-NLMP], sections 2.2 and 3.3. Signing of messages needs the keys that are given here; nothing
-- here opens a connection.
--
-- @args smbusername User. Default: guest, then nobody.
-- @args smbpassword Password of the user.
-- @args smbdomain Domain of the user.
-- @args smbhash Hash of the password, in place of the password.
-- @args smbtype How the user is logged in. Default: ntlm.
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name smbauth

local os = require "os"
local rand = require "rand"
local stdnse = require "stdnse"
local openssl = stdnse.silent_require "openssl"
local string = require "string"
local table = require "table"
local unicode = require "unicode"
local unittest = require "unittest"

_ENV = stdnse.module("smbauth", stdnse.seeall)

local SIGNATURE = "NTLMSSP\0"

-- Flags (section 2.2.2.5): Unicode, ask for the target's name, NTLM, always sign, extended session security.
local NEGOTIATE = 0x00000001 | 0x00000004 | 0x00000200 | 0x00008000 | 0x00080000
local VERSION = 0x02000000

local function registry_of (host)
  if not host.registry.smbaccounts then
    init_account(host)
  end
  return host.registry
end

--- Notes an account for a host, to be tried before the others.
-- @param host Host table.
-- @param username User.
-- @param domain Domain.
-- @param password Password.
-- @param password_hash Hash of the password, as hexadecimal digits, optional.
-- @param hash_type Which response to give: <code>ntlm</code>, <code>ntlmv2</code>, <code>none</code>, …
-- @param is_admin True if the user is an administrator.
function add_account (host, username, domain, password, password_hash, hash_type, is_admin)
  local accounts = host.registry.smbaccounts or {}
  host.registry.smbaccounts = accounts
  local kind = username == "" and 0 or string.lower(username) == "guest" and 1 or is_admin and 3 or 2
  for _, known in ipairs(accounts) do
    if known.username == username and known.domain == domain then
      return
    end
  end
  local account = {
    username = username or "", domain = domain or "", password = password, password_hash = password_hash,
    hash_type = hash_type or "ntlm", account_type = kind,
  }
  local at = 1
  while accounts[at] and accounts[at].account_type >= kind do
    at = at + 1
  end
  table.insert(accounts, at, account)
  host.registry.smbindex = 1
end

--- Notes the accounts that any host is tried with: that of the user's arguments, guest, and nobody.
-- @param host Host table.
function init_account (host)
  host.registry.smbaccounts = host.registry.smbaccounts or {}
  host.registry.smbindex = 1
  add_account(host, "", "", "", nil, "none")
  add_account(host, "guest", "", "", nil, "ntlm")
  local user, password, domain, hash =
    stdnse.get_script_args("smbusername", "smbpassword", "smbdomain", "smbhash")
  if user then
    add_account(host, user, domain or "", password or "", hash, stdnse.get_script_args("smbtype") or "ntlm")
  end
end

--- The account to try.
-- @param host Host table.
-- @return True; or false if there is none left.
-- @return User.
-- @return Domain.
-- @return Password.
-- @return Hash of the password, or nil.
-- @return Kind of response.
function get_account (host)
  local registry = registry_of(host)
  local account = registry.smbaccounts[registry.smbindex]
  if not account then
    return false, "no account is left to try"
  end
  return true, account.username, account.domain, account.password, account.password_hash, account.hash_type
end

--- Goes on to the next account.
-- @param host Host table.
-- @param num Index of the account to go to, optional; -1 for the first.
function next_account (host, num)
  local registry = registry_of(host)
  if num == nil then
    registry.smbindex = registry.smbindex + 1
  else
    registry.smbindex = num == -1 and 1 or num
  end
end

local function wide (text)
  return unicode.utf8to16(text or "")
end

--- The hash of a password that NTLM works with (section 3.3.1).
-- @param password Password.
-- @return True.
-- @return 16 bytes.
function ntlm_create_hash (password)
  return true, openssl.md4(wide(password))
end

--- The response of NTLM version 1 (section 3.3.1).
-- @param ntlm The password's hash.
-- @param challenge 8 bytes from the server.
-- @return True; or false for a hash of another length.
-- @return 24 bytes.
function ntlm_create_response (ntlm, challenge)
  if #ntlm ~= 16 or #challenge ~= 8 then
    return false, "a hash has 16 bytes and a challenge 8"
  end
  local keys = ntlm .. "\0\0\0\0\0"
  local parts = {}
  for i = 0, 2 do
    local key = openssl.DES_string_to_key(string.sub(keys, i * 7 + 1, i * 7 + 7))
    parts[i + 1] = openssl.encrypt("DES", key, nil, challenge)
  end
  return true, table.concat(parts)
end

--- The response of LAN Manager; made as that of NTLM.
-- @param lanman Hash.
-- @param challenge 8 bytes from the server.
-- @return True; or false.
-- @return 24 bytes.
function lm_create_response (lanman, challenge)
  return ntlm_create_response(lanman, challenge)
end

--- The key for signing after NTLM version 1.
-- @param ntlm_hash The password's hash.
-- @param ntlm_response The response given.
-- @param is_extended True if no response is part of the key.
-- @return Bytes.
function ntlm_create_mac_key (ntlm_hash, ntlm_response, is_extended)
  local key = openssl.md4(ntlm_hash)
  return is_extended and key or key .. ntlm_response
end

--- The key for signing after LAN Manager.
-- @param lm_hash The password's hash.
-- @param lm_response The response given.
-- @param is_extended True if no response is part of the key.
-- @return Bytes.
function lm_create_mac_key (lm_hash, lm_response, is_extended)
  local key = string.sub(lm_hash, 1, 8) .. string.rep("\0", 8)
  return is_extended and key or key .. lm_response
end

--- The hash that version 2 works with (section 3.3.2).
-- @param ntlm The password's hash.
-- @param username User.
-- @param domain Domain.
-- @return True.
-- @return 16 bytes.
function ntlmv2_create_hash (ntlm, username, domain)
  return true, openssl.hmac("MD5", ntlm, wide(string.upper(username) .. domain))
end

-- 100 nanoseconds since 1601 (section 2.2.2.7).
local function filetime (seconds)
  return (seconds + 11644473600) * 10000000
end

--- The response of NTLM version 2 (section 3.3.2).
-- @param ntlm The password's hash.
-- @param username User.
-- @param domain Domain.
-- @param challenge 8 bytes from the server.
-- @param client_challenge_length Bytes of target information; or the information itself.
-- @return True.
-- @return Bytes.
function ntlmv2_create_response (ntlm, username, domain, challenge, client_challenge_length)
  local _, key = ntlmv2_create_hash(ntlm, username, domain)
  local info = type(client_challenge_length) == "string" and client_challenge_length or ""
  local client = string.pack("<BBI2I4I8", 1, 1, 0, 0, filetime(os.time())) .. rand.random_string(8)
    .. "\0\0\0\0" .. info .. "\0\0\0\0"
  return true, openssl.hmac("MD5", key, challenge .. client) .. client
end

--- The response of LAN Manager version 2.
-- @param ntlm The password's hash.
-- @param username User.
-- @param domain Domain.
-- @param challenge 8 bytes from the server.
-- @return True.
-- @return 24 bytes.
function lmv2_create_response (ntlm, username, domain, challenge)
  local _, key = ntlmv2_create_hash(ntlm, username, domain)
  local client = rand.random_string(8)
  return true, openssl.hmac("MD5", key, challenge .. client) .. client
end

--- The responses for a password.
-- @param ip Address of the server.
-- @param username User.
-- @param domain Domain.
-- @param password Password.
-- @param password_hash The password's NTLM hash as hexadecimal digits, in place of the password.
-- @param hash_type <code>ntlm</code>, <code>ntlmv2</code> or <code>none</code>.
-- @param challenge 8 bytes from the server.
-- @param is_extended True with extended security.
-- @param info Target information of the server, optional; it calls for version 2.
-- @return True; or false.
-- @return The response of LAN Manager.
-- @return The response of NTLM.
-- @return The key for signing; nil if there is none.
function get_password_response (ip, username, domain, password, password_hash, hash_type, challenge, is_extended, info)
  if hash_type == "none" or hash_type == "anonymous" then
    return true, is_extended and "\0" or "", "", nil
  end
  local _, hash = ntlm_create_hash(password)
  if password_hash and password_hash ~= "" then
    hash = stdnse.fromhex(string.sub(string.match(password_hash, "%x+$") or "", -32)) or hash
  end
  if hash_type == "ntlmv2" or hash_type == "v2" then
    local _, nt = ntlmv2_create_response(hash, username, domain, challenge, info or "")
    local _, key = ntlmv2_create_hash(hash, username, domain)
    return true, string.rep("\0", 24), nt, openssl.hmac("MD5", key, string.sub(nt, 1, 16))
  end
  local status, response = ntlm_create_response(hash, challenge)
  if not status then
    return false, response
  end
  return true, response, response, ntlm_create_mac_key(hash, response, is_extended)
end

local FIELDS = {
  [1] = "netbios_computer_name", [2] = "netbios_domain_name", [3] = "fqdn", [4] = "dns_domain_name",
  [5] = "dns_forest_name",
}

-- A field of a message: its length and where it is (section 2.2.1.2).
local function field (blob, at)
  if at + 7 > #blob then
    return ""
  end
  local length, _, offset = string.unpack("<I2I2I4", blob, at)
  return string.sub(blob, offset + 1, offset + length)
end

-- The challenge in a blob; what a wrapper around it says is passed over. Nil if there is none.
local function challenge_of (security_blob)
  local from = string.find(security_blob or "", SIGNATURE, 1, true)
  local blob = from and string.sub(security_blob, from)
  if blob and #blob >= 32 and string.unpack("<I4", blob, 9) == 2 then
    return blob
  end
end

--- What a server says of itself in its challenge (section 2.2.1.2).
-- @param security_blob Bytes with a challenge in them.
-- @return Table: <code>target_realm</code>, <code>netbios_computer_name</code>,
--         <code>netbios_domain_name</code>, <code>fqdn</code>, <code>dns_domain_name</code>,
--         <code>dns_forest_name</code>, <code>timestamp</code>, <code>os_major_version</code>,
--         <code>os_minor_version</code>, <code>os_build</code>, as far as they are known.
function get_host_info_from_security_blob (security_blob)
  local info = {}
  local blob = challenge_of(security_blob)
  if not blob then
    return info
  end
  local flags = string.unpack("<I4", blob, 21)
  local realm = field(blob, 13)
  if realm ~= "" then
    info.target_realm = flags & 1 ~= 0 and unicode.utf16to8(realm) or realm
  end
  if flags & VERSION ~= 0 and #blob >= 56 then
    info.os_major_version, info.os_minor_version, info.os_build = string.unpack("<BBI2", blob, 49)
  end
  local pairs_of_values, at = field(blob, 41), 1
  while at + 3 <= #pairs_of_values do
    local id, length = string.unpack("<I2I2", pairs_of_values, at)
    local value = string.sub(pairs_of_values, at + 4, at + 3 + length)
    if id == 0 or #value < length then
      break
    elseif FIELDS[id] then
      info[FIELDS[id]] = unicode.utf16to8(value)
    elseif id == 7 and length == 8 then
      info.timestamp = string.unpack("<i8", value)
    end
    at = at + 4 + length
  end
  return info
end

local function fields_with_data (at, ...)
  local heads, data = {}, {}
  for _, value in ipairs { ... } do
    heads[#heads + 1] = string.pack("<I2I2I4", #value, #value, at)
    data[#data + 1] = value
    at = at + #value
  end
  return table.concat(heads), table.concat(data)
end

--- The next message of an NTLM conversation.
-- @param security_blob What the server sent; nil or empty for the first message.
-- @param ip Address of the server.
-- @param username User.
-- @param domain Domain.
-- @param password Password.
-- @param password_hash The password's NTLM hash as hexadecimal digits, in place of the password.
-- @param hash_type As for <code>get_password_response</code>.
-- @param flags Flags to send. Default: those that the server needs to tell about itself.
-- @return True; or false if the server sent something else than a challenge.
-- @return The message; or a reason.
-- @return The key for signing.
function get_security_blob (security_blob, ip, username, domain, password, password_hash, hash_type, flags)
  flags = flags or NEGOTIATE
  if not security_blob or security_blob == "" then
    return true, SIGNATURE .. string.pack("<I4I4", 1, flags) .. string.rep("\0", 16), ""
  end
  local blob = challenge_of(security_blob)
  if not blob then
    return false, "the server sent no challenge"
  end
  local challenge = string.sub(blob, 25, 32)
  local info = field(blob, 41)
  -- With target information version 2 can be spoken, which servers of today insist on.
  local kind = hash_type == "ntlm" and #info > 0 and "ntlmv2" or hash_type
  local status, lm, nt, key = get_password_response(ip, username or "", domain or "", password or "", password_hash,
    kind, challenge, true, string.gsub(info, "%z%z%z%z$", ""))
  if not status then
    return false, lm
  end
  local heads, data = fields_with_data(64, lm, nt, wide(domain), wide(username), wide("nseer"), "")
  return true, SIGNATURE .. string.pack("<I4", 3) .. heads .. string.pack("<I4", flags) .. data, key or ""
end

--- The signature of a message of SMB 1.
-- @param mac_key The key.
-- @param data The message, with the message's number in place of the signature.
-- @return 8 bytes.
function calculate_signature (mac_key, data)
  return string.sub(openssl.md5(mac_key .. data), 1, 8)
end

--- The session key of version 2.
-- @param ntlm_password_hash The hash that version 2 works with.
-- @param challenge The first 16 bytes of the response.
-- @return True.
-- @return 16 bytes.
function ntlmv2_session_response (ntlm_password_hash, challenge)
  return true, openssl.hmac("MD5", ntlm_password_hash, challenge)
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
-- The examples of [MS-NLMP], section 4.2.
local _, hash = ntlm_create_hash("Password")
test_suite:add_test(unittest.equal(stdnse.tohex(hash), "a4f49c406510bdcab6824ee7c30fd852"), "hash")
local challenge = stdnse.fromhex("0123456789abcdef")
test_suite:add_test(unittest.equal(stdnse.tohex((select(2, ntlm_create_response(hash, challenge)))),
  "67c43011f30298a2ad35ece64f16331c44bdbed927841f94"), "response")
test_suite:add_test(unittest.equal(stdnse.tohex((select(2, ntlmv2_create_hash(hash, "User", "Domain")))),
  "0c868a403bfd7a93a3001ef22ef02e3f"), "hash of version 2")
local values = string.pack("<I2s2I2s2I2s2I4", 2, wide "LAB", 1, wide "BOX", 7, string.pack("<i8", 132000000000000000), 0)
local name = wide "LAB"
local message = SIGNATURE .. string.pack("<I4I2I2I4I4c8I8I2I2I4BBI2I4", 2, #name, #name, 56, NEGOTIATE | VERSION, "12345678", 0,
  #values, #values, 56 + #name, 10, 0, 19041, 15) .. name .. values
local info = get_host_info_from_security_blob("wrapper" .. message)
test_suite:add_test(unittest.equal(info.netbios_computer_name, "BOX"), "name")
test_suite:add_test(unittest.equal(info.os_build, 19041), "build")
test_suite:add_test(unittest.equal(info.timestamp, 132000000000000000), "time")
test_suite:add_test(unittest.identical(get_host_info_from_security_blob("NTLMSSP\0\2\0\0\0"), {}), "cut off")
test_suite:add_test(unittest.is_true((get_security_blob(message, "", "u", "d", "p", nil, "ntlm"))), "an answer")
test_suite:add_test(unittest.is_false((get_security_blob("garbage", "", "u", "d", "p", nil, "ntlm"))), "no challenge")
return _ENV
