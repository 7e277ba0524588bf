-- The library `bit32` of Lua 5.2, which Nmap with Lua 5.3 still has (manual of Lua 5.2, section 6.7).
local error, select, tointeger, tonumber, type = error, select, math.tointeger, tonumber, type

local ALL = 0xffffffff

local function bad(n, name, detail, level)
  error(("bad argument #%d to '%s' (%s)"):format(n, name, detail), level + 1)
end

-- Argument `n` as an integer.
local function integer(n, name, level, ...)
  local value = select(n, ...)
  local number = tonumber(value)
  if type(value) ~= "number" and type(value) ~= "string" or not number then
    bad(n, name, "number expected, got " .. (select("#", ...) < n and "no value" or type(value)), level + 1)
  end
  return tointeger(number) or bad(n, name, "number has no integer representation", level + 1)
end

-- Puts all arguments together. The script is `level` functions up.
local function fold(name, level, start, join)
  return function(...)
    local value = start
    for n = 1, select("#", ...) do
      value = join(value, integer(n, name, level, ...))
    end
    return value & ALL
  end
end

local bit32 = {
  band = fold("band", 2, ALL, function(a, b) return a & b end),
  bor = fold("bor", 2, 0, function(a, b) return a | b end),
  bxor = fold("bxor", 2, 0, function(a, b) return a ~ b end),
}

local meet = fold("btest", 3, ALL, function(a, b) return a & b end)

function bit32.btest(...)
  local common = meet(...)
  return common ~= 0
end

function bit32.bnot(...)
  return ~integer(1, "bnot", 2, ...) & ALL
end

-- To the left; a negative distance is one to the right.
local function shifted(value, distance)
  if distance <= -32 or distance >= 32 then
    return 0
  end
  return value << distance & ALL
end

function bit32.lshift(...)
  local value, distance = integer(1, "lshift", 2, ...) & ALL, integer(2, "lshift", 2, ...)
  return shifted(value, distance)
end

function bit32.rshift(...)
  local value, distance = integer(1, "rshift", 2, ...) & ALL, integer(2, "rshift", 2, ...)
  if distance == math.mininteger then
    return 0
  end
  return shifted(value, -distance)
end

function bit32.arshift(...)
  local value, distance = integer(1, "arshift", 2, ...) & ALL, integer(2, "arshift", 2, ...)
  if distance < 0 then
    return distance == math.mininteger and 0 or shifted(value, -distance)
  elseif value & 0x80000000 == 0 then
    return shifted(value, -distance)
  elseif distance >= 32 then
    return ALL
  end
  return (value | ~ALL) >> distance & ALL
end

local function rotated(value, distance)
  distance = distance & 31
  return (value << distance | value >> 32 - distance) & ALL
end

function bit32.lrotate(...)
  return rotated(integer(1, "lrotate", 2, ...) & ALL, integer(2, "lrotate", 2, ...))
end

function bit32.rrotate(...)
  return rotated(integer(1, "rrotate", 2, ...) & ALL, -integer(2, "rrotate", 2, ...))
end

-- The first bit and the number of bits that arguments `n` and `n + 1` say.
local function field(n, name, ...)
  local first = integer(n, name, 3, ...)
  local width = select(n + 1, ...) == nil and 1 or integer(n + 1, name, 3, ...)
  if first < 0 then
    bad(n, name, "field cannot be negative", 3)
  elseif width <= 0 then
    bad(n + 1, name, "width must be positive", 3)
  elseif first + width > 32 then
    error("trying to access non-existent bits", 3)
  end
  return first, ~(-1 << width)
end

function bit32.extract(...)
  local value = integer(1, "extract", 2, ...) & ALL
  local first, mask = field(2, "extract", ...)
  return value >> first & mask
end

function bit32.replace(...)
  local value, new = integer(1, "replace", 2, ...) & ALL, integer(2, "replace", 2, ...) & ALL
  local first, mask = field(3, "replace", ...)
  return value & ~(mask << first) | (new & mask) << first
end

_G.bit32 = bit32
package.loaded.bit32 = bit32
