---
-- Redis: commands and answers.
--
-- Written from the public specification of the Redis serialization protocol, version 2. Answers are bounded.
--
-- @usage
-- local helper = redis.Helper:new(host, port)
-- helper:connect()
-- local status, response = helper:reqCmd("INFO")
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name redis

local deadline = require "deadline"
local math = require "math"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("redis", stdnse.seeall)

local MAX_BULK, MAX_ELEMENTS, MAX_DEPTH = 0x400000, 10000, 8

--- A command.
-- @class table
-- @name Request
Request = {}
Request.__index = Request

--- Makes a command.
-- @name Request.new
-- @param cmd Its name.
-- @param ... Its parameters.
-- @return The command; <code>tostring</code> gives what is sent.
function Request:new (cmd, ...)
  return setmetatable({ cmd = cmd, args = { ... } }, self)
end

Request.__tostring = function (self)
  local parts = { "*" .. #self.args + 1 .. "\r\n" }
  for _, word in ipairs { self.cmd, table.unpack(self.args) } do
    word = tostring(word)
    parts[#parts + 1] = "$" .. #word .. "\r\n" .. word .. "\r\n"
  end
  return table.concat(parts)
end

--- Reads answers.
-- @class table
-- @name Response
Response = { Type = { STATUS = 0, ERROR = 1, INTEGER = 2, BULK = 3, MULTIBULK = 4 } }
Response.__index = Response

--- Makes a reader.
-- @name Response.new
-- @param socket Connected socket.
-- @return The reader.
function Response:new (socket)
  return setmetatable({ socket = socket }, self)
end

local TYPES = {
  ["+"] = Response.Type.STATUS, ["-"] = Response.Type.ERROR, [":"] = Response.Type.INTEGER,
  ["$"] = Response.Type.BULK, ["*"] = Response.Type.MULTIBULK,
}

local function read_line (socket)
  local status, line = deadline.receive_buf(socket, function (buffer)
    local first, last = string.find(buffer, "\r\n", 1, true)
    if first then
      return first, last
    elseif #buffer > 0x10000 then
      return #buffer, #buffer
    end
  end, false)
  return status, line
end

local function read_value (socket, depth, budget)
  local status, line = read_line(socket)
  if not status then
    return false, line
  end
  local kind, rest = TYPES[string.sub(line, 1, 1)], string.sub(line, 2)
  if not kind then
    return false, "the answer is none of Redis"
  elseif kind < Response.Type.BULK then
    return true, { type = kind, data = line }
  end
  local count = math.tointeger(tonumber(rest))
  if not count or count < 0 then
    return count == -1, count == -1 and { type = kind } or "the answer has no length"
  elseif kind == Response.Type.BULK then
    if count > MAX_BULK then
      return false, "the answer is too long"
    end
    local data
    status, data = deadline.receive_buf(socket, function (buffer)
      if #buffer >= count + 2 then
        return count + 1, count + 2
      end
    end, false)
    return status, status and { type = kind, data = data } or data
  end
  local list = {}
  for i = 1, count do
    budget.left = budget.left - 1
    if depth >= MAX_DEPTH or budget.left < 0 then
      return false, "the answer is too long"
    end
    local value
    status, value = read_value(socket, depth + 1, budget)
    if not status then
      return false, value
    end
    local is_plain = value.type < Response.Type.BULK
    list[i] = value.type == Response.Type.MULTIBULK and value or is_plain and string.sub(value.data, 2) or value.data
  end
  return true, { type = kind, data = list }
end

--- Reads one answer.
-- @name Response.receive
-- @return True; or false.
-- @return Table with <code>type</code>, one of <code>Response.Type</code>, and <code>data</code>: a string or an
--         array; a line of one value as it came, with the sign of its kind in front. Or a reason.
function Response:receive ()
  return read_value(self.socket, 1, { left = MAX_ELEMENTS })
end

--- A server.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes the state for a server.
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
  self.socket:set_timeout(stdnse.get_timeout(self.host, 10000))
  return self.socket:connect(self.host, self.port)
end

--- Sends a command and reads its answer.
-- @name Helper.reqCmd
-- @param cmd Its name.
-- @param ... Its parameters.
-- @return As <code>Response.receive</code>.
function Helper:reqCmd (cmd, ...)
  local status, reason = self.socket:send(tostring(Request:new(cmd, ...)))
  if not status then
    return false, reason
  end
  return Response:new(self.socket):receive()
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
local bytes = "-NOAUTH no\r\n"
local peer = { receive_buf = function (_, find)
  return true, string.sub(bytes, 1, find(bytes) - 1)
end }
test_suite:add_test(unittest.equal(select(2, Response:new(peer):receive()).data, "-NOAUTH no"), "an error with its sign")
test_suite:add_test(unittest.equal(tostring(Request:new("INFO", "a")), "*2\r\n$4\r\nINFO\r\n$1\r\na\r\n"), "a command")
return _ENV
