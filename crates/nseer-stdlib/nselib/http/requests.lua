---
-- The part of <code>http</code> that writes requests and has one answered. Scripts reach it through
-- <code>http</code>.
--
-- Written from RFC 9112 and RFC 9110. It knows nothing of redirects and caches.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name http

local authentication = require "http.authentication"
local comm = require "comm"
local math = require "math"
local message = require "http.message"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local tableaux = require "tableaux"
local url = require "url"
local error, ipairs, pairs, tonumber, tostring, type = error, ipairs, pairs, tonumber, tostring, type

local requests = {}

requests.USER_AGENT = stdnse.get_script_args("http.useragent") or "Mozilla/5.0 (compatible; nseer)"

local DEFAULT_BODY = 2 * 1024 * 1024

-- How long a whole response may take, however fast its pieces come.
local LONGEST_MS = 30000

-- With which protocol a port answered, by address and port.
local answered_with = {}

--- Bytes of a body that are read at most.
function requests.body_limit (options)
  local limit = options.max_body_size or stdnse.get_script_args("http.max-body-size")
  return math.max(0, math.tointeger(tonumber(limit)) or DEFAULT_BODY)
end

local function truncation_allowed (options)
  if options.truncated_ok ~= nil then
    return options.truncated_ok
  end
  local given = stdnse.get_script_args("http.truncated-ok")
  return given ~= nil and given ~= "false" and given ~= "0"
end

--- The number of a port table, or the number itself.
function requests.port_number (port)
  return type(port) == "table" and port.number or port
end

--- What says that two requests go to the same server.
function requests.server_key (host, port)
  local name = type(host) == "table" and host.targetname or ""
  return (type(host) == "table" and host.ip or tostring(host)) .. " " .. name .. " " .. requests.port_number(port)
end

local function is_tls (host, port, options)
  if options.scheme then
    return string.lower(options.scheme) == "https"
  end
  local known = answered_with[requests.server_key(host, port)]
  if known then
    return known == "ssl"
  end
  local version = type(port) == "table" and port.version
  return version and version.service_tunnel == "ssl" or requests.port_number(port) == 443
end

--- The name that the server is called by in the request, with the port unless it is the usual one.
function requests.host_field (host, port, options)
  local name = stdnse.get_script_args("http.host") or stdnse.get_hostname(host)
  if string.find(name, ":", 1, true) then
    name = "[" .. name .. "]"
  end
  local number = requests.port_number(port)
  if number == url.get_default_port(is_tls(host, port, options) and "https" or "http") then
    return name
  end
  return name .. ":" .. number
end

