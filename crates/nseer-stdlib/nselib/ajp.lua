---
-- The Apache JServ Protocol: requests to a servlet container and its answers.
--
-- Written from the public description of AJP 1.3 in the documentation of Tomcat's connectors. Answers are bounded.
--
-- @usage
-- local helper = ajp.Helper:new(host, port)
-- local status, response = helper:get("/")
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name ajp

local base64 = require "base64"
local deadline = require "deadline"
local framereader = require "framereader"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("ajp", stdnse.seeall)

-- Codes of methods, of headers of requests, and of headers of answers.
local METHODS = { OPTIONS = 1, GET = 2, HEAD = 3, POST = 4, PUT = 5, DELETE = 6, TRACE = 7 }

local REQUEST_HEADERS = {
  ["accept"] = 0xa001, ["accept-charset"] = 0xa002, ["accept-encoding"] = 0xa003, ["accept-language"] = 0xa004,
  ["authorization"] = 0xa005, ["connection"] = 0xa006, ["content-type"] = 0xa007, ["content-length"] = 0xa008,
  ["cookie"] = 0xa009, ["cookie2"] = 0xa00a, ["host"] = 0xa00b, ["pragma"] = 0xa00c, ["referer"] = 0xa00d,
  ["user-agent"] = 0xa00e,
}

local RESPONSE_HEADERS = {
  [0xa001] = "Content-Type", [0xa002] = "Content-Language", [0xa003] = "Content-Length", [0xa004] = "Date",
  [0xa005] = "Last-Modified", [0xa006] = "Location", [0xa007] = "Set-Cookie", [0xa008] = "Set-Cookie2",
  [0xa009] = "Servlet-Engine", [0xa00a] = "Status", [0xa00b] = "WWW-Authenticate",
}

local BODY_CHUNK, HEADERS, END = 3, 4, 5

local MAX_BODY = 0x100000

local function text (value)
  return string.pack(">s2", value) .. "\0"
end

