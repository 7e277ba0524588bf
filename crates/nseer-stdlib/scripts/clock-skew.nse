local datetime = require "datetime"
local math = require "math"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Says how far the clock of a host is from ours, from what other scripts learned of its time.
]]

---
-- Scripts note differences with <code>datetime.record_skew</code>.
--
-- @usage nseer -sC <target>
-- @output
-- Host script results:
-- |_clock-skew: mean: -1h00m00s, deviation: 1s, median: -1h00m00s

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "safe"}
dependencies = {
  "ssl-date", "smb-os-discovery", "smb2-time", "ntp-info", "rfc868-time", "http-date", "rdp-ntlm-info", "http-ntlm-info",
}

hostrule = function (host)
  return host.registry.datetime_skew ~= nil and #host.registry.datetime_skew > 0
end

local function mean_and_deviation (values)
  local sum = 0
  for _, value in ipairs(values) do
    sum = sum + value
  end
  local mean, squares = sum / #values, 0.0
  for _, value in ipairs(values) do
    squares = squares + (value - mean) ^ 2
  end
  return mean, #values > 1 and math.sqrt(squares / (#values - 1)) or 0
end

local function median (values)
  local sorted = table.move(values, 1, #values, 1, {})
  table.sort(sorted)
  local middle = #sorted // 2
  return #sorted % 2 == 1 and sorted[middle + 1] or (sorted[middle] + sorted[middle + 1]) / 2
end

action = function (host)
  local skews = host.registry.datetime_skew
  if not skews or #skews == 0 then
    return nil
  end
  local mean, deviation = mean_and_deviation(skews)
  local out = stdnse.output_table()
  out.mean, out.stddev, out.median = mean, deviation, median(skews)
  local text
  if #skews == 1 then
    text = "mean: " .. datetime.format_time(mean)
  else
    text = string.format("mean: %s, deviation: %s, median: %s", datetime.format_time(mean), datetime.format_time(deviation),
      datetime.format_time(out.median))
  end
  -- Ours and theirs agree to the second: nothing worth a line, unless somebody wants it.
  if math.abs(mean) < 1 and deviation < 1 and nmap.verbosity() < 2 then
    return nil
  end
  return out, text
end
