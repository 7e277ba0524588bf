---
-- Walking through the pages of a web site.
--
-- A crawler fetches a page, looks for links in it, and goes on with these, until it has seen what it was asked to
-- see. It stays on the host unless told otherwise, and leaves out links to files that are no pages.
--
-- Its options: <code>scriptname</code>; <code>maxdepth</code> (default 3), <code>maxpagecount</code> (20), a negative
-- number for no limit; <code>withinhost</code> (true), <code>withindomain</code> (false), or a function of a URL;
-- <code>noblacklist</code>; <code>whitelist</code> and <code>blacklist</code>, arrays of functions of a URL: with a whitelist
-- only what is on it is visited, and even what is on the blacklist;
-- <code>doscraping</code> (true), whether links are followed; <code>redirect_ok</code>, as in <code>http</code>.
--
-- @usage
-- local crawler = httpspider.Crawler:new(host, port, "/", {scriptname = SCRIPT_NAME})
-- while true do
--   local status, page = crawler:crawl()
--   if not status then
--     break
--   end
--   stdnse.debug1("%s: %s", tostring(page.url), page.response.status)
-- end
-- @args httpspider.maxdepth How many links a page may be away from the first.
-- @args httpspider.maxpagecount How many pages are fetched.
-- @args httpspider.url Path of the first page.
-- @args httpspider.withinhost False to also leave the host.
-- @args httpspider.withindomain True to stay in the domain rather than on the host.
-- @args httpspider.noblacklist If given, files that are no pages are fetched too.
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name httpspider

local http = require "http"
local links = require "httpspider.links"
local math = require "math"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("httpspider", stdnse.seeall)

--- The parts of a URL; see <code>URL.new</code>.
-- @class table
-- @name URL
URL = links.URL

--- The links of a page; see <code>LinkExtractor.new</code>.
-- @class table
-- @name LinkExtractor
LinkExtractor = links.LinkExtractor

--- What waits to be visited; see <code>UrlQueue.new</code>.
-- @class table
-- @name UrlQueue
UrlQueue = links.UrlQueue

--
-- Options
--

--- Options of a crawler.
-- @class table
-- @name Options
Options = {}
Options.__index = Options

--- Makes options out of a table.
-- @name Options.new
-- @param options Table; see above.
-- @return The options.
function Options:new (options)
  local object = setmetatable({}, self)
  for name, value in pairs(options or {}) do
    object[name] = value
  end
  object.whitelist, object.blacklist, object.bounds = object.whitelist or {}, object.blacklist or {}, {}
  return object
end

--- Adds a rule for what is left out.
-- @name Options.addBlacklist
-- @param func Function of a URL object.
function Options:addBlacklist (func)
  table.insert(self.blacklist, func)
end

--- Adds a rule for what is visited.
-- @name Options.addWhitelist
-- @param func Function of a URL object.
function Options:addWhitelist (func)
  table.insert(self.whitelist, func)
end

--
-- The crawler
--

--- Walks through pages.
-- @class table
-- @name Crawler
Crawler = {}
Crawler.__index = Crawler

-- Files that are no pages.
local NO_PAGES = {
  "7z", "aac", "ai", "avi", "bin", "bmp", "bz2", "deb", "dmg", "doc", "docx", "eot", "exe", "flac", "flv", "gif", "gz",
  "ico", "img", "iso", "jar", "jpeg", "jpg", "mkv", "mov", "mp3", "mp4", "mpeg", "mpg", "msi", "odt", "ogg", "otf",
  "pdf", "png", "ppt", "pptx", "ps", "rar", "rpm", "svg", "swf", "tar", "tgz", "tif", "tiff", "ttf", "wav", "webm",
  "webp", "wmv", "woff", "woff2", "xls", "xlsx", "xz", "zip",
}

--- Makes a crawler.
-- @name Crawler.new
-- @param host Host table.
-- @param port Port table.
-- @param url Path or URL of the first page.
-- @param options Table of options; see above.
-- @return The crawler.
function Crawler:new (host, port, url, options)
  local crawler = setmetatable({ host = host, port = port, url = url, options = Options:new(options) }, self)
  crawler:loadScriptArguments()
  crawler:loadLibraryArguments()
  crawler:loadDefaultArguments()
  if not crawler.options.noblacklist then
    crawler:addDefaultBlacklist()
  end
  crawler:start_at(crawler.url or "/")
  return crawler
end

