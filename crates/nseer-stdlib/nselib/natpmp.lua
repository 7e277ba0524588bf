---
-- NAT-PMP: what a router's outer address is, and ports of it that lead inside.
--
-- Written from RFC 6886, sections 3.2 to 3.5.
--
-- @usage
-- local helper = natpmp.Helper:new(host, port)
-- local status, answer = helper:getWANIP()
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name natpmp

local datetime = require "datetime"
local ipOps = require "ipOps"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"
local setmetatable, tostring = setmetatable, tostring

_ENV = stdnse.module("natpmp", stdnse.seeall)

local VERSION = 0
local TIMEOUT = 5000

-- Requests are numbered so; answers have 128 more (section 3.1).
local ADDRESS, MAP_UDP, MAP_TCP = 0, 1, 2
local IS_ANSWER = 128

local DEFAULT_LIFETIME = 3600

--- Requests: they become bytes by <code>tostring</code>.
-- @class table
-- @name Request
Request = {
  GetWANIP = {
    new = function (self)
      return setmetatable({ version = VERSION, op = ADDRESS }, self)
    end,
    __tostring = function (self)
      return string.pack("BB", self.version, self.op)
    end,
  },
  MapPort = {
    new = function (self, pubport, privport, proto, lifetime)
      local o = { version = VERSION, op = proto == "udp" and MAP_UDP or MAP_TCP, pubport = pubport, privport = privport,
        lifetime = lifetime or DEFAULT_LIFETIME }
      return setmetatable(o, self)
    end,
    __tostring = function (self)
      return string.pack(">BBI2I2I2I4", self.version, self.op, 0, self.privport, self.pubport, self.lifetime)
    end,
  },
}

-- The head of an answer (section 3.5): its version, number and result; nil if the data is none.
local function read_head (data, length)
  if type(data) ~= "string" or #data < length then
    return nil
  end
  local version, op, rescode = string.unpack(">BBI2", data)
  if version ~= VERSION or op < IS_ANSWER then
    return nil
  end
  return { data = data, version = version, op = op, rescode = rescode }
end

-- An answer, made from its bytes: nil where they are none or the router refuses.
local function answer_class (length, read)
  local class = {}
  class.__index = class
  function class.new (self, data)
    local o = setmetatable({ data = data }, self)
    return o:parse() and o or nil
  end
  function class.parse (self)
    local head = read_head(self.data, length)
    if not head then
      return false
    end
    self.version, self.op, self.rescode = head.version, head.op, head.rescode
    if head.rescode ~= 0 then
      return false
    end
    read(self)
    return true
  end
  return class
end

--- Answers, made from bytes by <code>new</code>, which gives nil for those that are none or that refuse.
-- @class table
-- @name Response
Response = {
  -- The time that the router counts, and its outer address.
  GetWANIP = answer_class(12, function (self)
    local time, ip = string.unpack(">I4c4", self.data, 5)
    self.time, self.ip = datetime.format_timestamp(time, 0), ipOps.str_to_ip(ip)
    self.time = string.gsub(self.time, "%+00:00$", "")
  end),
  -- The ports and for how many seconds they are connected.
  MapPort = answer_class(16, function (self)
    self.time, self.privport, self.pubport, self.lifetime = string.unpack(">I4I2I2I4", self.data, 5)
  end),
}

--- Speaks to one router.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes one.
-- @name Helper:new
-- @param host Host table.
-- @param port Port table.
-- @return The helper.
function Helper:new (host, port)
  return setmetatable({ host = host, port = port }, self)
end

--- Sends a datagram and waits for one.
-- @name Helper:exchPacket
-- @param data The datagram.
-- @return True, or false.
-- @return The answer; or a reason.
function Helper:exchPacket (data)
  local socket = nmap.new_socket("udp")
  socket:set_timeout(TIMEOUT)
  local status, answer = socket:sendto(self.host, self.port, data)
  if status then
    status, answer = socket:receive()
  end
  socket:close()
  return status, answer
end

local function asked (self, request, class)
  local status, data = self:exchPacket(tostring(request))
  if not status then
    return false, data
  end
  local answer = class:new(data)
  if not answer then
    return false, "the router refuses, or it does not speak NAT-PMP"
  end
  return true, answer
end

--- Asks for the outer address.
-- @name Helper:getWANIP
-- @return True, or false.
-- @return Answer with <code>ip</code> and <code>time</code>; or a reason.
function Helper:getWANIP ()
  return asked(self, Request.GetWANIP:new(), Response.GetWANIP)
end

--- Lets an outer port lead to one of this machine.
-- @name Helper:mapPort
-- @param pubport The outer port.
-- @param privport The port here.
-- @param protocol <code>tcp</code> or <code>udp</code>.
-- @param lifetime For how many seconds. Default: an hour.
-- @return True, or false.
-- @return Answer with <code>pubport</code>, <code>privport</code> and <code>lifetime</code>; or a reason.
function Helper:mapPort (pubport, privport, protocol, lifetime)
  return asked(self, Request.MapPort:new(pubport, privport, protocol, lifetime), Response.MapPort)
end

--- Ends what <code>mapPort</code> began, for both protocols (section 3.4).
-- @name Helper:unmapPort
-- @param pubport The outer port.
-- @param privport The port here.
-- @return True, or false.
-- @return The last answer; or a reason.
function Helper:unmapPort (pubport, privport)
  local status, answer = asked(self, Request.MapPort:new(0, privport, "tcp", 0), Response.MapPort)
  if status then
    status, answer = asked(self, Request.MapPort:new(0, privport, "udp", 0), Response.MapPort)
  end
  return status, answer
end

--- Ends all that this machine has asked for (section 3.4: every field is zero).
-- @name Helper:unmapAllPorts
-- @return True, or false.
-- @return The last answer; or a reason.
function Helper:unmapAllPorts ()
  return self:unmapPort(0, 0)
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(tostring(Request.GetWANIP:new()), "\0\0"), "asking for the address")
test_suite:add_test(unittest.equal(tostring(Request.MapPort:new(80, 8080, "tcp", 3600)), "\0\2\0\0\x1f\x90\0\x50\0\0\x0e\x10"), "asking for a port")
test_suite:add_test(unittest.equal(string.byte(tostring(Request.MapPort:new(1, 2, "udp")), 2), 1), "a UDP port")
local answer = Response.GetWANIP:new("\0\x80\0\0\0\0\0\9\1\2\3\4")
test_suite:add_test(unittest.equal(answer.ip, "1.2.3.4"), "an address")
test_suite:add_test(unittest.equal(answer.time, "1970-01-01T00:00:09"), "the time of the router")
test_suite:add_test(unittest.is_nil((Response.GetWANIP:new("\0\x80\0\3\0\0\0\9\1\2\3\4"))), "refused")
test_suite:add_test(unittest.is_nil((Response.GetWANIP:new("\0\x80\0\0"))), "cut off")
test_suite:add_test(unittest.is_nil((Response.GetWANIP:new("\0\0\0\0\0\0\0\9\1\2\3\4"))), "a request sent back")
local map = Response.MapPort:new("\0\x82\0\0\0\0\0\9\0\80\0\90\0\0\1\0")
test_suite:add_test(unittest.identical({ map.privport, map.pubport, map.lifetime }, { 80, 90, 256 }), "a port")
return _ENV
