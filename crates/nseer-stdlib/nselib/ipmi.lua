---
-- What management controllers of servers say before a login, over RMCP.
--
-- Written from the specification of IPMI version 2.0, sections 13.1.3 (RMCP), 13.6 (sessions), 13.17 and 13.18
-- (RMCP+), 13.20, 13.21 and 13.31 (RAKP, by which a controller shows that it knows a password), 22.13 (Get Channel
-- Authentication Capabilities). The whole of a login is not here.
--
-- @usage
-- socket:send(ipmi.channel_auth_request())
-- local status, data = socket:receive()
-- local answer = status and ipmi.parse_channel_auth_reply(data)
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name ipmi

local openssl = require "openssl"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"
local ipairs, type = ipairs, type

_ENV = stdnse.module("ipmi", stdnse.seeall)

--- The kinds of payload of RMCP+ (table 13-16).
-- @class table
-- @name PAYLOADS
PAYLOADS = {
  IPMI = 0, PAYLOAD_SOL = 1, RMCPPLUSOPEN_REQ = 0x10, RMCPPLUSOPEN_REP = 0x11, RAKP1 = 0x12, RAKP2 = 0x13, RAKP3 = 0x14,
  RAKP4 = 0x15,
}

--- What refusals of sessions mean, by their code (table 13-15).
-- @class table
-- @name RMCP_ERRORS
RMCP_ERRORS = {
  "no room for a session", "no such session", "unknown payload", "unknown authentication", "unknown integrity",
  "no such authentication for the payload", "no such integrity for the payload", "session not active", "unknown role",
  "role not allowed", "no room for a session of the role", "bad length of a name", "name not allowed", "GUID not allowed",
  "bad integrity value", "unknown confidentiality", "no cipher suite of these algorithms", "unknown parameter",
}

-- Version 6, no acknowledgement, class IPMI.
local RMCP = "\6\0\xff\7"

-- Who asks, in messages of version 1.5, and what: about this channel, as administrator.
local CONTROLLER, CONSOLE, CAPABILITIES = 0x20, 0x81, 0x38
local REQUEST_LUN = 0x18

-- What makes bytes sum up to zero (section 13.8).
local function checksum (data)
  local sum = 0
  for at = 1, #data do
    sum = sum + string.byte(data, at)
  end
  return string.char(-sum & 0xff)
end

--- Asks how one could log in, for IPMI 1.5 and 2.0.
-- @return The request as bytes.
function channel_auth_request ()
  local head = string.char(CONTROLLER, REQUEST_LUN)
  local body = string.char(CONSOLE, 0, CAPABILITIES, 0x8e, 4)
  local message = head .. checksum(head) .. body .. checksum(body)
  return RMCP .. string.pack("<BI4I4s1", 0, 0, 0, message)
end

local BITS = {
  ipmi_compat = {
    { 0x80, "20" }, { 0x40, "reserved1" }, { 0x20, "oem_auth" }, { 0x10, "password" }, { 0x08, "reserved2" }, { 0x04, "md5" },
    { 0x02, "md2" }, { 0x01, "none" },
  },
  ipmi_user = {
    { 0x20, "kg" }, { 0x10, "disable_message_auth" }, { 0x08, "disable_user_auth" }, { 0x04, "non_null" }, { 0x02, "null" },
    { 0x01, "anonymous" },
  },
  ipmi_conn = { { 0x02, "20" }, { 0x01, "15" } },
}

local function spread (out, prefix, byte)
  for _, bit in ipairs(BITS[prefix]) do
    out[prefix .. "_" .. bit[2]] = byte & bit[1] ~= 0
  end
end

-- The header of RMCP. A table; nil if it is another protocol.
local function rmcp (data)
  if #data < 4 or string.byte(data) ~= 6 then
    return nil
  end
  local out = {}
  local kind
  out.rmcp_version, out.rmcp_padding, out.rmcp_sequence, kind = string.unpack("BBBB", data)
  out.rmcp_mtype, out.rmcp_class = kind & 0x80 ~= 0, kind & 0x1f
  return out
end

