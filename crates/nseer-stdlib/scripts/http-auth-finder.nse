local http = require "http"
local httpspider = require "httpspider"
local math = require "math"
local shortport = require "shortport"
local string = require "string"
local tab = require "tab"
local table = require "table"

description = [[
Walks through a web site and shows pages that ask for a login: by HTTP itself, or with a form that has a field for a
password.
]]

---
-- @usage
-- nseer --script http-auth-finder <target>
-- @args http-auth-finder.maxdepth How deep in folders pages are looked at. Default: 3.
-- @args http-auth-finder.maxpagecount How many pages are looked at. Default: 20.
-- @args http-auth-finder.url Where to begin. Default: <code>/</code>.
-- @args http-auth-finder.withinhost False to also leave the host. Default: true.
-- @args http-auth-finder.withindomain True to stay in the domain rather than on the host.
-- @output
-- 80/tcp open  http
-- | http-auth-finder:
-- | Spidering limited to: maxdepth=3; maxpagecount=20; withinhost=example.org
-- |   url                             method
-- |   http://example.org:80/login     FORM
-- |_  http://example.org:80/private/  HTTP: Basic

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.http

-- How a page asks for a login; nil if it does not.
local function method_of (response)
  local field = response.header["www-authenticate"]
  if response.status == 401 and field then
    local schemes = {}
    for i, challenge in ipairs(http.parse_www_authenticate(field) or {}) do
      schemes[i] = challenge.scheme
    end
    return "HTTP: " .. (#schemes > 0 and table.concat(schemes, ", ") or "unknown")
  end
  for _, form in ipairs(http.grab_forms(response.body or "")) do
    for _, input in ipairs(http.parse_form(form).fields) do
      if input.type == "password" then
        return "FORM"
      end
    end
  end
end

action = function (host, port)
  local crawler = httpspider.Crawler:new(host, port, nil, {scriptname = SCRIPT_NAME})
  local rows, found = tab.new(), false
  tab.addrow(rows, "url", "method")
  for _ = 1, math.huge do
    local status, page = crawler:crawl()
    if not status then
      break
    end
    local method = method_of(page.response)
    if method then
      found = true
      tab.addrow(rows, tostring(page.url), method)
    end
  end
  if found then
    return "\n" .. (crawler:getLimitations() or "") .. "\n  " .. string.gsub(tab.dump(rows), "\n(.)", "\n  %1")
  end
end
