-- datetime.
--
-- Expected values are those of Nmap 7.93, except where a heading says why not.
return function (check, gives, raises)
  -- format_timestamp.
  gives([[datetime.format_timestamp(0)]], "1970-01-01T00:00:00")
  gives([[datetime.format_timestamp(0, 0)]], "1970-01-01T00:00:00+00:00")
  gives([[datetime.format_timestamp(0, 3600)]], "1970-01-01T01:00:00+01:00")
  gives([[datetime.format_timestamp(0, -3600)]], "1969-12-31T23:00:00-01:00")
  gives([[datetime.format_timestamp(0, 5400)]], "1970-01-01T01:30:00+01:30")
  gives([[datetime.format_timestamp(0, -5400)]], "1969-12-31T22:30:00-01:30")
  gives([[datetime.format_timestamp(1e9)]], "2001-09-09T01:46:40")
  gives([[datetime.format_timestamp(1e9+0.5)]], "2001-09-09T01:46:40")
  gives([[datetime.format_timestamp(-1)]], "1969-12-31T23:59:59")
  gives([[datetime.format_timestamp(1e12)]], "33658-09-27T01:46:40")
  gives([[datetime.format_timestamp({year=2020,month=1,day=2,hour=3,min=4,sec=5})]], "2020-01-02T03:04:05")
  gives([[datetime.format_timestamp({year=2020,month=1,day=2,hour=3,min=4,sec=5}, 0)]],
    "2020-01-02T03:04:05")
  gives([[datetime.format_timestamp({year=2020,month=1,day=2,hour=3,min=4,sec=5}, 3600)]],
    "2020-01-02T03:04:05")
  gives([[datetime.format_timestamp("0")]], "1970-01-01T00:00:00")
  gives([[datetime.format_timestamp(0, 59)]], "1970-01-01T00:00:59+00:00")
  gives([[datetime.format_timestamp(0, 45)]], "1970-01-01T00:00:45+00:00")
  gives([[datetime.format_timestamp(253402300799)]], "9999-12-31T23:59:59")
  gives([[datetime.format_timestamp(253402300800)]], "10000-01-01T00:00:00")

  -- format_timestamp, unlike Nmap: a time of day may be missing; far years have their right day.
  gives([[datetime.format_timestamp({year=2020,month=1,day=2})]], "2020-01-02T00:00:00")
  raises([[datetime.format_timestamp({year=2020})]],
    "date table needs integers in 'year', 'month' and 'day'")
  gives([[datetime.format_timestamp(2^60)]], "36534630048-05-13T13:56:16")

  -- format_time.
  gives([[datetime.format_time(0)]], "0s")
  gives([[datetime.format_time(59)]], "59s")
  gives([[datetime.format_time(60)]], "1m00s")
  gives([[datetime.format_time(3661)]], "1h01m01s")
  gives([[datetime.format_time(86400)]], "1d00h00m00s")
  gives([[datetime.format_time(90061)]], "1d01h01m01s")
  gives([[datetime.format_time(1.5)]], "2s")
  gives([[datetime.format_time(-5)]], "-5s")
  gives([[datetime.format_time(-90061)]], "-1d01h01m01s")
  gives([[datetime.format_time(31536000)]], "365d00h00m00s")
  gives([[datetime.format_time(100000000)]], "1157d09h46m40s")
  gives([[datetime.format_time(90061000, 1000)]], "1d01h01m1.000s")
  gives([[datetime.format_time(12345, 100)]], "2m3.45s")
  gives([[datetime.format_time(604800)]], "7d00h00m00s")
  gives([[datetime.format_time(1209600)]], "14d00h00m00s")
  gives([[datetime.format_time(700000)]], "8d02h26m40s")
  gives([[datetime.format_time(3600)]], "1h00m00s")
  gives([[datetime.format_time(7200)]], "2h00m00s")
  gives([[datetime.format_time(120)]], "2m00s")
  gives([[datetime.format_time(121)]], "2m01s")
  gives([[datetime.format_time(12345, 1000)]], "12.345s")
  gives([[datetime.format_time(61500, 1000)]], "1m1.500s")
  gives([[datetime.format_time(3600500, 1000)]], "1h00m0.500s")
  gives([[datetime.format_time(61.5)]], "1m02s")
  gives([[datetime.format_time(-61.5)]], "-1m02s")
  gives([[datetime.format_time(0.4)]], "0s")
  gives([[datetime.format_time(2.5)]], "2s")
  gives([[datetime.format_time(2.5), datetime.format_time(3.5), datetime.format_time(0.5)]],
    "2s", "4s", "0s")

  -- format_time, unlike Nmap: short times have their fraction, and no minute has 60 seconds.
  gives([[datetime.format_time(1, 1000)]], "0.001s")
  gives([[datetime.format_time(500, 1000)]], "0.500s")
  gives([[datetime.format_time(119.999)]], "2m00s")

  -- format_difftime.
  gives([[datetime.format_difftime({year=2020,month=1,day=2,hour=3,min=4,sec=5},
    {year=2020,month=1,day=2,hour=3,min=4,sec=5})]],
    "0s")
  gives([[datetime.format_difftime({year=2020,month=1,day=2,hour=3,min=4,sec=6},
    {year=2020,month=1,day=2,hour=3,min=4,sec=5})]],
    "+1s")
  gives([[datetime.format_difftime({year=2020,month=1,day=2,hour=3,min=4,sec=5},
    {year=2020,month=1,day=2,hour=3,min=4,sec=6})]],
    "-1s")
  gives([[datetime.format_difftime({year=2021,month=3,day=5,hour=7,min=9,sec=11},
    {year=2020,month=1,day=2,hour=3,min=4,sec=5})]],
    "+1y62d04h05m06s")
  gives([[datetime.format_difftime({year=2020,month=1,day=2,hour=3,min=4,sec=5},
    {year=2021,month=3,day=5,hour=7,min=9,sec=11})]],
    "-1y62d04h05m06s")
  gives([[datetime.format_difftime({year=2020,month=1,day=1,hour=0,min=0,sec=0},
    {year=2019,month=12,day=31,hour=23,min=59,sec=59})]],
    "+1s")
  gives([[datetime.format_difftime({year=2020,month=3,day=1,hour=0,min=0,sec=0},
    {year=2020,month=2,day=28,hour=0,min=0,sec=0})]],
    "+2d00h00m00s")
  gives([[datetime.format_difftime({year=2020,month=3,day=31,hour=0,min=0,sec=0},
    {year=2020,month=2,day=29,hour=0,min=0,sec=0})]],
    "+31d00h00m00s")
  gives([[datetime.format_difftime({year=2020,month=1,day=2,hour=0},
    {year=2020,month=1,day=1,hour=0})]],
    "+1d00h00m00s")
  gives([[datetime.format_difftime({year=2020,month=1,day=2},{year=2020,month=1,day=1})]], "+1d00h00m00s")
  gives([[datetime.format_difftime({year=2020,month=1,day=2,hour=5},
    {year=2020,month=1,day=1,hour=3})]],
    "+1d02h00m00s")
  gives([[datetime.format_difftime({year=2020,month=1,day=2,hour=5,min=1},
    {year=2020,month=1,day=1,hour=3,min=9})]],
    "+1d01h52m00s")
  gives([[datetime.format_difftime({year=2020,month=1,day=2,hour=3,min=4,sec=5},
    {year=2020,month=1,day=1,hour=3,min=4})]],
    "+1d00h00m05s")
  gives([[datetime.format_difftime({year=2020,month=2,day=1,hour=0,min=0,sec=0},
    {year=2020,month=1,day=1,hour=0,min=0,sec=0})]],
    "+31d00h00m00s")
  gives([[datetime.format_difftime({year=2020,month=12,day=31,hour=0,min=0,sec=0},
    {year=2020,month=1,day=1,hour=0,min=0,sec=0})]],
    "+365d00h00m00s")
  gives([[datetime.format_difftime({year=2021,month=1,day=2,hour=3,min=4,sec=5},
    {year=2020,month=1,day=2,hour=3,min=4,sec=5})]],
    "+1y0s")
  gives([[datetime.format_difftime({year=2021,month=3,day=1,hour=0,min=0,sec=0},
    {year=2020,month=2,day=29,hour=0,min=0,sec=0})]],
    "+1y0s")
  gives([[datetime.format_difftime({year=2021,month=1,day=2,hour=3,min=4,sec=4},
    {year=2020,month=1,day=2,hour=3,min=4,sec=5})]],
    "+365d23h59m59s")
  gives([[datetime.format_difftime({year=2030,month=1,day=1,hour=0,min=0,sec=0},
    {year=2020,month=12,day=31,hour=0,min=0,sec=0})]],
    "+9y1d00h00m00s")

  -- format_difftime, unlike Nmap: other words; after a leap day the year ends on the last of February.
  raises([[datetime.format_difftime({year=2020},{year=2019})]],
    "date table needs integers in 'year', 'month' and 'day'")
  gives([[datetime.format_difftime({year=2021,month=2,day=28,hour=0,min=0,sec=0},
    {year=2020,month=2,day=29,hour=0,min=0,sec=0})]],
    "+365d00h00m00s")

  -- date_to_timestamp.
  gives([[datetime.date_to_timestamp({year=1970,month=1,day=1,hour=0,min=0,sec=0})]], 0.0)
  gives([[datetime.date_to_timestamp({year=1970,month=1,day=1,hour=0,min=0,sec=0}, 3600)]], -3600.0)
  gives([[datetime.date_to_timestamp({year=1970,month=1,day=1,hour=0,min=0,sec=0}, 0)]], 0.0)
  gives([[datetime.date_to_timestamp({year=2020,month=7,day=1})]], 1593604800.0)
  gives([[datetime.date_to_timestamp({year=2020,month=7,day=1,hour=0,min=0,sec=0}, -3600)]], 1593565200.0)
  gives([[datetime.date_to_timestamp({year=2020,month=7,day=1,hour=0,min=0,sec=0.5}, -3600)]], nil)
  gives([[datetime.date_to_timestamp({})]], nil)
  gives([[datetime.date_to_timestamp("x")]], nil)
  gives([[datetime.date_to_timestamp({year=1960,month=1,day=1,hour=0,min=0,sec=0})]], -315619200.0)
  gives([[datetime.date_to_timestamp({year=2500,month=1,day=1,hour=0,min=0,sec=0})]], 16725225600.0)
  gives([[datetime.date_to_timestamp({year=99999999999,month=1,day=1,hour=0,min=0,sec=0})]], nil)

  -- date_to_timestamp, unlike Nmap: without a date there is no timestamp.
  gives([[datetime.date_to_timestamp(nil)]], nil)

  -- record_skew.
  gives([[local h={registry={}} return datetime.record_skew(h, 100, 90), h]],
    nil, {registry = {datetime_skew = {10.0}}})
  gives([[local h={registry={}} return datetime.record_skew(h, 100, 90, 5), h]],
    nil, {registry = {datetime_skew = {10.0}}})
  gives([[local h={registry={}} return datetime.record_skew(h, 100, 90, 50), h]],
    nil, {registry = {datetime_skew = {10.0}}})
  gives([[local h={registry={}} datetime.record_skew(h, 100, 90)
    return datetime.record_skew(h, 100, 91), h]],
    nil, {registry = {datetime_skew = {10.0, 9.0}}})

  -- utc_offset, wherever the test runs.
  local datetime = require "datetime"
  local os = require "os"
  for _, t in ipairs {0, 1e9, 1593604800, 1e9 + 0.5} do
    local offset = datetime.utc_offset(t)
    local here = os.date("%Y-%m-%d %H:%M:%S", math.floor(t))
    local shifted = os.date("!%Y-%m-%d %H:%M:%S", math.floor(t) + math.floor(offset))
    check("utc_offset at " .. t, {math.type(offset), shifted}, {"float", here})
  end
  check("utc_offset now", math.type(datetime.utc_offset()), "float")
end