local function is_due (cookie, path)
  local wanted = cookie.path or "/"
  if string.sub(path, 1, #wanted) ~= wanted then
    return false
  end
  local age = tonumber(cookie["max-age"])
  return not (age and age <= 0)
end

-- The value of a `Cookie` field; nil if no cookie is for this path.
local function cookie_field (cookies, path)
  if type(cookies) == "string" then
    return cookies
  end
  local pairs_of = {}
  for _, cookie in ipairs(cookies) do
    if is_due(cookie, path) then
      pairs_of[#pairs_of + 1] = cookie.name .. "=" .. tostring(cookie.value or "")
    end
  end
  return #pairs_of > 0 and table.concat(pairs_of, "; ") or nil
end

local function form_content (content)
  return type(content) == "table" and url.build_query(content) or content
end

--- The text of a request. `more` are fields that stand for those which the caller did not give.
function requests.build (host, port, method, path, options, more)
  local fields, given = {}, {}
  local function add (name, value)
    if not given[string.lower(name)] then
      given[string.lower(name)] = true
      fields[#fields + 1] = name .. ": " .. tostring(value)
    end
  end
  local own, names = {}, {}
  for name, value in pairs(options.header or {}) do
    own[string.lower(name)], names[#names + 1] = value, name
  end
  table.sort(names)
  add("Host", own.host or requests.host_field(host, port, options))
  for _, name in ipairs(names) do
    add(name, options.header[name])
  end
  for _, field in ipairs(more or {}) do
    add(field[1], field[2])
  end
  add("User-Agent", requests.USER_AGENT)
  add("Connection", "close")
  local cookies = options.cookies and cookie_field(options.cookies, path)
  if cookies then
    add("Cookie", cookies)
  end
  local auth = options.auth
  if auth and not auth.digest then
    add("Authorization", authentication.basic(auth.username, auth.password))
  end
  local content = form_content(options.content)
  if type(options.content) == "table" then
    add("Content-Type", "application/x-www-form-urlencoded")
  end
  if content or method == "POST" or method == "PUT" then
    add("Content-Length", #(content or ""))
  end
  return method .. " " .. path .. " HTTP/1.1\r\n" .. table.concat(fields, "\r\n") .. "\r\n\r\n" .. (content or "")
end

--- Until when a response has to be complete.
function requests.deadline (options)
  return nmap.clock_ms() + math.max(LONGEST_MS, 3 * (options.timeout or 0))
end

--- Connects, sends, and waits for the beginning of the answer. Gives the socket, a reader and the protocol; or nil
-- and a reason.
function requests.open (host, port, data, options)
  local settings = { timeout = options.timeout, any_af = options.any_af }
  local key = requests.server_key(host, port)
  local known = options.scheme and (string.lower(options.scheme) == "https" and "ssl" or "tcp")
    or answered_with[key]
  local deadline = requests.deadline(options)
  local socket, answer, proto
  if known then
    settings.proto, proto = known, known
    socket, answer = comm.opencon(host, port, data, settings)
  else
    socket, answer, proto = comm.tryssl(host, port, data, settings)
  end
  if not socket then
    return nil, answer
  end
  return socket, message.reader(socket, answer, deadline), proto
end

local function once (host, port, method, path, options, more)
  local data = requests.build(host, port, method, path, options, more)
  local socket, reader, proto = requests.open(host, port, data, options)
  if not socket then
    return message.failure(reader)
  end
  local response = message.read(reader, method, options, requests.body_limit(options))
  socket:close()
  if response.status then
    response.ssl = proto == "ssl"
  end
  return response
end

-- What servers say to a request without TLS where they want it.
local WANTS_TLS = {
  "plain http request was sent to https port", "speaking plain http to an ssl", "http request to an https server",
  "combination of host and port requires tls",
}

--- Whether a response says that the request should have come over TLS.
function requests.wants_tls (response)
  if response.status ~= 400 or response.ssl then
    return false
  end
  local text = string.lower(response.body)
  for _, phrase in ipairs(WANTS_TLS) do
    if string.find(text, phrase, 1, true) then
      return true
    end
  end
  return false
end

-- The same, with TLS if the server says that it wants it. What works is remembered for the next request.
local function once_right (host, port, method, path, options, more)
  local response = once(host, port, method, path, options, more)
  if options.scheme or not response.status then
    return response
  elseif requests.wants_tls(response) then
    answered_with[requests.server_key(host, port)] = "ssl"
    local over_tls = once(host, port, method, path, options, more)
    return over_tls.status and over_tls or response
  elseif response.status ~= 400 then
    answered_with[requests.server_key(host, port)] = response.ssl and "ssl" or "tcp"
  end
  return response
end

--- The options of a request as a table of its own, with what script arguments say.
function requests.checked (options)
  if options ~= nil and type(options) ~= "table" then
    error("the options of a request are a table", 3)
  end
  options = tableaux.shallow_tcopy(options or {})
  options.truncated_ok = truncation_allowed(options)
  return options
end

--- Sends a request and reads the response; logs in with Digest if that was asked for and the server asks too.
function requests.send (host, port, method, path, options)
  local response = once_right(host, port, method, path, options)
  local auth = options.auth
  if response.status == 401 and auth and auth.digest then
    local params = authentication.digest_challenge(response.header["www-authenticate"])
    if params then
      local value = authentication.digest(params, method, path, auth)
      return once_right(host, port, method, path, options, { { "Authorization", value } })
    end
  end
  return response
end

return requests
