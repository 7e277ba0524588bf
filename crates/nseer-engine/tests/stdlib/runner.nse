-- Runs one file of checks as the action of a script. The script argument `checks` is the file's path.
--
-- A file is `return function (check, gives, raises) … end`:
-- * check(name, got, want) compares two values, tables by their content and integers apart from floats;
-- * gives(source, ...) evaluates an expression or a chunk, in which libraries are there by their names, and
--   compares all that it gives;
-- * raises(source, message) evaluates it and compares the error, without its position.
--
-- The output is "passed N checks", or a line for each failure. It works under any engine, so that what is
-- expected can be compared with what another one does.
description = "Runs one file of checks."
categories = {}

local nmap = require "nmap"
local string = require "string"
local table = require "table"

hostrule = function () return true end

local function same (got, want)
  if rawequal(got, want) then
    return math.type(got) == math.type(want)
  elseif type(got) ~= "table" or type(want) ~= "table" then
    return false
  end
  for key, value in pairs(want) do
    if not same(got[key], value) then
      return false
    end
  end
  for key in pairs(got) do
    if rawget(want, key) == nil then
      return false
    end
  end
  return true
end

local function shown (value, depth)
  if type(value) == "string" then
    return (string.format("%q", value):gsub("\\\n", "\\n"))
  elseif type(value) ~= "table" or depth > 4 then
    return tostring(value)
  end
  local fields = {}
  for key, inner in pairs(value) do
    fields[#fields + 1] = "[" .. shown(key, depth + 1) .. "] = " .. shown(inner, depth + 1)
  end
  table.sort(fields)
  return "{" .. table.concat(fields, ", ") .. "}"
end

-- What an evaluated source sees: libraries by their names, and the globals.
local reach = setmetatable({}, {
  __index = function (_, name)
    local value = rawget(_G, name)
    if value == nil then
      value = require(name)
    end
    return value
  end,
})

local function evaluate (source)
  local chunk = load("return " .. source, "=source", "t", reach)
  return table.pack(pcall(chunk or assert(load(source, "=source", "t", reach))))
end

action = function ()
  local failures, count = {}, 0
  local function check (name, got, want)
    count = count + 1
    if not same(got, want) then
      failures[#failures + 1] = name .. "\n  gives " .. shown(got, 0) .. "\n  wanted " .. shown(want, 0)
    end
  end
  local function gives (source, ...)
    local results = evaluate(source)
    if not results[1] then
      return check(source, results[2], "no error")
    end
    check(source, table.pack(table.unpack(results, 2, results.n)), table.pack(...))
  end
  local function raises (source, message)
    local results = evaluate(source)
    local text = results[1] and "no error" or results[2]
    check(source, type(text) == "string" and text:gsub("^.-:%d+: ", "") or text, message)
  end
  dofile(nmap.registry.args.checks)(check, gives, raises)
  if #failures > 0 then
    return table.concat(failures, "\n")
  end
  return "passed " .. count .. " checks"
end
