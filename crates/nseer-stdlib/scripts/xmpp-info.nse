local deadline = require "deadline"
local nmap = require "nmap"
local shortport = require "shortport"
local sslcert = require "sslcert"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Asks an XMPP server what it offers: features, ways to log in, compression, its software's capabilities.

The server is asked before and after STARTTLS (RFC 6120). It answers only for its own name; without one that it
knows it says so, which is an error shown here.
]]

---
-- @usage nseer -p 5222,5269 --script xmpp-info --script-args xmpp-info.server_name=example.org <target>
-- @args xmpp-info.server_name Name of the service. Default: the target's name, if it has one.
-- @output
-- 5222/tcp open  xmpp-client
-- | xmpp-info:
-- |   Respects server name
-- |   info:
-- |     xmpp:
-- |       lang: en
-- |       version: 1.0
-- |     auth_mechanisms:
-- |       SCRAM-SHA-1
-- |   pre_tls:
-- |     features:
-- |       TLS
-- |   post_tls:
-- |     auth_mechanisms:
-- |_      PLAIN
-- @xmloutput
-- <elem>Respects server name</elem>
-- <table key="info">
-- <table key="xmpp"><elem key="version">1.0</elem></table>
-- </table>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe", "version"}

portrule = shortport.port_or_service({5222, 5269}, {"xmpp", "xmpp-client", "xmpp-server", "jabber"})

local MAX_READS, MAX_BYTES = 100, 64 * 1024

local function opening (host, port)
  local name = stdnse.get_script_args("xmpp-info.server_name") or stdnse.get_hostname(host)
  -- An address is nobody's domain; no name at all asks for the server's own.
  name = name == host.ip and "" or name
  local is_server = port.number == 5269 or port.service == "xmpp-server"
  return string.format("<?xml version='1.0'?><stream:stream to='%s' xmlns='%s' "
    .. "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>",
    string.gsub(name, "[<>&'\"]", ""), is_server and "jabber:server" or "jabber:client")
end

-- Opens a stream and reads up to the features, or to the end of the stream.
local function ask (socket, text)
  if not socket:send(text) then
    return nil
  end
  local answer, receive = "", deadline.receiver(socket)
  for _ = 1, MAX_READS do
    if string.find(answer, "</stream:features>", 1, true) or string.find(answer, "<stream:features/>", 1, true)
      or string.find(answer, "</stream:stream>", 1, true) then
      return answer
    end
    local status, data = receive()
    if not status then
      break
    end
    answer = answer .. data
    if #answer > MAX_BYTES then
      break
    end
  end
  return string.find(answer, "<stream:stream", 1, true) and answer or nil
end

