---
-- RTSP: requests and answers of streaming servers.
--
-- Written from RFC 2326, sections 4, 6, 7 and 10. Bodies are not read.
--
-- @usage
-- local helper = rtsp.Helper:new(host, port)
-- local status = helper:connect()
-- local status, response = helper:options("*")
-- helper:close()
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name rtsp

local deadline = require "deadline"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"
local ipairs, setmetatable, tonumber, tostring = ipairs, setmetatable, tonumber, tostring

_ENV = stdnse.module("rtsp", stdnse.seeall)

local TIMEOUT = 10000
local MAX_HEAD = 64 * 1024

--- A request: it becomes bytes by <code>tostring</code>.
-- @class table
-- @name Request
Request = {}
Request.__index = Request

--- Makes one.
-- @name Request:new
-- @param url What is asked for.
-- @param headers Array of lines, optional.
-- @return The request.
function Request:new (url, headers)
  return setmetatable({ url = url, headers = headers or {} }, self)
end

--- Says which method it has.
-- @name Request:setMethod
-- @param method The method, in upper case.
function Request:setMethod (method)
  self.method = method
end

--- Says which number it has.
-- @name Request:setCSeq
-- @param cseq The number, from which the answer is known.
function Request:setCSeq (cseq)
  self.cseq = cseq
end

--- Adds a header.
-- @name Request:addHeader
-- @param header Its name.
-- @param value Its value.
function Request:addHeader (header, value)
  table.insert(self.headers, header .. ": " .. tostring(value))
end

Request.__tostring = function (self)
  local lines = { string.format("%s %s RTSP/1.0", self.method, self.url), "CSeq: " .. self.cseq }
  for _, line in ipairs(self.headers) do
    lines[#lines + 1] = line
  end
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

--- An answer.
-- @class table
-- @name Response
Response = {}
Response.__index = Response

--- Reads one.
-- @name Response:new
-- @param data What the server sent.
-- @return Answer with <code>raw</code>; and with <code>status</code> and <code>headers</code> (table by name) where the
--         server speaks RTSP.
function Response:new (data)
  local response = setmetatable({ raw = data }, self)
  local status = string.match(data, "^RTSP/%d+%.%d+ (%d%d%d)%f[%D]")
  if status then
    response.status, response.headers = tonumber(status), {}
    local head = string.match(data, "^(.-)\r?\n\r?\n") or data
    for line in string.gmatch(head, "[^\r\n]+") do
      local name, value = string.match(line, "^([%w-]+):%s*(.-)%s*$")
      if name then
        response.headers[name] = value
      end
    end
  end
  return response
end

--- A connection.
-- @class table
-- @name Client
Client = {}
Client.__index = Client

--- Makes one.
-- @name Client:new
-- @param host Host table.
-- @param port Port table.
-- @return The connection.
function Client:new (host, port)
  return setmetatable({ host = host, port = port, timeout = TIMEOUT, retries = 3, cseq = 0, headers = {} }, self)
end

--- Sets how long an answer may take.
-- @name Client:setTimeout
-- @param timeout Milliseconds.
function Client:setTimeout (timeout)
  self.timeout = timeout
end

--- Sets how often connecting is tried.
-- @name Client:setRetries
-- @param retries Number of attempts.
function Client:setRetries (retries)
  self.retries = retries
end

--- Adds a header to all requests.
-- @name Client:addHeader
-- @param header Its name.
-- @param value Its value.
function Client:addHeader (header, value)
  table.insert(self.headers, { header, value })
end

--- Connects.
-- @name Client:connect
-- @return True, or false and a reason.
function Client:connect ()
  local status, reason
  for _ = 1, self.retries do
    self.socket = nmap.new_socket()
    self.socket:set_timeout(self.timeout)
    status, reason = self.socket:connect(self.host, self.port)
    if status then
      return true
    end
  end
  return false, reason
end

--- Sends a request and waits for its answer.
-- @name Client:exch
-- @param req The request.
-- @return True, or false.
-- @return The answer; or a reason.
function Client:exch (req)
  for _, header in ipairs(self.headers) do
    req:addHeader(header[1], header[2])
  end
  local status, data = self.socket:send(tostring(req))
  if status then
    status, data = deadline.receive_buf(self.socket, function (buffer)
      local first, last = string.find(buffer, "\r?\n\r?\n")
      if not first and #buffer > MAX_HEAD then
        return #buffer, #buffer
      end
      return first, last
    end, true, self.timeout)
  end
  if not status then
    return false, data
  end
  local response = Response:new(data)
  if not response.status then
    return false, "the server does not speak RTSP"
  end
  return true, response
end

local function asked (self, method, url)
  local request = Request:new(url)
  request:setMethod(method)
  request:setCSeq(self.cseq)
  self.cseq = self.cseq + 1
  return self:exch(request)
end

--- Asks what an address is (section 10.2).
-- @name Client:describe
-- @param url The address.
-- @return True, or false.
-- @return The answer; or a reason.
function Client:describe (url)
  return asked(self, "DESCRIBE", url)
end

--- Asks which methods there are (section 10.1).
-- @name Client:options
-- @param url An address, or <code>*</code>.
-- @return True, or false.
-- @return The answer; or a reason.
function Client:options (url)
  return asked(self, "OPTIONS", url)
end

--- Closes the connection.
-- @name Client:close
-- @return As the socket's method.
function Client:close ()
  return self.socket:close()
end

--- Asks a server, and knows what it speaks with.
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
  return setmetatable({ host = host, port = port, client = Client:new(host, port) }, self)
end

--- Connects.
-- @name Helper:connect
-- @return True, or false and a reason.
function Helper:connect ()
  return self.client:connect()
end

--- Closes the connection.
-- @name Helper:close
-- @return As the socket's method.
function Helper:close ()
  return self.client:close()
end

--- Asks what an address is.
-- @name Helper:describe
-- @param url The address.
-- @return True, or false.
-- @return The answer; or a reason.
function Helper:describe (url)
  return self.client:describe(url)
end

--- Asks which methods there are.
-- @name Helper:options
-- @param url An address, or <code>*</code>.
-- @return True, or false.
-- @return The answer; or a reason.
function Helper:options (url)
  return self.client:options(url)
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local request = Request:new("*", { "A: b" })
request:setMethod("OPTIONS")
request:setCSeq(7)
request:addHeader("C", 1)
test_suite:add_test(unittest.equal(tostring(request), "OPTIONS * RTSP/1.0\r\nCSeq: 7\r\nA: b\r\nC: 1\r\n\r\n"), "a request")
local response = Response:new("RTSP/1.0 200 OK\r\nCSeq: 0\r\nPublic: A, B \r\n\r\nPublic: C")
test_suite:add_test(unittest.equal(response.status, 200), "a status")
test_suite:add_test(unittest.equal(response.headers.Public, "A, B"), "a header, and the end of the head")
test_suite:add_test(unittest.is_nil(Response:new("HTTP/1.0 200 OK\r\n\r\n").status), "another protocol")
local client = Client:new({}, {})
local sent
client.socket = {
  send = function (_, data) sent = data return true end,
  receive_buf = function (_, find) local said = "RTSP/1.0 404 No\r\n\r\n" return true, said, find(said) end,
}
client:addHeader("X", "y")
local status, answer = client:describe("rtsp://a/")
test_suite:add_test(unittest.equal(sent, "DESCRIBE rtsp://a/ RTSP/1.0\r\nCSeq: 0\r\nX: y\r\n\r\n"), "what is sent")
test_suite:add_test(unittest.identical({ status, answer.status }, { true, 404 }), "what is answered")
return _ENV
