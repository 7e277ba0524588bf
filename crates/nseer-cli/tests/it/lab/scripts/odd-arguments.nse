local coroutine = require "coroutine"
local math = require "math"
local table = require "table"

description = [[Tells what the engine's functions make of arguments of any kind.]]
categories = {"safe"}

prerule = function() return true end

local function f() end

local VALUES = {
  {"nil", nil}, {"true", true}, {"0", 0}, {"5", 5}, {"5.0", 5.0}, {"5.5", 5.5}, {"'5'", "5"}, {"''", ""}, {"'x'", "x"},
  {"{}", {}}, {"function", f}, {"thread", coroutine.create(f)}, {"inf", math.huge}, {"1e300", 1e300},
  {"host", {ip = "127.0.0.1"}}, {"name", {targetname = "nosuch.invalid"}}, {"number", {ip = 5}},
  {"port", {number = 5, protocol = "tcp"}}, {"float", {number = 5.0, protocol = "tcp"}},
  {"odd", {number = 5, protocol = "x"}}, {"half", {number = 5}},
}

-- What a value is, and of what messages call a function: it has several names.
local function show(value)
  if type(value) == "number" then
    return ("%s %s"):format(math.type(value), value)
  elseif type(value) == "string" then
    return (value:gsub("0x%x+", "ADDRESS"):gsub("%c", "."):gsub("'nmap%.[%w_.]+'", "'it'"))
  end
  return type(value) == "boolean" and tostring(value) or type(value)
end

local function try(name, f, names, ...)
  local values = table.pack(pcall(f, ...))
  for i = 1, values.n do values[i] = show(values[i]) end
  local shown = ("%s(%s)"):format(name, table.concat(names, ", "))
  nmap.log_write("stdout", ("told: %s: %s"):format(shown, table.concat(values, ", ")))
end

-- Calls it with up to two arguments; `make` makes what comes before them.
local function every(name, f, make)
  local function run(names, ...)
    local first = make and make()
    if first then
      try(name, f, names, first, ...)
      pcall(first.close, first)
    else
      try(name, f, names, ...)
    end
  end
  run({})
  for _, a in ipairs(VALUES) do
    run({a[1]}, a[2])
    for _, b in ipairs(VALUES) do
      run({a[1], b[1]}, a[2], b[2])
    end
  end
end

-- Those that tell something else each time, that do something, or that are no functions.
local LEFT_OUT = {
  add_targets = true, clock = true, clock_ms = true, get_random_bytes = true, log_write = true, resolve = true,
}

local METHODS = {
  "close", "get_info", "get_ssl_certificate", "pcap_receive", "receive", "receive_buf", "receive_bytes",
  "receive_lines", "reconnect_ssl", "send", "sendto", "set_timeout",
}

action = function()
  local names = {}
  for name, value in pairs(nmap) do
    if type(value) == "function" and not LEFT_OUT[name] then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    every(name, nmap[name])
  end
  every("parse_ssl_certificate", nmap.socket.parse_ssl_certificate)
  for _, name in ipairs(METHODS) do
    local method = nmap.new_socket()[name]
    every("socket:" .. name, method, nmap.new_socket)
    every("without a socket: " .. name, method)
  end
  for _, stream in ipairs {"stdout", "no such", 5, {}} do
    try("log_write", nmap.log_write, {show(stream)}, stream)
    try("log_write", nmap.log_write, {show(stream), "table"}, stream, {})
  end
  for _, n in ipairs {"0", 0, -1, 1.5, "x", {}} do
    try("get_random_bytes", nmap.get_random_bytes, {show(n)}, n)
  end
  for _, name in ipairs {"127.0.0.1", "::1", "300.1.1.1", "127.0.0.1 ", "", 5, {}} do
    for _, family in ipairs {"inet", "inet6", "unspec", "x"} do
      try("resolve", nmap.resolve, {show(name), family}, name, family)
    end
  end
end
