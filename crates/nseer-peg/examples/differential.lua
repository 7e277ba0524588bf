-- What the cases of the differential test use. Runs under the real LPeg and under ours.
local out = ... or (arg and arg[1])
local lpeg = require "lpeg"
local P, R, S, V, B, C = lpeg.P, lpeg.R, lpeg.S, lpeg.V, lpeg.B, lpeg.C
local Cs, Ct, Cg, Cf, Cmt = lpeg.Cs, lpeg.Ct, lpeg.Cg, lpeg.Cf, lpeg.Cmt
local Cp, Cc, Carg, Cb = lpeg.Cp, lpeg.Cc, lpeg.Carg, lpeg.Cb
local file = assert(io.open(out, "w"))
file:setvbuf("line")

local function show(...)
  local texts = {}
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    if type(value) == "table" then
      local keys = {}
      for key in pairs(value) do
        keys[#keys + 1] = tostring(key)
      end
      table.sort(keys)
      for j, key in ipairs(keys) do
        local field = value[key]
        if field == nil then
          field = value[math.tointeger(key)]
        end
        keys[j] = key .. "=" .. show(field)
      end
      texts[i] = "{" .. table.concat(keys, ",") .. "}"
    elseif type(value) == "string" then
      texts[i] = string.format("%q", value)
    else
      texts[i] = (math.type(value) or type(value)) .. ":" .. tostring(value)
    end
  end
  return table.concat(texts, ";")
end

local function none() end
local function two(a, b) return b, a end
local function fold(a, b, c) return show(a) .. "+" .. show(b, c) end
local function here(s, i, ...) return true end
local function at(s, i) return i % 3 ~= 0 and i end
local function values(s, i, ...) return i, i, ..., nil end
local function odd(s, i, ...) return i % 2 == 1, ... end
local function bad(s, i) return i > 3 and 1 or true, "v" end
local function fail(x) if x == "b" then error({ x }) elseif x == "aa" then error("raised") end return x end
local map = { a = "A", b = false, ab = { "t" }, [1] = "one" }
local lazy = setmetatable({}, { __index = function(_, key) return key ~= "b" and show(key) or nil end })

local function case(number, make, subject, init)
  local made, pattern = pcall(make)
  local result
  if made then
    result = table.pack(pcall(lpeg.match, pattern, subject, init, "x1", "x2"))
  else
    result = { false, pattern, n = 2 }
  end
  local text = show(table.unpack(result, 2, result.n))
  if not result[1] then
    text = text:gsub('^"[^"]-:%d+: ', '"')
  end
  text = text:gsub("\n", "~")
  file:write(number, result[1] and " ok " or " error ", text, "\n")
end

local function finish()
  file:close()
end

