---
-- CoAP: requests to servers of small devices, and their answers.
--
-- Written from RFC 7252. Messages are in <code>coap.message</code>.
--
-- @usage
-- local helper = coap.Helper:new(host, port)
-- local status, response = helper:connect({ uri = "/.well-known/core" })
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name coap

local math = require "math"
local message = require "coap.message"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"
local ipairs, pairs, pcall, setmetatable = ipairs, pairs, pcall, setmetatable

_ENV = stdnse.module("coap", stdnse.seeall)

local TIMEOUT = 5000

--- Messages as bytes and as tables: <code>build</code>, <code>parse</code>, <code>header</code> and <code>payload</code>
-- of <code>coap.message</code>.
-- @class table
-- @name COAP
COAP = message

--- One conversation: a socket and the numbers of messages.
-- @class table
-- @name Comm
Comm = {}
Comm.__index = Comm

--- Makes one.
-- @name Comm.new
-- @param host Host table.
-- @param port Port table.
-- @param options Table with the socket's <code>timeout</code> in milliseconds, optional.
-- @return The conversation.
function Comm:new (host, port, options)
  return setmetatable({ host = host, port = port, options = options or {}, message_id = math.random(0, 0xffff) }, self)
end

--- Makes a message with the next number, of the type <code>confirmable</code> where none is given.
-- @name Comm.build
-- @param options Table of the message.
-- @param payload Bytes, optional.
-- @return The message.
function Comm:build (options, payload)
  self.message_id = self.message_id + 1 & 0xffff
  options.id = options.id or self.message_id
  return COAP.build(options, payload)
end

--- Reads a message.
-- @name Comm.parse
-- @param buf Bytes.
-- @param pos Where it begins, optional.
-- @return As <code>COAP.parse</code>.
function Comm:parse (buf, pos)
  return COAP.parse(buf, pos)
end

--- Sends bytes.
-- @name Comm.send
-- @param pkt The bytes.
-- @return True, or false and a reason.
function Comm:send (pkt)
  return self.socket:send(pkt)
end

--- Receives a message.
-- @name Comm.receive
-- @return As <code>COAP.parse</code>.
function Comm:receive ()
  local status, data = self.socket:receive()
  if not status then
    return false, data
  end
  return self:parse(data, 1)
end

--- Sends a first request.
-- @name Comm.connect
-- @param options Table of the message.
-- @return As <code>COAP.parse</code> for its answer.
function Comm:connect (options)
  local built, pkt = pcall(self.build, self, options)
  if not built then
    return false, pkt
  end
  self.socket = nmap.new_socket(self.port.protocol == "tcp" and "tcp" or "udp")
  self.socket:set_timeout(self.options.timeout or stdnse.get_timeout(self.host, TIMEOUT))
  local status, reason = self.socket:connect(self.host, self.port)
  if status then
    status, reason = self:send(pkt)
  end
  if not status then
    self:close()
    return false, reason
  end
  status, reason = self:receive()
  if not status then
    self:close()
  end
  return status, reason
end

--- Ends it.
-- @name Comm.close
function Comm:close ()
  if self.socket then
    self.socket:close()
    self.socket = nil
  end
end

--- Asks a server.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes one.
-- @name Helper.new
-- @param host Host table.
-- @param port Port table.
-- @param opt Options of the conversation, optional.
-- @return The helper.
function Helper:new (host, port, opt)
  return setmetatable({ host = host, port = port, opt = opt or {} }, self)
end

