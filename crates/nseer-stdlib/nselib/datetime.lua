---
-- Dates, times and the clocks of other machines.
--
-- A timestamp is a number of seconds since 1970-01-01 00:00 UTC. A date table has the fields
-- <code>year month day hour min sec</code>, as <code>os.date("*t")</code> gives; where the time of day is
-- missing, midnight is meant. Calendar arithmetic is that of the proleptic Gregorian calendar and does
-- not ask the operating system, so any year works.
--
-- Written from ISO 8601, RFC 3339 and observed output. It knows nothing of networks.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name datetime

local math = require "math"
local os = require "os"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"

_ENV = stdnse.module("datetime", stdnse.seeall)

local MINUTE, HOUR, DAY = 60, 3600, 86400

-- Days from 1970-01-01 to a date. Years are counted from March, so that the leap day ends a year.
local function days_from_civil (year, month, day)
  year = year + (month - 3) // 12
  local month_from_march = (month - 3) % 12
  local leap_days = year // 4 - year // 100 + year // 400
  return 365 * year + leap_days + (153 * month_from_march + 2) // 5 + day - 719469
end

-- Year, month and day of a number of days since 1970-01-01.
local function civil_from_days (days)
  days = days + 719468
  local era = days // 146097
  local day_of_era = days % 146097
  local year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
  local day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
  local month_from_march = (5 * day_of_year + 2) // 153
  local day = day_of_year - (153 * month_from_march + 2) // 5 + 1
  local month = month_from_march < 10 and month_from_march + 3 or month_from_march - 9
  return year_of_era + era * 400 + (month <= 2 and 1 or 0), month, day
end

local function integer_field (date, name, default)
  local value = date[name]
  if value == nil then
    value = default
  end
  return math.tointeger(tonumber(value))
end

-- A date table as a number of seconds; nil if a field is missing or is not an integer.
local function seconds_of (date, default_hour)
  local year, month = integer_field(date, "year"), integer_field(date, "month")
  local day = integer_field(date, "day")
  local hour, min = integer_field(date, "hour", default_hour), integer_field(date, "min", 0)
  local sec = integer_field(date, "sec", 0)
  -- Beyond these years seconds would not be exact.
  if not (year and month and day and hour and min and sec) or math.abs(year) > 1000000 then
    return nil
  end
  return days_from_civil(year, month, day) * DAY + hour * HOUR + min * MINUTE + sec
end

local function checked_seconds_of (date)
  local seconds = seconds_of(date, 0)
  if not seconds then
    error("date table needs integers in 'year', 'month' and 'day'", 3)
  end
  return seconds
end

-- The text after the sign for a duration of zero or more seconds; `digits` after the point.
local function duration (seconds, digits)
  -- Rounded before it is taken apart, so that there is never a sixtieth second.
  seconds = tonumber(string.format("%." .. digits .. "f", seconds))
  local whole = math.floor(seconds)
  local days, hours, minutes = whole // DAY, whole % DAY // HOUR, whole % HOUR // MINUTE
  local rest = seconds - (whole - whole % MINUTE)
  local format = digits > 0 and "%." .. digits .. "fs" or seconds < MINUTE and "%.0fs" or "%02.0fs"
  local text = string.format(format, rest)
  if days > 0 then
    return string.format("%.0fd%02.0fh%02.0fm%s", days, hours, minutes, text)
  elseif hours > 0 then
    return string.format("%.0fh%02.0fm%s", hours, minutes, text)
  elseif minutes > 0 then
    return string.format("%.0fm%s", minutes, text)
  end
  return text
end

--- Formats a duration for people.
--
-- Days are the largest unit; parts that are zero are left out in front.
-- @usage
-- datetime.format_time(90061)  --> "1d01h01m01s"
-- datetime.format_time(12345, 100)  --> "2m3.45s"
-- @param time Duration, in seconds or in the unit that <code>multiplier</code> says.
-- @param multiplier How many units there are in a second, a power of ten: 1000 for milliseconds. The
--                   text has as many digits after the point. Default: 1.
-- @return The text; it begins with a minus sign if the duration is negative.
function format_time (time, multiplier)
  local digits = 0
  if multiplier and multiplier > 1 then
    time = time / multiplier
    digits = math.floor(math.log(multiplier, 10) + 0.5)
  end
  if time < 0 then
    return "-" .. duration(-time, digits)
  end
  return duration(time, digits)
end

