---
-- The part of <code>stdnse</code> that lays out results. Scripts reach it through <code>stdnse</code>.
--
-- It knows nothing of hosts, ports and networks.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name stdnse

local nmap = require "nmap"
local string = require "string"
local table = require "table"
local error, ipairs, pairs, print = error, ipairs, pairs, print
local setmetatable, tostring, type = setmetatable, tostring, type

local output = {}

--- Makes a table that keeps its keys in the order in which they were first assigned.
--
-- Results built with it are shown in that order, as text and in machine-readable output. Assigning nil
-- removes a key; assigning to it again puts it at the end. <code>#t</code> is the number of keys,
-- <code>t()</code> is true if there are any, and <code>pairs(t)</code> goes through them in order.
-- @usage
-- local out = stdnse.output_table()
-- out.version = "2.0"
-- out.users = {"root", "nobody"}
-- return out
-- @return The table.
function output.output_table ()
  local values, order, place = {}, {}, {}
  local last, count = 0, 0

  -- Closes the gaps that removed keys left.
  local function compact ()
    local kept = 0
    for i = 1, last do
      local key = order[i]
      order[i] = nil
      if key ~= nil then
        kept = kept + 1
        order[kept], place[key] = key, kept
      end
    end
    last = kept
  end

  local function assign (_, key, value)
    local at = place[key]
    if value == nil then
      if at then
        values[key], place[key], order[at] = nil, nil, nil
        count = count - 1
      end
      return
    end
    values[key] = value
    if not at then
      if last > 2 * count + 16 then
        compact()
      end
      last, count = last + 1, count + 1
      order[last], place[key] = key, last
    end
  end

  local function each (self)
    local i = 0
    return function ()
      while i < last do
        i = i + 1
        local key = order[i]
        if key ~= nil then
          return key, values[key]
        end
      end
    end, self, nil
  end

  return setmetatable({}, {
    __index = values,
    __newindex = assign,
    __pairs = each,
    __len = function () return count end,
    __call = function () return count > 0 end,
  })
end

-- Adds the lines of `data`, which is at depth `level`, to `out`. `mark` begins lines of a failed script.
local function add_lines (out, data, level, mark)
  if #data == 0 then
    return
  end
  local margin = string.rep("  ", level)
  if data.name then
    local warning = ""
    if data.warning and nmap.debugging() > 0 then
      warning = " (WARNING: " .. data.warning .. ")"
    end
    out[#out + 1] = margin .. mark .. data.name .. warning .. "\n"
  end
  for _, item in ipairs(data) do
    if type(item) == "table" then
      add_lines(out, item, level + 1, mark)
    elseif type(item) == "string" then
      for line in string.gmatch((string.gsub(item, "\n$", "")) .. "\n", "([^\n]*)\n") do
        out[#out + 1] = margin .. "  " .. mark .. line .. "\n"
      end
    end
  end
end

--- Lays out lists of lists as text. New scripts return tables and leave the layout to the engine.
--
-- Strings become lines, one step further in than what holds them. Tables in the array are laid out a step
-- further in. Their fields <code>name</code> (a heading) and <code>warning</code> (added to the heading
-- when debugging) are optional.
-- @usage return stdnse.format_output(true, {name = "Users", "root", {name = "Groups", "wheel"}})
-- @param status False if the script failed: the text is then only given when debugging, and its lines begin
--               with <code>ERROR:</code>.
-- @param data String or array.
-- @return The text; nil if there is nothing to show.
function output.format_output (status, data)
  if data == nil then
    error("format_output needs a string or a table as second argument", 2)
  elseif type(data) == "string" then
    data = data ~= "" and {data} or {}
  elseif type(data) ~= "table" then
    error("format_output cannot lay out a " .. type(data), 2)
  end
  if not status and nmap.debugging() == 0 then
    return nil
  end
  local out = {}
  add_lines(out, data, 0, status and "" or "ERROR: ")
  return #out > 0 and "\n" .. table.concat(out) or nil
end

local function describe (value, out, margin, open)
  if type(value) == "string" then
    out[#out + 1] = string.format("%q", value)
  elseif type(value) ~= "table" or open[value] then
    out[#out + 1] = tostring(value)
  else
    open[value] = true
    out[#out + 1] = "{\n"
    for key, inner in pairs(value) do
      out[#out + 1] = margin .. "\t["
      describe(key, out, margin .. "\t", open)
      out[#out + 1] = "] = "
      describe(inner, out, margin .. "\t", open)
      out[#out + 1] = ",\n"
    end
    out[#out + 1] = margin .. "}"
    open[value] = nil
  end
end

--- Prints a value as a Lua expression over several lines.
--
-- A table inside of itself is shown by its address only.
-- @usage stdnse.pretty_printer(reply, stdnse.debug1)
-- @param obj Any value.
-- @param printer Function that is called with the text. Default: <code>print</code>.
function output.pretty_printer (obj, printer)
  local out = {}
  describe(obj, out, "", {})
  return (printer or print)(table.concat(out))
end

return output
