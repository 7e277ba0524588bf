local http = require "http"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Shows the paths that the file <code>/robots.txt</code> of a web server asks crawlers to leave alone.

The first 15 are shown; verbosity adds more. The format is that of RFC 9309.
]]

---
-- @usage
-- nseer --script http-robots.txt <target>
-- @output
-- 80/tcp open  http
-- | http-robots.txt: 3 disallowed entries
-- |_/private/ /admin/ /backup

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.http

-- Columns after which a new line begins.
local WIDTH = 50

local function limit ()
  local verbosity = nmap.verbosity()
  return verbosity >= 2 and math.maxinteger or verbosity == 1 and 40 or 15
end

-- The paths of a file, each once, in their order.
local function disallowed (text)
  local paths, known = {}, {}
  for line in string.gmatch(text, "[^\r\n]+") do
    local path = string.match(line, "^%s*[Dd][Ii][Ss][Aa][Ll][Ll][Oo][Ww]%s*:%s*([^%s#]+)")
    if path and not known[path] then
      known[path] = true
      paths[#paths + 1] = path
    end
  end
  return paths
end

local function laid_out (paths)
  local lines, line = {}, ""
  for _, path in ipairs(paths) do
    line = line == "" and path or line .. " " .. path
    if #line >= WIDTH then
      lines[#lines + 1] = line
      line = ""
    end
  end
  if line ~= "" then
    lines[#lines + 1] = line
  end
  return table.concat(lines, "\n")
end

action = function (host, port)
  local response = http.get(host, port, "/robots.txt", {truncated_ok = true})
  if response.status ~= 200 then
    stdnse.debug1("no robots.txt: %s", http.get_status_string(response))
    return nil
  end
  local paths = disallowed(response.body)
  local count, most = #paths, limit()
  if count == 0 then
    return nil
  end
  local note = count > most and "(" .. most .. " shown)" or ""
  local shown = table.move(paths, 1, math.min(count, most), 1, {})
  return string.format("%d disallowed %s %s\n%s", count, count == 1 and "entry" or "entries", note, laid_out(shown))
end
