---
-- What nearly every script uses: messages, script arguments, output tables, and modules.
--
-- Once scripts run, the engine adds <code>new_thread</code>, <code>base</code>, <code>gettid</code>,
-- <code>isworker</code> and <code>silent_require</code>, and replaces <code>getid</code>,
-- <code>getinfo</code> and <code>gethostport</code>. The module is strict: a misspelt function name is an
-- error where it is used.
--
-- Written from public documentation and observed behaviour. It knows nothing of protocols.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name stdnse

local _G = require "_G"
local nmap = require "nmap"
local strict = require "strict"
local math = require "math"
local string = require "string"
local table = require "table"
local error, getmetatable, ipairs, next, pairs = error, getmetatable, ipairs, next, pairs
local require, select, setmetatable, type = require, select, setmetatable, type

local _ENV = strict {}

-- Its functions on output and conversions live in files of their own.
for _, part in ipairs {(require "stdnse.output"), (require "stdnse.conversions")} do
  for name, f in next, part do
    _ENV[name] = f
  end
end

--- Waits. Other scripts run meanwhile.
-- @name sleep
-- @class function
-- @param t Seconds, zero or more, to the millisecond.
sleep = nmap.socket.sleep

--
-- The running script
--

--- The ID of the running script.
-- @return The ID; nothing outside of a script.
function getid () end

--- The ID of the running script, its kind (M for main, W for a worker) and the address of its thread.
-- @return The text, as in <code>banner M:55d0c8a1</code>; nothing outside of a script.
function getinfo () end

--- The host and the port that the running script was started for.
-- @return Host table, or nil.
-- @return Port table, or nil.
function gethostport () end

--
-- Messages
--

-- "[ID IP:PORT] ", as far as these are known.
local function prefix (id, with_host)
  if not id then
    return ""
  end
  local host, port
  if with_host then
    host, port = gethostport()
  end
  if not host then
    return "[" .. id .. "] "
  elseif not port then
    return "[" .. id .. " " .. host.ip .. "] "
  end
  return "[" .. id .. " " .. host.ip .. ":" .. port.number .. "] "
end

local function write_debug (level, format, ...)
  local shown = nmap.debugging()
  if level <= shown then
    local id = shown >= 2 and getinfo() or getid()
    nmap.log_write("stdout", prefix(id, true) .. string.format(format, ...))
  end
end

local function write_verbose (level, format, ...)
  local shown = nmap.verbosity()
  if level <= shown then
    nmap.log_write("stdout", prefix(getid(), shown >= 2) .. string.format(format, ...))
  end
end

--- Prints a message for those who debug a script.
--
-- The script's ID, and host and port where there are any, are put in front.
-- @usage stdnse.debug(2, "%d of %d bytes", got, wanted)
-- @param level Debugging level (<code>-d</code>) from which on it is printed. May be left out: 1.
-- @param fmt Format as for <code>string.format</code>.
-- @param ... Values for it.
function debug (level, fmt, ...)
  if type(level) == "number" then
    return write_debug(level, fmt, ...)
  end
  return write_debug(1, level, fmt, ...)
end

--- Prints a message from debugging level 1 on.
-- @param fmt Format as for <code>string.format</code>.
-- @param ... Values for it.
-- @see debug
function debug1 (fmt, ...) return write_debug(1, fmt, ...) end

--- Prints a message from debugging level 2 on.
-- @param fmt Format as for <code>string.format</code>.
-- @param ... Values for it.
-- @see debug
function debug2 (fmt, ...) return write_debug(2, fmt, ...) end

--- Prints a message from debugging level 3 on.
-- @param fmt Format as for <code>string.format</code>.
-- @param ... Values for it.
-- @see debug
function debug3 (fmt, ...) return write_debug(3, fmt, ...) end

--- Prints a message from debugging level 4 on.
-- @param fmt Format as for <code>string.format</code>.
-- @param ... Values for it.
-- @see debug
function debug4 (fmt, ...) return write_debug(4, fmt, ...) end

--- Prints a message from debugging level 5 on.
-- @param fmt Format as for <code>string.format</code>.
-- @param ... Values for it.
-- @see debug
function debug5 (fmt, ...) return write_debug(5, fmt, ...) end