-- The text between tags of a name, each.
local function texts_of (answer, tag)
  local texts = {}
  for text in string.gmatch(answer, "<" .. tag .. "[^>]*>([^<]*)</" .. tag .. ">") do
    texts[#texts + 1] = text
  end
  return texts
end

-- How people call the features (XEP-0077, RFC 6120 and 6121); others have the names of their tags.
local FEATURES = {
  register = "In-Band Registration", starttls = "TLS", bind = "Resource Binding", session = "Session",
  ver = "Roster Versioning", sm = "Stream Management", dialback = "Server Dialback",
}

-- Names of the features.
local function features_of (answer)
  local inside = string.match(answer, "<stream:features[^>]*>(.-)</stream:features>") or ""
  local names, depth = {}, 0
  for slash, name, rest in string.gmatch(inside, "<(/?)([%w:_-]+)([^>]*)>") do
    if slash == "/" then
      depth = depth - 1
    else
      if depth == 0 and name ~= "mechanisms" and name ~= "compression" and name ~= "c" then
        names[#names + 1] = FEATURES[name] or name
      end
      if string.sub(rest, -1) ~= "/" then
        depth = depth + 1
      end
    end
  end
  return names
end

local function attribute (tag, name)
  return string.match(tag, "%s" .. name .. "%s*=%s*'([^']*)'") or string.match(tag, "%s" .. name .. '%s*=%s*"([^"]*)"')
end

-- Names of errors, and the server's words about them.
local function errors_of (answer)
  local inside = string.match(answer, "<stream:error[^>]*>(.-)</stream:error>")
  local errors = {}
  for name in string.gmatch(inside or "", "<([%w-]+)[^>]*urn:ietf:params:xml:ns:xmpp%-streams[^>]*>") do
    if name ~= "text" then
      errors[#errors + 1] = name
    end
  end
  for _, text in ipairs(inside and texts_of(inside, "text") or {}) do
    errors[#errors + 1] = { text = text }
  end
  return errors
end

-- What an answer says: lists, and tables of texts.
local function facts_of (answer)
  local tag = string.match(answer, "<stream:stream[^>]*>") or ""
  local capabilities = string.match(answer, "<c%s[^>]*>") or ""
  return {
    from = attribute(tag, "from"),
    stream_id = attribute(tag, "id"),
    xmpp = { lang = attribute(tag, "xml:lang"), version = attribute(tag, "version") },
    capabilities = { node = attribute(capabilities, "node"), ver = attribute(capabilities, "ver") },
    features = features_of(answer),
    auth_mechanisms = texts_of(answer, "mechanism"),
    compression_methods = texts_of(answer, "method"),
    errors = errors_of(answer),
  }
end

local TABLES = {{"xmpp", {"lang", "version"}}, {"capabilities", {"node", "ver"}}}
local LISTS = {"features", "auth_mechanisms", "compression_methods", "errors"}

-- Facts as they are shown: those for which `wanted(kind, value)` is true, or without it all, empty lists as well.
local function structured (facts, wanted)
  local out = stdnse.output_table()
  for _, part in ipairs(TABLES) do
    local t = stdnse.output_table()
    for _, key in ipairs(part[2]) do
      local value = facts[part[1]][key]
      t[key] = value and (not wanted or wanted(part[1], value, key)) and value or nil
    end
    out[part[1]] = t
  end
  for _, kind in ipairs(LISTS) do
    local list = {}
    for _, value in ipairs(facts[kind]) do
      if not wanted or wanted(kind, value) then
        list[#list + 1] = value
      end
    end
    if #list > 0 or not wanted then
      out[kind] = list
    end
  end
  return out
end

-- A function that tells whether facts have a value.
local function has (facts)
  return function (kind, value, key)
    if key then
      return facts[kind][key] == value
    end
    for _, other in ipairs(facts[kind]) do
      if other == value then
        return true
      end
    end
    return false
  end
end

local function negated (f)
  return function (...) return not f(...) end
end

local function before_tls (host, port)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host))
  local answer
  if socket:connect(host, port, "tcp") then
    answer = ask(socket, opening(host, port))
  end
  socket:close()
  return answer
end

local function after_tls (host, port)
  local status, socket = sslcert.StartTLS.xmpp_prepare_tls(host, port)
  if not status then
    stdnse.debug1("%s", tostring(socket))
    return nil
  end
  local answer = ask(socket, opening(host, port))
  socket:close()
  return answer
end

local ORDER = {1, "info", "pre_tls", "post_tls"}

-- A remark before everything else.
local REMARKED = { __pairs = function (t)
  local at = 0
  return function ()
    while at < #ORDER do
      at = at + 1
      if rawget(t, ORDER[at]) ~= nil then
        return ORDER[at], rawget(t, ORDER[at])
      end
    end
  end
end }

action = function (host, port)
  local before = before_tls(host, port)
  if not before then
    return nil
  end
  before = facts_of(before)
  local after = after_tls(host, port)
  local out = setmetatable({}, REMARKED)
  if not after then
    out[1] = "STARTTLS Failed"
    out.info = structured(before)
    out.info.stream_id = before.stream_id
    return out
  end
  after = facts_of(after)
  local given = stdnse.get_script_args("xmpp-info.server_name")
  if given and before.from == given then
    out[1] = "Respects server name"
  elseif given and before.from then
    out[1] = "Ignores server name"
  end
  out.info = structured(before, has(after))
  out.pre_tls = structured(before, negated(has(after)))
  out.post_tls = structured(after, negated(has(before)))
  return out
end
