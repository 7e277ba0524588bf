local favicons = require "data.favicons"
local http = require "http"
local shortport = require "shortport"
local stdnse = require "stdnse"
local openssl = stdnse.silent_require "openssl"
local string = require "string"
local url = require "url"

description = [[
Tells programs by the icon that their pages show in browsers.

The icon is the one that the root page names, or else <code>/favicon.ico</code>. Its MD5 sum is looked up in a list
of known ones; an icon that is not in the list is shown by its sum, which search engines for hosts know too.
]]

---
-- @usage
-- nseer --script http-favicon <target>
-- @args favicon.root Directory in which the icon is looked for, such as <code>/blog</code>. Default: the root.
-- @args favicon.uri Path of the icon.
-- @output
-- 9091/tcp open  http
-- |_http-favicon: Transmission

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.http

-- The path of the icon that a page names; nil if it names none, or one on another server.
local function named_icon (page, path)
  for tag in string.gmatch(page, "<%s*[Ll][Ii][Nn][Kk]%f[%s/>][^>]*>") do
    local rel = string.match(tag, "[Rr][Ee][Ll]%s*=%s*[\"']?([%w%s]+)")
    local href = string.match(tag, "[Hh][Rr][Ee][Ff]%s*=%s*[\"']([^\"'>]+)")
      or string.match(tag, "[Hh][Rr][Ee][Ff]%s*=%s*([^\"'%s>]+)")
    if rel and href and string.find(" " .. string.lower(rel) .. " ", "%sicon%s") then
      local whole = url.absolute("http://host" .. path, href)
      return string.match(whole, "^http://host(/.*)$")
    end
  end
end

local function icon_at (host, port, path)
  local response = http.get(host, port, path)
  if response.status == 200 and #response.body > 0 then
    return response.body
  end
  stdnse.debug1("no icon at %s: %s", path, http.get_status_string(response))
end

local function find_icon (host, port)
  local uri, root = stdnse.get_script_args("favicon.uri", "favicon.root")
  if uri then
    return icon_at(host, port, uri)
  end
  root = string.gsub(root or "", "/$", "")
  local page = http.get(host, port, root .. "/", {truncated_ok = true})
  if not page.status then
    return nil
  end
  -- A link counts from the page that it is on, also after a redirect.
  local base = page.location and string.match(page.location[#page.location], "^/[^?#]*") or root .. "/"
  local named = named_icon(page.body, base)
  return named and icon_at(host, port, named) or icon_at(host, port, root .. "/favicon.ico")
end

action = function (host, port)
  local icon = find_icon(host, port)
  if not icon then
    return nil
  end
  local sum = stdnse.tohex(openssl.md5(icon))
  return favicons[sum] or "Unknown favicon MD5: " .. string.upper(sum)
end
