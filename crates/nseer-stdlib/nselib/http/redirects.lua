---
-- The part of <code>http</code> that follows redirects. Scripts reach it through <code>http</code>.
--
-- Written from RFC 9110, section 15.4.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name http

local requests = require "http.requests"
local stdnse = require "stdnse"
local string = require "string"
local url = require "url"
local ipairs, tonumber, type = ipairs, tonumber, type

local redirects = {}

local DEFAULT_COUNT = 5

local IS_REDIRECT = { [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }

--- Reads where a response redirects to.
-- @param host Host table, address or name, that was asked.
-- @param port Port table or number.
-- @param path Path that was asked for.
-- @param response The response.
-- @return Table of the URL's parts, as of <code>url.parse</code>, with <code>host</code> and <code>port</code>
--         filled in, and the query in the path; nil if there is nowhere to go.
function redirects.parse_redirect (host, port, path, response)
  local location = response.header.location
  if not location or location == "" then
    return nil
  end
  local target = url.parse(location)
  if not target.host then
    -- A path on the same server, seen from the page that was asked for.
    local whole = url.absolute("http://host" .. path, location)
    target = url.parse((string.gsub(whole, "^http://host", "")))
    target.host = stdnse.get_hostname(host)
    target.port = requests.port_number(port)
  else
    target.port = target.port or url.get_default_port(target.scheme) or requests.port_number(port)
  end
  if target.path == "" then
    target.path = "/"
  end
  if target.params then
    target.path = target.path .. ";" .. target.params
  end
  if target.query then
    target.path = target.path .. "?" .. target.query
  end
  return target
end

-- All names that the host is known by.
local function is_host (host, name)
  name = string.gsub(string.lower(string.match(name, "^%[(.*)%]$") or name), "^www%.", "")
  local known = type(host) == "table" and { host.targetname, host.name, host.ip } or { host }
  for i = 1, 3 do
    if known[i] and known[i] ~= "" and string.gsub(string.lower(known[i]), "^www%.", "") == name then
      return true
    end
  end
  return false
end

--- Makes the usual rule for redirects: they may not leave the server, its port and its scheme, must not carry a
-- user or password, must not go round in a circle, and are limited in number.
-- @param host Host table, address or name.
-- @param port Port table or number.
-- @param counter How many redirects are followed. Default: 5.
-- @return Function that is given a URL's parts and says whether to go there.
function redirects.redirect_ok (host, port, counter)
  local left = counter or DEFAULT_COUNT
  local seen = {}
  return function (target)
    if left <= 0 or target.userinfo or seen[target.path] then
      return false
    end
    left = left - 1
    seen[target.path] = true
    local is_same_port = target.port == requests.port_number(port)
    return is_same_port and is_host(host, target.host)
  end
end

local function rule_of (host, port, options)
  local wanted = options.redirect_ok
  if type(wanted) == "function" then
    -- Whatever it says, there is an end.
    local left = 20
    return function (target)
      left = left - 1
      return left >= 0 and wanted(target)
    end
  elseif wanted == false then
    return function () return false end
  end
  return redirects.redirect_ok(host, port, tonumber(wanted))
end

--- Asks for `path`, and for what it redirects to as long as `options` allow it. `ask` takes host, port, path and
-- scheme and gives a response.
function redirects.follow (host, port, path, options, ask)
  local may_follow = rule_of(host, port, options)
  local response = ask(host, port, path)
  local locations = {}
  while IS_REDIRECT[response.status] do
    local target = redirects.parse_redirect(host, port, path, response)
    if not target then
      break
    end
    -- Also where nobody goes: scripts look at where a server would have them.
    locations[#locations + 1] = response.header.location
    if target.scheme and not url.get_default_port(target.scheme) or not may_follow(target) then
      break
    end
    if not is_host(host, target.host) then
      host = string.match(target.host, "^%[(.*)%]$") or target.host
    end
    if target.port ~= requests.port_number(port) then
      port = { number = target.port, protocol = "tcp" }
    end
    path = target.path
    response = ask(host, port, path, target.scheme)
  end
  if #locations > 0 then
    response.location = locations
  end
  return response
end

return redirects
