local lpeg_utility = require "lpeg-utility"
local math = require "math"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Shows the texts in what a service answered that version detection does not know.

The answers are those of the fingerprint, so nothing more is sent. Probes with the same texts are shown together.
]]

---
-- @usage
-- nseer -sV --script fingerprint-strings <target>
-- @args fingerprint-strings.n How many printable characters make a text. Default: 4.
-- @output
-- 7000/tcp open  unknown
-- | fingerprint-strings:
-- |   GenericLines, GetRequest:
-- |     Welcome to the warbler.
-- |_    Say hello:
-- @xmloutput
-- <elem key="GenericLines, GetRequest">&#xa;    Welcome to the warbler.</elem>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"version"}

portrule = function (_, port)
  return port.version ~= nil and port.version.service_fp ~= nil
end

-- Characters that can be shown.
local PRINTABLE = "[\t\n\r -~]+"

-- The texts of an answer, a line each.
local function texts_of (answer, shortest)
  local lines = {}
  for run in string.gmatch(answer, PRINTABLE) do
    for line in string.gmatch(run, "[^\r\n]+") do
      line = string.match(line, "^%s*(.-)$")
      if #line >= shortest then
        lines[#lines + 1] = "    " .. line
      end
    end
  end
  return table.concat(lines, "\n")
end

action = function (_, port)
  local fingerprint = port.version and port.version.service_fp
  if not fingerprint then
    return nil
  end
  local shortest = math.tointeger(tonumber(stdnse.get_script_args("fingerprint-strings.n"))) or 4
  local probes_of, texts = {}, {}
  for probe, answer in pairs(lpeg_utility.parse_fp(fingerprint)) do
    local text = texts_of(answer, shortest)
    if text ~= "" then
      if not probes_of[text] then
        probes_of[text] = {}
        texts[#texts + 1] = text
      end
      table.insert(probes_of[text], probe)
    end
  end
  local names = {}
  for i, text in ipairs(texts) do
    table.sort(probes_of[text])
    names[i] = {table.concat(probes_of[text], ", "), text}
  end
  table.sort(names, function (a, b) return a[1] < b[1] end)
  local out = stdnse.output_table()
  for _, entry in ipairs(names) do
    out[entry[1]] = "\n" .. entry[2]
  end
  return out() and out or nil
end
