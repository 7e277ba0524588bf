---
-- Tells where errors of the engine's functions are raised: called in any way, also as `return f()`.
local coroutine = require "coroutine"
local debug = require "debug"
local lfs = require "lfs"
local lpeg = require "lpeg"
local openssl = require "openssl"
local table = require "table"

description = "Tells where errors are raised."
categories = {"safe"}

prerule = function() return true end

local function tell(name, f, ...)
  nmap.log_write("stdout", ("told: %s: %s"):format(name, tostring(select(2, pcall(f, ...)))))
end

action = function()
  tell("last", function() return nmap.mutex() end)
  tell("not last", function() local m = nmap.mutex() return m end)
  tell("in parentheses", function() return (nmap.mutex()) end)
  tell("two last", function() return (function() return nmap.mutex() end)() end)
  tell("below", function() local function f() return nmap.mutex() end local m = f() return m end)
  tell("in a coroutine", function() return coroutine.wrap(function() return nmap.mutex() end)() end)
  tell("below a C function", function() table.sort({3, 2, 1}, function() return nmap.mutex() end) end)
  tell("in a metamethod", function() return setmetatable({}, {__index = function() return nmap.mutex() end}).x end)
  tell("condvar", function() return nmap.condvar(1) end)
  tell("resolve", function() return nmap.resolve() end)
  tell("fetchfile", function() return nmap.fetchfile({}) end)
  tell("get_port_state", function() return nmap.get_port_state(1) end)
  tell("get_ports", function() return nmap.get_ports(1) end)
  tell("new_socket", function() return nmap.new_socket("nosuch") end)
  tell("a mutex", function() return nmap.mutex("told")("done") end)
  tell("a mutex, wrongly", function() return nmap.mutex("told")("nosuch") end)
  tell("connect", function() local s = nmap.new_socket() return s:connect({}, 1) end)
  tell("another self", function() local s = nmap.new_socket() return s.send({}, "x") end)
  tell("sleep", function() return nmap.socket.sleep({}) end)
  tell("dnet", function() local d = nmap.new_dnet() return d:ethernet_send("x") end)
  tell("lpeg", function() return lpeg.P() end)
  tell("lpeg.match", function() return lpeg.match(lpeg.P(1)) end)
  tell("an error of a capture", function()
    return lpeg.match(lpeg.P(1) / function() error("refused") end, "x")
  end)
  tell("openssl", function() return openssl.digest("nosuch", "x") end)
  tell("lfs", function() return lfs.mkdir() end)
  local P, other, pattern = lpeg.P, {mutex = nmap.mutex}, lpeg.P(1)
  tell("by another name", function() local first = nmap.mutex return first() end)
  tell("as an upvalue", function() return P() end)
  tell("in another table", function() return other.mutex() end)
  tell("directly", lpeg.R, "abc")
  tell("directly, of a part", nmap.socket.parse_ssl_certificate)
  tell("directly, without a name", nmap.mutex("told"))
  tell("method's object", function() return pattern:R() end)
  tell("method's argument", function() return pattern:match() end)
  tell("method's second argument", function() return pattern:match("x", {}) end)
  tell("function of a pattern", function() return lpeg.match("x", pattern) end)
  tell("receive_buf of nothing", function() return nmap.new_socket().receive_buf() end)
  tell("a table with a name", function()
    return lpeg.R(setmetatable({}, {__name = "thing"}))
  end)
  tell("kinds", function()
    local sleep = debug.getinfo(nmap.socket.sleep, "S")
    return ("%s %s"):format(sleep.what, sleep.short_src)
  end)
end
