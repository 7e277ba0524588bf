-- Makes a state behave alike from run to run: its times are those of the seam, its random numbers
-- follow from a seed, and `pairs` walks in an order of its own.
local wall, elapsed, seed = ...
local time, date, every, seeded = os.time, os.date, pairs, math.randomseed
local type, floor = type, math.floor
local sort, raw, metatable = table.sort, rawget, debug.getmetatable

seeded(seed)

function math.randomseed(first, ...)
  if first == nil then
    return seeded(seed)
  end
  return seeded(first, ...)
end

function os.time(when)
  if when == nil then
    return floor(wall())
  end
  return time(when)
end

function os.date(format, when)
  return date(format or "%c", when or floor(wall()))
end

os.clock = elapsed

local RANK = {number = 1, string = 2}

local function before(a, b)
  local x, y = RANK[type(a)], RANK[type(b)]
  if x ~= y then
    return x < y
  end
  return a < b
end

-- Numbers in their order, then strings in theirs, then whatever else there is as it comes. Values
-- that are gone when their turn comes are passed over, as with the usual `pairs`.
function pairs(t)
  local meta = metatable(t)
  if type(t) ~= "table" or (meta and raw(meta, "__pairs") ~= nil) then
    return every(t)
  end
  local keys, others, n, m = {}, {}, 0, 0
  for key in every(t) do
    if RANK[type(key)] then
      n = n + 1
      keys[n] = key
    else
      m = m + 1
      others[m] = key
    end
  end
  sort(keys, before)
  for i = 1, m do
    keys[n + i] = others[i]
  end
  local i = 0
  return function(of)
    while true do
      i = i + 1
      local key = keys[i]
      if key == nil then
        return nil
      end
      local value = raw(of, key)
      if value ~= nil then
        return key, value
      end
    end
  end, t, nil
end
