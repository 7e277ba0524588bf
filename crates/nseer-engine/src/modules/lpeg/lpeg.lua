-- The Lua half of `lpeg`: operators, and matches that call back into scripts. The matcher stops
-- where a function has to be called, and the call is made here: its errors stay what they are, and
-- nothing of a match lies between the function and the script.
local lpeg, operators, metatable, start, resume, blame = ...
local error, unpack, pairs = error, table.unpack, pairs

local DONE, CALL, QUERY, PAUSE, RAISE, MANY, CALL_MANY = 0, 1, 2, 3, 4, 5, 6

local function call(run, f, ...)
  return resume(run, f(...))
end

local function call_many(run, f, arguments, n)
  return resume(run, f(unpack(arguments, 1, n)))
end

local function query(run, t, key)
  return resume(run, t[key])
end

-- What the matcher said last. Always a tail call, so that level 2 is the C function that is put
-- around `match`, and level 3 is the script.

local function advance(status, ...)
  if status == DONE then
    return ...
  elseif status == CALL then
    return advance(call(...))
  elseif status == QUERY then
    return advance(query(...))
  elseif status == PAUSE then
    return advance(resume(...))
  elseif status == CALL_MANY then
    return advance(call_many(...))
  elseif status == MANY then
    local values, n = ...
    return unpack(values, 1, n)
  end
  return blame(...)
end

function lpeg.match(...)
  return advance(start(...))
end

-- Scripts see a table with the operators; the real metatable stays out of their reach.
local visible = { __index = lpeg, __name = "lpeg-pattern" }
for name, operator in pairs(operators) do
  visible[name] = operator
end
for name, value in pairs(visible) do
  metatable[name] = value
end
metatable.__metatable = visible
