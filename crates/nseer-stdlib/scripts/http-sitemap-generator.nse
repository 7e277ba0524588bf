local httpspider = require "httpspider"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Walks through a web site and shows its folders, with how many files of which kind are in each.
]]

---
-- @usage
-- nseer --script http-sitemap-generator <target>
-- @args http-sitemap-generator.maxdepth How deep in folders pages are looked at. Default: 3.
-- @args http-sitemap-generator.maxpagecount How many pages are looked at. Default: 20.
-- @args http-sitemap-generator.url Where to begin. Default: <code>/</code>.
-- @args http-sitemap-generator.withinhost False to also leave the host. Default: true.
-- @args http-sitemap-generator.withindomain True to stay in the domain rather than on the host.
-- @output
-- 80/tcp open  http
-- | http-sitemap-generator:
-- |   Directory structure:
-- |     /
-- |       Other: 1; html: 2
-- |     /images/
-- |       png: 3
-- |   Longest directory structure:
-- |     Depth: 1
-- |     Dir: /images/
-- |   Total files found (by extension):
-- |_    Other: 1; html: 2; png: 3

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "intrusive"}

portrule = shortport.http

local function sorted_keys (t)
  local keys = {}
  for key in pairs(t) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

local function count (counts, kind)
  counts[kind] = (counts[kind] or 0) + 1
end

local function counts_text (counts)
  local pieces = {}
  for i, kind in ipairs(sorted_keys(counts)) do
    pieces[i] = kind .. ": " .. counts[kind]
  end
  return table.concat(pieces, "; ")
end

-- Looks at all pages. Gives the kinds of files by folder, the kinds of all, and the deepest folder. A path counts once, whatever
-- is asked of it: the links by which a listing is sorted are no further files.
local function walk (crawler)
  local folders, kinds, deepest, depth, seen = {}, {}, "/", 0, {}
  while true do
    local status, page = crawler:crawl()
    if not status then
      return folders, kinds, deepest, depth
    end
    local code, path = page.response.status, page.url:getPath()
    if code == 200 and not seen[path] then
      seen[path] = true
      local folder = page.url:getDir() or "/"
      local kind = string.match(path, "%.([^./]+)$") or "Other"
      folders[folder] = folders[folder] or {}
      count(folders[folder], kind)
      count(kinds, kind)
      local own = select(2, string.gsub(folder, "[^/]+", ""))
      if own > depth then
        deepest, depth = folder, own
      end
    end
  end
end

action = function (host, port)
  local crawler = httpspider.Crawler:new(host, port, nil, {scriptname = SCRIPT_NAME, noblacklist = true})
  local folders, kinds, deepest, depth = walk(crawler)
  if not next(kinds) then
    return nil
  end
  local structure = {name = "Directory structure:"}
  for _, folder in ipairs(sorted_keys(folders)) do
    structure[#structure + 1] = folder
    structure[#structure + 1] = {counts_text(folders[folder])}
  end
  return stdnse.format_output(true, {
    structure,
    {name = "Longest directory structure:", "Depth: " .. depth, "Dir: " .. deepest},
    {name = "Total files found (by extension):", counts_text(kinds)},
  })
end
