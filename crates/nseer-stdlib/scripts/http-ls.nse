local http = require "http"
local math = require "math"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local tab = require "tab"
local table = require "table"
local url = require "url"

description = [[
Shows the files of a folder that a web server lists.

It reads the index pages of Apache, nginx, lighttpd and programs that imitate them. Folders inside are read as deep as
<code>http-ls.maxdepth</code> says.
]]

---
-- @usage
-- nseer --script http-ls --script-args http-ls.url=/pub/ <target>
-- @args http-ls.url Path of the folder. Default: <code>/</code>.
-- @args http-ls.maxdepth How deep folders are read; 0 is without limit. Default: 1.
-- @args http-ls.maxfiles How many files are shown; 0 is without limit. Default: 10.
-- @output
-- 80/tcp open  http
-- | http-ls: Volume /
-- | SIZE  TIME               FILENAME
-- | -     03-Feb-2026 04:05  pub/
-- | 33    03-Feb-2026 04:05  robots.txt
-- |_
-- @xmloutput
-- <table key="volumes">
--   <table>
--     <elem key="volume">/</elem>
--     <table key="files">
--       <table>
--         <elem key="filename">robots.txt</elem>
--         <elem key="time">03-Feb-2026 04:05</elem>
--         <elem key="size">33</elem>
--       </table>
--     </table>
--   </table>
-- </table>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.http

local function argument (name, default)
  local given = stdnse.get_script_args("http-ls." .. name, "ls." .. name)
  local number = math.tointeger(tonumber(given)) or default
  return number == 0 and math.huge or number
end

-- How a date and a size follow a link in an index page.
local TIMES = {
  "%d%d%-%a%a%a%-%d%d%d%d %d%d:%d%d", "%d%d%d%d%-%d%d%-%d%d %d%d:%d%d", "%d%d%d%d%-%a%a%a%-%d%d %d%d:%d%d:%d%d",
}

-- The time and the size in what stands behind a link; nil if there is no time.
local function facts_in (text)
  text = string.gsub(text, "<[^>]*>", " ")
  text = string.gsub(text, "&nbsp;", " ")
  for _, pattern in ipairs(TIMES) do
    local time, rest = string.match(text, "(" .. pattern .. ")(.*)")
    if time then
      local size = string.match(rest, "^%s+(%d[%d.]*%s?[KMGTkmgt]?)%f[%s%z]") or string.match(rest, "^%s+(%d+)")
      return time, size or "-"
    end
  end
end

-- The name of the entry that a link leads to; nil for links to elsewhere.
local function name_of (href, folder)
  local target = url.absolute("http://host" .. folder, href)
  local path = string.match(target, "^http://host([^?#]*)$")
  if path and #path > #folder and string.sub(path, 1, #folder) == folder then
    local name = url.unescape(string.sub(path, #folder + 1))
    return string.find(name, "^[^/]+/?$") and name or nil
  end
end

-- The entries of an index page. Only pages that call themselves so are taken for one.
local function entries_of (body, folder)
  local title = string.match(body, "<[Tt][Ii][Tt][Ll][Ee]>([^<]*)") or ""
  if not string.find(title, "^%s*[Ii]ndex of ") and not string.find(title, "^%s*[Dd]irectory listing for ") then
    return nil
  end
  local entries, known = {}, {}
  local place = 1
  while true do
    local _, last, href = string.find(body, "<[Aa]%s[^>]*[Hh][Rr][Ee][Ff]%s*=%s*\"([^\"]*)\"[^>]*>", place)
    if not last then
      return entries
    end
    place = last + 1
    local stop = string.find(body, "<[Aa]%s", place) or #body + 1
    local time, size = facts_in(string.sub(body, place, math.min(stop - 1, place + 500)))
    local name = name_of(href, folder)
    if name and time and not known[name] then
      known[name] = true
      entries[#entries + 1] = {filename = name, time = time, size = size}
    end
  end
end

-- Adds the entries below `folder` to `list`; `prefix` is the folder's name from where the list began.
local function collect (host, port, folder, prefix, depth, list)
  local response = http.get(host, port, folder, {redirect_ok = false, truncated_ok = true})
  local entries = response.status == 200 and entries_of(response.body, folder)
  for _, entry in ipairs(entries or {}) do
    if #list >= list.most then
      list.is_cut = true
      return
    end
    local file = stdnse.output_table()
    file.filename, file.time, file.size = prefix .. entry.filename, entry.time, entry.size
    list[#list + 1] = file
    list.bytes = list.bytes + (math.tointeger(tonumber(entry.size)) or 0)
    if string.sub(entry.filename, -1) == "/" and depth > 0 then
      local inner = folder .. string.gsub(entry.filename, "[^%w._~/-]", function (c) return url.escape(c) end)
      collect(host, port, inner, prefix .. entry.filename, depth - 1, list)
    end
  end
end

local function text_of (path, list)
  local rows = tab.new()
  tab.addrow(rows, "SIZE", "TIME", "FILENAME")
  for _, file in ipairs(list) do
    tab.addrow(rows, file.size, file.time, file.filename)
  end
  local note = list.is_cut and "Only the first " .. #list .. " are shown; http-ls.maxfiles shows more.\n" or ""
  return "Volume " .. path .. "\n" .. note .. tab.dump(rows) .. "\n"
end

action = function (host, port)
  local path = stdnse.get_script_args("http-ls.url") or "/"
  path = string.match(path, "/$") and path or path .. "/"
  local list = {most = argument("maxfiles", 10), bytes = 0}
  collect(host, port, path, "", math.min(argument("maxdepth", 1), 20), list)
  if #list == 0 then
    return nil
  end
  local text = text_of(path, list)
  local out, volume, files = stdnse.output_table(), stdnse.output_table(), {}
  volume.volume, volume.files = path, table.move(list, 1, #list, 1, files)
  out.volumes = {volume}
  out.total = stdnse.output_table()
  out.total.files, out.total.bytes = #list, list.bytes
  return out, text
end
