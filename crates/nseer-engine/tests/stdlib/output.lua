-- The functions of stdnse that lay out results.
--
-- Expected values are those of Nmap 7.93, except where a heading says why not.
return function (check, gives, raises)
  -- format_output.
  gives([[stdnse.format_output(true, {})]], nil)
  gives([[stdnse.format_output(true, {"a"})]], "\n  a\n")
  gives([[stdnse.format_output(true, {"a", "b"})]], "\n  a\n  b\n")
  gives([[stdnse.format_output(true, {"a", {"b", "c"}})]], "\n  a\n    b\n    c\n")
  gives([[stdnse.format_output(true, {"a", {name="N", "b", "c"}})]], "\n  a\n  N\n    b\n    c\n")
  gives([[stdnse.format_output(true, {name="N", "b", "c"})]], "\nN\n  b\n  c\n")
  gives([[stdnse.format_output(true, {name="N", warning="W", "b", "c"})]], "\nN\n  b\n  c\n")
  gives([[stdnse.format_output(true, {"x\ny"})]], "\n  x\n  y\n")
  gives([[stdnse.format_output(true, {{"x\ny", {"deep", {"deeper"}}}})]],
    "\n    x\n    y\n      deep\n        deeper\n")
  gives([[stdnse.format_output(true, "str")]], "\n  str\n")
  gives([[stdnse.format_output(true, "str\nb")]], "\n  str\n  b\n")
  gives([[stdnse.format_output(true, "")]], nil)
  gives([[stdnse.format_output(true, {5, true})]], nil)
  gives([[stdnse.format_output(true, {{}})]], nil)
  gives([[stdnse.format_output(true, {{}, "a"})]], "\n  a\n")
  gives([[stdnse.format_output(true, {name="N"})]], nil)
  gives([[stdnse.format_output(true, {{name="N"}})]], nil)
  gives([[stdnse.format_output(true, {{name="N", {}}})]], "\n  N\n")
  gives([[stdnse.format_output(true, {{warning="W"}})]], nil)
  gives([[stdnse.format_output(true, {""})]], "\n  \n")
  gives([[stdnse.format_output(true, {"", "b"})]], "\n  \n  b\n")
  gives([[stdnse.format_output(true, {"b\n"})]], "\n  b\n")
  gives([[stdnse.format_output(true, {"a", k="v"})]], "\n  a\n")
  gives([[stdnse.format_output(true, {k="v"})]], nil)
  gives([[stdnse.format_output(false, "err")]], nil)
  gives([[stdnse.format_output(false, {"err"})]], nil)
  gives([[stdnse.format_output(false, {"err", "e2"})]], nil)
  gives([[stdnse.format_output(false, {name="N", "err"})]], nil)
  gives([[stdnse.format_output(false, {name="N", warning="W", "err"})]], nil)
  gives([[stdnse.format_output(nil, {"a"})]], nil)
  gives([[stdnse.format_output(1, {"a"})]], "\n  a\n")
  gives([[stdnse.format_output(true, {"a", stdnse.output_table()})]], "\n  a\n")
  gives([[stdnse.format_output(true, {"a", {name="", "x"}})]], "\n  a\n  \n    x\n")
  gives([[stdnse.format_output(true, {name="", "x"})]], "\n\n  x\n")
  gives([[stdnse.format_output(true, {name=5, "x"})]], "\n5\n  x\n")
  gives([[stdnse.format_output(true, {name="N", {name="M", {name="O", "p", "q"}, "r"}, "s"})]],
    "\nN\n  M\n    O\n      p\n      q\n    r\n  s\n")
  gives([[stdnse.format_output(true, {warning="W", "a"})]], "\n  a\n")
  gives([[stdnse.format_output(true, {"a", {warning="W", "b"}})]], "\n  a\n    b\n")
  gives([[stdnse.format_output(true, {"x\n\ny"})]], "\n  x\n  \n  y\n")

  -- format_output, unlike Nmap: other words; a third parameter does nothing; CR is kept.
  raises([[stdnse.format_output(true, nil)]],
    "format_output needs a string or a table as second argument")
  raises([[stdnse.format_output(true, 5)]], "format_output cannot lay out a number")
  gives([[stdnse.format_output(true, {"a"}, "")]], "\n  a\n")
  gives([[stdnse.format_output(true, {"a", {"b"}}, "   ")]], "\n  a\n    b\n")
  gives([[stdnse.format_output(true, {"a", {"b"}}, {})]], "\n  a\n    b\n")
  raises([[stdnse.format_output(false)]], "format_output needs a string or a table as second argument")
  raises([[stdnse.format_output()]], "format_output needs a string or a table as second argument")
  gives([[stdnse.format_output(true, {"x\r\ny\n\n"})]], "\n  x\r\n  y\n  \n")

  -- pretty_printer.
  gives([[local r={}
    stdnse.pretty_printer({1,"a",{b=2}}, function(s) r[#r+1]=s end)
    return table.concat(r)]],
    "{\n\t[1] = 1,\n\t[2] = \"a\",\n\t[3] = {\n\t\t[\"b\"] = 2,\n\t},\n}")
  gives([[local r={} stdnse.pretty_printer("a\n\0\255\"", function(s) r[#r+1]=s end) return r]],
    {"\"a\\\n\\0\xff\\\"\""})
  gives([[local r={} stdnse.pretty_printer(5, function(s) r[#r+1]=s end) return r]], {"5"})
  gives([[local r={} stdnse.pretty_printer(1.5, function(s) r[#r+1]=s end) return r]], {"1.5"})
  gives([[local r={} stdnse.pretty_printer(nil, function(s) r[#r+1]=s end) return r]], {"nil"})
  gives([[local r={} stdnse.pretty_printer(true, function(s) r[#r+1]=s end) return r]], {"true"})
  gives([[local r={}
    stdnse.pretty_printer(print, function(s) r[#r+1]=s end)
    return #r, (r[1] or ""):match("^function")]],
    1, "function")
  gives([[local r={} local o=stdnse.output_table() o.z=1 o.a=2
    stdnse.pretty_printer(o, function(s) r[#r+1]=s end)
    return table.concat(r)]],
    "{\n\t[\"z\"] = 1,\n\t[\"a\"] = 2,\n}")
  gives([[stdnse.pretty_printer(5)]])
  gives([[stdnse.pretty_printer({a=1})]])

  -- pretty_printer, unlike Nmap: the printer is called once; a table in itself is no endless loop.
  gives([[local r={} stdnse.pretty_printer({}, function(s) r[#r+1]=s end) return r]], {"{\n}"})
  gives([[local r={} stdnse.pretty_printer({{}}, function(s) r[#r+1]=s end) return r]],
    {"{\n\t[1] = {\n\t},\n}"})
  gives([[local r={} stdnse.pretty_printer({[true]=1}, function(s) r[#r+1]=s end) return r]],
    {"{\n\t[true] = 1,\n}"})
  gives([[local r={} stdnse.pretty_printer({["a b"]=1}, function(s) r[#r+1]=s end) return r]],
    {"{\n\t[\"a b\"] = 1,\n}"})
  gives([[local r={} stdnse.pretty_printer({[10]=1}, function(s) r[#r+1]=s end) return r]],
    {"{\n\t[10] = 1,\n}"})
  gives([[local r={} stdnse.pretty_printer({[{}]=1}, function(s) r[#r+1]=s end) return #r]], 1)
  gives([[local r={} local t={} t.t=t
    stdnse.pretty_printer(t, function(s) r[#r+1]=s end)
    return #r, (table.concat(r):gsub("0x%x+","PTR"))]],
    1, "{\n\t[\"t\"] = table: PTR,\n}")
  gives([[local r={}
    stdnse.pretty_printer(setmetatable({},{__tostring=function()
    return "TS" end}), function(s) r[#r+1]=s end)
    return r]],
    {"{\n}"})

  -- Errors are shown when debugging.
  local nmap = require "nmap"
  local stdnse = require "stdnse"
  local debugging = nmap.debugging
  nmap.debugging = function () return 1 end
  gives([[stdnse.format_output(false, "err")]], "\n  ERROR: err\n")
  gives([[stdnse.format_output(false, {"err", "e2"})]], "\n  ERROR: err\n  ERROR: e2\n")
  gives([[stdnse.format_output(false, {name="N", "err"})]], "\nERROR: N\n  ERROR: err\n")
  gives([[stdnse.format_output(true, {name="N", warning="W", "b"})]], "\nN (WARNING: W)\n  b\n")
  nmap.debugging = debugging

  -- output_table: the keys in the order of `pairs`, each with its value.
  local function listed (t)
    local list = {}
    for key, value in pairs(t) do
      list[#list + 1] = tostring(key) .. "=" .. tostring(value)
    end
    return table.concat(list, " ")
  end

  local t = stdnse.output_table()
  check("an empty one", {#t, t(), next(t), rawlen(t), listed(t)}, {0, false, nil, 0, ""})
  t.b = 1
  t.c = 3
  t.a = 2
  check("the order of assignment", listed(t), "b=1 c=3 a=2")
  check("its number, and that there is something", {#t, t(), t(1, 2)}, {3, true, true})
  check("its type", {type(t), tostring(t):match("^table") }, {"table", "table"})
  check("nothing is stored in it", {next(t), rawget(t, "b"), t.b, t.other}, {nil, nil, 1, nil})
  t.c = "x"
  check("a new value keeps the place", listed(t), "b=1 c=x a=2")
  t.b = nil
  check("nil removes", {listed(t), #t}, {"c=x a=2", 2})
  t.b = false
  check("a removed key comes back at the end", {listed(t), #t}, {"c=x a=2 b=false", 3})
  t.never = nil
  check("removing what is not there", #t, 3)

  t = stdnse.output_table()
  t[1] = "x"
  t[2] = "y"
  t.k = "z"
  t[true] = "w"
  local sequence = {}
  for i, value in ipairs(t) do
    sequence[i] = value
  end
  check("numbers are a sequence", {listed(t), sequence, #t}, {"1=x 2=y k=z true=w", {"x", "y"}, 4})
  raises([[local t = stdnse.output_table() t[nil] = 1]], "table index is nil")
  raises([[local t = stdnse.output_table() t[0/0] = 1]], "table index is NaN")

  t = stdnse.output_table()
  for i = 1, 200 do
    t["k" .. i] = i
    if i % 10 ~= 0 then
      t["k" .. i] = nil
    end
  end
  check("many come and go", {#t, listed(t):match("^%S+ %S+")}, {20, "k10=10 k20=20"})

  -- Unlike Nmap, whose loop ends early: all keys are seen when they are removed on the way.
  local seen = {}
  for key in pairs(t) do
    seen[#seen + 1] = key
    t[key] = nil
  end
  check("removed on the way", {#seen, #t, t()}, {20, 0, false})
end
