---
-- Shows the arguments of the run, each on a line: keys in order, strings as hexadecimal digits.
description = "Shows the arguments of the run."
categories = {"safe"}

prerule = function() return true end

local function hex(text)
  return (text:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

local function written(value)
  if type(value) ~= "table" then
    return type(value) .. ":" .. (type(value) == "string" and hex(value) or tostring(value))
  end
  local fields, array = {}, {}
  for key, field in pairs(value) do
    if math.type(key) ~= "integer" then
      fields[#fields + 1] = written(key) .. "=" .. written(field)
    end
  end
  table.sort(fields)
  for index, field in ipairs(value) do
    array[index] = written(field)
  end
  return ("{%s|%s}"):format(table.concat(array, ","), table.concat(fields, ","))
end

action = function()
  local args, lines = nmap.registry.args, {}
  for key, value in pairs(args) do
    lines[#lines + 1] = ("%s -> %s"):format(written(key), written(value))
  end
  table.sort(lines)
  nmap.log_write("stdout", ("shown: %d"):format(#lines))
  for _, line in ipairs(lines) do
    nmap.log_write("stdout", "arg: " .. line)
  end
end
