---
-- The part of <code>httpspider</code> about URLs: their parts, the links of a page, and which wait to be visited.
-- Scripts reach it through <code>httpspider</code>.
--
-- It connects to nothing.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name httpspider

local string = require "string"
local table = require "table"
local url = require "url"
local ipairs, print, select, setmetatable, tostring = ipairs, print, select, setmetatable, tostring

-- Whatever the options say, a crawler has an end.
local MOST_PAGES, MOST_LINKS = 10000, 5000

--
-- URLs
--

--- A URL in its parts.
-- @class table
-- @name URL
local URL = {}
URL.__index = URL
URL.__tostring = function (self) return tostring(self.raw) end

--- Takes a URL apart.
-- @name URL.new
-- @param url The URL.
-- @return The object; nil for anything but http and https.
function URL:new (url)
  local object = setmetatable({ raw = url }, self)
  return object:parse() and object or nil
end

--- Reads the parts again.
-- @name URL.parse
-- @return True if it is a URL of http or https.
function URL:parse ()
  local parts = url.parse(self.raw)
  local port = parts.port or url.get_default_port(parts.scheme)
  if not (parts.host and url.get_default_port(parts.scheme)) then
    return false
  end
  self.proto, self.host, self.port = parts.scheme, string.lower(parts.host), port
  self.path = parts.path ~= "" and parts.path or "/"
  self.file = self.path .. (parts.query and "?" .. parts.query or "")
  self.dir = string.match(self.path, "^.*/")
  local is_address = string.find(self.host, "^[%d.]+$") ~= nil
  self.domain = not is_address and string.match(self.host, "^[^.]+%.(.+%..+)$") or self.host
  return true
end

--- The host.
-- @name URL.getHost
-- @return Its name or address.
function URL:getHost () return self.host end

--- The scheme.
-- @name URL.getProto
-- @return <code>http</code> or <code>https</code>.
function URL:getProto () return self.proto end

--- The port.
-- @name URL.getPort
-- @return Its number.
function URL:getPort () return self.port end

--- The path without query.
-- @name URL.getPath
-- @return The path.
function URL:getPath () return self.path end

--- The path with query.
-- @name URL.getFile
-- @return The path and what follows it.
function URL:getFile () return self.file end

--- The folder of the page.
-- @name URL.getDir
-- @return The path up to its last slash.
function URL:getDir () return self.dir end

--- The domain of the host.
-- @name URL.getDomain
-- @return The name without its first part; an address or a short name as it is.
function URL:getDomain () return self.domain end

--
-- Links
--

--- Finds links in a page.
-- @class table
-- @name LinkExtractor
local LinkExtractor = {}
LinkExtractor.__index = LinkExtractor

--- Makes one.
-- @name LinkExtractor.new
-- @param url URL object of the page.
-- @param html The page.
-- @param options Table of options; see above.
-- @return The object.
function LinkExtractor:new (url, html, options)
  local object = setmetatable({ url = url, html = html or "", options = options or {}, links = {} }, self)
  object:parse()
  return object
end

--- Tells whether a link says its host.
-- @name LinkExtractor.isAbsolute
-- @param url The link.
-- @return True or false.
function LinkExtractor.isAbsolute (url)
  return string.find(url, "^%a[%w+.-]*://") ~= nil
end

--- Resolves a link.
-- @name LinkExtractor.createAbsolute
-- @param base_url URL object of the page.
-- @param rel_url The link.
-- @param base_href What the page says that its links count from, optional.
-- @return The URL without fragment, and with the port.
function LinkExtractor.createAbsolute (base_url, rel_url, base_href)
  local base = tostring(base_url)
  if base_href then
    base = url.absolute(base, base_href)
  end
  local whole = string.gsub(url.absolute(base, rel_url), "#.*$", "")
  local target = URL:new(whole)
  if target then
    return string.format("%s://%s:%d%s", target.proto, target.host, target.port, target.file)
  end
  return whole
end