--- Begins with a page.
function Crawler:start_at (path)
  local first = path
  if not LinkExtractor.isAbsolute(path) then
    local version = self.port.version
    local tunnel = version and version.service_tunnel
    local is_tls = tunnel == "ssl" or self.port.service == "https" or self.port.number == 443
    local host = stdnse.get_hostname(self.host)
    host = string.find(host, ":", 1, true) and "[" .. host .. "]" or host
    first = (is_tls and "https" or "http") .. "://" .. host .. ":" .. self.port.number
      .. (string.find(path, "^/") and path or "/" .. path)
  end
  self.first = URL:new(first)
  self.queue = UrlQueue:new(self.options)
  self.queue:add(first)
  self.pages, self.stopped = 0, false
  local options = self.options
  local function within (rule, own)
    if type(rule) == "function" then
      table.insert(options.bounds, rule)
    elseif rule then
      table.insert(options.bounds, function (target) return own(self, target) end)
    end
  end
  within(options.withindomain, self.iswithindomain)
  if not options.withindomain then
    within(options.withinhost, self.iswithinhost)
  end
end

local function flag (value)
  return value and not (value == "false" or value == "0" or value == 0)
end

-- Reads the options from script arguments with a prefix.
local function load_arguments (options, prefix)
  for _, name in ipairs { "maxdepth", "maxpagecount" } do
    local given = tonumber(stdnse.get_script_args(prefix .. "." .. name))
    options[name] = options[name] == nil and given or options[name]
  end
  for _, name in ipairs { "withinhost", "withindomain", "noblacklist", "doscraping" } do
    local given = stdnse.get_script_args(prefix .. "." .. name)
    if options[name] == nil and given ~= nil then
      options[name] = flag(given)
    end
  end
end

--- Reads the options that are given for the script.
-- @name Crawler.loadScriptArguments
function Crawler:loadScriptArguments ()
  local name = self.options.scriptname
  if name then
    load_arguments(self.options, name)
    self.url = stdnse.get_script_args(name .. ".url") or self.url
  end
end

--- Reads the options that are given for the library.
-- @name Crawler.loadLibraryArguments
function Crawler:loadLibraryArguments ()
  load_arguments(self.options, "httpspider")
  self.url = self.url or stdnse.get_script_args("httpspider.url")
end

--- Sets the options that nothing was said of.
-- @name Crawler.loadDefaultArguments
function Crawler:loadDefaultArguments ()
  local function default (name, value)
    local options = self.options
    if options[name] == nil then
      options[name] = value
    elseif type(value) == "boolean" and type(options[name]) ~= "function" then
      options[name] = flag(options[name])
    end
  end
  default("maxdepth", 3)
  default("maxpagecount", 20)
  default("withinhost", true)
  default("withindomain", false)
  default("doscraping", true)
  default("noblacklist", false)
end

--- Leaves out files that are no pages.
-- @name Crawler.addDefaultBlacklist
function Crawler:addDefaultBlacklist ()
  local endings = {}
  for _, ending in ipairs(NO_PAGES) do
    endings[ending] = true
  end
  self.options:addBlacklist(function (target)
    local ending = string.match(target:getPath(), "%.([%w]+)$")
    return ending ~= nil and endings[string.lower(ending)] or false
  end)
end

--- Takes <code>www.</code> off a name.
-- @name Crawler.removewww
-- @param url Name of a host.
-- @return The name without it.
function Crawler.removewww (url)
  return (string.gsub(url, "^www%.", ""))
end

--- Tells whether a URL is on the host and port of the crawler.
-- @name Crawler.iswithinhost
-- @param u URL object.
-- @return True or false.
function Crawler:iswithinhost (u)
  return self.removewww(u:getHost()) == self.removewww(self.first:getHost()) and u:getPort() == self.first:getPort()
end

--- Tells whether a URL is in the domain of the crawler.
-- @name Crawler.iswithindomain
-- @param u URL object.
-- @return True or false.
function Crawler:iswithindomain (u)
  return u:getDomain() == self.first:getDomain()
end