--- Reads the answer to <code>channel_auth_request</code>.
-- @param data Bytes.
-- @return Table with what the controller says: <code>ipmi_compat_20</code>, <code>ipmi_user_null</code> and the like are
--         true or false, <code>ipmi_oem_id</code> is a number; nil if it is no answer.
function parse_channel_auth_reply (data)
  local out = rmcp(data)
  if not out or #data < 30 then
    return nil
  end
  out.session_auth_type, out.session_sequence, out.session_id, out.message_length = string.unpack("<BI4I4B", data, 5)
  out.ipmi_tgt_address, out.ipmi_tgt_lun, out.ipmi_header_checksum, out.ipmi_src_address, out.ipmi_src_lun,
    out.ipmi_command, out.ipmi_completion_code, out.ipmi_channel = string.unpack("BBBBBBBB", data, 15)
  local compat, user, conn = string.unpack("BBB", data, 23)
  spread(out, "ipmi_compat", compat)
  spread(out, "ipmi_user", user)
  spread(out, "ipmi_conn", conn)
  out.ipmi_user_reserved1, out.ipmi_conn_reserved1 = user >> 6, conn >> 2
  out.ipmi_oem_id, out.ipmi_oem_data = string.unpack("<I3", data, 26), string.sub(data, 29)
  return out
end

--- Makes the header of RMCP+ outside of a session (section 13.6).
-- @param kind Kind of the payload, of <code>PAYLOADS</code>.
-- @return Bytes.
function rmcpplus_header (kind)
  return RMCP .. string.pack("<BBI4I4", 6, kind, 0, 0)
end

-- Asks to open a session with one algorithm for each of authentication, integrity and confidentiality.
local function open_request (console_session_id, algorithm)
  local body = string.pack("<BBI2", 0, 0, 0) .. console_session_id
  for kind = 0, 2 do
    body = body .. string.pack("<BI2BBBI2", kind, 0, 8, algorithm[kind + 1], 0, 0)
  end
  return rmcpplus_header(PAYLOADS.RMCPPLUSOPEN_REQ) .. string.pack("<s2", body)
end

--- Asks to open a session with HMAC-SHA1 (section 13.17).
-- @param console_session_id Four bytes of our own.
-- @return The request as bytes.
function session_open_request (console_session_id)
  return open_request(console_session_id, { 1, 1, 1 })
end

--- Asks to open a session without any security. Whether the controller agrees tells that it can be entered.
-- @return The request as bytes.
function session_open_cipher_zero_request ()
  return open_request("\x6e\x73\x65\x65", { 0, 0, 0 })
end

--- Reads the answer to a request to open a session (section 13.18).
-- @param data Bytes.
-- @return Table with <code>error_code</code>, which is 0 if the controller agrees, <code>session_payload_type</code>,
--         <code>console_session_id</code> and <code>bmc_session_id</code>; nil if it is no answer.
function parse_open_session_reply (data)
  local out = rmcp(data)
  if not out or #data < 18 then
    return nil
  end
  local kind
  out.session_auth_type, kind, out.session_id, out.session_sequence, out.message_length =
    string.unpack("<BBI4I4I2", data, 5)
  out.session_payload_encrypted, out.session_payload_authenticated = kind & 0x80 ~= 0, kind & 0x40 ~= 0
  out.session_payload_type = kind & 0x3f
  out.ignored1, out.error_code = string.unpack("BB", data, 17)
  if #data >= 28 then
    out.ignored2, out.console_session_id, out.bmc_session_id = string.unpack("<I2I4I4", data, 19)
  end
  return out
end

-- As administrator, and by the name alone (table 13-11).
local PRIVILEGE = 0x14

-- Four bytes of a session's number.
local function session_bytes (id)
  return type(id) == "number" and string.pack("<I4", id) or id
end

--- Begins a login: the controller answers with a code that only who knows the password can make (section 13.20).
-- @param bmc_session_id The controller's number of the session, as <code>parse_open_session_reply</code> gives it.
-- @param console_random_id Sixteen random bytes.
-- @param username Name of the user.
-- @return The request as bytes.
function rakp_1_request (bmc_session_id, console_random_id, username)
  username = string.sub(username, 1, 255)
  local body = string.pack("<I4", 0) .. session_bytes(bmc_session_id) .. console_random_id
    .. string.pack("<BI2s1", PRIVILEGE, 0, username)
  return rmcpplus_header(PAYLOADS.RAKP1) .. string.pack("<s2", body)
end

--- Reads the answer to <code>rakp_1_request</code> (section 13.21).
-- @param reply Bytes.
-- @return Table with <code>error_code</code>, <code>session_payload_type</code> and, if the controller agrees,
--         <code>bmc_random_id</code>, <code>bmc_guid</code> and <code>hmac_sha1</code>, its code; nil if it is no answer.
function parse_rakp_1_reply (reply)
  local out = parse_open_session_reply(reply)
  if not out then
    return nil
  end
  out.bmc_session_id = nil
  if out.error_code == 0 then
    if #reply < 76 then
      return nil
    end
    out.bmc_random_id, out.bmc_guid, out.hmac_sha1 = string.sub(reply, 25, 40), string.sub(reply, 41, 56), string.sub(reply, 57, 76)
  end
  return out
