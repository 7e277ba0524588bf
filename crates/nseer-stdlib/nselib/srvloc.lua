---
-- The Service Location Protocol: where services of a kind are, and what is known of one.
--
-- Written from RFC 2608, sections 6.1, 8 to 8.2 and 10.3 to 10.4. Without a host the group of all agents is asked.
--
-- @usage
-- local helper = srvloc.Helper:new()
-- local status, urls = helper:ServiceRequest("service:printer", "default")
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name srvloc

local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"
local ipairs, pairs, setmetatable, tostring = ipairs, pairs, setmetatable, tostring

_ENV = stdnse.module("srvloc", stdnse.seeall)

local VERSION, HEAD = 2, 14
local GROUP, PORT = "239.255.255.253", 427
local TIMEOUT = 5000
local REQUEST_MULTICAST = 0x2000
local MAX_URLS, MAX_REPLIES = 1000, 256

-- Entries of URLs that bring no authentication block begin and end with these bytes (section 4.3).
local ENTRY_HEAD = 5

--- Numbers of messages (section 8).
-- @class table
-- @name PacketFunction
PacketFunction = { SERVICE_REQUEST = 1, SERVICE_REPLY = 2, ATTRIB_REQUEST = 6, ATTRIB_REPLY = 7 }

-- A message with its head (section 8).
local function with_head (self, body)
  local lang = string.pack(">s2", self.lang)
  local length = HEAD - 2 + #lang + #body
  return string.pack(">BBI3I2I3I2", VERSION, self.func, length, self.flags, 0, self.xid) .. lang .. body
end

-- Adds to a class a setter for each of some fields.
local function request_class (func, fields, body_of)
  local class = {}
  class.__index = class
  function class.new (self)
    return setmetatable({ func = func, xid = 1, lang = "en", flags = REQUEST_MULTICAST, scope = "", text = "", tags = "" }, self)
  end
  function class.__tostring (self)
    return with_head(self, body_of(self))
  end
  local setters = { setFlags = "flags", setFunction = "func", setLangTag = "lang", setScope = "scope", setXID = "xid" }
  for _, names in ipairs({ setters, fields }) do
    for method, field in pairs(names) do
      class[method] = function (self, value)
        self[field] = value
      end
    end
  end
  return class
end

--- Requests: they become bytes by <code>tostring</code>, and have a method for each field, such as
-- <code>setScope</code>.
-- @class table
-- @name Request
Request = {
  -- Who asked before, the kind of service, its scope, no predicate and no security (section 8.1).
  Service = request_class(PacketFunction.SERVICE_REQUEST, { setServiceType = "text" }, function (self)
    return string.pack(">s2s2s2s2s2", "", self.text, self.scope, "", "")
  end),
  -- Who asked before, the URL, its scope, the tags and no security (section 10.3).
  Attribute = request_class(PacketFunction.ATTRIB_REQUEST, { setUrl = "text", setTagList = "tags" }, function (self)
    return string.pack(">s2s2s2s2s2", "", self.text, self.scope, self.tags, "")
  end),
}

-- A text behind its length of two bytes, and the position behind it; nil where it does not end in the data.
local function read_text (data, at)
  if at + 1 > #data then
    return nil
  end
  local length = string.unpack(">I2", data, at)
  if at + 1 + length > #data then
    return nil
  end
  return string.sub(data, at + 2, at + 1 + length), at + 2 + length
end

-- The number and the body of a message; nil where it is none, or reports an error.
local function read_head (data, func)
  if #data < HEAD or string.byte(data) ~= VERSION or string.byte(data, 2) ~= func then
    return nil
  end
  local xid = string.unpack(">I2", data, 11)
  local _, at = read_text(data, 13)
  if not at or at + 1 > #data or string.unpack(">I2", data, at) ~= 0 then
    return nil
  end
  return xid, at + 2
end

