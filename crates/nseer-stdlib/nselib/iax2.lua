---
-- IAX2: logins at a server for telephony, by the release of a registration.
--
-- Written from RFC 5456, sections 6.1.8 (registration), 8.1.1 (full frames), 8.4 (messages) and 8.6 (information elements),
-- and the document "IAX2 security" of Asterisk (2009) for tokens of calls.
--
-- @usage
-- local helper = iax2.Helper:new(host, port)
-- local status = helper:connect()
-- status = helper:regRelease("user", "password")
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name iax2

local math = require "math"
local nmap = require "nmap"
local openssl = require "openssl"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"
local ipairs, setmetatable, tostring, type = ipairs, setmetatable, tostring, type

_ENV = stdnse.module("iax2", stdnse.seeall)

local HEAD = 12
local TIMEOUT = 5000
local MAX_FRAMES = 16
local REGAUTH = 14

local FrameType = { IAX = 6 }
local PacketType = { FULL = 1 }
local SubClass = { ACK = 4, REGAUTH = REGAUTH, REGACK = 15, REGREJ = 16, REGREL = 17, CALLTOKEN = 40 }
local InfoElement = { USERNAME = 6, CHALLENGE = 15, MD5_RESULT = 16, CALLTOKEN = 54 }

-- The head of a full frame (section 8.1.1).
local Header = { FULL = 1 }
Header.__index = Header

--- Makes a head.
-- @name IAX2.Header.new
-- @param src_call Number of the call here.
-- @param dst_call Its number there, 0 before that is known.
-- @param timestamp Milliseconds.
-- @param oseqno Number of the frame.
-- @param iseqno Number of the frame that is awaited.
-- @param frametype Kind of the frame.
-- @param subclass What it says.
-- @return The head.
function Header.new (self, src_call, dst_call, timestamp, oseqno, iseqno, frametype, subclass)
  return setmetatable({ type = PacketType.FULL, src_call = src_call, dst_call = dst_call, timestamp = timestamp, oseqno = oseqno,
    iseqno = iseqno, frametype = frametype, subclass = subclass, retrans = false }, self)
end

--- Reads a head.
-- @name IAX2.Header.parse
-- @param data Bytes.
-- @return The head; nil if it is none.
function Header.parse (data)
  if type(data) ~= "string" or #data < HEAD then
    return nil
  end
  local src, dst, timestamp, oseqno, iseqno, frametype, subclass = string.unpack(">I2I2I4BBBB", data)
  if src & 0x8000 == 0 then
    return nil
  end
  local header = Header:new(src & 0x7fff, dst & 0x7fff, timestamp, oseqno, iseqno, frametype, subclass)
  header.retrans = dst & 0x8000 ~= 0
  return header
end

Header.__tostring = function (self)
  return string.pack(">I2I2I4BBBB", self.src_call | 0x8000, self.dst_call | (self.retrans and 0x8000 or 0), self.timestamp,
    self.oseqno, self.iseqno, self.frametype, self.subclass)
end

