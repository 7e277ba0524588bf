-- What scripts written for Lua 5.3 do and Lua 5.4 refuses. Where 5.4 gives another value instead of
-- an error, its own value counts.
local error, find, getmetatable, gsub, pcall, select = error, string.find, getmetatable, string.gsub, pcall, select
local tointeger, tonumber, tostring, type, unpack = math.tointeger, tonumber, tostring, type, string.unpack

-- A string without its final zero ends with the data.
local function unpacked(format, data, from, ok, ...)
  if ok then
    return ...
  end
  local reason = (...)
  if type(reason) == "string" and find(reason, "unfinished string", 1, true) then
    ok, reason = pcall(unpack, format, data .. "\0", from)
    if ok then
      return unpack(format, data .. "\0", from)
    end
  end
  -- The original is nameless now.
  error(type(reason) == "string" and gsub(reason, "to '%?'", "to 'unpack'") or reason, 3)
end

function string.unpack(format, data, from)
  return unpacked(format, data, from, pcall(unpack, format, data, from))
end

-- Bits of numbers in strings.
local function bits(value)
  local number = type(value) == "string" and tonumber(value) or value
  if type(number) ~= "number" then
    error("attempt to perform bitwise operation on a " .. type(value) .. " value", 3)
  end
  return tointeger(number) or error("number has no integer representation", 3)
end

-- A seed is any number.
local seed = math.randomseed
function math.randomseed(...)
  local first = ...
  if select("#", ...) == 0 then
    return seed()
  end
  local number = tonumber(first)
  if type(first) ~= "number" and type(first) ~= "string" or not number then
    error(("bad argument #1 to 'randomseed' (number expected, got %s)"):format(type(first)), 2)
  elseif tointeger(number) then
    return seed(...)
  end
  return seed(tointeger(number // 1) or #tostring(number))
end

local strings = getmetatable("")
function strings.__band(a, b)
  return bits(a) & bits(b)
end
function strings.__bor(a, b)
  return bits(a) | bits(b)
end
function strings.__bxor(a, b)
  return bits(a) ~ bits(b)
end
function strings.__shl(a, b)
  return bits(a) << bits(b)
end
function strings.__shr(a, b)
  return bits(a) >> bits(b)
end
function strings.__bnot(a)
  return ~bits(a)
end
