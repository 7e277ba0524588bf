---
-- Makes a table refuse names that nobody declared.
--
-- The module is one function. Tables made strict with it, the global table among them, catch misspelt
-- names: reading a name that was never assigned is an error, and so is assigning a new one from inside
-- a function. The top level of a chunk, and code in C, declare a name by assigning it, even to nil.
--
-- Written from observed behaviour of the engine's global table. It knows nothing of scripts.
--
-- @usage
-- local strict = require "strict"
-- local limits = strict {retries = 3}
-- print(limits.retires)  -- error: variable 'retires' is not declared
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name strict

local debug = require "debug"
local error = error
local getmetatable = getmetatable
local rawset = rawset
local setmetatable = setmetatable
local tostring = tostring
local type = type

-- Kinds of code as the debug library names them. Functions have to declare what they assign; they and
-- the top level of chunks ("main") may read only what is declared. C is in neither.
local BOUND_IN_WRITING = { Lua = true }
local BOUND_IN_READING = { Lua = true, main = true }

-- Whether the code that made a metamethod run is of one of these kinds. Seen from here that code is at
-- level 3, behind the metamethod.
local function is_by (kinds)
  local code = debug.getinfo(3, "S")
  return code ~= nil and kinds[code.what] ~= nil
end

--- Makes a table strict.
--
-- A metatable that the table has is kept: its <code>__newindex</code> function is told of every new
-- field, and its <code>__index</code> (function or table) is asked before a name counts as unknown.
-- The names declared so far are the keys of the metatable's field <code>__declared</code>. The
-- functions <code>rawget</code> and <code>rawset</code> go around all of this.
-- @name strict
-- @class function
-- @param env The table.
-- @return The same table.
return function (env)
  local meta = getmetatable(env)
  if not meta then
    meta = {}
    setmetatable(env, meta)
  end
  local declared = {}
  local inner_index, inner_newindex = meta.__index, meta.__newindex
  meta.__declared = declared

  function meta.__newindex (t, name, value)
    if type(inner_newindex) == "function" then
      inner_newindex(t, name, value)
    end
    if not declared[name] then
      if is_by(BOUND_IN_WRITING) then
        error("assign to undeclared variable '" .. tostring(name) .. "'", 2)
      end
      declared[name] = true
    end
    rawset(t, name, value)
  end

  function meta.__index (t, name)
    local value
    if type(inner_index) == "function" then
      value = inner_index(t, name)
    elseif type(inner_index) == "table" then
      value = inner_index[name]
    end
    if value == nil and not declared[name] and is_by(BOUND_IN_READING) then
      error("variable '" .. tostring(name) .. "' is not declared", 2)
    end
    return value
  end

  return env
end
