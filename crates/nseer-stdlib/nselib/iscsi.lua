---
-- iSCSI: logging in to a target, and the list of targets.
--
-- Written from RFC 7143, sections 6 (login), 12 and 13 (keys), and RFC 1994, section 4.1 (CHAP). No command of SCSI is
-- sent. Packets and lists are bounded; packets are those of <code>iscsi.packets</code>.
--
-- @usage
-- local helper = iscsi.Helper:new(host, port)
-- helper:connect()
-- local status, targets = helper:discoverTargets()
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name iscsi

local nmap = require "nmap"
local openssl = require "openssl"
local packets = require "iscsi.packets"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("iscsi", stdnse.seeall)

local MAX_PARTS = 16
local STAGES = packets.Packet.LoginRequest.CSG
local INITIATOR = "iqn.2024-01.org.nseer:scan"

KVP = packets.KVP
Packet = packets.Packet

--- Answers to challenges (RFC 1994, section 4.1).
-- @class table
-- @name CHAP
CHAP = {}

--- The answer to a challenge.
-- @name CHAP.calcResponse
-- @param identifier Number of the challenge, 0 to 255.
-- @param challenge The challenge's bytes, or their hexadecimal digits behind <code>0x</code>.
-- @param secret The password.
-- @return Hexadecimal digits behind <code>0x</code>.
function CHAP.calcResponse (identifier, challenge, secret)
  local digits = string.match(challenge, "^0[xX](%x*)$")
  local bytes = digits and stdnse.fromhex(#digits % 2 == 0 and digits or "0" .. digits) or challenge
  return "0x" .. stdnse.tohex(openssl.md5(string.char(tonumber(identifier) & 0xff) .. secret .. bytes))
end

--- Sends packets and reads their answers.
-- @class table
-- @name Comm
Comm = {}
Comm.__index = Comm

--- Makes one.
-- @name Comm.new
-- @param socket Connected socket.
-- @return The exchange.
function Comm:new (socket)
  return setmetatable({ socket = socket }, self)
end

--- Sends a packet and reads the answer.
-- @name Comm.exchange
-- @param out_packet The packet.
-- @param in_class The kind of the answer, as <code>Packet.LoginResponse</code>.
-- @return True; or false.
-- @return The answer; or a reason.
function Comm:exchange (out_packet, in_class)
  local status, reason = self.socket:send(tostring(out_packet))
  if not status then
    return false, reason
  end
  return in_class.fromSocket(self.socket)
end

--- A target or its portal.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes the state for a portal.
-- @name Helper.new
-- @param host Host table.
-- @param port Port table.
-- @return The helper.
function Helper:new (host, port)
  return setmetatable({ host = host, port = port }, self)
end

--- Connects.
-- @name Helper.connect
-- @param socket A socket to use, optional.
-- @return True; or false and a reason.
function Helper:connect (socket)
  self.socket = socket or nmap.new_socket()
  self.socket:set_timeout(stdnse.get_timeout(self.host, 5000))
  local status, reason = self.socket:connect(self.host, self.port, "tcp")
  self.comm, self.cmdsn, self.expstatsn, self.tsih = Comm:new(self.socket), 1, 0, 0
  return status, reason
end

-- One step of the login: keys of a stage, and the stage that is wanted next.
local function step (self, csg, nsg, keys)
  local request = Packet.LoginRequest:new()
  request:setCSG(csg)
  request:setNSG(nsg)
  request:setTransit(nsg > csg)
  request.cmdsn, request.expstatsn, request.tsih = self.cmdsn, self.expstatsn, self.tsih
  for _, pair in ipairs(keys) do
    request.kvp:add(pair[1], pair[2])
  end
  local status, response = self.comm:exchange(request, Packet.LoginResponse)
  if status then
    self.expstatsn, self.tsih = response.statsn + 1 & 0xffffffff, response.tsih
  end
  return status, response
end

local OPERATIONAL = {
  { "HeaderDigest", "None" }, { "DataDigest", "None" }, { "MaxRecvDataSegmentLength", "65536" },
  { "DefaultTime2Wait", "2" }, { "DefaultTime2Retain", "0" }, { "ErrorRecoveryLevel", "0" },
}

-- The two steps of CHAP that follow the choice of a method.
local function answer_challenge (self, username, password)
  local status, response = step(self, STAGES.SecurityNegotiation, 0, { { "CHAP_A", "5" } })
  local id = status and response.kvp:get("CHAP_I")
  local challenge = status and response.kvp:get("CHAP_C")
  if not status or response.status ~= 0 then
    return status, response
  elseif not id or not challenge or not string.match(id[1], "^%d%d?%d?$") then
    return false, "the target gives no challenge"
  end
  local keys = { { "CHAP_N", username }, { "CHAP_R", CHAP.calcResponse(id[1], challenge[1], password) } }
  return step(self, STAGES.SecurityNegotiation, STAGES.LoginOperationalNegotiation, keys)
end

--- Logs in.
-- @name Helper.login
-- @param target_name Name of the target. Default: a session that only discovers targets.
-- @param username The user, for CHAP.
-- @param password Its password, for CHAP.
-- @param auth_method <code>None</code> or <code>CHAP</code>. Default: <code>CHAP</code> if there is a user.
-- @return True; or false.
-- @return 0; or the code of a refusal, if the target gave one.
-- @return A reason, if the login failed.
function Helper:login (target_name, username, password, auth_method)
  local method = auth_method or (username and "CHAP" or "None")
  local keys = {
    { "InitiatorName", INITIATOR }, { "SessionType", target_name and "Normal" or "Discovery" }, { "AuthMethod", method },
  }
  if target_name then
    keys[#keys + 1] = { "TargetName", target_name }
  end
  local next_stage = method == "CHAP" and 0 or STAGES.LoginOperationalNegotiation
  local status, response = step(self, STAGES.SecurityNegotiation, next_stage, keys)
  if status and response.status == 0 and method == "CHAP" then
    status, response = answer_challenge(self, username or "", password or "")
  end
  if status and response.status == 0 and response.nsg ~= STAGES.FullFeaturePhase then
    status, response = step(self, STAGES.LoginOperationalNegotiation, STAGES.FullFeaturePhase, OPERATIONAL)
  end
  if not status then
    return false, nil, response
  elseif response.status ~= 0 then
    return false, response.status, response:getErrorMessage()
  elseif not response.transit or response.nsg ~= STAGES.FullFeaturePhase then
    return false, nil, "the target does not finish the login"
  end
  return true, Packet.LoginResponse.Errors.SUCCESS
end

--- Logs out.
-- @name Helper.logout
-- @return True; or false and a reason.
function Helper:logout ()
  local request = Packet.LogoutRequest:new()
  request.cmdsn, request.expstatsn = self.cmdsn, self.expstatsn
  return self.comm:exchange(request, Packet.LogoutResponse)
end

--- Lists the targets of a portal, with a login and a logout of its own.
-- @name Helper.discoverTargets
-- @return True; or false.
-- @return Array of tables with <code>name</code> and <code>addr</code>, an array of addresses; or a reason.
function Helper:discoverTargets ()
  local status, _, reason = self:login()
  if not status then
    return false, reason
  end
  local request, text = Packet.TextRequest:new(), {}
  request.kvp:add("SendTargets", "All")
  for _ = 1, MAX_PARTS do
    request.cmdsn, request.expstatsn = self.cmdsn, self.expstatsn
    local answered, response = self.comm:exchange(request, Packet.TextResponse)
    if not answered then
      return false, response
    end
    self.expstatsn = response.statsn + 1 & 0xffffffff
    text[#text + 1] = response.text
    if response.final then
      break
    end
    -- An empty question with the target's number asks for the rest (section 11.10.4).
    request.kvp, request.ttt = KVP:new(), response.ttt
  end
  self:logout()
  return true, Packet.read_targets(table.concat(text))
end

--- Closes the connection.
-- @name Helper.close
-- @return True.
function Helper:close ()
  return self.socket:close()
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(CHAP.calcResponse(1, "0x00ff", "secret"), CHAP.calcResponse("1", "\0\xff", "secret")), "a challenge")
local request = Packet.LoginRequest:new()
request:setNSG(1)
request:setTransit(true)
request.kvp:add("A", "b")
local bytes = tostring(request)
test_suite:add_test(unittest.equal(#bytes, 52), "header and one word")
test_suite:add_test(unittest.equal(string.sub(bytes, 1, 8), "\x43\x81\0\0\0\0\0\4"), "login: begins so")
test_suite:add_test(unittest.identical({ packets.matcher(bytes) }, { #bytes, #bytes }), "a whole packet")
test_suite:add_test(unittest.is_nil((packets.matcher(string.sub(bytes, 1, -2)))), "a byte is missing")
test_suite:add_test(unittest.identical(packets.read_pairs("A=b\0C=d=e\0"):get("C"), { "d=e" }), "a pair")
test_suite:add_test(unittest.is_nil(packets.read_pairs("A=b\0"):get("C")), "no pair")
local targets = Packet.read_targets("TargetName=iqn.a\0TargetAddress=192.0.2.1:3260,1\0TargetName=iqn.b\0")
test_suite:add_test(unittest.identical(targets, { { name = "iqn.a", addr = { "192.0.2.1:3260,1" } }, { name = "iqn.b", addr = {} } }), "targets")
return _ENV