-- The URLs of a reply (sections 4.3 and 8.2).
local function read_urls (data, at)
  local urls = {}
  if at + 1 > #data then
    return urls
  end
  local count
  count, at = string.unpack(">I2", data, at)
  for _ = 1, count do
    local url, behind = read_text(data, at + ENTRY_HEAD - 2)
    if not url or #urls == MAX_URLS then
      break
    end
    urls[#urls + 1] = url
    local blocks = string.byte(data, behind) or 0
    at = behind + 1
    for _ = 1, blocks do
      if at + 3 > #data then
        return urls
      end
      -- The length of a block counts its own head (section 9.2).
      local length = string.unpack(">I2", data, at + 2)
      if length < 4 then
        return urls
      end
      at = at + length
    end
  end
  return urls
end

-- A reply, made from its bytes.
local function reply_class (func, read)
  local class = {}
  class.__index = class
  function class.new (self, data)
    local reply = setmetatable({ data = data }, self)
    return reply:parse(data) and reply or nil
  end
  function class.parse (self, data)
    local xid, at = read_head(data, func)
    if not xid then
      return false
    end
    self.xid = xid
    read(self, data, at)
    return true
  end
  function class.fromSocket (socket)
    local status, data = socket:receive()
    return status and class:new(data) or nil
  end
  return class
end

--- Replies, made from bytes by <code>new</code>, which gives nil for those that are none or report an error.
-- @class table
-- @name Reply
Reply = {
  Service = reply_class(PacketFunction.SERVICE_REPLY, function (self, data, at)
    self.urls = read_urls(data, at)
  end),
  Attribute = reply_class(PacketFunction.ATTRIB_REPLY, function (self, data, at)
    self.attributes = read_text(data, at) or ""
  end),
}

--- Gives the URLs of a reply.
-- @name Reply.Service.getUrl
-- @return Array of URLs.
function Reply.Service:getUrl ()
  return self.urls
end

--- Gives the attributes of a reply.
-- @name Reply.Attribute.getAttribList
-- @return The list as text, such as <code>(a=1),b</code>.
function Reply.Attribute:getAttribList ()
  return self.attributes
end

--- Asks one agent, or all.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes one.
-- @name Helper.new
-- @param host Host table or address. Default: the group of all agents.
-- @param port Port table. Default: 427/udp.
-- @return The helper.
function Helper:new (host, port)
  local socket = nmap.new_socket("udp")
  socket:set_timeout(TIMEOUT)
  return setmetatable({ xid = 1, host = host or GROUP, port = port or { number = PORT, protocol = "udp" }, socket = socket }, self)
end

-- Sends a request and hands the replies to it to a function, until that gives true or no more come.
local function exchange (self, request, class, take)
  self.xid = self.xid % 0xffff + 1
  request:setXID(self.xid)
  if not self.socket:sendto(self.host, self.port, tostring(request)) then
    return false, "the request cannot be sent"
  end
  local ends, count = nmap.clock_ms() + TIMEOUT, 0
  for _ = 1, MAX_REPLIES do
    local status, data = self.socket:receive()
    local reply = status and class:new(data)
    if reply and reply.xid == self.xid then
      count = count + 1
      if take(reply) then
        break
      end
    end
    if not status or nmap.clock_ms() >= ends then
      break
    end
  end
  if count == 0 then
    return false, "no reply"
  end
  return true
end

--- Asks where services of a kind are.
-- @name Helper.ServiceRequest
-- @param srvtype The kind, such as <code>service:printer</code>.
-- @param scope The scope, such as <code>default</code>.
-- @return True, or false.
-- @return Array of URLs; or what is wrong.
function Helper:ServiceRequest (srvtype, scope)
  local request, urls = Request.Service:new(), {}
  request:setServiceType(srvtype)
  request:setScope(scope)
  local status, reason = exchange(self, request, Reply.Service, function (reply)
    for _, url in ipairs(reply:getUrl()) do
      if #urls < MAX_URLS then
        urls[#urls + 1] = url
      end
    end
    return self.host ~= GROUP
  end)
  return status, status and urls or reason
end

--- Asks what is known of a service.
-- @name Helper.AttributeRequest
-- @param url Its URL.
-- @param scope The scope.
-- @param taglist Names of attributes with commas between, optional.
-- @return True, or false.
-- @return The list of attributes as text; or what is wrong.
function Helper:AttributeRequest (url, scope, taglist)
  local request, list = Request.Attribute:new(), nil
  request:setUrl(url)
  request:setScope(scope)
  request:setTagList(taglist or "")
  local status, reason = exchange(self, request, Reply.Attribute, function (reply)
    list = reply:getAttribList()
    return true
  end)
  return status, status and list or reason
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
local service = Request.Service:new()
service:setServiceType("bindery.novell")
service:setScope("DEFAULT")
test_suite:add_test(unittest.equal(stdnse.tohex(tostring(service)), "020100002f200000000000010002656e0000000e"
  .. stdnse.tohex("bindery.novell") .. "0007" .. stdnse.tohex("DEFAULT") .. "00000000"), "a request for services")
local head = "\2\2\0\0\x00\0\0\0\0\0\0\5\0\2en\0\0"
local reply = Reply.Service:new(head .. "\0\2\0\3\xe8\0\3a:1\1\0\2\0\6xy\0\3\xe8\0\3a:2\0")
test_suite:add_test(unittest.identical({ reply.xid, reply:getUrl() }, { 5, { "a:1", "a:2" } }), "two services, one signed")
test_suite:add_test(unittest.identical(Reply.Service:new(head .. "\xff\xff\0\3\xe8\0\3a:1\0\0\3"):getUrl(), { "a:1" }), "cut off")
test_suite:add_test(unittest.identical(Reply.Service:new(head .. "\0\2\0\3\xe8\0\3a:1\2\0\2\0\0"):getUrl(), { "a:1" }), "a block without length")
test_suite:add_test(unittest.is_nil(Reply.Service:new("\2\2\0\0\0\0\0\0\0\0\0\5\0\2en\0\5")), "an error")
test_suite:add_test(unittest.is_nil(Reply.Service:new("\2\2\0\0\0\0\0\0\0\0\0\5\xff\xffen")), "an absurd length")
local known = Reply.Attribute:new("\2\7\0\0\0\0\0\0\0\0\0\5\0\2en\0\0\0\5(a=1)\0")
test_suite:add_test(unittest.equal(known:getAttribList(), "(a=1)"), "attributes")

-- An agent behind a socket that repeats one reply.
local function agent (bytes)
  local socket = {}
  function socket:sendto (_, _, data) self.xid = string.sub(data, 11, 12) return true end
  function socket:receive () return true, string.sub(bytes, 1, 10) .. self.xid .. string.sub(bytes, 13) end
  return setmetatable({ host = "192.0.2.1", xid = 0xffff, socket = socket }, Helper)
end
test_suite:add_test(unittest.identical({ agent(head .. "\0\1\0\3\xe8\0\3a:1\0"):ServiceRequest("a", "b") }, { true, { "a:1" } }), "asked")
test_suite:add_test(unittest.identical({ agent("junk of no protocol"):ServiceRequest("a", "b") }, { false, "no reply" }), "junk")
return _ENV
