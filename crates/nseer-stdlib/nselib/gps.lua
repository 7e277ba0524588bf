---
-- Sentences of GPS receivers: where they are and when.
--
-- Written from the public description of NMEA 0183's sentence RMC, and of its checksum.
--
-- @usage
-- local status, place = gps.NMEA.parse("$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A")
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name gps

local datetime = require "datetime"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"
local tonumber, type = tonumber, type

_ENV = stdnse.module("gps", stdnse.seeall)

--- Small helpers.
-- @class table
-- @name Util
Util = {}

--- Turns a date and a time of a sentence into seconds.
-- @name Util.convertTime
-- @param date Six digits: day, month and year, which is one of this century.
-- @param time Six digits: hours, minutes and seconds, perhaps with a fraction.
-- @return Seconds since 1970; nil if the texts are none.
function Util.convertTime (date, time)
  local day, month, year = string.match(date, "^(%d%d)(%d%d)(%d%d)$")
  local hour, min, sec = string.match(time, "^(%d%d)(%d%d)(%d%d)")
  if not day or not hour then
    return nil
  end
  return datetime.date_to_timestamp({ year = 2000 + tonumber(year), month = tonumber(month), day = tonumber(day),
    hour = tonumber(hour), min = tonumber(min), sec = tonumber(sec) }, 0)
end

-- Degrees of a text of degrees and minutes; nil if it is none.
local function degrees (text, letter)
  local whole, minutes = string.match(text, "^(%d+)(%d%d%.?%d*)$")
  if not whole then
    return nil
  end
  local value = tonumber(whole) + tonumber(minutes) / 60
  return (letter == "S" or letter == "W") and -value or value
end

--- Sentences.
-- @class table
-- @name NMEA
NMEA = { RMC = {} }

--- Whether a sentence's checksum is right.
-- @name NMEA.checksum
-- @param str The sentence.
-- @return True if it is, otherwise false.
-- @return A reason.
function NMEA.checksum (str)
  local body, wanted = string.match(str, "^%$([^*]*)%*(%x%x)")
  if not body then
    return false, "the sentence has no checksum"
  end
  local sum = 0
  for at = 1, #body do
    sum = sum ~ string.byte(body, at)
  end
  if sum ~= tonumber(wanted, 16) then
    return false, string.format("the checksum is %02x, not %s", sum, wanted)
  end
  return true
end

--- Reads a sentence RMC.
-- @name NMEA.RMC.parse
-- @param str The sentence.
-- @return Table with <code>time</code>, <code>status</code>, <code>latitude</code>, <code>longitude</code> (degrees),
--         <code>speed</code>, <code>course</code>, <code>date</code>, <code>variation</code> and
--         <code>ew_variation</code>; nil if the receiver knows no place.
function NMEA.RMC.parse (str)
  local time, status, lat, ns, lon, ew, speed, course, date, variation, ew_variation = string.match(str,
    "^%$GPRMC,([^,]*),([^,]*),([^,]*),([^,]*),([^,]*),([^,]*),([^,]*),([^,]*),([^,]*),([^,]*),([^,*]*)")
  local latitude, longitude = lat and degrees(lat, ns), lon and degrees(lon, ew)
  if status ~= "A" or not latitude or not longitude then
    return nil
  end
  return { time = time, status = status, latitude = latitude, longitude = longitude, speed = speed, course = course,
    date = date, variation = variation, ew_variation = ew_variation }
end

--- Reads a sentence of any kind that is known here.
-- @name NMEA.parse
-- @param str The sentence.
-- @return True, or false.
-- @return Table as of its kind; or a reason.
function NMEA.parse (str)
  if type(str) ~= "string" then
    return false, "this is no sentence"
  end
  local status, reason = NMEA.checksum(str)
  if not status then
    return false, reason
  end
  local kind = NMEA[string.match(str, "^%$GP(%u%u%u),") or ""]
  if not kind then
    return false, "sentences of this kind are not known here"
  end
  local place = kind.parse(str)
  if not place then
    return false, "the receiver knows no place"
  end
  return true, place
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local LINE = "$GPRMC,123519,A,4807.038,N,01131.000,W,022.4,084.4,230394,003.1,W*78"
local status, place = NMEA.parse(LINE)
test_suite:add_test(unittest.is_true(status), "a sentence")
test_suite:add_test(unittest.equal(string.format("%.4f %.4f", place.latitude, place.longitude), "48.1173 -11.5167"), "where")
test_suite:add_test(unittest.equal(place.time, "123519"), "when")
test_suite:add_test(unittest.is_false((NMEA.parse(string.gsub(LINE, "78$", "79")))), "a wrong sum")
test_suite:add_test(unittest.is_false((NMEA.parse("$GPRMC,123519,V,,,,,,,230394,,*33"))), "no place")
test_suite:add_test(unittest.is_false((NMEA.parse("$GPGGA,1*4b"))), "another kind")
test_suite:add_test(unittest.is_false((NMEA.parse("junk"))), "no sentence")
test_suite:add_test(unittest.equal(Util.convertTime("230394", "123519"), 3920186119), "seconds")
test_suite:add_test(unittest.is_nil((Util.convertTime("", "1"))), "no time")
return _ENV