--- How deep in folders a URL is.
-- @name LinkExtractor.getDepth
-- @param url URL object.
-- @return Number of folders in its path.
function LinkExtractor:getDepth (url)
  return select(2, string.gsub(url:getDir() or "/", "[^/]+", ""))
end

--- Tells whether a URL may be visited.
-- @name LinkExtractor.validate_link
-- @param url URL object.
-- @return True or false.
function LinkExtractor:validate_link (url)
  if self.options.maxdepth and self.options.maxdepth >= 0 and self:getDepth(url) > self.options.maxdepth then
    return false
  end
  for _, rule in ipairs(self.options.bounds or {}) do
    if not rule(url) then
      return false
    end
  end
  local function is_on (list)
    for _, rule in ipairs(list or {}) do
      if rule(url) then
        return true
      end
    end
    return false
  end
  local whitelist = self.options.whitelist
  if whitelist and #whitelist > 0 then
    return is_on(whitelist)
  end
  return not is_on(self.options.blacklist)
end

local LINKS = { "[hH][rR][eE][fF]", "[sS][rR][cC]", "[aA][cC][tT][iI][oO][nN]" }

--- Reads the page.
-- @name LinkExtractor.parse
function LinkExtractor:parse ()
  local base_href = string.match(self.html, "<[bB][aA][sS][eE]%s[^>]*[hH][rR][eE][fF]%s*=%s*[\"']?([^\"'%s>]+)")
  local known = {}
  local function add (link)
    link = string.gsub(string.match(link, "^%s*(.-)%s*$"), "&amp;", "&")
    if link == "" or string.find(link, "^#") or string.find(link, "^%a+:") and not self.isAbsolute(link) then
      return
    end
    local whole = self.createAbsolute(self.url, link, base_href)
    local target = not known[whole] and #self.links < MOST_LINKS and URL:new(whole)
    known[whole] = true
    if target and self:validate_link(target) then
      self.links[#self.links + 1] = tostring(target)
    end
  end
  local found = {}
  for _, name in ipairs(LINKS) do
    for at, _, link in string.gmatch(self.html, "()%f[%w]" .. name .. "%s*=%s*([\"'])(.-)%2") do
      found[#found + 1] = { at, link }
    end
    for at, link in string.gmatch(self.html, "()%f[%w]" .. name .. "%s*=%s*([^\"'%s>]+)") do
      found[#found + 1] = { at, link }
    end
  end
  table.sort(found, function (a, b) return a[1] < b[1] end)
  for _, entry in ipairs(found) do
    add(entry[2])
  end
end

--- Gives the links.
-- @name LinkExtractor.getLinks
-- @return Array of URLs, each once.
function LinkExtractor:getLinks ()
  return self.links
end

--
-- URLs to visit
--

--- URLs that wait to be visited, each once.
-- @class table
-- @name UrlQueue
local UrlQueue = {}
UrlQueue.__index = UrlQueue

--- Makes a queue.
-- @name UrlQueue.new
-- @param options Table of options; see above.
-- @return The queue.
function UrlQueue:new (options)
  return setmetatable({ urls = {}, known = {}, at = 1, options = options or {} }, self)
end

--- Adds a URL, unless it was added before.
-- @name UrlQueue.add
-- @param url The URL or URL object.
function UrlQueue:add (url)
  local text = tostring(url)
  if not self.known[text] and #self.urls < MOST_PAGES then
    self.known[text] = true
    self.urls[#self.urls + 1] = text
  end
end

--- Takes the next URL.
-- @name UrlQueue.getNext
-- @return URL object; nil if none waits.
function UrlQueue:getNext ()
  while self.urls[self.at] do
    local url = URL:new(self.urls[self.at])
    self.at = self.at + 1
    if url then
      return url
    end
  end
end

--- Prints what waits.
-- @name UrlQueue.dump
-- @param printer Function of a text. Default: <code>print</code>.
function UrlQueue:dump (printer)
  for i = self.at, #self.urls do
    (printer or print)(self.urls[i])
  end
end

return { URL = URL, LinkExtractor = LinkExtractor, UrlQueue = UrlQueue, MOST_PAGES = MOST_PAGES }
