---
-- URLs: taking them apart, putting them together, resolving links.
--
-- Written from RFC 3986 and observed output. Parameters of a path (<code>/path;params</code>) are those of
-- RFC 2396. Nothing here connects to anything.
--
-- A URL in parts is a table:
-- * <code>scheme</code> - in lower case.
-- * <code>authority</code> - what stands between <code>//</code> and the path.
-- * <code>userinfo</code>, <code>user</code>, <code>password</code> - its part before <code>@</code>.
-- * <code>host</code> - its name or address; IPv6 in brackets.
-- * <code>ascii_host</code> - the host in lower case; absent if it is not written in ASCII.
-- * <code>port</code> - a number, if one is written.
-- * <code>path</code> - never nil.
-- * <code>is_folder</code> - true if the path ends in a slash, otherwise false.
-- * <code>extension</code> - what stands after the last dot of the path's last segment.
-- * <code>params</code> - what stands after <code>;</code>.
-- * <code>query</code> - what stands after <code>?</code>.
-- * <code>fragment</code> - what stands after <code>#</code>.
--
-- @usage
-- local parts = url.parse("http://www.example.org/a/list.php?page=2")
-- parts.query = url.build_query({page = "3"})
-- local next_page = url.build(parts)
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name url

local math = require "math"
local stdnse = require "stdnse"
local string = require "string"
local stringaux = require "stringaux"
local table = require "table"
local tableaux = require "tableaux"
local unittest = require "unittest"

_ENV = stdnse.module("url", stdnse.seeall)

--
-- Escapes
--

local function escaped (byte)
  return string.format("%%%02X", string.byte(byte))
end

--- Writes every byte that is not a letter, a digit or one of <code>- . _ ~</code> as a percent sign and two
-- hexadecimal digits (RFC 3986, section 2.1).
-- @usage url.escape("a b&c")  --> "a%20b%26c"
-- @param s String or number.
-- @return The text, fit for any part of a URL.
function escape (s)
  return (string.gsub(s, "[^%w._~-]", escaped))
end

--- Reads what <code>escape</code> writes. A percent sign without two hexadecimal digits stays.
-- @usage url.unescape("a%20b+c")  --> "a b+c"
-- @param s Text.
-- @return The bytes.
function unescape (s)
  return (string.gsub(s, "%%(%x%x)", function (digits) return string.char(tonumber(digits, 16)) end))
end

--
-- Parts
--

-- Fills in what the authority says.
local function parse_authority (parts, authority)
  parts.authority = authority
  local userinfo, rest = string.match(authority, "^(.*)@(.*)$")
  if userinfo then
    parts.userinfo = userinfo
    parts.user, parts.password = string.match(userinfo, "^([^:]*):?(.*)$")
    if not string.find(userinfo, ":", 1, true) then
      parts.password = nil
    end
  end
  local host, digits = string.match(rest or authority, "^(.*):(%d*)$")
  -- A longer number is no port, but its digits are not part of the name either.
  local port = digits and math.tointeger(tonumber(digits))
  host = host or rest or authority
  if port then
    parts.port = port
  end
  if host ~= "" then
    parts.host = host
    if not string.find(host, "[\128-\255]") then
      parts.ascii_host = string.lower(host)
    end
  end
end

--- Takes a URL apart.
-- @usage url.parse("http://www.example.org:8080/a?b=c").port  --> 8080
-- @param url URL or reference, such as <code>/a?b=c</code>.
-- @param default Table of parts, optional; they count where the URL says nothing.
-- @return Table of parts; see above. The escapes in the parts stay, with their digits in upper case.
function parse (url, default)
  local parts = default and tableaux.shallow_tcopy(default) or {}
  local rest = string.gsub(url, "%%%x%x", string.upper)
  local function cut (name, pattern)
    local before, found = string.match(rest, pattern)
    if before then
      rest, parts[name] = before, found
    end
  end
  cut("fragment", "^([^#]*)#(.*)$")
  local scheme, after = string.match(rest, "^(%a[%w+.-]*):(.*)$")
  if scheme then
    parts.scheme, rest = string.lower(scheme), after
  end
  local authority, path = string.match(rest, "^//([^/?]*)(.*)$")
  if authority then
    rest = path
    parse_authority(parts, authority)
  end
  cut("query", "^([^?]*)%?(.*)$")
  cut("params", "^([^;]*);(.*)$")
  parts.path = rest ~= "" and rest or parts.path or ""
  parts.is_folder = string.sub(parts.path, -1) == "/"
  parts.extension = string.match(parts.path, "%.([^./]+)$")
  return parts
end

-- The authority that the parts make; nil if there is none.
local function build_authority (parts)
  local host = parts.host
  if not host then
    return parts.authority
  end
  local userinfo = parts.userinfo
  if parts.user then
    userinfo = parts.password and parts.user .. ":" .. parts.password or parts.user
  end
  -- An IPv6 address needs its brackets (RFC 3986, section 3.2.2).
  if string.find(host, "^[%x:.]*:[%x:.]*:[%x:.]*$") then
    host = "[" .. host .. "]"
  end
  return (userinfo and userinfo .. "@" or "") .. host .. (parts.port and ":" .. parts.port or "")
