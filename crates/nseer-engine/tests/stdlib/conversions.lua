-- The functions of stdnse that turn values into text and back, and judge hosts.
--
-- Expected values are those of Nmap 7.93, except where a heading says why not.
return function (_, gives, raises)
  -- tohex.
  gives([[stdnse.tohex("abc")]], "616263")
  gives([[stdnse.tohex("")]], "")
  gives([[stdnse.tohex("\0\255")]], "00ff")
  gives([[stdnse.tohex(10)]], "a")
  gives([[stdnse.tohex(255)]], "ff")
  gives([[stdnse.tohex(65536)]], "10000")
  gives([[stdnse.tohex(1.0)]], "1")
  gives([[stdnse.tohex(-1)]], "ffffffffffffffff")
  gives([[stdnse.tohex("abcd", {group=1})]], "61626364")
  gives([[stdnse.tohex("a", {separator=":"})]], "61")
  gives([[stdnse.tohex("", {separator=":"})]], "")

  -- tohex, unlike Nmap: version 7.93 ignores separators; later ones group from the right, as here.
  raises([[stdnse.tohex(nil)]], "tohex cannot write a nil")
  raises([[stdnse.tohex({})]], "tohex cannot write a table")
  gives([[stdnse.tohex("abcd", {separator=":"})]], "61:62:63:64")
  gives([[stdnse.tohex("abcde", {separator=" ", group=4})]], "61 6263 6465")
  gives([[stdnse.tohex("abcde", {separator=" ", group=3})]], "6 162 636 465")
  gives([[stdnse.tohex("abcd", {separator=" ", group=1})]], "6 1 6 2 6 3 6 4")
  gives([[stdnse.tohex(0x12345, {separator=":"})]], "1:23:45")
  gives([[stdnse.tohex(0x12345, {separator=" ", group=4})]], "1 2345")
  gives([[stdnse.tohex("abcd", {separator="%"})]], "61%62%63%64")

  -- fromhex.
  gives([[stdnse.fromhex("61 62:63")]], nil, "Invalid hexadecimal digits at position 6")
  gives([[stdnse.fromhex("61a")]], nil, "Odd number of hexadecimal digits")
  gives([[stdnse.fromhex("zz")]], nil, "Invalid hexadecimal digits at position 1")
  gives([[stdnse.fromhex("0xAB")]], nil, "Invalid hexadecimal digits at position 2")
  gives([[stdnse.fromhex("61:62")]], nil, "Invalid hexadecimal digits at position 3")

  -- fromhex, unlike Nmap: it gives a count as second value.
  gives([[stdnse.fromhex("616263")]], "abc")
  gives([[stdnse.fromhex("6162 63")]], "abc")
  gives([[stdnse.fromhex("")]], "")
  gives([[stdnse.fromhex("aBcD")]], "\xab\xcd")
  gives([[stdnse.fromhex(6162)]], "ab")
  gives([[stdnse.fromhex("61\n62")]], "ab")

  -- tobinary and tooctal.
  gives([[stdnse.tooctal(10)]], "12")
  gives([[stdnse.tooctal(0)]], "0")
  gives([[stdnse.tooctal(-1)]], "1777777777777777777777")
  gives([[stdnse.tooctal(8.0)]], "10")
  gives([[stdnse.tooctal("8")]], "10")

  -- tobinary and tooctal, unlike Nmap: it gives a count as second value.
  gives([[stdnse.tobinary(10)]], "1010")
  gives([[stdnse.tobinary(0)]], "0000")
  gives([[stdnse.tobinary(255)]], "11111111")
  gives([[stdnse.tobinary(-1)]], "1111111111111111111111111111111111111111111111111111111111111111")
  gives([[stdnse.tobinary(2.0)]], "0010")
  gives([[stdnse.tobinary("5")]], "0101")

  -- format_mac and string_or_blank.
  gives([[stdnse.format_mac("")]], "")
  gives([[stdnse.string_or_blank("a")]], "a")
  gives([[stdnse.string_or_blank("")]], "<blank>")
  gives([[stdnse.string_or_blank(nil)]], "<blank>")
  gives([[stdnse.string_or_blank("  ")]], "  ")
  gives([[stdnse.string_or_blank("", "x")]], "x")
  gives([[stdnse.string_or_blank(nil, "x")]], "x")
  gives([[stdnse.string_or_blank(5)]], 5)

  -- format_mac and string_or_blank, unlike Nmap: see tohex.
  gives([[stdnse.format_mac("\1\2\3\4\5\255")]], "01:02:03:04:05:ff")
  gives([[stdnse.format_mac("\1\2")]], "01:02")
  raises([[stdnse.format_mac(nil)]], "tohex cannot write a nil")

  -- parse_timespec.
  gives([[stdnse.parse_timespec("10")]], 10)
  gives([[stdnse.parse_timespec("10s")]], 10)
  gives([[stdnse.parse_timespec("10m")]], 600)
  gives([[stdnse.parse_timespec("2h")]], 7200)
  gives([[stdnse.parse_timespec("1500ms")]], 1.5)
  gives([[stdnse.parse_timespec("1.5h")]], 5400.0)
  gives([[stdnse.parse_timespec(10)]], 10)
  gives([[stdnse.parse_timespec(".5m")]], 30.0)
  gives([[stdnse.parse_timespec("0")]], 0)

  -- parse_timespec, unlike Nmap: other words.
  gives([[stdnse.parse_timespec("1d")]],
    nil, "cannot read '1d' as a duration: the unit 'd' is none of ms, s, m, h")
  gives([[stdnse.parse_timespec("")]],
    nil, "cannot read '' as a duration: write a number and ms, s, m or h")
  gives([[stdnse.parse_timespec("x")]],
    nil, "cannot read 'x' as a duration: write a number and ms, s, m or h")
  gives([[stdnse.parse_timespec("-5")]],
    nil, "cannot read '-5' as a duration: write a number and ms, s, m or h")
  gives([[stdnse.parse_timespec("10 s")]],
    nil, "cannot read '10 s' as a duration: the unit ' s' is none of ms, s, m, h")
  gives([[stdnse.parse_timespec("10S")]],
    nil, "cannot read '10S' as a duration: the unit 'S' is none of ms, s, m, h")
  gives([[stdnse.parse_timespec(nil)]], nil, "no duration was given")
  gives([[stdnse.parse_timespec("0x10")]],
    nil, "cannot read '0x10' as a duration: the unit 'x10' is none of ms, s, m, h")
  gives([[stdnse.parse_timespec("1e2")]],
    nil, "cannot read '1e2' as a duration: the unit 'e2' is none of ms, s, m, h")

  -- get_hostname.
  gives([[stdnse.get_hostname({targetname="t", name="n", ip="1.2.3.4"})]], "t")
  gives([[stdnse.get_hostname({name="n", ip="1.2.3.4"})]], "n")
  gives([[stdnse.get_hostname({name="", ip="1.2.3.4"})]], "1.2.3.4")
  gives([[stdnse.get_hostname({targetname="", name="n", ip="1.2.3.4"})]], "")
  gives([[stdnse.get_hostname({ip="1.2.3.4"})]], "1.2.3.4")
  gives([[stdnse.get_hostname({})]], nil)
  gives([[stdnse.get_hostname("x")]], "x")
  gives([[stdnse.get_hostname("")]], "")
  gives([[stdnse.get_hostname(nil)]], nil)

  -- get_timeout.
  gives([[stdnse.get_timeout({times={timeout=0.01}})]], 1000)
  gives([[stdnse.get_timeout({times={timeout=0.5}}, 5000)]], 1000)
  gives([[stdnse.get_timeout({times={timeout=0.5}}, 5000, 4000)]], 4000)
  gives([[stdnse.get_timeout({times={timeout=0.1}}, 8000, 100)]], 200.0)
  gives([[stdnse.get_timeout({times={timeout=9}}, 8000, 100)]], 8000)
  gives([[stdnse.get_timeout({times={timeout=9}}, 5, 100)]], 5)
  gives([[stdnse.get_timeout(nil)]], 8000)
  gives([[stdnse.get_timeout({})]], 8000)
  gives([[stdnse.get_timeout("x")]], 8000)
  gives([[stdnse.get_timeout(nil, 5000)]], 5000)
  gives([[stdnse.get_timeout(nil, nil, 99999)]], 8000)
  gives([[stdnse.get_timeout({times={}})]], 8000)

  -- get_timeout, unlike Nmap: integers stay integers.
  gives([[stdnse.get_timeout({times={timeout=1}})]], 2000)
  gives([[stdnse.get_timeout({times={timeout=3}})]], 6000)

  -- Clocks.
  gives([[math.type(stdnse.clock_ms()), stdnse.clock_ms() > 1e12, stdnse.clock_ms() < 1e14]],
    "float", true, true)
  gives([[math.type(stdnse.clock_us()), stdnse.clock_us() > 1e15, stdnse.clock_us() < 1e17]],
    "float", true, true)
end
