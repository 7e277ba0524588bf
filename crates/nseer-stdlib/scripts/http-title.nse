local http = require "http"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Shows the title of the page that a web server gives for its root.

Redirects are followed as long as they stay on the same port of the same host; where one leads elsewhere, it is
shown instead.
]]

---
-- @usage
-- nseer --script http-title <target>
-- @args http-title.url Path of the page. Default: <code>/</code>.
-- @output
-- 80/tcp open  http
-- |_http-title: Example Domain
-- @xmloutput
-- <elem key="title">Example Domain</elem>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.http

-- Bytes of a title that are shown.
local WIDTH = 65

local function shown (title)
  title = string.gsub(title, "[\n\r\t]+", "")
  if #title > WIDTH then
    title = string.sub(title, 1, WIDTH) .. "..."
  end
  return title
end

local function title_of (body)
  return string.match(body, "<[Tt][Ii][Tt][Ll][Ee][^>]*>([^<]*)</[Tt][Ii][Tt][Ll][Ee]")
end

action = function (host, port)
  local response = http.get(host, port, stdnse.get_script_args("http-title.url") or "/", {truncated_ok = true})
  if not response.status then
    stdnse.debug1("no page: %s", response["status-line"])
    return nil
  end
  local out = stdnse.output_table()
  local location = response.header.location
  if location and response.status >= 300 and response.status < 400 then
    out.redirect_url = location
    return out, "Did not follow redirect to " .. location
  end
  local lines = {}
  local title = title_of(response.body)
  if title and string.find(title, "%S") then
    out.title = title
    lines[1] = shown(title)
  else
    local kind = response.header["content-type"]
    lines[1] = "Site doesn't have a title" .. (kind and " (" .. kind .. ")." or ".")
  end
  local followed = response.location
  if followed then
    out.redirect_url = followed[#followed]
    lines[2] = "Requested resource was " .. followed[#followed]
  end
  return out() and out or nil, table.concat(lines, "\n")
end