--- Formats the difference between two dates for people.
--
-- Whole years are counted by the calendar, the rest in days, hours, minutes and seconds.
-- @usage
-- datetime.format_difftime(
--   {year = 2021, month = 3, day = 5}, {year = 2020, month = 3, day = 4})  --> "+1y1d00h00m00s"
-- @param t2 Date table.
-- @param t1 Date table that is subtracted.
-- @return The text, with its sign: a plus if <code>t2</code> is later. Without a sign if they are equal.
function format_difftime (t2, t1)
  local later, earlier = checked_seconds_of(t2), checked_seconds_of(t1)
  if later == earlier then
    return "0s"
  end
  local sign = "+"
  if later < earlier then
    sign, later, earlier, t2, t1 = "-", earlier, later, t1, t2
  end
  local year, month, day = integer_field(t1, "year"), integer_field(t1, "month"), integer_field(t1, "day")
  local years = integer_field(t2, "year") - year
  local function after_years (n)
    return earlier + (days_from_civil(year + n, month, day) - days_from_civil(year, month, day)) * DAY
  end
  while years > 0 and after_years(years) > later do
    years = years - 1
  end
  local text = duration(later - after_years(math.max(years, 0)), 0)
  return years > 0 and sign .. years .. "y" .. text or sign .. text
end

--- Formats a point in time as in ISO 8601.
-- @usage
-- datetime.format_timestamp(0)  --> "1970-01-01T00:00:00"
-- datetime.format_timestamp(0, 5400)  --> "1970-01-01T01:30:00+01:30"
-- @param t Timestamp, or a date table, which is formatted as it is.
-- @param offset For a timestamp: seconds east of UTC at the place in question. The text then shows the
--               time there, and ends with the offset. Without it the text is in UTC and has no zone.
-- @return The text.
function format_timestamp (t, offset)
  local seconds
  if type(t) == "table" then
    seconds, offset = checked_seconds_of(t), nil
  else
    seconds = math.floor(t + (offset or 0))
  end
  local year, month, day = civil_from_days(seconds // DAY)
  local text = string.format("%04.0f-%02.0f-%02.0fT%02.0f:%02.0f:%02.0f",
    year, month, day, seconds % DAY // HOUR, seconds % HOUR // MINUTE, seconds % MINUTE)
  if offset then
    local minutes = math.abs(offset) // MINUTE
    text = string.format("%s%s%02.0f:%02.0f", text, offset < 0 and "-" or "+", minutes // 60, minutes % 60)
  end
  return text
end

--- Tells how far the local time zone of this machine is from UTC.
-- @param t Timestamp at which it is asked, because of summer time. Default: now.
-- @return Seconds east of UTC, a float.
function utc_offset (t)
  t = math.floor(t or os.time())
  return seconds_of(os.date("*t", t), 0) - t + 0.0
end

--- Turns a date table into a timestamp.
--
-- Fields may be out of range: the 32nd of January is the 1st of February. As in <code>os.time</code>, a
-- missing <code>hour</code> means noon.
-- @param date Date table.
-- @param offset Seconds east of UTC where the date was written. Default: 0.
-- @return The timestamp, a float; or nil if the table is not a date.
function date_to_timestamp (date, offset)
  local seconds = type(date) == "table" and seconds_of(date, 12)
  return seconds and seconds - (offset or 0) + 0.0 or nil
end

--- Notes how far the clock of a host is from ours.
--
-- The differences of one host are collected in <code>host.registry.datetime_skew</code>, an array of
-- floats in seconds, positive where the host's clock is ahead.
-- @param host Host table.
-- @param timestamp What the host said that the time is: a timestamp.
-- @param received When it said so by our clock: a timestamp.
function record_skew (host, timestamp, received)
  local skews = host.registry.datetime_skew or {}
  host.registry.datetime_skew = skews
  skews[#skews + 1] = math.floor(timestamp) - math.floor(received) + 0.0
end

if not unittest.testing() then return _ENV end

test_suite = unittest.TestSuite:new()
local leap_day = { year = 2024, month = 2, day = 29, hour = 1, min = 2, sec = 3 }
test_suite:add_test(unittest.equal(date_to_timestamp(leap_day), 1709168523.0), "timestamp")
test_suite:add_test(unittest.equal(date_to_timestamp(leap_day, 3600), 1709164923.0), "timestamp of another zone")
test_suite:add_test(unittest.is_nil(date_to_timestamp({})), "not a date")
test_suite:add_test(unittest.equal(format_timestamp(1709168523), "2024-02-29T01:02:03"), "text of a timestamp")
test_suite:add_test(unittest.equal(format_timestamp(0, -5400), "1969-12-31T22:30:00-01:30"), "text with a zone")
test_suite:add_test(unittest.equal(format_time(90061), "1d01h01m01s"), "duration")
test_suite:add_test(unittest.equal(format_time(-12345, 100), "-2m3.45s"), "duration in hundredths")
local year_before = { year = 2023, month = 2, day = 28, hour = 1, min = 2, sec = 3 }
test_suite:add_test(unittest.equal(format_difftime(leap_day, year_before), "+1y1d00h00m00s"), "difference")
test_suite:add_test(unittest.equal(format_difftime(leap_day, leap_day), "0s"), "no difference")
do
  local host = { registry = {} }
  record_skew(host, 110, 100)
  record_skew(host, 95, 100)
  test_suite:add_test(unittest.table_equal(host.registry.datetime_skew, { 10.0, -5.0 }), "clocks")
end

return _ENV
