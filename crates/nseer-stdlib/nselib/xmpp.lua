---
-- XMPP: streams, STARTTLS and logging in.
--
-- Written from RFC 6120. Streams are read tag by tag, each of bounded size; this is no XML reader.
--
-- @usage
-- local helper = xmpp.Helper:new(host, port, {servername = "example.org"})
-- if helper:connect() then
--   local mechanisms = helper:getAuthMechs()
--   helper:close()
-- end
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name xmpp

local base64 = require "base64"
local deadline = require "deadline"
local nmap = require "nmap"
local sasl = require "sasl"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"

_ENV = stdnse.module("xmpp", stdnse.seeall)

-- Tags up to the one that is waited for, and bytes of a tag with its text.
local MAX_TAGS, MAX_TAG = 500, 64 * 1024

--- Reads tags.
-- @class table
-- @name XML
XML = {}

--- Reads one tag.
-- @name XML.parse_tag
-- @param s The tag, with the text before it.
-- @return Table with <code>name</code>, <code>attrs</code>, <code>start</code> and <code>finish</code> (true for a
--         tag that opens or closes, both for one without contents) and <code>contents</code>, the text before the
--         tag: for one that closes, what stood in it. Nil if there is no tag.
function XML.parse_tag (s)
  local text, slash, name, inside = string.match(s, "^([^<]*)<(/?)([^%s>/]+)([^>]*)>")
  if not name then
    return nil
  end
  local tag = { name = name, attrs = {}, contents = text, start = slash == "", finish = slash == "/" }
  if string.sub(inside, -1) == "/" then
    tag.finish = true
  end
  for key, quote, value in string.gmatch(inside, "([%w:_.-]+)%s*=%s*(['\"])([^'\"]*)") do
    tag.attrs[key] = quote and value
  end
  return tag
end

-- The end of the first tag in a buffer, for `receive_buf`; of what is there if it is too long.
local function tag_end (buffer)
  local last = string.find(buffer, ">", 1, true)
  if last or #buffer > MAX_TAG then
    last = last or #buffer
    return last, last
  end
end

--- What to do with the answers to a login: functions by the names of tags, given the socket and the tag.
-- @class table
-- @name TagProcessor
TagProcessor = {
  failure = function ()
    return false, "Login failed"
  end,
  success = function ()
    return true
  end,
  challenge = function (_, tag)
    local status, text = pcall(base64.dec, tag.contents or "")
    return status, status and text or "the challenge is no base64"
  end,
}

--- A connection.
-- @class table
-- @name XMPP
XMPP = {}
XMPP.__index = XMPP

--- Makes one that is not connected yet.
-- @name XMPP.new
-- @param host Host table.
-- @param port Port table.
-- @param options Table, optional, with <code>servername</code> and <code>timeout</code> in seconds.
-- @return The connection.
function XMPP:new (host, port, options)
  options = options or {}
  return setmetatable({
    host = host, port = port, options = options, auth = { mechs = {} },
    servername = stdnse.get_script_args("xmpp.servername") or options.servername or stdnse.get_hostname(host),
  }, self)
end

--- Sends text.
-- @name XMPP.send
-- @param data The text.
-- @return What <code>send</code> of the socket gives.
function XMPP:send (data)
  return self.socket:send(data)
end

--- Receives tags.
-- @name XMPP.receive_tag
-- @param tag Name of the tag to wait for; nil for whatever comes.
-- @param close True to wait for the tag that closes it.
-- @return The tag, as <code>XML.parse_tag</code> gives it; nil if it does not come.
function XMPP:receive_tag (tag, close)
  for _ = 1, MAX_TAGS do
    local status, data = deadline.receive_buf(self.socket, tag_end, true)
    local received = status and XML.parse_tag(data)
    if not received then
      return nil
    elseif not tag or received.name == tag and (not close or received.finish) then
      return received
    elseif received.name == "stream:error" or received.name == "stream:stream" and received.finish then
      return nil
    end
  end
  return nil
end

-- Opens a stream and reads its features.
local function open_stream (self)
  self:send(string.format("<?xml version='1.0'?><stream:stream to='%s' xmlns='jabber:client' "
    .. "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>", self.servername))
  if not self:receive_tag("stream:stream") then
    return false
  end
  self.auth.mechs, self.has_tls = {}, false
  for _ = 1, MAX_TAGS do
    local tag = self:receive_tag()
    if not tag then
      return false
    elseif tag.name == "mechanism" and tag.finish then
      self.auth.mechs[tag.contents] = true
    elseif tag.name == "starttls" then
      self.has_tls = true
    elseif tag.name == "stream:features" and tag.finish then
      return true
    end
  end
  return false
end

-- Asks for TLS. Gives true where TLS began.
local function begin_tls (self)
  self:send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
  local answer = self:receive_tag()
  return answer and answer.name == "proceed" and self.socket:reconnect_ssl()
end