-- A request as bytes.
local function encode_request (method, url, host, port, headers, attributes)
  local path, query = string.match(url, "^([^?]*)%??(.*)$")
  local parts = {
    string.pack(">BB", 2, METHODS[method]), text("HTTP/1.1"), text(path), text(host), "\xff\xff", text(host),
    string.pack(">I2", port), "\0",
  }
  local count, encoded = 0, {}
  for name, value in pairs(headers) do
    local code = REQUEST_HEADERS[string.lower(name)]
    encoded[#encoded + 1] = (code and string.pack(">I2", code) or text(name)) .. text(tostring(value))
    count = count + 1
  end
  parts[#parts + 1] = string.pack(">I2", count) .. table.concat(encoded)
  if query ~= "" then
    parts[#parts + 1] = "\5" .. text(query)
  end
  for _, attribute in ipairs(attributes or {}) do
    if type(attribute) == "string" then
      parts[#parts + 1] = attribute
    end
  end
  parts[#parts + 1] = "\xff"
  local body = table.concat(parts)
  return "\x12\x34" .. string.pack(">s2", body)
end

-- A text of an answer, and the position after it.
local function text_at (data, pos)
  if pos + 1 > #data then
    return nil, #data + 1
  end
  local length = string.unpack(">I2", data, pos)
  if length == 0xffff then
    return nil, pos + 2
  end
  return string.sub(data, pos + 2, pos + 1 + length), pos + 3 + length
end

local function decode_headers (data)
  if #data < 5 then
    return nil
  end
  local response = { status = string.unpack(">I2", data, 2), headers = {}, rawheaders = {} }
  local message, pos = text_at(data, 4)
  response["status-line"] = string.format("AJP/1.3 %d %s", response.status, message or "")
  response.status_line = response["status-line"]
  if pos + 1 > #data then
    return response
  end
  local count
  count, pos = string.unpack(">I2", data, pos)
  for _ = 1, count do
    if pos + 1 > #data then
      break
    end
    local code, name = string.unpack(">I2", data, pos), nil
    if code >= 0xa000 then
      name, pos = RESPONSE_HEADERS[code] or string.format("0x%04x", code), pos + 2
    else
      name, pos = text_at(data, pos)
    end
    local value
    value, pos = text_at(data, pos)
    if not name or not value then
      break
    end
    response.headers[string.lower(name)] = value
    response.rawheaders[#response.rawheaders + 1] = name .. ": " .. value
  end
  return response
end

--- A container to talk to.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes the state for a container.
-- @name Helper.new
-- @param host Host table.
-- @param port Port table.
-- @param opt Table, optional: <code>auth</code> with <code>username</code> and <code>password</code>.
-- @return The helper.
function Helper:new (host, port, opt)
  return setmetatable({ host = host, port = port, opt = opt or {} }, self)
end

--- Connects.
-- @name Helper.connect
-- @param socket A connected socket to use, optional.
-- @return True; or false and a reason.
function Helper:connect (socket)
  if socket then
    self.socket = socket
    return true
  end
  self.socket = nmap.new_socket()
  self.socket:set_timeout(stdnse.get_timeout(self.host, 10000))
  return self.socket:connect(self.host, self.port, "tcp")
end

local packet = framereader.new(function (head)
  return string.sub(head, 1, 2) == "AB" and string.unpack(">I2", head, 3) or nil
end, 0xffff)

-- Reads the packets of one answer. The response; or nil and a reason.
local function read_response (socket)
  local response
  local body, size = {}, 0
  while size <= MAX_BODY do
    local status, data = deadline.receive_buf(socket, packet, true)
    if not status then
      break
    elseif string.sub(data, 1, 2) ~= "AB" or #data < 5 then
      return nil, "the answer is no packet of AJP"
    end
    local kind, inside = string.byte(data, 5), string.sub(data, 5)
    size = size + #data
    if kind == HEADERS then
      response = decode_headers(inside)
    elseif kind == BODY_CHUNK then
      local chunk = text_at(inside, 2)
      body[#body + 1] = chunk
    elseif kind == END then
      break
    end
  end
  if not response then
    return nil, "the answer has no headers"
  end
  response.body = table.concat(body)
  return response
end

--- Sends a request.
-- @name Helper.request
-- @param method Method of HTTP.
-- @param url Path, and what follows.
-- @param headers Table of headers, optional.
-- @param attributes Array of encoded attributes, optional.
-- @param options Table as for <code>Helper.new</code>, optional.
-- @return True; or false.
-- @return Table with <code>status</code>, <code>status-line</code>, <code>headers</code>,
--         <code>rawheaders</code> and <code>body</code>; or a reason.
function Helper:request (method, url, headers, attributes, options)
  if not METHODS[method] then
    return false, "'" .. tostring(method) .. "' is no method of AJP"
  end
  local ip = type(self.host) == "table" and self.host.ip or self.host
  local number = type(self.port) == "table" and self.port.number or self.port
  local all = { connection = "keep-alive", host = stdnse.get_hostname(self.host) }
  local auth = options and options.auth or self.opt.auth
  if auth then
    all.authorization = "Basic " .. base64.enc((auth.username or "") .. ":" .. (auth.password or ""))
  end
  for name, value in pairs(headers or {}) do
    all[string.lower(name)] = value
  end
  local status, reason = self.socket:send(encode_request(method, url, ip, number, all, attributes))
  if not status then
    return false, reason
  end
  local response
  response, reason = read_response(self.socket)
  if not response then
    return false, reason
  end
  return true, response
end

for name, method in pairs { get = "GET", head = "HEAD", options = "OPTIONS", put = "PUT", trace = "TRACE", delete = "DELETE" } do
  Helper[name] = function (self, url, headers, attributes, options)
    return self:request(method, url, headers, attributes, options)
  end
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
local request = encode_request("GET", "/a?b=c", "h", 8009, { host = "x" })
test_suite:add_test(unittest.equal(string.unpack(">I2", request, 3), #request - 4), "length")
test_suite:add_test(unittest.equal(string.find(request, "\5\0\3b=c\0\xff", 1, true) ~= nil, true), "query")
local response = decode_headers("\4" .. string.pack(">I2", 200) .. text("200") .. string.pack(">I2", 2) .. text("Allow") .. text("GET")
  .. "\xa0\3" .. text("0"))
test_suite:add_test(unittest.equal(response.status, 200), "status")
test_suite:add_test(unittest.identical(response.rawheaders, { "Allow: GET", "Content-Length: 0" }), "headers")
test_suite:add_test(unittest.is_nil(decode_headers("\4")), "cut off")
return _ENV