end

--- The data of which the controller makes its code (section 13.31).
-- @param console_session_id Our number of the session, four bytes.
-- @param bmc_session_id The controller's number of it.
-- @param console_random_id Our random bytes.
-- @param bmc_random_id Those of the controller.
-- @param bmc_guid Its GUID.
-- @param authorization_level The privilege that was asked for.
-- @param username Name of the user.
-- @return The bytes.
function rakp_hmac_sha1_salt (console_session_id, bmc_session_id, console_random_id, bmc_random_id, bmc_guid,
    authorization_level, username)
  return session_bytes(console_session_id) .. session_bytes(bmc_session_id) .. console_random_id .. bmc_random_id .. bmc_guid
    .. string.pack("<Bs1", authorization_level, string.sub(username, 1, 255))
end

--- Tells whether a code was made with a password.
-- @param salt The data, of <code>rakp_hmac_sha1_salt</code>.
-- @param hash The code.
-- @param password The password.
-- @return True or false.
function verify_rakp_hmac_sha1 (salt, hash, password)
  return openssl.hmac("sha1", password, salt) == hash
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(channel_auth_request(), stdnse.fromhex("0600ff07000000000000000000092018c88100388e04b5")),
  "how one could log in")
local answer = stdnse.fromhex("0600ff0700000000000000000010811c6320003800019706030000000007")
test_suite:add_test(unittest.equal(parse_channel_auth_reply(answer).ipmi_compat_20, true), "version 2.0")
test_suite:add_test(unittest.equal(parse_channel_auth_reply(answer).ipmi_user_null, true), "users without names")
test_suite:add_test(unittest.equal(parse_channel_auth_reply(answer).ipmi_user_kg, false), "no key of its own")
test_suite:add_test(unittest.is_nil(parse_channel_auth_reply(string.sub(answer, 1, 29))), "cut off")
test_suite:add_test(unittest.is_nil(parse_channel_auth_reply(string.rep("x", 40))), "somebody else")
test_suite:add_test(unittest.equal(#session_open_request("\1\2\3\4"), 48), "a session")
local opened = rmcpplus_header(PAYLOADS.RMCPPLUSOPEN_REP) .. string.pack("<s2", "\0\1\0\0\1\2\3\4\5\6\7\8")
test_suite:add_test(unittest.equal(parse_open_session_reply(opened).error_code, 1), "a refusal")
test_suite:add_test(unittest.equal(parse_open_session_reply(opened).session_payload_type, PAYLOADS.RMCPPLUSOPEN_REP), "its kind")
test_suite:add_test(unittest.is_nil(parse_open_session_reply("\6\0\xff\7")), "cut off again")
local R, B, G = string.rep("R", 16), string.rep("B", 16), string.rep("G", 16)
test_suite:add_test(unittest.equal(rakp_1_request(0x01020304, R, "root"),
  rmcpplus_header(PAYLOADS.RAKP1) .. "\x20\0\0\0\0\0\4\3\2\1" .. R .. "\x14\0\0\4root"), "a login begins")
local salt = rakp_hmac_sha1_salt("\1\2\3\4", 0x01020304, R, B, G, 0x14, "root")
test_suite:add_test(unittest.equal(salt, "\1\2\3\4\4\3\2\1" .. R .. B .. G .. "\x14\4root"), "the data of a code")
local code = openssl.hmac("sha1", "secret", salt)
local shown = rmcpplus_header(PAYLOADS.RAKP2) .. string.pack("<s2", "\0\0\0\0\1\2\3\4" .. B .. G .. code)
test_suite:add_test(unittest.equal(parse_rakp_1_reply(shown).bmc_guid, G), "an answer with a code")
test_suite:add_test(unittest.is_true(verify_rakp_hmac_sha1(salt, parse_rakp_1_reply(shown).hmac_sha1, "secret")), "the password")
test_suite:add_test(unittest.is_false(verify_rakp_hmac_sha1(salt, code, "other")), "another password")
test_suite:add_test(unittest.is_nil(parse_rakp_1_reply(string.sub(shown, 1, 75))), "half a code")
local refused = rmcpplus_header(PAYLOADS.RAKP2) .. string.pack("<s2", "\0\x0d\0\0\1\2\3\4")
test_suite:add_test(unittest.equal(parse_rakp_1_reply(refused).error_code, 0x0d), "an unknown name")
return _ENV