--- Tells whether a URL is a file with an ending, or with one of a list of signs in its name.
-- @name Crawler.isresource
-- @param u URL, as text or object.
-- @param ext Ending without its dot, or nil.
-- @param signs Array of texts, or nil.
-- @return True or false.
function Crawler:isresource (u, ext, signs)
  u = type(u) == "string" and URL:new(u) or u
  local path = u and u:getPath() or ""
  if ext and string.sub(path, -#ext - 1) == "." .. ext then
    return true
  end
  for _, sign in ipairs(signs or {}) do
    if string.find(path, sign, 1, true) then
      return true
    end
  end
  return false
end

--- Says how long to wait for each answer.
-- @name Crawler.set_timeout
-- @param timeout Milliseconds.
function Crawler:set_timeout (timeout)
  self.options.timeout = timeout
end

--- How many pages were fetched.
-- @name Crawler.getPageCount
-- @return The number.
function Crawler:getPageCount ()
  return self.pages
end

--- Says in words what the crawler is limited to.
-- @name Crawler.getLimitations
-- @return The text; nil without limits.
function Crawler:getLimitations ()
  local options, limits = self.options, {}
  if options.maxdepth >= 0 then
    limits[#limits + 1] = "maxdepth=" .. options.maxdepth
  end
  if options.maxpagecount >= 0 then
    limits[#limits + 1] = "maxpagecount=" .. options.maxpagecount
  end
  if options.withindomain then
    limits[#limits + 1] = "withindomain=" .. self.first:getDomain()
  elseif options.withinhost then
    limits[#limits + 1] = "withinhost=" .. self.first:getHost()
  end
  return #limits > 0 and "Spidering limited to: " .. table.concat(limits, "; ") or nil
end

--- Ends the walk.
-- @name Crawler.stop
function Crawler:stop ()
  self.stopped = true
end

--- Fetches a page, from the target itself where it is meant.
function Crawler:fetch (target)
  local options = { timeout = self.options.timeout, redirect_ok = self.options.redirect_ok, truncated_ok = true }
  if self:iswithinhost(target) then
    return http.get(self.host, self.port, target:getFile(), options)
  end
  return http.get_url(tostring(target), options)
end

--- Fetches the next page.
-- @name Crawler.crawl
-- @return True; false at the end.
-- @return Table with <code>url</code> (an object) and <code>response</code>, of which <code>status</code> and
--         <code>body</code> are nil if the page could not be fetched, be it the first. At the end a table with
--         <code>err</code> (false), <code>reason</code> and <code>msg</code> (both the same).
function Crawler:crawl ()
  local most = self.options.maxpagecount
  most = most >= 0 and math.min(most, links.MOST_PAGES) or links.MOST_PAGES
  local target = not self.stopped and self.pages < most and self.queue:getNext()
  if not target then
    local reason = self.pages >= most and "as many pages were seen as asked for" or "all pages were seen"
    return false, { err = false, reason = reason, msg = reason }
  end
  local response = self:fetch(target)
  self.pages = self.pages + 1
  -- Where a server sends its visitors to another URL, the page is where they arrive, or would. Within a site that says only
  -- a path the page keeps its URL, as scripts are used to.
  local moved = response.location and response.location[#response.location]
  target = moved and LinkExtractor.isAbsolute(moved) and URL:new(moved) or target
  if self.options.doscraping and response.body then
    for _, link in ipairs(LinkExtractor:new(target, response.body, self.options):getLinks()) do
      self.queue:add(link)
    end
  end
  return true, { url = target, response = response }
end

if not unittest.testing() then return _ENV end

test_suite = unittest.TestSuite:new()
do
  local page = URL:new("http://www.example.org:8080/a/b.html?x=1")
  test_suite:add_test(unittest.equal(page:getFile(), "/a/b.html?x=1"), "file")
  test_suite:add_test(unittest.equal(page:getDir(), "/a/"), "folder")
  test_suite:add_test(unittest.equal(page:getDomain(), "example.org"), "domain")
  test_suite:add_test(unittest.is_nil(URL:new("ftp://example.org/")), "other schemes")
  local html = [[<a href="c.html">c</a> <A HREF='/d?e=f&amp;g'>d</A> <img src=g.png> <a href="#top">t</a>
    <a href="mailto:x@example.org">m</a> <form action="https://other.example:443/h"> <a href="c.html#z">again</a>]]
  local found = LinkExtractor:new(page, html):getLinks()
  table.sort(found)
  test_suite:add_test(unittest.table_equal(found, {
    "http://www.example.org:8080/a/c.html", "http://www.example.org:8080/a/g.png",
    "http://www.example.org:8080/d?e=f&g", "https://other.example:443/h",
  }), "links")
  local crawler = Crawler:new({ ip = "192.0.2.1" }, { number = 80, version = {} }, "/x", { maxdepth = 1 })
  local inside = LinkExtractor:new(crawler.first, '<a href="/y.html"><a href="/a/b/c"><a href="z.png"><a href="//q/">',
    crawler.options):getLinks()
  test_suite:add_test(unittest.table_equal(inside, { "http://192.0.2.1:80/y.html" }), "links within the limits")
  crawler.options:addWhitelist(function (target) return crawler:isresource(target, "png") end)
  crawler.options:addBlacklist(function (target) return crawler:isresource(target, "png") end)
  local images = LinkExtractor:new(crawler.first, '<a href="/y.html"><a href="z.png"><a href="//q/z.png">', crawler.options):getLinks()
  test_suite:add_test(unittest.table_equal(images, { "http://192.0.2.1:80/z.png" }), "a whitelist counts more than a blacklist")
  local limits = "Spidering limited to: maxdepth=1; maxpagecount=20; withinhost=192.0.2.1"
  test_suite:add_test(unittest.equal(crawler:getLimitations(), limits), "limits")
  local queue = UrlQueue:new()
  queue:add("http://a/")
  queue:add("http://a/")
  test_suite:add_test(unittest.equal(tostring(queue:getNext()), "http://a/"), "queue")
  test_suite:add_test(unittest.is_nil(queue:getNext()), "each URL once")
end

return _ENV