-- The message that a script asks for: GET, confirmable, with the URI's segments as options.
local function completed (wanted)
  local opts = {}
  for key, given in pairs(wanted) do
    opts[key] = given
  end
  opts.type, opts.code, opts.options = opts.type or "confirmable", opts.code or "get", {}
  for _, option in ipairs(wanted.options or {}) do
    opts.options[#opts.options + 1] = option
  end
  local path, query = string.match(wanted.uri or "", "^([^?]*)%??(.*)$")
  for segment in string.gmatch(path, "[^/]+") do
    opts.options[#opts.options + 1] = { name = "uri_path", value = segment }
  end
  for part in string.gmatch(query, "[^&]+") do
    opts.options[#opts.options + 1] = { name = "uri_query", value = part }
  end
  return opts
end

--- Sends the first request of a conversation.
-- @name Helper.connect
-- @param options Table of the message, where <code>uri</code> may stand for options.
-- @return As <code>COAP.parse</code> for the answer.
function Helper:connect (options)
  self.comm = Comm:new(self.host, self.port, self.opt)
  return self.comm:connect(completed(options))
end

--- Sends a request.
-- @name Helper.send
-- @param options Table of the message, as for <code>connect</code>.
-- @param payload Bytes, optional.
-- @return The message's number; false where it cannot be sent.
-- @return What is wrong.
function Helper:send (options, payload)
  local opts = completed(options)
  local built, pkt = pcall(self.comm.build, self.comm, opts, payload)
  if not built then
    return false, pkt
  end
  local status, reason = self.comm:send(pkt)
  if not status then
    return false, reason
  end
  return opts.id
end

--- Receives the answer to one of the requests that were sent.
-- @name Helper.receive
-- @param ids Set of their numbers: the keys count.
-- @param timeout How long other messages are passed over, in milliseconds, optional.
-- @return As <code>COAP.parse</code>.
function Helper:receive (ids, timeout)
  local ends = nmap.clock_ms() + (timeout or self.opt.timeout or TIMEOUT)
  while nmap.clock_ms() < ends do
    local status, response = self.comm:receive()
    if not status or ids[response.id] then
      return status, response
    end
  end
  return false, "TIMEOUT"
end

--- Sends a request and receives its answer.
-- @name Helper.request
-- @param options Table of the message, as for <code>connect</code>.
-- @param payload Bytes, optional.
-- @return As <code>COAP.parse</code>.
function Helper:request (options, payload)
  if not self.comm or not self.comm.socket then
    return false, "not connected"
  end
  local id, reason = self:send(options, payload)
  if not id then
    return false, reason
  end
  return self:receive({ [id] = true })
end

--- Ends the conversation.
-- @name Helper.close
function Helper:close ()
  if self.comm then
    self.comm:close()
  end
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local wanted = { uri = "/a/b?c=d&e" }
local opts = completed(wanted)
test_suite:add_test(unittest.identical({ opts.type, opts.code }, { "confirmable", "get" }), "what is asked by default")
test_suite:add_test(unittest.identical(opts.options, { { name = "uri_path", value = "a" }, { name = "uri_path", value = "b" },
  { name = "uri_query", value = "c=d" }, { name = "uri_query", value = "e" } }), "the URI in options")
test_suite:add_test(unittest.is_nil(wanted.options), "the table of the script stays as it is")
local comm = Comm:new({}, {})
comm.message_id = 0xffff
test_suite:add_test(unittest.equal(comm:build({ code = "get", type = "confirmable" }), "@\1\0\0"), "numbers begin again")
local helper = Helper:new({}, {})
test_suite:add_test(unittest.is_false((helper:request({ uri = "/" }))), "nothing is connected")
local request = COAP.build({ type = "confirmable", code = "get", id = 7109, options = {
  { name = "max_age", value = 300 }, { name = "uri_path", value = ".well-known" }, { name = "uri_path", value = "core" } } })
test_suite:add_test(unittest.equal(request, "@\1\x1b\xc5\xbb.well-known\4core2\1\44"), "options in the order of their numbers")
local at, answer = COAP.parse("bE\0\1ab\xc1(\xff</>;title=\"A, b\";ct=0,</t>;rt=x")
test_suite:add_test(unittest.equal(at, 41), "a message to its end")
test_suite:add_test(unittest.identical({ answer.code, answer.token, answer.id, answer.type },
  { "content", "ab", 1, "acknowledgement" }), "its head")
test_suite:add_test(unittest.identical(answer.payload, {
  { name = "/", parameters = { { name = "title", value = "A, b" }, { name = "ct", value = "0" } } },
  { name = "/t", parameters = { { name = "rt", value = "x" } } } }), "links")
test_suite:add_test(unittest.identical(COAP.header.options.value.block.parse("\0\x1e"), { number = 1, more = true, length = 1024 }), "a block")
test_suite:add_test(unittest.equal(COAP.header.options.value.block.build({ number = 3, more = true, length = 1024 }), ">"), "a block in bytes")
test_suite:add_test(unittest.equal(COAP.header.options.delta_length.build(300, 20), "\xed\0\x1f\7"), "long numbers")
for _, bytes in ipairs({ "@E", "\x80E\0\1", "HE\0\1abc", "@E\0\1\xbfa", "@E\0\1\xb5a", "@E\0\1\xbe\xff\xff", "@\0\0\1", "@E\0\1\x20" }) do
  test_suite:add_test(unittest.is_false((COAP.parse(bytes))), "no message: " .. stdnse.tohex(bytes))
end
return _ENV