-- Frames with information elements (section 8.6), of which each is set once.
local function frame_class ()
  local class = {}
  class.__index = class
  function class.setIE (self, key, value)
    for _, element in ipairs(self.ies) do
      if element.type == key then
        element.value = value
        return
      end
    end
    self.ies[#self.ies + 1] = { type = key, value = value }
  end
  function class.getIE (self, key)
    for _, element in ipairs(self.ies) do
      if element.type == key then
        return element
      end
    end
  end
  return class
end

local Request = frame_class()

--- Makes a frame without information elements.
-- @name IAX2.Request.new
-- @param header Its head.
-- @return The frame.
function Request.new (self, header)
  return setmetatable({ header = header, ies = {} }, self)
end

Request.__tostring = function (self)
  local parts = { tostring(self.header) }
  for _, element in ipairs(self.ies) do
    parts[#parts + 1] = string.pack("Bs1", element.type, string.sub(element.value, 1, 255))
  end
  return table.concat(parts)
end

local Response = frame_class()

--- Makes a frame without anything.
-- @name IAX2.Response.new
-- @return The frame.
function Response.new (self)
  return setmetatable({ ies = {} }, self)
end

--- Reads a frame. Elements that are cut off are left out.
-- @name IAX2.Response.parse
-- @param data Bytes.
-- @return The frame; nil if it is none.
function Response.parse (data)
  local response, at = Response:new(), HEAD + 1
  response.header = Header.parse(data)
  if not response.header then
    return nil
  end
  while at + 1 <= #data do
    local kind, length = string.byte(data, at, at + 1)
    if at + 1 + length > #data then
      break
    end
    response:setIE(kind, string.sub(data, at + 2, at + 1 + length))
    at = at + 2 + length
  end
  return response
end

--- Frames and their numbers: <code>Header</code>, <code>Request</code> and <code>Response</code> have <code>new</code>, and
-- <code>parse</code>, which gives nil for bytes that are none; <code>tostring</code> gives bytes. <code>setIE</code> and
-- <code>getIE</code> take the number of an information element.
-- @class table
-- @name IAX2
IAX2 = { FrameType = FrameType, PacketType = PacketType, SubClass = SubClass, InfoElement = InfoElement, Header = Header,
  Request = Request, Response = Response }

--- Speaks to one server.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes one.
-- @name Helper.new
-- @param host Host table.
-- @param port Port table.
-- @param options Table with <code>timeout</code> in milliseconds, optional.
-- @return The helper.
function Helper:new (host, port, options)
  return setmetatable({ host = host, port = port, options = options or {}, oseqno = 0, iseqno = 0,
    call = math.random(1, 0x7fff) }, self)
end

--- Connects to the server.
-- @name Helper.connect
-- @return True, or false and a reason.
function Helper:connect ()
  self.socket = nmap.new_socket("udp")
  self.socket:set_timeout(self.options.timeout or TIMEOUT)
  return self.socket:connect(self.host, self.port)
end

--- Sends a frame and receives the answer to it.
-- @name Helper.exch
-- @param req The frame.
-- @return True, or false.
-- @return The answer; or what is wrong.
function Helper:exch (req)
  if not self.socket:send(tostring(req)) then
    return false, "the request cannot be sent"
  end
  for _ = 1, MAX_FRAMES do
    local status, data = self.socket:receive()
    if not status then
      return false, "no answer: " .. tostring(data)
    end
    local response = Response.parse(data)
    if response and response.header.dst_call == self.call and response.header.subclass ~= SubClass.ACK then
      return true, response
    end
  end
  return false, "no answer to the request"
end

-- The next frame of a release.
local function release_frame (self, dst_call, username)
  local frame = Request:new(Header:new(self.call, dst_call, nmap.clock_ms() & 0xffff, self.oseqno, self.iseqno, FrameType.IAX,
    SubClass.REGREL))
  frame:setIE(InfoElement.USERNAME, username)
  return frame
end

-- Asks for the release, and gives the answer to it: the first time with nothing in the token, then with the server's.
local function begin (self, username)
  local frame = release_frame(self, 0, username)
  frame:setIE(InfoElement.CALLTOKEN, "")
  local status, response = self:exch(frame)
  local token = status and response.header.subclass == SubClass.CALLTOKEN and response:getIE(InfoElement.CALLTOKEN)
  if token then
    frame = release_frame(self, 0, username)
    frame:setIE(InfoElement.CALLTOKEN, token.value)
    status, response = self:exch(frame)
  end
  return status, response
end

--- Asks for the release of a registration, which needs a good login.
-- @name Helper.regRelease
-- @param username The name.
-- @param password The password.
-- @return True if the login is good, otherwise false.
-- @return What is wrong.
function Helper:regRelease (username, password)
  local status, response = begin(self, username)
  if not status then
    return false, response
  end
  local challenge = response.header.subclass == REGAUTH and response:getIE(InfoElement.CHALLENGE)
  if not challenge then
    return false, "the server asks for no password by MD5"
  end
  self.oseqno, self.iseqno = response.header.iseqno, response.header.oseqno + 1 & 0xff
  local frame = release_frame(self, response.header.src_call, username)
  frame:setIE(InfoElement.MD5_RESULT, stdnse.tohex(openssl.md5(challenge.value .. password)))
  status, response = self:exch(frame)
  if not status then
    return false, response
  elseif response.header.subclass ~= SubClass.REGACK then
    return false, "the login is wrong"
  end
  return true
end

--- Ends it.
-- @name Helper.close
-- @return As the method <code>close</code> of sockets.
function Helper:close ()
  return self.socket:close()
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local request = Request:new(Header:new(1, 0, 0, 0, 0, FrameType.IAX, SubClass.REGREL))
request:setIE(InfoElement.USERNAME, "u")
test_suite:add_test(unittest.equal(tostring(request), "\x80\1\0\0\0\0\0\0\0\0\6\x11\6\1u"), "a request")
local answer = Response.parse("\x80\1\0\2\0\0\0\5\1\2\6\x28\x36\3abc\6\xff")
test_suite:add_test(unittest.equal(answer:getIE(54).value, "abc"), "an element")
test_suite:add_test(unittest.is_nil(answer:getIE(6)), "an element that is cut off")
test_suite:add_test(unittest.is_nil(Response.parse("\0\1\0\2\0\0\0\5\1\2\6\x28")), "no full frame")
test_suite:add_test(unittest.is_nil(Response.parse("\x80\1")), "too short")

-- A server that wants a token, then the password "p".
local function server (final)
  local socket, sent = {}, nil
  function socket:send (data) sent = Response.parse(data) return true end
  function socket:receive ()
    local function reply (subclass, kind, text)
      local frame = Request:new(Header:new(9, sent.header.src_call, 0, 0, 1, FrameType.IAX, subclass))
      frame:setIE(kind, text)
      return true, tostring(frame)
    end
    local token, result = sent:getIE(InfoElement.CALLTOKEN), sent:getIE(InfoElement.MD5_RESULT)
    if result then
      return reply(result.value == stdnse.tohex(openssl.md5("12345p")) and final or SubClass.REGREJ, 6, "u")
    elseif token.value == "" then
      return reply(SubClass.CALLTOKEN, InfoElement.CALLTOKEN, "token")
    end
    return reply(REGAUTH, InfoElement.CHALLENGE, "12345")
  end
  local helper = Helper:new({}, {})
  helper.socket = socket
  return helper
end
test_suite:add_test(unittest.is_true((server(SubClass.REGACK):regRelease("u", "p"))), "a good login")
test_suite:add_test(unittest.is_false((server(SubClass.REGACK):regRelease("u", "q"))), "a bad login")
return _ENV
