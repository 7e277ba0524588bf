local coroutine = require "coroutine"
local debug = require "debug"
local io = require "io"
local math = require "math"
local os = require "os"
local package = require "package"
local string = require "string"
local table = require "table"
local utf8 = require "utf8"

description = [[Tells what Lua makes of many expressions: where versions of Lua differ, and where they should not.]]
categories = {"safe"}

prerule = function() return true end

-- Between them there are two semicolons, or the end of a line.
local EXPRESSIONS = [====[
"10"+1 ;; "10"*"2" ;; "10"/2 ;; "0x10"+0 ;; "1e1"+0 ;; "10"//3 ;; "10"%3 ;; "10.0"//3 ;; -"2" ;; "2"^2
-"0x10" ;; "9007199254740993"+0 ;; "9223372036854775808"+0 ;; "abc"+1 ;; ""+1 ;; " 10 "+1 ;; "10"+{}
10 .. 20 ;; 1.0 .. "" ;; "1"<2 ;; "1"=="1.0" ;; 1<"2" ;; "a"<"b" ;; "10"|1 ;; "10"&"3" ;; "1.0"|0 ;; "1.5"|0
1.5|0 ;; "x"|0 ;; ~"1" ;; "1"<<2 ;; 1<<64 ;; 1<<-1 ;; 1>>63 ;; -1>>1 ;; 1<<"2" ;; 2^53|0 ;; 1e100|0 ;; {}|1
7//0 ;; 7%0 ;; 7.0//0 ;; 7.0%0 ;; math.mininteger//-1 ;; math.mininteger%-1 ;; -7//2 ;; -7%2 ;; 7%-3 ;; -7.5%2
7.5//-2 ;; math.maxinteger+1 ;; math.maxinteger*2 ;; math.maxinteger+1.0 ;; 5.3%math.huge ;; -5.3%math.huge
1/0 ;; -1/0 ;; 3|0.0 ;; 1e15 ;; 1e16 ;; 123456789012345678 ;; 0xffffffffffffffff ;; 0x1ffffffffffffffff
0x1p4 ;; 0x.8 ;; 1e308*10 ;; 2^63 ;; -2^63 ;; 2^63 == math.maxinteger+1.0 ;; math.tointeger(2^53)
math.tointeger("8") ;; math.tointeger(3.5) ;; math.tointeger({}) ;; math.tointeger("x") ;; tostring(1e15)
tostring(-0.0) ;; tostring(3.14159265358979) ;; tostring(1e100) ;; tonumber("0x") ;; tonumber("1e")
tonumber("10",2) ;; tonumber("zz",36) ;; tonumber("8",8) ;; tonumber("1 0") ;; tonumber("")
tonumber("0x1p-2") ;; tonumber("inf") ;; tonumber("nan") ;; tonumber("1_000") ;; tonumber(nil) ;; tonumber()
tonumber("10",1) ;; tonumber("10",37) ;; tonumber(10,10) ;; tonumber("7fffffffffffffff",16)
tonumber("ffffffffffffffffff",16) ;; tonumber("1\0") ;; tonumber("1e1",16) ;; tonumber("-0x10")
tonumber("- 1") ;; tonumber("0b1") ;; string.format("%d",3.0) ;; string.format("%d",3.5)
string.format("%d","3") ;; string.format("%d","3.0")
string.format("%5.1f|%-5d|%+d|% d|%05d",3.14159,3,3,3,3) ;; string.format("%x %X %o",255,255,8)
string.format("%x",-1) ;; string.format("%q","a\nb\0c\r\"\\\200") ;; string.format("%q",1/3)
string.format("%q",1) ;; string.format("%q",math.mininteger) ;; string.format("%q",1/0)
string.format("%q",0/0) ;; string.format("%q",nil) ;; string.format("%q",true) ;; string.format("%q",{})
string.format("%5q","x") ;; string.format("%s",nil)
string.format("%s",setmetatable({},{__tostring=function() return "T" end}))
string.format("%s",setmetatable({},{__name="NAME"})) ;; string.format("%.3s","abcdef")
string.format("%10s|%-10s|","a","b") ;; string.format("%s","a\0b") ;; string.format("%10s","a\0b")
string.format("%i",42) ;; string.format("%u",42) ;; string.format("%c",65) ;; string.format("%a",1)
string.format("%g",1e20) ;; string.format("%e",1) ;; string.format("%") ;; string.format("%y",1)
string.format("%d") ;; string.format("%d","x") ;; string.format("%d",nil) ;; string.format("%s")
string.format("%123d",1) ;; string.format("%.123d",1) ;; string.format("%#x",255) ;; string.format("%p",1)
string.format("%-#5x|",255) ;; string.format("%0-5d|",3) ;; string.format("%.0f",0.5)
string.format("%.20f",0.1) ;; string.format("%99.99f",1/3) ;; string.format("%5c|",65)
string.format("%d",2^63) ;; string.format("%s %s",1,2,3) ;; string.format("%%") ;; string.format("%5%")
string.format("%.f",1.5) ;; string.format("% 5s|","x") ;; string.format("%+s","x") ;; string.format("%#s","x")
string.format("%05s|","x") ;; string.format("%.5q","x") ;; string.format("%#d",3) ;; string.format("%i",3.0)
string.rep("x",3,",") ;; string.rep("x",0) ;; string.rep("x",-1) ;; string.sub("hello",-3)
string.sub("hello",2,-2) ;; string.sub("hello",0) ;; string.sub("hello",10)
string.sub("hello",math.mininteger,math.maxinteger) ;; string.sub("hello",2.0) ;; string.sub("hello",2.5)
string.byte("abc",-1) ;; string.byte("abc",10) ;; string.byte("abc",1,-1) ;; string.char() ;; string.char(256)
string.char(-1) ;; string.char(65.0) ;; string.reverse("abc") ;; string.len("a\0b") ;; #"a\0b"
string.find("abc","b",1,true) ;; string.find("abc","") ;; string.find("abc","",10) ;; string.find("abc","",4)
string.find("abc","b",-1) ;; string.find("a.c",".",1,true) ;; string.match("hello","(h)(e)")
string.match("hello","()ll()") ;; string.match("key = value","^(%w+)%s*=%s*(%w+)$") ;; string.match("abc","%")
string.match("abc","[a") ;; string.match("abc","(a") ;; string.match("abc","a)") ;; string.match("abc","%1")
string.match("THE (quick) fox","%((%a+)%)") ;; string.match("x","%f[%w]x") ;; string.match("a\0b","%z")
string.match("a\0b","[^\0]+") ;; string.match("[[x]]","%b[]") ;; string.match("abc","%b")
string.match("abc","%f") ;; string.gsub("hello","l","x",1) ;; string.gsub("hello","","-")
string.gsub("hello","l","%%") ;; string.gsub("hello","l","%1") ;; string.gsub("hello","(l)","%2")
string.gsub("hello","l","%") ;; string.gsub("hello","l","%x") ;; string.gsub("hello","l",{l="L"})
string.gsub("hello","l",function() end) ;; string.gsub("hello","l",function() return false end)
string.gsub("hello","l",function() return {} end) ;; string.gsub("hello","l",true)
string.gsub("abc","%w","%0%0") ;; string.gsub("abc d","%s*","-") ;; string.gsub("abc","b*","-")
string.gsub("hello world","o","0",math.huge) ;; string.gsub("hello","l","x",-1)
string.gsub("hello","l","x","1") ;; string.gsub("hello","^l","x") ;; ("x"):rep(3) ;; ("%d"):format(3)
("abc"):gmatch(".")()
(function() local r={} for k in string.gmatch("abc","") do r[#r+1]="x" end return #r end)()
(function() local r={} for k in string.gmatch("abc","b*") do r[#r+1]=k end return table.concat(r,"|") end)()
(function() local r={} for k in string.gmatch("abc","^a") do r[#r+1]=k end return table.concat(r,"|") end)()
(function() local r={} for k in string.gmatch("abcabc","a",3) do r[#r+1]=k end return table.concat(r,"|") end)()
string.pack("<i4",100) ;; string.pack(">I2",65536) ;; string.pack("<i1",-128) ;; string.pack("<i1",-129)
string.pack("z","a") ;; string.pack("z","a\0b") ;; string.pack("s1","abc") ;; string.pack("s1",("x"):rep(256))
string.pack("<i16",-1) ;; string.pack("<i17",-1) ;; string.pack("!4 i1 i4",1,2) ;; string.pack("<d",1.5)
string.pack("<f",1/3) ;; string.pack("<n",1) ;; string.pack("<j",1) ;; string.pack("<T",1)
string.pack("c3","ab") ;; string.pack("c3","abcd") ;; string.pack("x") ;; string.pack("X") ;; string.pack("y")
string.pack("i","x") ;; string.pack("<I4",1.5) ;; string.pack("<I4","7") ;; string.unpack("<i4","\1\0\0\0")
string.unpack("<i4","\1\0") ;; string.unpack("z","abc") ;; string.unpack("z","abc\0d")
string.unpack("s1","\3abc") ;; string.unpack("s1","\3ab") ;; string.unpack("<I2","\1\2\3",2)
string.unpack("<I2","\1\2\3",3) ;; string.unpack("<I2","\1\2\3",-2) ;; string.unpack("<I2","\1\2\3",5)
string.unpack("<I2","\1\2\3",0) ;; string.unpack("<I9","\1\0\0\0\0\0\0\0\1")
string.unpack("<i9","\255\255\255\255\255\255\255\255\255") ;; string.packsize("<i4i8")
string.packsize("s") ;; string.packsize("z") ;; string.packsize("!8 i1 i8") ;; string.unpack("B","")
string.unpack("<i3","\255\255\255") ;; string.unpack("c0","x") ;; string.unpack("c2","x")
string.unpack("<I4","\255\255\255\255") ;; string.unpack(">!4 I1 !4 I4","\1\0\0\0\0\0\0\2")
table.unpack({1,2,3}) ;; table.unpack({1,2,3},2) ;; table.unpack({1,2,3},2,5) ;; table.unpack({},1,0)
table.unpack({},1,math.maxinteger) ;; table.unpack({},math.mininteger,math.maxinteger)
table.unpack({},"1","2") ;; table.unpack({},1.5) ;; table.unpack("x") ;; table.unpack(nil)
select("#",table.unpack({},1,3)) ;; select(-1,1,2,3) ;; select(0) ;; select(-5,1) ;; select("x")
select(2.0,1,2) ;; table.pack(1,nil,3).n ;; table.concat({1,2.0,"x"},",") ;; table.concat({1,{},3})
table.concat({},",",1,3) ;; table.concat({1,2,3},",",2) ;; table.concat({1,2,3},",",3,2)
table.concat({1,nil,3}) ;; table.insert({1,2,3},5,"x") ;; table.insert({1,2,3},4,"x")
table.insert({1,2,3},0,"x") ;; table.insert({}) ;; table.insert({},1,2,3) ;; table.insert(nil,1)
table.remove({}) ;; table.remove({1,2,3},4) ;; table.remove({1,2,3},5) ;; table.remove({1,2,3},0)
table.remove({},0) ;; table.remove({1,2,3}) ;; #table.move({1,2,3},1,3,2)
table.move({},1,math.maxinteger,2) ;; table.sort({3,1,"x"})
pcall(table.sort,{1,2,3,4,5},function() return true end)
(function() local t={5,3,1} table.sort(t,function(a,b) return a>b end) return table.concat(t) end)()
rawlen("abc") ;; rawlen({1,2}) ;; rawlen(5) ;; rawequal("a","a") ;; next({}) ;; next({},1) ;; type()
ipairs() ;; ipairs(nil) ;; pairs(nil) ;; setmetatable({},5)
setmetatable(setmetatable({},{__metatable=1}),{}) ;; getmetatable("").__index==string
getmetatable("").__name ;; math.floor(3.7) ;; math.floor(-3.7) ;; math.floor(1e100) ;; math.ceil(3.2)
math.floor("3.7") ;; math.abs(math.mininteger) ;; math.fmod(7,0) ;; math.fmod(-7,3)
math.fmod(math.mininteger,-1) ;; math.max(1,2.5) ;; math.max() ;; math.min(1) ;; math.sqrt(16)
math.ult(1,-1) ;; math.log(8,2) ;; math.log(100,10) ;; math.log(0) ;; math.exp(0) ;; math.modf(3.7)
math.modf(-3.7) ;; math.modf(5) ;; math.modf(1/0) ;; math.type(1) ;; math.type("1") ;; math.type()
math.random(5,1) ;; math.random(1,2,3) ;; math.random(1.5) ;; math.random(3.0)<=3
math.random(math.mininteger,math.maxinteger)~=nil ;; math.randomseed(1) ;; math.randomseed("x")
math.randomseed(1.5) ;; math.randomseed(1,2) ;; math.pow(2,3) ;; math.log10(1000) ;; math.ldexp(1,3)
math.frexp(8) ;; math.cosh(0) ;; math.sinh(0) ;; math.tanh(0) ;; math.pi ;; math.huge ;; math.deg(math.pi)
math.atan(1,0) ;; math.atan2 ;; utf8.char(72,228,8364,128512) ;; utf8.char(0x7fffffff) ;; utf8.char(-1)
utf8.char(0xd800) ;; utf8.len("\xff") ;; utf8.len("\xed\xa0\x80") ;; utf8.len("\xf4\x90\x80\x80")
utf8.len("\xfd\xbf\xbf\xbf\xbf\xbf") ;; utf8.codepoint("\xed\xa0\x80") ;; utf8.codepoint("\xf4\x90\x80\x80")
utf8.codepoint("\xff") ;; utf8.codepoint("abc",1,-1) ;; utf8.codepoint("abc",4) ;; utf8.charpattern
(function() for p,c in utf8.codes("a\xff") do end end)()
(function() for p,c in utf8.codes("\xed\xa0\x80") do return c end end)() ;; "\u{10ffff}"
os.date("!%Y-%m-%d %H:%M:%S",0) ;; os.date("!*t",0).year ;; os.date("!%c",0) ;; os.date("!%x %X %p",0)
os.date("%E",0) ;; os.date("%Ex",0) ;; os.date("%Q",0) ;; os.date("%",0) ;; os.date("!%Y",-1)
os.date("!%Y",1e15) ;; os.date("!%Y",2^60) ;; os.date("!%Y",1.5) ;; os.date("!%Y","0") ;; os.date("!%Y","x")
os.time({year=2020,month=1,day=1,hour=0}) ;; os.time({year=2020,month=14,day=-3}) ;; os.time({year=2020})
os.time({year="2020",month="1",day="1"}) ;; os.time({year=2020.5,month=1,day=1})
os.time({year=1e10,month=1,day=1}) ;; os.time({year=2020,month=1,day=1,isdst=true}) ;; os.time("x")
os.difftime(5,3) ;; os.difftime(5) ;; os.difftime() ;; os.rename("/nosuch","/x") ;; os.remove("/nosuch")
os.execute("exit 3") ;; os.execute("true") ;; os.execute() ;; load("return 1")()
load("return x",nil,"t",{x=5})() ;; load("x=") ;; load("\27Lua") ;; load(string.dump(function() end),"x","t")
load(function() end) ;; load("return ...","n")(7) ;; load(5) ;; load() ;; load({})
load("error('x')","=chunk") ;; pcall(load("error('x')","=chunk")) ;; pcall(load("error('x')","@file"))
pcall(load("error('x')","some text")) ;; pcall(load("error('x')",("long"):rep(40)))
pcall(load("error('x')","line1\nline2")) ;; pcall(load("local x <const> = 1 return x")) ;; load("goto x")
load("::a:: ::a::") ;; load("break") ;; load("return 1,") ;; load("for i=1 do end") ;; load("x = 'a")
load("x = [[a") ;; load("x = '\\400'") ;; load("x = '\\xZZ'") ;; load("x = '\\u{110000}'")
load("return '\\z   x'")() ;; dofile("/nosuch") ;; loadfile("/nosuch") ;; string.dump(print)
type(string.dump(function() end)) ;; pcall(error) ;; pcall(error,nil) ;; pcall(error,"x",0)
pcall(error,"x",1) ;; pcall(error,"x",2) ;; pcall(error,{})
select(2,pcall(error,setmetatable({},{__tostring=function() return "E" end}))) ;; pcall() ;; pcall(5)
xpcall(5,print) ;; xpcall(error,function(m) return "h:"..tostring(m) end,"x") ;; xpcall(error)
xpcall(error,5,"x") ;; xpcall(function() error("a") end,function(m) error("b") end) ;; assert(false)
assert(nil,"m") ;; assert(false,{}) ;; assert() ;; assert(1,2,3) ;; tostring(setmetatable({},{__name="N"}))
tostring(setmetatable({},{__tostring=function() return 5 end})) ;; tostring()
#setmetatable({},{__len=function() return "x" end}) ;; #5 ;; nil.."" ;; ({}).."" ;; nil+1 ;; ({}).x.y
("x").y.z ;; (5).x ;; undeclared_name ;; ({})<({}) ;; ({})<1 ;; 1<"x" ;; nil<1 ;; {}=={}
setmetatable({},{__lt=function() return true end})<1 ;; setmetatable({},{__lt=function() return true end})<=1
setmetatable({},{__le=function() return 5 end})<=1
setmetatable({},{__eq=function() return true end})==setmetatable({},{})
setmetatable({},{__call=function(s,a) return a end})(9) ;; (5)() ;; nil()
setmetatable({},{__index=function(t,k) return k end}).zz
setmetatable({},{__concat=function() return "C" end}).."x"
setmetatable({},{__unm=function() return "U" end}) and -setmetatable({},{__unm=function() return "U" end})
setmetatable({},{__idiv=function() return "I" end})//1 ;; ~setmetatable({},{__bnot=function() return "B" end})
(function() local n=0 for i=math.mininteger,math.mininteger+1 do n=n+1 end return n end)()
(function() local n=0 for i=1,3,0 do n=n+1 if n>5 then break end end return n end)()
(function() for i="1",2 do return i end end)() ;; (function() for i=1,"2" do return i end end)()
(function() for i=1,2,"1" do return i end end)() ;; (function() for i=1,{} do return i end end)()
(function() local r="" for i=1,2,0.5 do r=r..i.." " end return r end)()
(function() local r="" for i=1.0,3 do r=r..i.." " end return r end)()
(function() local r="" for i=3,1 do r=r..i end return r end)()
(function() for i=1,math.huge do if i>3 then return i end end end)()
(function() for i=1,0/0 do return i end return "none" end)() ;; (function() for x in 5 do end end)()
(function() for x in nil do end end)() ;; (function() for k,v in {} do end end)()
(function() local t=setmetatable({},{__pairs=function(t) return function(_,k) if not k then return 1,2 end end,t,nil end}) for k,v in pairs(t) do return k,v end end)()
(function() local t=setmetatable({},{__index=function(t,i) if i<4 then return i end end}) local n=0 for i,v in ipairs(t) do n=n+v end return n end)()
(function() local t=setmetatable({},{__ipairs=function() return function() return nil end end}) for i in ipairs(t) do return i end return "none" end)()
coroutine.isyieldable() ;; coroutine.status(coroutine.create(print))
coroutine.wrap(function() error("x") end)() ;; coroutine.wrap(function() error({}) end)()
(function() local c=coroutine.create(function() end) coroutine.resume(c) return coroutine.resume(c) end)()
(function() local w=coroutine.wrap(function() end) w() return w() end)() ;; coroutine.resume(5)
coroutine.create(5) ;; coroutine.yield ;; pcall(coroutine.wrap(function() return coroutine.yield(1) end))
_VERSION ;; debug.getinfo(1,"l").currentline ;; debug.traceback("x",1)~=nil ;; debug.getinfo(100)
debug.getinfo(1,"X") ;; debug.sethook() ;; debug.getlocal(1,1) ;; debug.getuservalue(io.stdout)
debug.upvalueid(function() end,1) ;; debug.getupvalue(print,1) ;; debug.setmetatable(5,nil)
debug.getregistry~=nil ;; debug.setcstacklimit ;; io.open("/nosuch") ;; io.open("/nosuch","zz")
io.open("/dev/null","r+b")~=nil ;; io.type(io.stdout) ;; io.lines("/nosuch") ;; io.open("/dev/null"):read("n")
io.open("/dev/null"):read("a") ;; io.open("/dev/null"):read("*a") ;; io.open("/dev/null"):read("l")
io.open("/dev/null"):read(0) ;; io.open("/dev/null"):read("x") ;; io.open("/dev/null"):seek("end")
io.open("/dev/null"):seek("x") ;; select("#",io.lines("/dev/null")) ;; io.open("/dev/null"):write("x")
io.popen("exit 3"):close() ;; io.popen("echo hi"):read("a") ;; io.popen("echo hi","x")
tostring(io.stdout):match("^file") ;; io.read ;; io.open("/dev/null"):lines("n")()
io.open("/dev/null"):setvbuf("no") ;; (function() local f=io.open("/dev/null") f:close() return f end)()
(function() local f=io.open("/dev/null") f:close() return f:read() end)() ;; io.close(io.open("/dev/null"))
io.output()==io.stdout ;; print(setmetatable({},{__name="PN"})) ;; print(1,nil,"x",2.0)
print(setmetatable({},{__tostring=function() return 5 end})) ;; select("#",require("string"))
package.loaded.string==string ;; package.config ;; package.searchpath("x","?.nope")
package.loadlib("x","y") ;; #package.searchers ;; package.cpath~=nil
table.unpack(setmetatable({},{__index=function(t,i) return i*10 end}),1,3) ;; string.format("%s",1e15) ;; 2^31
1e3 ;; 10/2 ;; 3//1.0 ;; -0.0 ;; 0.1+0.2 ;; 100//1e-320 ;; 255 // 1 | 0 ;; "5"+0 ;; "5.0"+0
"0x7fffffffffffffff"+1 ;; "1e308"*10 ;; #table.pack(string.byte(("x"):rep(1000),1,-1))
string.char(table.unpack({},1,300)) ;; tostring(2^63) ;; math.floor(2^62) ;; string.format("%.14g",2^53)
8 // 3 .. "" ;; "a".."b"==[=[ab]=]  ;; not nil==true ;; 2^-2 ;; -2^2 ;; 1 .. 2 ;; (2^53+1)|0
table.concat({2^53,1e15,1e16},",") ;; ({[1]=1,[2.0]=2})[2]  ;; ({[2^53]=1})[2^53|0] 
(function() local t={} t[0/0]=1 end)() ;; (function() local t={} t[nil]=1 end)()
(function(...) return select("#",...) end)(nil,nil) ;; (function() return end)() ;; warn ;; coroutine.close
bit32 ;; utf8.len("abc",5) ;; utf8.len("abc",4) ;; utf8.codes ;; string.pack ;; math.tointeger ;; unpack
loadstring ;; table.maxn ;; setfenv ;; module
]====]

-- What is left of a function's address is that there is one.
local function show(value)
  if type(value) == "number" then
    return ("%s %s"):format(math.type(value), value)
  end
  local text = tostring(value):gsub("0x%x+", "ADDRESS")
  return (text:gsub("[^ -~]", function(c) return ("\\%d"):format(c:byte()) end))
end

local function tell(expression, ...)
  local values = table.pack(...)
  for i = 1, values.n do values[i] = show(values[i]) end
  nmap.log_write("stdout", ("told: %s => %s"):format(expression, table.concat(values, ", ")))
end

action = function()
  -- The names of libraries are local to a script.
  local names = {
    coroutine = coroutine, debug = debug, io = io, math = math, os = os, package = package, string = string,
    table = table, utf8 = utf8,
  }
  local env = setmetatable(names, {__index = _G})
  for line in EXPRESSIONS:gmatch("[^\n]+") do
    for expression in (line .. " ;; "):gmatch("(.-) ;; ") do
      local chunk, reason = load("return " .. expression, "=it", "t", env)
      if chunk then
        tell(expression, pcall(chunk))
      else
        tell(expression, "not loaded", reason)
      end
    end
  end
end
