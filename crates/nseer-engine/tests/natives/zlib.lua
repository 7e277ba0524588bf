-- Checksums and compression.
--
-- Expected values are those of Nmap 7.93, except where a heading says why not.
return function (check, gives, raises)
  local string = require "string"
  local table = require "table"
  local zlib = require "zlib"
  check("the module is a global too", zlib == _G.zlib, true)
  local function Z (...)
    return (zlib.compress(...))
  end
  local function inflate (data, ...)
    return zlib.inflate(data, ...)
  end
  local function message (f, ...)
    local ok, text = pcall(f, ...)
    return ok and "no error" or text:gsub("^.-:%d+: ", "")
  end

  -- Checksums, which are floats.
  gives([[zlib.adler32(), zlib.adler32(zlib.adler32(), "abc"), zlib.adler32(1, "")]], 1.0, 38600999.0, 1.0)
  gives([[zlib.crc32(), zlib.crc32(0, "abc"), zlib.crc32(5, "abc")]], 0.0, 891568578.0, 871334697.0)
  gives([[zlib.crc32((1 << 32) + 5, "abc")]], 871334697.0)
  raises([[zlib.adler32(1)]], "bad argument #2 to 'adler32' (string expected, got no value)")
  raises([[zlib.crc32("abc")]], "bad argument #1 to 'crc32' (number expected, got string)")

  -- Whole strings.
  local text = ("hello hello "):rep(20)
  gives([[select(2, zlib.compress("abc"))]], 1.0)
  gives([[zlib.compress("abc", 77)]], nil, -2.0)
  gives([[zlib.compress("abc", nil, 7)]], nil, -2.0)
  gives([[zlib.compress("abc", nil, nil, 99)]], nil, -2.0)
  gives([[zlib.compress("abc", nil, nil, -8)]], nil, -2.0)
  gives([[zlib.compress("abc", nil, nil, nil, 10)]], nil, -2.0)
  gives([[zlib.compress("abc", nil, nil, nil, nil, 10)]], nil, -2.0)
  gives([[stdnse.tohex((zlib.compress("")))]], "789c030000000001")
  gives([[stdnse.tohex((zlib.compress("abc", 0)))]], "7801010300fcff616263024d0127")
  check("zlib", zlib.decompress(Z(text)), text)
  check("more behind it", zlib.decompress(Z(text) .. "junk"), text)
  check("gzip", zlib.decompress(Z(text, 9, 8, 31), 31), text)
  check("either", {zlib.decompress(Z(text), 47), zlib.decompress(Z(text, 9, 8, 31), 47)}, {text, text})
  check("raw", zlib.decompress(Z(text, 1, 8, -15), -15), text)
  check("window of the data", zlib.decompress(Z(text), 0), text)
  for _, data in ipairs {"xxxxxxxx", Z(text, 9, 8, 31), Z(text):sub(1, -2) .. "z"} do
    check("broken", message(zlib.decompress, data), "failed to process zlib stream")
  end
  raises([[zlib.decompress("", 99)]], "failed to initialize zstream structures")
  raises([[zlib.decompress("", -99)]], "failed to initialize zstream structures")

  -- Whole strings, unlike Nmap 7.93: there is a limit, and data that breaks off does not last forever.
  check("limit", {zlib.decompress(Z(text), 15, 10), zlib.decompress(Z(text), 15, 0)}, {"hello hell", ""})
  check("ten megabytes", #zlib.decompress(Z(("\0"):rep(11 << 20))), 10 << 20)
  check("broken off", message(zlib.decompress, Z(text):sub(1, -8)), "failed to process zlib stream")

  -- Reading.
  local s = inflate(Z "abc")
  check("all", {s:read("*a"), s:read("*a"), s:read(), s:read(1), s:read(0)}, {"abc", "", nil, nil, nil})
  s = inflate(Z "one\ntwo\r\nthree\rfour\n\nfive")
  check("lines", {s:read(), s:read("*l"), s:read(), s:read(), s:read(), s:read(), s:read()},
    {"one", "two", "three", "four", "", "five", nil})
  s = inflate(Z "one\r")
  check("a last CR", {s:read(), s:read()}, {"one", nil})
  s = inflate(Z "abcdef")
  check("bytes", {s:read(2), s:read(0), s:read(10), s:read(0), s:read(2)}, {"ab", "", "cdef", nil, nil})
  check("several", {inflate(Z "abcdef\nxyz\n123"):read(2, "*l", "*a")}, {"ab", "cdef", "xyz\n123"})
  check("until nil", select("#", inflate(Z "abc"):read("*a", 1, 2, "*a")), 2)
  check("odd numbers", {inflate(Z "abc"):read(-1), inflate(Z "abc"):read(1.5), inflate(Z "abc"):read(2.0)},
    {"abc", "", "ab"})
  s = inflate(Z(("x"):rep(20000) .. "\ny"))
  check("a long line", {#s:read(), s:read()}, {20000, "y"})
  local lines = {}
  for line in inflate(Z "a\nb\r\nc"):lines() do
    lines[#lines + 1] = line
  end
  check("iterator", lines, {"a", "b", "c"})
  for format, want in pairs {a = "option", ["*n"] = "format", ["*L"] = "format", ["2"] = "option"} do
    s = inflate(Z "abc")
    check(format, message(function () return (s:read(format)) end), "bad argument #1 to 'read' (invalid " .. want .. ")")
  end

  -- Formats.
  check("gzip is told from zlib", inflate(Z("abc", 9, 8, 31)):read("*a"), "abc")
  check("gzip only", inflate(Z("abc", 9, 8, 31), 31):read("*a"), "abc")
  check("raw", inflate(Z("abc", 9, 8, -15), -15):read("*a"), "abc")
  check("more behind it", inflate(Z "abc" .. "junk"):read("*a"), "abc")
  raises([[zlib.inflate("", 99)]], "call to inflateInit2 failed")
  raises([[zlib.inflate("", -1)]], "call to inflateInit2 failed")

  -- Broken data.
  for format, data in pairs {["*a"] = "xxxxxxxx", ["*l"] = "xxxxxxxx", [0] = "xxxxxxxx", [5] = Z(text):sub(1, -2) .. "z"} do
    s = inflate(data)
    check("broken", message(s.read, s, format), "failed to decompress [-3]")
    check("closed then", message(s.read, s, "*a"):match("attempt to use invalid zlib stream"),
      "attempt to use invalid zlib stream")
  end
  s = inflate(Z(("abcdefghijklmnopqrs"):rep(3)):sub(1, -2))
  check("broken off", {s:read(1000), s:read(1)}, {("abcdefghijklmnopqrs"):rep(3), nil})
  check("empty", {inflate(""):read("*a"), inflate(""):read(1)}, {"", nil})

  -- Sources.
  local data = Z "abc" .. "junk"
  local source, calls = {}, {}
  function source:peek (n)
    calls[#calls + 1] = "peek" .. n
    return data
  end
  function source:read (n)
    calls[#calls + 1] = "read" .. n
    local taken = data:sub(1, n)
    data = data:sub(n + 1)
    return taken
  end
  check("no more is read than is used", {inflate(source):read("*a"), table.concat(calls, " "), data},
    {"abc", "peek8192 read11", "junk"})
  data = Z "abc"
  check("an object", inflate({read = function (self, n)
    local all = data
    data = nil
    return all
  end}):read("*a"), "abc")
  check("errors go on", message(function () inflate(function () error("boo", 0) end):read("*a") end), "boo")
  check("no string", message(function () inflate(function () return {} end):read("*a") end),
    "deflate callback must return string or nil")
  raises([[zlib.inflate({})]], "bad argument #1 to 'inflate' (input parameter does not provide :read function)")
  raises([[zlib.inflate(true)]],
    "bad argument #1 to 'inflate' (input parameter must be a string, function, table or userdata value)")

  -- Writing.
  local parts
  local function sink (part)
    parts[#parts + 1] = part
  end
  local function deflated (...)
    parts = {}
    local d = zlib.deflate(sink, ...)
    d:write("hello ", "hello", 1)
    d:close()
    return table.concat(parts)
  end
  check("deflate", inflate(deflated()):read("*a"), "hello hello1")
  check("gzip", inflate(deflated(9, 8, 31)):read("*a"), "hello hello1")
  parts = {}
  local d = zlib.deflate(sink, 0)
  d:write(("x"):rep(100000))
  d:close()
  check("parts", {#parts > 10, #parts[1]}, {true, 8192})
  d = zlib.deflate(sink)
  check("methods", {d:write("a"), d:flush(), d:flush("sync"), d:flush("full"), d:flush("finish"), d:close(), d:close()},
    {true, true, true, true, true, true, true})
  check("nothing after the end", message(d.write, d, "y"):match("attempt.*"), "attempt to use invalid zlib stream)")
  local object = {write = function (self, part) self[#self + 1] = part end}
  d = zlib.deflate(object)
  d:write("abc")
  d:close()
  check("an object", inflate(table.concat(object)):read("*a"), "abc")
  d = zlib.deflate(function () error("boo", 0) end)
  check("errors go on", message(function () d:write("a") d:close() end), "boo")
  raises([[zlib.deflate(print):write({})]], "bad argument #1 to 'write' (string expected, got table)")
  raises([[zlib.deflate(print):flush("x")]], "bad argument #1 to 'flush' (invalid option 'x')")
  raises([[zlib.inflate("x"):read(1, {})]], "bad argument #2 to 'read' (invalid option)")
  raises([[zlib.deflate("x")]],
    "bad argument #1 to 'deflate' (output parameter must be a function, table or userdata value)")
  raises([[zlib.deflate({})]], "bad argument #1 to 'deflate' (output parameter does not provide :write function)")
  raises([[zlib.deflate(print, 99)]], "call to deflateInit2 failed")
  raises([[zlib.deflate(print, 9, 8, 31, 8, 0, "x")]], "call to deflateSetDictionnary failed")

  -- Dictionaries.
  data = deflated(9, 8, 15, 8, 0, "hello")
  check("right", inflate(data, 15, "hello"):read("*a"), "hello hello1")
  check("wrong", message(function () inflate(data, 15, "hellp"):read("*a") end), "call to inflateSetDictionnary failed")
  check("not needed", inflate(Z "abc", 15, "hello"):read("*a"), "abc")

  -- Checksums of streams.
  s = inflate(Z "abc")
  check("inflate", {s:adler(), s:read("*a"), s:adler()}, {1.0, "abc", 38600999.0})
  s = inflate(Z("abc", 9, 8, 31))
  check("inflate gzip", {s:adler(), s:read("*a"), s:adler()}, {1.0, "abc", 891568578.0})
  d = zlib.deflate(sink)
  check("deflate", {d:adler(), d:write("abc"), d:adler()}, {1.0, true, 38600999.0})
  d = zlib.deflate(sink, 9, 8, 31)
  check("deflate gzip", {d:adler(), d:write("abc"), d:adler()}, {0.0, true, 891568578.0})

  -- What streams are.
  s, d = inflate(Z "abc"), zlib.deflate(sink)
  check("types", {type(s), tostring(s):match("^[^(]*"), tostring(d):match("^[^(]*")},
    {"userdata", "zlib inflate stream ", "zlib deflate stream "})
  check("no other fields", s.foo, nil)
  check("one does not do for the other", {(pcall(s.write, s, "x")), (pcall(d.read, d))}, {false, false})
  check("closed", {s:close(), s:close(), tostring(s)}, {true, true, "zlib stream (closed)"})
  check("of no use", message(s.read, s):match("attempt.*"), "attempt to use invalid zlib stream)")
  raises([[zlib.inflate("x").read("x")]], "bad argument #1 to 'read' (zlib:zstream expected, got string)")

  -- Unlike Nmap 7.93: what a function gives is read to its end, and a dictionary that is missing is an error.
  data = Z "abc"
  local at = 0
  check("a function", inflate(function ()
    at = at + 1
    return data:sub(at, at)
  end):read("*a"), "abc")
  check("no dictionary", message(function () inflate(deflated(9, 8, 15, 8, 0, "hello")):read("*a") end),
    "no inflate dictionary provided")
  check("a source that reads itself", message(function ()
    local own
    own = inflate(function () return own:read("*a") end)
    own:read("*a")
  end):match("attempt.*"), "attempt to use invalid zlib stream)")
end