end

-- RFC 3986, section 5.3, with parameters.
local function compose (scheme, authority, path, params, query, fragment)
  return (scheme and scheme .. ":" or "")
    .. (authority and "//" .. authority or "")
    .. path
    .. (params and ";" .. params or "")
    .. (query and "?" .. query or "")
    .. (fragment and "#" .. fragment or "")
end

--- Puts a URL together.
--
-- The authority is made from <code>host</code>, <code>port</code>, and <code>user</code> and
-- <code>password</code> or else <code>userinfo</code>; the part <code>authority</code> counts only if there
-- is no <code>host</code>. Characters that a path cannot have are escaped in it; the other parts are taken as
-- they are.
-- @usage url.build({scheme = "http", host = "::1", port = 81, path = "/"})  --> "http://[::1]:81/"
-- @param parsed Table of parts; see above.
-- @return The URL.
function build (parsed)
  local authority = build_authority(parsed)
  local path = string.gsub(parsed.path or "", "[^%w._~!$&'()*+,;=:@/%%-]", escaped)
  if authority and path ~= "" and string.sub(path, 1, 1) ~= "/" then
    path = "/" .. path
  end
  return compose(parsed.scheme, authority, path, parsed.params, parsed.query, parsed.fragment)
end

-- Takes "." and ".." out of a path (RFC 3986, section 5.2.4).
local function without_dots (path)
  local kept = {}
  local segments = stringaux.strsplit("/", path)
  local is_absolute = path ~= "" and segments[1] == ""
  local first = is_absolute and 2 or 1
  for i = first, #segments do
    local segment = segments[i]
    local is_dots = segment == "." or segment == ".."
    if segment == ".." then
      kept[#kept] = nil
    end
    if not is_dots then
      kept[#kept + 1] = segment
    elseif i == #segments then
      kept[#kept + 1] = ""
    end
  end
  return (is_absolute and "/" or "") .. table.concat(kept, "/")
end

-- The path of a reference that has one, seen from the base (RFC 3986, section 5.2.3).
local function merged (base_path, authority, path)
  if string.sub(path, 1, 1) == "/" then
    return path
  elseif authority and base_path == "" then
    return "/" .. path
  end
  return (string.match(base_path, "^.*/") or "") .. path
end

--- Resolves a link.
--
-- The rules are those of RFC 3986, section 5.2: a link that is only a query or only a fragment belongs to the
-- page it is on.
-- @usage url.absolute("http://example.org/a/b.html", "../c.png")  --> "http://example.org/c.png"
-- @param base_url URL of the page with the link, or its table of parts.
-- @param relative_url The link.
-- @return The URL that is meant.
function absolute (base_url, relative_url)
  local base = base_url
  if type(base) ~= "table" then
    base = parse(base_url)
  end
  local link = parse(relative_url)
  if link.scheme then
    return relative_url
  elseif link.authority then
    local path = without_dots(link.path)
    return compose(base.scheme, link.authority, path, link.params, link.query, link.fragment)
  end
  local authority, base_path = build_authority(base), base.path or ""
  if link.path == "" and not link.params then
    local query = link.query or base.query
    return compose(base.scheme, authority, base_path, base.params, query, link.fragment)
  end
  local path = without_dots(merged(base_path, authority, link.path))
  return compose(base.scheme, authority, path, link.params, link.query, link.fragment)
end

--
-- Paths and queries
--

--- Takes a path apart.
-- @usage url.parse_path("/a%20b/c")  --> {"a b", "c", is_absolute = 1}
-- @param path Path, or nil for an empty one.
-- @return Array of the segments without escapes; empty ones are left out. <code>is_absolute</code> is 1 if
--         the path begins with a slash, <code>is_directory</code> is 1 if it ends in one.
function parse_path (path)
  path = path or ""
  local segments = {}
  for segment in string.gmatch(path, "[^/]+") do
    segments[#segments + 1] = unescape(segment)
  end
  segments.is_absolute = string.sub(path, 1, 1) == "/" and 1 or nil
  segments.is_directory = string.sub(path, -1) == "/" and 1 or nil
  return segments
end

--- Puts a path together.
-- @usage url.build_path({"a b", "c", is_absolute = 1})  --> "/a%20b/c"
-- @param parsed Array of segments, with <code>is_absolute</code> and <code>is_directory</code> as
--               <code>parse_path</code> gives them.
-- @param unsafe True to take the segments as they are, without escaping what a segment cannot have.
-- @return The path.
-- @see parse_path
function build_path (parsed, unsafe)
  local segments = {}
  for i, segment in ipairs(parsed) do
    segments[i] = unsafe and segment or string.gsub(segment, "[^%w._~!$&'()*+,;=:@-]", escaped)
  end
  return (parsed.is_absolute and "/" or "")
    .. table.concat(segments, "/")
    .. (parsed.is_directory and #segments > 0 and "/" or "")
end

-- Character references of HTML that separate or end values where a query was taken from a page.
local REFERENCES = { ["&amp;"] = "&", ["&lt;"] = "<", ["&gt;"] = ">" }

--- Reads a query as forms write it.
-- @usage url.parse_query("name=a%20b&page=2")  --> {name = "a b", page = "2"}
-- @param query Text after the question mark. It may be taken from a page: what HTML writes for the ampersand
--              and for angle brackets is read as these.
-- @return Table of names and values without escapes; a plus sign stays. Where a name occurs more than once,
--         the last one counts. What has no value has the empty string.
function parse_query (query)
  local values = {}
  query = string.gsub(query, "&%l+;", REFERENCES)
  for _, pair in ipairs(stringaux.strsplit("&", query)) do
    local name, value = string.match(pair, "^([^=]*)=?(.*)$")
    values[unescape(name)] = unescape(value)
  end
  return values
end

-- The names of a query's table in the order that its `pairs` has, or sorted if that order means nothing.
local function ordered_names (query)
  local names = {}
  for name in pairs(query) do
    names[#names + 1] = name
  end
  local meta = getmetatable(query)
  if not (type(meta) == "table" and rawget(meta, "__pairs")) then
    table.sort(names, function (a, b) return tostring(a) < tostring(b) end)
  end
  return names
end

--- Writes a query as forms do.
-- @usage url.build_query({name = "a b", page = 2})  --> "name=a%20b&page=2"
-- @param query Table of names and values, strings or numbers. They are sorted by name, except for tables with
--              an order of their own, such as those of <code>stdnse.output_table</code>.
-- @return The text.
function build_query (query)
  local pieces = {}
  for _, name in ipairs(ordered_names(query)) do
    pieces[#pieces + 1] = escape(name) .. "=" .. escape(query[name])
  end
  return table.concat(pieces, "&")
end

--
-- Ports
--

local PORTS = { http = 80, https = 443 }
local SCHEMES = tableaux.invert(PORTS)

--- The port that a scheme uses if none is written.
-- @param scheme <code>http</code> or <code>https</code>, in any case.
-- @return The port's number; nil for anything else.
function get_default_port (scheme)
  return PORTS[string.lower(scheme or "")]
end

--- The scheme whose port it is.
-- @param port Port number or port table.
-- @return <code>http</code> or <code>https</code>; nil for other ports.
function get_default_scheme (port)
  return SCHEMES[type(port) == "table" and port.number or port]
end

if not unittest.testing() then return _ENV end

test_suite = unittest.TestSuite:new()
-- The examples of RFC 3986, section 5.4.
for link, whole in pairs {
  ["g"] = "http://a/b/c/g", ["./g"] = "http://a/b/c/g", ["g/"] = "http://a/b/c/g/", ["/g"] = "http://a/g",
  ["//g"] = "http://g", ["?y"] = "http://a/b/c/d;p?y", ["g?y"] = "http://a/b/c/g?y", ["#s"] = "http://a/b/c/d;p?q#s",
  [";x"] = "http://a/b/c/;x", [""] = "http://a/b/c/d;p?q", ["."] = "http://a/b/c/", [".."] = "http://a/b/",
  ["../g"] = "http://a/b/g", ["../../../g"] = "http://a/g", ["/./g"] = "http://a/g", ["g.."] = "http://a/b/c/g..",
  ["g:h"] = "g:h",
} do
  test_suite:add_test(unittest.equal(absolute("http://a/b/c/d;p?q", link), whole), "link " .. link)
end
do
  local parts = parse("HTTP://me:pw@[::1]:81/a/b.txt;v?x=1#end")
  for name, value in pairs {
    scheme = "http", user = "me", password = "pw", host = "[::1]", port = 81, path = "/a/b.txt", params = "v",
    query = "x=1", fragment = "end", extension = "txt", is_folder = false,
  } do
    test_suite:add_test(unittest.equal(parts[name], value), "part " .. name)
  end
end
local built = build { scheme = "http", host = "::1", path = "a b" }
test_suite:add_test(unittest.equal(built, "http://[::1]/a%20b"), "build")
test_suite:add_test(unittest.equal(unescape(escape("a/b \255%")), "a/b \255%"), "escape and back")
test_suite:add_test(unittest.keys_equal(parse_query("a=1&amp;b=%20&c"), { a = "1", b = " ", c = "" }), "query")
test_suite:add_test(unittest.equal(build_query { b = "x y", a = 1 }, "a=1&b=x%20y"), "build a query")
test_suite:add_test(unittest.equal(build_path(parse_path("/a%20b/c/")), "/a%20b/c/"), "path and back")

return _ENV
