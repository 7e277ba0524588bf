-- stringaux, tableaux, match, nsedebug and outlib.
--
-- Expected values are those of Nmap 7.93, except where a heading says why not.
return function (check, gives, raises)
  -- strjoin and strsplit.
  gives([[stringaux.strjoin(", ", {"a","b","c"})]], "a, b, c")
  gives([[stringaux.strjoin(", ", {})]], "")
  gives([[stringaux.strjoin(",", {1,2.5})]], "1,2.5")
  gives([[stringaux.strsplit(",", "a,b,c")]], {"a", "b", "c"})
  gives([[stringaux.strsplit(",", "a,,b,")]], {"a", "", "b", ""})
  gives([[stringaux.strsplit(",", "")]], {""})
  gives([[stringaux.strsplit(",", ",")]], {"", ""})
  gives([[stringaux.strsplit(",", "abc")]], {"abc"})
  gives([[stringaux.strsplit(",%s*", "a, b,c,   d")]], {"a", "b", "c", "d"})
  gives([[stringaux.strsplit(".", "abc")]], {"", "", "", ""})
  gives([[stringaux.strsplit("%.", "a.b")]], {"a", "b"})
  gives([[stringaux.strsplit("(,)", "a,b")]], {"a", "b"})
  gives([[stringaux.strsplit("^a", "aab")]], {"", "", "b"})

  -- strjoin and strsplit, unlike Nmap: other words.
  raises([[stringaux.strjoin(nil, {"a","b"})]], "delimiter is not a string; it comes before the list")
  raises([[stringaux.strsplit("", "abc")]], "the delimiter matches the empty string")

  -- filename_escape.
  gives([[stringaux.filename_escape("a/b\\c:d e.txt")]], "a%2fb%5cc%3ad%20e.txt")
  gives([[stringaux.filename_escape("a%b_c-d~é\0")]], "a%25b_c-d%7e%c3%a9%00")
  gives([[stringaux.filename_escape("..")]], "%2e%2e")
  gives([[stringaux.filename_escape(".")]], "%2e")
  gives([[stringaux.filename_escape("")]], "")
  gives([[stringaux.filename_escape("a.b")]], "a.b")
  gives([[stringaux.filename_escape(".a")]], ".a")
  gives([[stringaux.filename_escape("a\nb")]], "a%0ab")
  gives([[stringaux.filename_escape("'\"*?<>|&;()[]{}!#$@=+,^`")]],
    "%27%22%2a%3f%3c%3e%7c%26%3b%28%29%5b%5d%7b%7d%21%23%24%40%3d%2b%2c%5e%60")

  -- ipattern.
  gives([[stringaux.ipattern("http")]], "[hH][tT][tT][pP]")
  gives([[stringaux.ipattern("HTTP/1.%d")]], "[hH][tT][tT][pP]/1.%d")
  gives([[stringaux.ipattern("[a-z]x")]], "[a-z][xX]")
  gives([[stringaux.ipattern("[^a]%a%S")]], "[^a]%a%S")
  gives([[stringaux.ipattern("%f[%w]the")]], "%f[%w][tT][hH][eE]")
  gives([[stringaux.ipattern("")]], "")
  gives([[stringaux.ipattern("a%%b")]], "[aA]%%[bB]")
  gives([[stringaux.ipattern("(ab)-c*")]], "([aA][bB])-[cC]*")
  gives([[stringaux.ipattern("[%a-]")]], "[%a-]")
  gives([[stringaux.ipattern("5 x_")]], "5 [xX]_")
  gives([[stringaux.ipattern("[a-fx]")]], "[a-fx]")
  gives([[stringaux.ipattern("%1a")]], "%1[aA]")
  gives([[stringaux.ipattern("[%]a]")]], "[%]a]")

  -- ipattern, unlike Nmap: what follows %b stays, and so does ] as the first of a class.
  gives([[stringaux.ipattern("%bxy")]], "%bxy")
  gives([[stringaux.ipattern("[]a]")]], "[]a]")
  gives([[stringaux.ipattern("[^]a]")]], "[^]a]")

  -- tcopy and shallow_tcopy.
  gives([[tableaux.tcopy({1,{2,x={3}}})]], {1, {2, x = {3}}})
  gives([=[local a={1,{2}} local b=tableaux.tcopy(a) return a~=b, a[2]~=b[2]]=], true, true)
  gives([[tableaux.tcopy(setmetatable({},{__len=function() return 5 end}))]], {})
  gives([=[local k={} local b=tableaux.tcopy({[k]=1}) return b[k]]=], 1)
  gives([[tableaux.shallow_tcopy({1,{2},x=3})]], {1, {2}, x = 3})
  gives([=[local a={1,{2}} local b=tableaux.shallow_tcopy(a) return a~=b, a[2]==b[2]]=], true, true)
  gives([[tableaux.shallow_tcopy(setmetatable({1},{__len=function() return 5 end}))]], {1})

  -- tcopy and shallow_tcopy, unlike Nmap: a table in itself is no endless loop.
  gives([[local a={} a.a=a local b=tableaux.tcopy(a) return b.a==b]], true)
  raises([[tableaux.tcopy(5)]], "tcopy copies tables, not a number")
  raises([[tableaux.tcopy("s")]], "tcopy copies tables, not a string")
  raises([[tableaux.tcopy(nil)]], "tcopy copies tables, not a nil")

  -- invert, keys and contains.
  gives([[tableaux.invert({"a","b"})]], {a = 1, b = 2})
  gives([[tableaux.invert({a=1,b=2})]], {"a", "b"})
  gives([[tableaux.invert({})]], {})
  gives([[tableaux.keys({"a"})]], {1})
  gives([[tableaux.keys({x=1})]], {"x"})
  gives([[tableaux.keys({})]], {})
  gives([[tableaux.contains({"a","b"}, "b")]], true, 2)
  gives([[tableaux.contains({"a","b"}, "c")]], false, nil)
  gives([[tableaux.contains({x="b"}, "b")]], true, "x")
  gives([[tableaux.contains({x="b"}, "b", true)]], false, nil)
  gives([[tableaux.contains({1,2,x="b"}, "b", true)]], false, nil)
  gives([[tableaux.contains({1,2,x="b"}, 2, true)]], true, 2)
  gives([[tableaux.contains({1,2,x="b"}, "b", false)]], true, "x")
  gives([[tableaux.contains({"b","b"}, "b")]], true, 1)
  gives([[tableaux.contains({"a",nil,"b"}, "b")]], true, 3)
  gives([[tableaux.contains({}, nil)]], false, nil)
  gives([[tableaux.contains({1.0}, 1)]], true, 1)

  -- match.
  gives([[match.numbytes(3)("")]], nil)
  gives([[match.numbytes(3)("ab")]], nil)
  gives([[match.numbytes(3)("abc")]], 3, 3)
  gives([[match.numbytes(3)("abcdef")]], 3, 3)
  gives([[match.numbytes(0)("abc")]], 0, 0)
  gives([[match.numbytes(-1)("abc")]], -1, -1)
  gives([[match.pattern_limit("\n", 5)("")]], nil)
  gives([[match.pattern_limit("\n", 5)("ab\ncd")]], 3, 3)
  gives([[match.pattern_limit("\n", 5)("abcde")]], 5, 5)
  gives([[match.pattern_limit("\n", 5)("abcd\n")]], 5, 5)
  gives([[match.pattern_limit("\n", 5)("abcdef")]], 5, 5)
  gives([[match.pattern_limit("\n", 5)("abcdef\n")]], 7, 7)
  gives([[match.pattern_limit("\n", 5)("abcde\n")]], 6, 6)
  gives([[match.pattern_limit("(b)", 5)("abc")]], 2, 2)

  -- nsedebug.
  gives([[nsedebug.tostr({1,"a",{b=2}})]], "1: 1\n2: \"a\"\n3:\n  b: 2\n")
  gives([[nsedebug.tostr("s")]], "\"s\"\n")
  gives([[nsedebug.tostr(5)]], "5\n")
  gives([[nsedebug.tostr(nil)]], "nil\n")
  gives([[nsedebug.tostr(true)]], "true\n")
  gives([[nsedebug.tostr({})]], "")
  gives([[nsedebug.tostr({a={b={c=1}}})]], "a:\n  b:\n    c: 1\n")
  gives([[nsedebug.tostr({1}, 2)]], "  1: 1\n")
  gives([[nsedebug.tostr({[true]="x"})]], "true: \"x\"\n")
  gives([[nsedebug.tostr({1.5, -0.0})]], "1: 1.5\n2: -0.0\n")
  gives([[nsedebug.tostr({"a\nb"})]], "1: \"a\\\nb\"\n")
  gives([[nsedebug.tostr(print):match("^function")]], "function")
  gives([[nsedebug.tostr({x=function() end}):gsub("0x%x+","P")]], "x: function: P\n", 1)
  gives([[nsedebug.tostr("s", 3)]], "   \"s\"\n")
  gives([[nsedebug.tostr({{}, {{}}})]], "1:\n2:\n  1:\n")
  gives([[local t={1} return (nsedebug.tostr({t,t}):gsub("0x%x+","P"))]], "1:\n  1: 1\n2:\n  1: 1\n")
  gives([[nsedebug.tostr(setmetatable({1},{__tostring=function() return "TS" end}))]], "1: 1\n")
  gives([[local o=stdnse.output_table() o.z=1 return nsedebug.tostr(o)]], "z: 1\n")

  -- outlib.
  gives([[local t={} outlib.list_sep(t) return tostring(t)]], "")
  gives([[local t={"a"} outlib.list_sep(t) return tostring(t)]], "a")
  gives([[local t={[3]=1,[1]=2} local r=outlib.sorted_by_key(t) local k={}
    for a,b in pairs(r) do k[#k+1]=a.."="..b end
    return k]],
    {"1=2", "3=1"})
  gives([[local t={a10=1,a9=2} local r=outlib.sorted_by_key(t) local k={}
    for a,b in pairs(r) do k[#k+1]=tostring(a).."="..b end
    return k]],
    {"a10=1", "a9=2"})
  gives([[local t=outlib.sorted_by_key({B=1,a=2,C=3}) local k={}
    for a,b in pairs(t) do k[#k+1]=tostring(a).."="..b end
    return k]],
    {"B=1", "C=3", "a=2"})

  -- outlib, unlike Nmap: list_sep gives its table; values may be booleans, keys may be of any type.
  gives([[local t={"a","b"} return outlib.list_sep(t, " | ") == t, tostring(t)]], true, "a | b")
  gives([[local t={1,2.5,true} outlib.list_sep(t) return pcall(tostring, t)]], true, "1, 2.5, true")
  gives([[local t={[3]=1,a=2} local r=outlib.sorted_by_key(t) local k={}
    for a,b in pairs(r) do k[#k+1]=tostring(a).."="..b end
    return k]],
    {"3=1", "a=2"})
  gives([[local t=outlib.sorted_by_key({x=1}) t.b=5 local k={}
    for a,b in pairs(t) do k[#k+1]=tostring(a).."="..b end
    return k, t.b, #t, t.zz]],
    {"b=5", "x=1"}, 5, 0, nil)

  local nsedebug = require "nsedebug"
  local outlib = require "outlib"
  local table = require "table"

  -- What nsedebug prints goes to the global `print`.
  local print, printed = _G.print, {}
  rawset(_G, "print", function (text) printed[#printed + 1] = text end)
  nsedebug.print_hex("0123456789abcdefXYZ\0\255\n%")
  nsedebug.print_hex("")
  nsedebug.print_stack()
  rawset(_G, "print", print)
  local stack = table.remove(printed)
  check("print_hex", printed, {
    "00000000 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66    0123456789abcdef",
    "00000010 58 59 5a 00 ff 0a 25                               XYZ...%",
    "         Length: 23 [0x17]",
    "         Length: 0 [0x0]",
  })
  check("print_stack", stack:match("stack traceback:") , "stack traceback:")

  local methods = {"GET", "HEAD"}
  check("list_sep gives its table", outlib.list_sep(methods) == methods, true)
  check("list_sep", tostring(methods), "GET, HEAD")

  -- Unlike Nmap: a table in itself is no endless loop.
  local nested = {}
  nested.self = nested
  local text = nsedebug.tostr(nested):gsub("0x%x+", "X")
  check("a table in itself", text, "self: table: X (contains this line)\n")
end
