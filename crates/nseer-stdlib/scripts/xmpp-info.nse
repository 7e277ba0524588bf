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
-- @args xmpp-info.server_name Name of the service. Default: the target's name, or else its address.
-- @output
-- 5222/tcp open  xmpp-client
-- | xmpp-info:
-- |   info:
-- |     xmpp:
-- |       lang: en
-- |       version: 1.0
-- |     stream_id: 5c1a
-- |     features:
-- |       starttls
-- |     auth_mechanisms:
-- |_      SCRAM-SHA-1
-- @xmloutput
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
  local answer = ""
  for _ = 1, MAX_READS do
    if string.find(answer, "</stream:features>", 1, true) or string.find(answer, "<stream:features/>", 1, true)
      or string.find(answer, "</stream:stream>", 1, true) then
      return answer
    end
    local status, data = socket:receive()
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

-- Names of the tags directly below the features.
local function features_of (answer)
  local inside = string.match(answer, "<stream:features[^>]*>(.-)</stream:features>") or ""
  local names, depth = {}, 0
  for slash, name, rest in string.gmatch(inside, "<(/?)([%w:_-]+)([^>]*)>") do
    if slash == "/" then
      depth = depth - 1
    else
      if depth == 0 and name ~= "mechanisms" and name ~= "compression" and name ~= "c" then
        names[#names + 1] = name
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

local function structured (answer)
  local out = stdnse.output_table()
  local tag = string.match(answer, "<stream:stream[^>]*>") or ""
  out.xmpp = stdnse.output_table()
  out.xmpp.lang = attribute(tag, "xml:lang")
  out.xmpp.version = attribute(tag, "version")
  out.stream_id = attribute(tag, "id")
  out.features = features_of(answer)
  out.auth_mechanisms = texts_of(answer, "mechanism")
  out.compression_methods = texts_of(answer, "method")
  out.capabilities = stdnse.output_table()
  local capabilities = string.match(answer, "<c%s[^>]*>") or ""
  out.capabilities.node = attribute(capabilities, "node")
  out.capabilities.ver = attribute(capabilities, "ver")
  out.errors = errors_of(answer)
  return out
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

action = function (host, port)
  local before = before_tls(host, port)
  if not before then
    return nil
  end
  local after = after_tls(host, port)
  local out = stdnse.output_table()
  if after then
    out.pre_tls = structured(before)
    out.post_tls = structured(after)
  else
    -- The text comes first, as a list's element.
    return setmetatable({ "STARTTLS Failed", info = structured(before) }, { __pairs = function (t)
      local keys, at = {1, "info"}, 0
      return function ()
        at = at + 1
        return keys[at], keys[at] and rawget(t, keys[at])
      end
    end })
  end
  return out
end