--- Connects, with TLS if the server has it.
-- @name XMPP.connect
-- @param socket Socket to use, optional.
-- @return True, or false.
-- @return What went wrong.
function XMPP:connect (socket)
  self.socket = socket or nmap.new_socket()
  self.socket:set_timeout((self.options.timeout or 10) * 1000)
  if not socket then
    local status, why = self.socket:connect(self.host, self.port, "tcp")
    if not status then
      return false, why
    end
  end
  if not open_stream(self) then
    return false, "the server opens no stream for " .. tostring(self.servername)
  end
  if self.has_tls and not (begin_tls(self) and open_stream(self)) then
    return false, "TLS did not begin"
  end
  return true
end

--- Gives the mechanisms for logging in.
-- @name XMPP.getAuthMechs
-- @return Set of names, as keys.
function XMPP:getAuthMechs ()
  return self.auth.mechs
end

-- The answer to a challenge.
local function answer_to (self, encode, username, password, challenge)
  return (encode(username, password, challenge, "xmpp", "xmpp/" .. tostring(self.servername)))
end

--- Logs in.
-- @name XMPP.login
-- @param username Name of the user.
-- @param password The password.
-- @param mech Mechanism: <code>PLAIN</code>, <code>CRAM-MD5</code> or <code>DIGEST-MD5</code>.
-- @return True, or false.
-- @return What went wrong.
function XMPP:login (username, password, mech)
  local encode, why = sasl.check_mechanism(mech)
  if not encode then
    return false, why
  end
  local first = mech == "PLAIN" and base64.enc("\0" .. username .. "\0" .. password) or ""
  self:send(string.format("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='%s'>%s</auth>", mech, first))
  -- DIGEST-MD5 asks twice.
  for turn = 1, 3 do
    local tag = self:receive_tag()
    if tag and tag.name == "challenge" and not tag.finish then
      tag = self:receive_tag("challenge", true)
    end
    local process = tag and TagProcessor[tag.name]
    if not process then
      return false, "the server does not answer the login"
    end
    local status, result = process(self.socket, tag)
    if tag.name ~= "challenge" or not status then
      return status, result
    end
    local answer = turn == 1 and answer_to(self, encode, username, password, result) or ""
    self:send(string.format("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>%s</response>", base64.enc(answer)))
  end
  return false, "Login failed"
end

--- Closes the connection.
-- @name XMPP.disconnect
-- @return What <code>close</code> of the socket gives.
function XMPP:disconnect ()
  self.socket:send("</stream:stream>")
  return self.socket:close()
end

--- What most scripts need of a connection.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes one that is not connected yet.
-- @name Helper.new
-- @param host Host table.
-- @param port Port table.
-- @param options Table of options as for <code>XMPP</code>, optional.
-- @return The helper.
function Helper:new (host, port, options)
  return setmetatable({ host = host, port = port, xmpp = XMPP:new(host, port, options), state = "" }, self)
end

--- Connects.
-- @name Helper.connect
-- @param socket Socket to use, optional.
-- @return True, or false.
-- @return What went wrong.
function Helper:connect (socket)
  local status, why = self.xmpp:connect(socket)
  self.state = status and "CONNECTED" or self.state
  return status, why
end

--- Logs in.
-- @name Helper.login
-- @param username Name of the user.
-- @param password The password.
-- @param mech Mechanism.
-- @return True, or false.
-- @return What went wrong.
function Helper:login (username, password, mech)
  return self.xmpp:login(username, password, mech)
end

--- Gives the mechanisms for logging in.
-- @name Helper.getAuthMechs
-- @return Set of names, as keys.
function Helper:getAuthMechs ()
  return self.xmpp:getAuthMechs()
end

--- Closes the connection.
-- @name Helper.close
-- @return What <code>close</code> of the socket gives.
function Helper:close ()
  return self.xmpp:disconnect()
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()

local open = XML.parse_tag("<stream:stream xmlns='jabber:client' id=\"12\">")
test_suite:add_test(unittest.equal(open.attrs.id, "12"), "an attribute")
test_suite:add_test(unittest.is_true(open.start and not open.finish), "a tag that opens")
local alone = XML.parse_tag("<starttls xmlns='urn:x'/>")
test_suite:add_test(unittest.is_true(alone.start and alone.finish), "a tag without contents")
test_suite:add_test(unittest.equal(XML.parse_tag("</a>").start, false), "a tag that closes")
test_suite:add_test(unittest.is_nil(XML.parse_tag("text")), "no tag")
local text = XML.parse_tag("PLAIN</mechanism>")
test_suite:add_test(unittest.equal(text.contents, "PLAIN"), "a tag that closes knows what stood in it")
test_suite:add_test(unittest.equal((tag_end("<a>b</a>")), 3), "the end of a tag")
test_suite:add_test(unittest.is_nil((tag_end("<a"))), "a tag cut off")

return _ENV