--- Prints a message for curious users.
--
-- The script's ID is put in front, and from verbosity 2 on host and port where there are any. A script that
-- the user selected by name speaks one level louder.
-- @usage stdnse.verbose(1, "trying %d names", #names)
-- @param level Verbosity (<code>-v</code>) from which on it is printed. May be left out: 1.
-- @param fmt Format as for <code>string.format</code>.
-- @param ... Values for it.
function verbose (level, fmt, ...)
  if type(level) == "number" then
    return write_verbose(level, fmt, ...)
  end
  return write_verbose(1, level, fmt, ...)
end

--- Prints a message from verbosity 1 on.
-- @param fmt Format as for <code>string.format</code>.
-- @param ... Values for it.
-- @see verbose
function verbose1 (fmt, ...) return write_verbose(1, fmt, ...) end

--- Prints a message from verbosity 2 on.
-- @param fmt Format as for <code>string.format</code>.
-- @param ... Values for it.
-- @see verbose
function verbose2 (fmt, ...) return write_verbose(2, fmt, ...) end

--- Prints a message from verbosity 3 on.
-- @param fmt Format as for <code>string.format</code>.
-- @param ... Values for it.
-- @see verbose
function verbose3 (fmt, ...) return write_verbose(3, fmt, ...) end

--- Prints a message from verbosity 4 on.
-- @param fmt Format as for <code>string.format</code>.
-- @param ... Values for it.
-- @see verbose
function verbose4 (fmt, ...) return write_verbose(4, fmt, ...) end

--- Prints a message from verbosity 5 on.
-- @param fmt Format as for <code>string.format</code>.
-- @param ... Values for it.
-- @see verbose
function verbose5 (fmt, ...) return write_verbose(5, fmt, ...) end

local function write_plain (shown, level, fmt, ...)
  if type(level) ~= "number" then
    return write_plain(shown, 1, level, fmt, ...)
  end
  if level <= shown then
    nmap.log_write("stdout", string.format(fmt, ...))
  end
end

--- Prints a message without the script's ID. New scripts use <code>debug</code>.
-- @param level Debugging level from which on it is printed. May be left out: 1.
-- @param fmt Format as for <code>string.format</code>.
-- @param ... Values for it.
-- @see debug
function print_debug (level, fmt, ...)
  return write_plain(nmap.debugging(), level, fmt, ...)
end

--- Prints a message without the script's ID. New scripts use <code>verbose</code>.
-- @param level Verbosity from which on it is printed. May be left out: 1.
-- @param fmt Format as for <code>string.format</code>.
-- @param ... Values for it.
-- @see verbose
function print_verbose (level, fmt, ...)
  return write_plain(nmap.verbosity(), level, fmt, ...)
end

--
-- Script arguments
--

-- The value of `name`; 1 if it was given without a value.
local function given (args, name)
  local value = args[name]
  if value ~= nil then
    return value
  end
  for _, flag in ipairs(args) do
    if flag == name then
      return 1
    end
  end
end

local function argument (args, name)
  -- Most runs have no arguments, and every script asks when it begins.
  if next(args) == nil then
    return nil
  end
  local value = given(args, name)
  if value == nil then
    local short = string.match(name, "%.([^.]+)$")
    value = short and given(args, short)
  end
  return value
end

--- Looks up arguments that the user gave with <code>--script-args</code>.
--
-- An argument is looked for under its full name first, then under the part after its last dot, so that
-- <code>banner.timeout</code> is also found as <code>timeout</code>. Values are strings, or tables where the
-- user wrote braces.
-- @usage
-- local user, password = stdnse.get_script_args("my-script.user", {"my-script.pass", "my-script.password"})
-- @param ... Names. In place of a name, an array of names of which the first one given counts.
-- @return One value for each parameter: what the user gave, the number 1 for an argument without a value, or
--         nil.
function get_script_args (...)
  local args = nmap.registry.args or {}
  local count = select("#", ...)
  local values = {}
  for i = 1, count do
    local wanted = (select(i, ...))
    if type(wanted) == "table" then
      for _, name in ipairs(wanted) do
        values[i] = argument(args, name)
        if values[i] ~= nil then
          break
        end
      end
    elseif wanted ~= nil then
      values[i] = argument(args, wanted)
    end
  end
  return table.unpack(values, 1, count)
end

--
-- Hosts and sockets
--

--- The best name of a host that is known.
-- @param host Host table, or a string.
-- @return The name that the user typed; else the one that reverse DNS gave; else the address. A string is
--         given back as it is.
function get_hostname (host)
  if type(host) ~= "table" then
    return host
  elseif host.targetname then
    return host.targetname
  elseif host.name and host.name ~= "" then
    return host.name
  end
  return host.ip
end

--- How long to wait for a host, judged by the answers that it gave so far.
-- @param host Host table, or nil if nothing is known.
-- @param max_timeout Never more than this, in milliseconds. Default: 8000.
-- @param min_timeout Never less than this, in milliseconds. Default: 1000.
-- @return Milliseconds.
function get_timeout (host, max_timeout, min_timeout)
  max_timeout = max_timeout or 8000
  local times = type(host) == "table" and host.times
  if not (times and times.timeout) then
    return max_timeout
  end
  -- Twice what the port scan allows for, because a service has to think too.
  return math.min(max_timeout, math.max(min_timeout or 1000, times.timeout * 2000))
end

--- Makes a function that reads from a socket piece by piece.
-- @usage
-- local read = stdnse.make_buffer(socket, "\r?\n")
-- local line, reason = read()
-- @param socket Connected socket, or anything with a <code>receive</code> method like its.
-- @param sep Lua pattern of what stands between two pieces. It must not match the empty string.
-- @param data What was read from the socket before, if anything.
-- @return Function that gives the next piece, without what separates it. When the socket fails, it gives what
--         is left, if that is not empty, and then nil and the reason.
function make_buffer (socket, sep, data)
  local buffer, from = data or "", 1
  return function ()
    while true do
      local first, last = string.find(buffer, sep, from)
      if first then
        if last < first then
          error("the separator matches the empty string", 2)
        end
        local piece = string.sub(buffer, from, first - 1)
        from = last + 1
        return piece
      end
      local status, more = socket:receive()
      local rest = string.sub(buffer, from)
      if not status then
        buffer, from = "", 1
        if rest == "" then
          return nil, more
        end
        return rest
      end
      buffer, from = rest .. more, 1
    end
  end
end

--- The time of day in milliseconds.
-- @name clock_ms
-- @class function
-- @return Milliseconds since 1970-01-01, a float.
clock_ms = nmap.clock_ms

--- The time of day in microseconds.
-- @return Microseconds since 1970-01-01, a float.
function clock_us ()
  return nmap.clock() * 1000000
end

--
-- The registry
--

--- Reads a value in nested tables of the registry.
-- @usage stdnse.registry_get({"credentials", host.ip})
-- @param subkeys Array of keys, from the outside inwards.
-- @return The value; nil if there is none, or no table on the way.
function registry_get (subkeys)
  local value = nmap.registry
  for _, key in ipairs(subkeys) do
    if type(value) ~= "table" then
      return nil
    end
    value = value[key]
  end
  return value
end

--- Tells whether there is a value in nested tables of the registry.
-- @param subkeys Array of keys, from the outside inwards.
-- @param key Key below these at which the value has to be, optional.
-- @param value The value that has to be there, or without a key anywhere in the table; nil for any.
-- @return True or false.
function registry_exists (subkeys, key, value)
  local found = registry_get(subkeys)
  if key == nil and value == nil then
    return found ~= nil
  elseif type(found) ~= "table" then
    return false
  elseif key ~= nil then
    return value ~= nil and found[key] == value
  end
  for _, known in pairs(found) do
    if known == value then
      return true
    end
  end
  return false
end

-- The table at the end of `subkeys`, made on the way as needed.
local function registry_table (subkeys)
  local t = nmap.registry
  for _, key in ipairs(subkeys) do
    if t[key] == nil then
      t[key] = {}
    end
    t = t[key]
  end
  return t
end

--- Adds a value to an array in the registry.
-- @usage stdnse.registry_add_array({"names", host.ip}, "www.example.org")
-- @param subkeys Array of keys that lead to the array. Tables on the way are made as needed.
-- @param value The value.
-- @param allow_duplicates True to add it even if the array has it.
function registry_add_array (subkeys, value, allow_duplicates)
  local array = registry_table(subkeys)
  if not allow_duplicates then
    for _, known in ipairs(array) do
      if known == value then
        return
      end
    end
  end
  array[#array + 1] = value
end

--- Sets a field of a table in the registry.
-- @usage stdnse.registry_add_table({"versions", host.ip}, "smb", "3.1.1")
-- @param subkeys Array of keys that lead to the table. Tables on the way are made as needed.
-- @param key The field.
-- @param value The value. It replaces what was there.
function registry_add_table (subkeys, key, value)
  registry_table(subkeys)[key] = value
end

--
-- Modules
--

--- Begins a module: what the file assigns from here on are its fields.
-- @usage _ENV = stdnse.module("mylib", stdnse.seeall)
-- @param name Name of the module.
-- @param ... Functions that are called with the new module, above all <code>seeall</code>.
-- @return The module, a table with <code>_NAME</code> (the name), <code>_M</code> (the table itself) and, for
--         a name with dots, <code>_PACKAGE</code> (what stands before the last one).
function module (name, ...)
  local env = { _NAME = name, _PACKAGE = string.match(name, "^(.*)%.[^.]*$") }
  env._M = env
  for i = 1, select("#", ...) do
    local prepare = select(i, ...)
    prepare(env)
  end
  return env
end

--- Lets a module see the global names. For <code>module</code>.
-- @param env The module. Its <code>__index</code> is set.
function seeall (env)
  local meta = getmetatable(env) or {}
  meta.__index = _G
  setmetatable(env, meta)
end

return _ENV
