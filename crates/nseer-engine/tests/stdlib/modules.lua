-- Modules, strictness, the registry, and what stdnse knows of the running script.
--
-- Expected values are those of Nmap 7.93, except where a heading says why not.
return function (check, gives, raises)
  local nmap = require "nmap"
  local stdnse = require "stdnse"
  local strict = require "strict"
  local string = require "string"

  -- module and seeall.
  local m = stdnse.module("a.b.c")
  check("names of a module", {m._NAME, m._PACKAGE, m._M == m, m.string}, {"a.b.c", "a.b", true, nil})
  check("a module is not registered", package.loaded["a.b.c"], nil)
  m = stdnse.module("single", stdnse.seeall)
  check("no package", {m._NAME, rawget(m, "_PACKAGE")}, {"single", nil})
  check("the globals are seen", {m.string == string, rawget(m, "string")}, {true, nil})
  check("other names are errors", pcall(function () return m.zz end), false)
  m.zz = 5
  check("fields can be added", {m.zz, rawget(_G, "zz")}, {5, nil})
  local given
  m = stdnse.module("prepared", function (module) given = module end, stdnse.seeall)
  check("functions get the module", {given == m, m.string == string}, {true, true})
  check("each call makes another", stdnse.module("twice") == stdnse.module("twice"), false)
  local meta = {__len = function () return 7 end}
  local kept = setmetatable({}, meta)
  stdnse.seeall(kept)
  check("seeall keeps a metatable", {#kept, kept.string == string, getmetatable(kept)}, {7, true, meta})

  -- strict.
  local t = strict {known = 1}
  check("strict gives its table", {t.known, rawget(t, "other")}, {1, nil})
  check("declared names", getmetatable(t).__declared, {})
  local function read () return t.other end
  local function write () t.other = 1 end
  local function message (f)
    return (select(2, pcall(f)):gsub("^.-:%d+: ", ""))
  end
  check("reading", message(read), "variable 'other' is not declared")
  check("writing", message(write), "assign to undeclared variable 'other'")
  load("local t = ... t.other = nil", "=main")(t)
  check("a chunk declares", {pcall(read)}, {true, nil})
  write()
  check("a declared name can be written", {t.other, getmetatable(t).__declared}, {1, {other = true}})
  check("raw access goes around", rawget(t, "third"), nil)
  check("C reads", {pcall(next, t) }, {true, next(t)})
  local seen = {}
  t = strict(setmetatable({}, {
    __index = function (_, name) return name == "inner" and 5 or nil end,
    __newindex = function (_, name, value) seen[name] = value end,
  }))
  load("local t = ... t.new = 3", "=main")(t)
  check("inner functions", {t.inner, t.new, seen}, {5, 3, {new = 3}})
  check("inner functions do not know all", pcall(function () return t.zz end), false)
  t = strict(setmetatable({}, {__index = {inner = 6}}))
  check("an inner table", {t.inner, (pcall(function () return t.zz end))}, {6, false})

  -- stdnse is strict; the engine added what it knows of the running script.
  raises([[stdnse.no_such_function]], "variable 'no_such_function' is not declared")
  local function add_name () stdnse.other = 1 end
  check("stdnse refuses names", message(add_name), "assign to undeclared variable 'other'")
  local host, port = stdnse.gethostport()
  check("the running script", {stdnse.getid(), stdnse.isworker()}, {"runner", false})
  check("its host", {host.ip, port}, {"127.0.0.1", nil})
  check("its thread", stdnse.getinfo():gsub("%x%x%x%x+", "X"), "runner M:X")
  check("its coroutine", {type(stdnse.gettid()), type(stdnse.base())}, {"string", "thread"})
  raises([[stdnse.sleep("x")]], "bad argument #1 to 'sleep' (number expected, got string)")
  gives([[stdnse.sleep(0)]])

  -- No library adds to the globals.
  local standard = {}
  local names = [[_G _VERSION assert collectgarbage coroutine debug dofile error getmetatable io ipairs load
    loadfile lfs lpeg math next nmap openssl os package pairs pcall print rawequal rawget rawlen rawset
    require select setmetatable string table tonumber tostring type utf8 warn xpcall zlib libssh2 nmapdb pcre bit32]]
  for name in names:gmatch("%S+") do
    standard[name] = true
  end
  for _, name in ipairs {"comm", "datetime", "ipOps", "match", "nsedebug", "outlib", "shortport", "stringaux",
      "tableaux", "target", "url"} do
    check(name .. " is a table", type(require(name)), "table")
  end
  for name in next, _G do
    check("global " .. tostring(name), standard[name], true)
  end

  -- The registry.
  nmap.registry.stdlib_test = nil
  gives([[stdnse.registry_exists({"stdlib_test"})]], false)
  gives([[stdnse.registry_exists({"stdlib_test", "a"})]], false)
  gives([[stdnse.registry_get({"stdlib_test", "a"})]], nil)
  gives([[stdnse.registry_add_array({"stdlib_test", "a"}, 1)]])
  gives([[stdnse.registry_add_array({"stdlib_test", "a"}, 1)]])
  gives([[stdnse.registry_get({"stdlib_test"})]], {a = {1}})
  gives([[stdnse.registry_add_array({"stdlib_test", "a"}, 2, false)]])
  gives([[stdnse.registry_get({"stdlib_test", "a"})]], {1, 2})
  gives([[stdnse.registry_add_table({"stdlib_test", "t"}, "k", "v")]])
  gives([[stdnse.registry_add_table({"stdlib_test", "t"}, "k", "w")]])
  gives([[stdnse.registry_add_table({"stdlib_test", "t"}, "l", "x")]])
  gives([[stdnse.registry_get({"stdlib_test", "t"})]], {k = "w", l = "x"})
  check("it is the registry's own table", stdnse.registry_get({"stdlib_test"}), nmap.registry.stdlib_test)
  check("no keys mean all of it", stdnse.registry_get({}) == nmap.registry, true)

  -- The registry, unlike Nmap: an array can have duplicates, as documented; what is there exists; values
  -- that are no tables lead nowhere.
  gives([[stdnse.registry_add_array({"stdlib_test", "a"}, 1, true)]])
  gives([[stdnse.registry_get({"stdlib_test", "a"})]], {1, 2, 1})
  gives([[stdnse.registry_exists({"stdlib_test"})]], true)
  gives([[stdnse.registry_exists({"stdlib_test", "t", "k"})]], true)
  gives([[stdnse.registry_exists({"stdlib_test", "t", "k", "deeper"})]], false)
  gives([[stdnse.registry_get({"stdlib_test", "t", "k", "deeper"})]], nil)
  nmap.registry.stdlib_test = nil
end
