-- ipOps.
--
-- Expected values are those of Nmap 7.93, except where a heading says why not.
return function (_, gives)
  -- isPrivate.
  gives([[ipOps.isPrivate("192.168.1.1")]], true, "192.168/16")
  gives([[ipOps.isPrivate("10.0.0.1")]], true, "10/8")
  gives([[ipOps.isPrivate("172.16.0.1")]], true, "172.16/12")
  gives([[ipOps.isPrivate("172.32.0.1")]], false, nil)
  gives([[ipOps.isPrivate("127.0.0.1")]], true, "127/8")
  gives([[ipOps.isPrivate("169.254.3.4")]], true, "169.254/16")
  gives([[ipOps.isPrivate("8.8.8.8")]], false, nil)
  gives([[ipOps.isPrivate("192.0.0.1")]], true, "192.0.0/24")
  gives([[ipOps.isPrivate("192.0.2.1")]], true, "192.0.2/24")
  gives([[ipOps.isPrivate("198.51.100.1")]], true, "198.51.100/24")
  gives([[ipOps.isPrivate("203.0.113.1")]], true, "203.0.113/24")
  gives([[ipOps.isPrivate("198.18.0.1")]], true, "198.18/15")
  gives([[ipOps.isPrivate("198.19.255.1")]], true, "198.18/15")
  gives([[ipOps.isPrivate("240.0.0.1")]], true, "240.0.0/4")
  gives([[ipOps.isPrivate("255.255.255.255")]], true, "240.0.0/4")
  gives([[ipOps.isPrivate("224.0.0.1")]], true, "224.0.0/24")
  gives([[ipOps.isPrivate("224.0.1.1")]], false, nil)
  gives([[ipOps.isPrivate("239.1.1.1")]], false, nil)
  gives([[ipOps.isPrivate("0.0.0.0")]], false, nil)
  gives([[ipOps.isPrivate("0.1.2.3")]], false, nil)
  gives([[ipOps.isPrivate("100.64.0.1")]], false, nil)
  gives([[ipOps.isPrivate("192.88.99.1")]], false, nil)
  gives([[ipOps.isPrivate("192.31.196.1")]], false, nil)
  gives([[ipOps.isPrivate("::1")]], true, "::/127")
  gives([[ipOps.isPrivate("::")]], true, "::/127")
  gives([[ipOps.isPrivate("fe80::1")]], true, "FE80::/10")
  gives([[ipOps.isPrivate("fc00::1")]], true, "FC00::/7")
  gives([[ipOps.isPrivate("fd00::1")]], true, "FC00::/7")
  gives([[ipOps.isPrivate("fec0::1")]], true, "FEC0::/10")
  gives([[ipOps.isPrivate("2001:db8::1")]], false, nil)
  gives([[ipOps.isPrivate("2001:4860::1")]], false, nil)
  gives([[ipOps.isPrivate("ff02::1")]], false, nil)
  gives([[ipOps.isPrivate("::ffff:10.0.0.1")]], false, nil)
  gives([[ipOps.isPrivate("64:ff9b::1")]], false, nil)
  gives([[ipOps.isPrivate("100::1")]], false, nil)
  gives([[ipOps.isPrivate("10.1")]], true, "10/8")

  -- isPrivate, unlike Nmap: other words.
  gives([[ipOps.isPrivate("x")]], nil, "'x' is not an IPv4 address")
  gives([[ipOps.isPrivate(nil)]], nil, "an IP address is a string, got nil")

  -- todword and fromdword.
  gives([[ipOps.todword("10.0.0.1")]], 167772161)
  gives([[ipOps.todword("255.255.255.255")]], 4294967295)
  gives([[ipOps.todword("0.0.0.0")]], 0)
  gives([[ipOps.todword("1.2")]], 16908288)
  gives([[ipOps.fromdword(167772161)]], "10.0.0.1")
  gives([[ipOps.fromdword(0)]], "0.0.0.0")
  gives([[ipOps.fromdword(4294967295)]], "255.255.255.255")
  gives([[ipOps.fromdword(16909060.0)]], "1.2.3.4")

  -- todword and fromdword, unlike Nmap: other words, and no error is raised.
  gives([[ipOps.todword("::1")]], nil, "'::1' is not an IPv4 address but IPv6")
  gives([[ipOps.todword("x")]], nil, "'x' is not an IPv4 address")
  gives([[ipOps.todword(nil)]], nil, "an IP address is a string, got nil")
  gives([[ipOps.fromdword(4294967296)]], nil, "'4294967296' is not an integer from 0 to 4294967295")
  gives([[ipOps.fromdword(-1)]], nil, "'-1' is not an integer from 0 to 4294967295")
  gives([[ipOps.fromdword("167772161")]], nil, "'167772161' is not an integer from 0 to 4294967295")
  gives([[ipOps.fromdword(1.5)]], nil, "'1.5' is not an integer from 0 to 4294967295")
  gives([[ipOps.fromdword("x")]], nil, "'x' is not an integer from 0 to 4294967295")
  gives([[ipOps.fromdword(nil)]], nil, "'nil' is not an integer from 0 to 4294967295")

  -- get_parts_as_number.
  gives([[ipOps.get_parts_as_number("1.2.3.4")]], {1, 2, 3, 4})
  gives([[ipOps.get_parts_as_number("::1")]], {0, 0, 0, 0, 0, 0, 0, 1})
  gives([[ipOps.get_parts_as_number("fe80::abcd")]], {65152, 0, 0, 0, 0, 0, 0, 43981})
  gives([[ipOps.get_parts_as_number("1.2")]], {1, 2, 0, 0})

  -- get_parts_as_number, unlike Nmap: other words.
  gives([[ipOps.get_parts_as_number("x")]], nil, "'x' is not an IPv4 address")
  gives([[ipOps.get_parts_as_number(nil)]], nil, "an IP address is a string, got nil")

  -- compare_ip.
  gives([[ipOps.compare_ip("10.0.0.1","eq","10.0.0.1")]], true)
  gives([[ipOps.compare_ip("10.0.0.1","lt","10.0.0.2")]], true)
  gives([[ipOps.compare_ip("10.0.0.1","le","10.0.0.1")]], true)
  gives([[ipOps.compare_ip("10.0.0.1","gt","10.0.0.2")]], false)
  gives([[ipOps.compare_ip("10.0.0.1","ge","10.0.0.2")]], false)
  gives([[ipOps.compare_ip("10.0.0.1","ne","10.0.0.2")]], true)
  gives([[ipOps.compare_ip("::1","lt","::2")]], true)
  gives([[ipOps.compare_ip("::1","eq","0:0:0:0:0:0:0:1")]], true)
  gives([[ipOps.compare_ip("::1","lt","1.2.3.4")]], false)
  gives([[ipOps.compare_ip("1.2.3.4","lt","::1")]], true)
  gives([[ipOps.compare_ip("1.2.3.4","eq","::1")]], false)
  gives([[ipOps.compare_ip("9.9.9.9","lt","10.0.0.1")]], true)
  gives([[ipOps.compare_ip("10.1","eq","10.1.0.0")]], true)

  -- compare_ip, unlike Nmap: other words.
  gives([[ipOps.compare_ip("10.0.0.1","==","10.0.0.2")]], nil, "'==' is none of eq, ne, lt, le, gt, ge")
  gives([[ipOps.compare_ip("10.0.0.1",nil,"10.0.0.2")]], nil, "'nil' is none of eq, ne, lt, le, gt, ge")
  gives([[ipOps.compare_ip("x","lt","10.0.0.1")]], nil, "'x' is not an IPv4 address")
  gives([[ipOps.compare_ip("10.0.0.1","lt","x")]], nil, "'x' is not an IPv4 address")
  gives([[ipOps.compare_ip(nil,"lt","x")]], nil, "an IP address is a string, got nil")
  gives([[ipOps.compare_ip("10.0.0.1","lt",nil)]], nil, "an IP address is a string, got nil")

  -- ip_sort.
  gives([[local t={"10.0.0.2","9.1.1.1","10.0.0.1"} return ipOps.ip_sort(t), t]],
    nil, {"9.1.1.1", "10.0.0.1", "10.0.0.2"})
  gives([[local t={"10.0.0.2","9.1.1.1","10.0.0.1"} ipOps.ip_sort(t, "gt") return t]],
    {"10.0.0.2", "10.0.0.1", "9.1.1.1"})
  gives([[local t={"10.0.0.2","9.1.1.1","10.0.0.1"} ipOps.ip_sort(t, "lt") return t]],
    {"9.1.1.1", "10.0.0.1", "10.0.0.2"})
  gives([[local t={"10.0.0.2","::1","10.0.0.1"} ipOps.ip_sort(t) return t]],
    {"10.0.0.1", "10.0.0.2", "::1"})
  gives([[local t={"fe80::1","::1","2001::1"} ipOps.ip_sort(t) return t]], {"::1", "2001::1", "fe80::1"})
  gives([[local t={"x","::1","10.0.0.1"} ipOps.ip_sort(t) return t]], {"x", "10.0.0.1", "::1"})

  -- ip_sort, unlike Nmap: an unknown operator means ascending order.
  gives([[local t={"10.0.0.2","9.1.1.1","10.0.0.1"} ipOps.ip_sort(t, "eq") return t]],
    {"9.1.1.1", "10.0.0.1", "10.0.0.2"})

  -- ip_in_range.
  gives([[ipOps.ip_in_range("10.0.0.5","10.0.0.0/24")]], true)
  gives([[ipOps.ip_in_range("10.0.1.5","10.0.0.0/24")]], false)
  gives([[ipOps.ip_in_range("10.0.0.5","10.0.0.1-10.0.0.9")]], true)
  gives([[ipOps.ip_in_range("10.0.0.5","10.0.0.1 - 10.0.0.9")]], true)
  gives([[ipOps.ip_in_range("10.0.0.5","10.0.0.6-10.0.0.9")]], false)
  gives([[ipOps.ip_in_range("10.0.0.5","10/8")]], true)
  gives([[ipOps.ip_in_range("10.0.0.5","10.0.0.5/32")]], true)
  gives([[ipOps.ip_in_range("10.0.0.5","0.0.0.0/0")]], true)
  gives([[ipOps.ip_in_range("fe80::1","fe80::/10")]], true)
  gives([[ipOps.ip_in_range("fe80::1","FE80::/10")]], true)
  gives([[ipOps.ip_in_range("fe80::1","fe80::0-fe80::5")]], true)
  gives([[ipOps.ip_in_range("10.0.0.1","10.0.0.9-10.0.0.1")]], false)
  gives([[ipOps.ip_in_range("10.0.0.1", "10.0.0.0/8 ")]], true)

  -- ip_in_range, unlike Nmap: other words.
  gives([[ipOps.ip_in_range("10.0.0.5","10.0.0.5")]],
    nil, "'10.0.0.5' is not a range such as 10.0.0.0/8 or 10.0.0.1-10.0.0.9")
  gives([[ipOps.ip_in_range("10.0.0.5","10.0.0.0/33")]], nil, "prefix '33' is not an integer from 0 to 32")
  gives([[ipOps.ip_in_range("fe80::1","10.0.0.0/8")]],
    nil, "'fe80::1' and '10.0.0.0/8' are of different address families")
  gives([[ipOps.ip_in_range("10.0.0.1","fe80::/10")]],
    nil, "'10.0.0.1' and 'fe80::/10' are of different address families")
  gives([[ipOps.ip_in_range("10.0.0.1","x")]],
    nil, "'x' is not a range such as 10.0.0.0/8 or 10.0.0.1-10.0.0.9")
  gives([[ipOps.ip_in_range("x","10.0.0.0/8")]], nil, "'x' is not an IPv4 address")
  gives([[ipOps.ip_in_range(nil,"10.0.0.0/8")]], nil, "an IP address is a string, got nil")
  gives([[ipOps.ip_in_range("10.0.0.1",nil)]], nil, "a range is a string, got nil")
  gives([[ipOps.ip_in_range("10.0.0.1","")]],
    nil, "'' is not a range such as 10.0.0.0/8 or 10.0.0.1-10.0.0.9")

  -- expand_ip.
  gives([[ipOps.expand_ip("10.0.0.1")]], "10.0.0.1")
  gives([[ipOps.expand_ip("10.1")]], "10.1.0.0")
  gives([[ipOps.expand_ip("10")]], "10.0.0.0")
  gives([[ipOps.expand_ip("10.1.2")]], "10.1.2.0")
  gives([[ipOps.expand_ip("010.001.2.3")]], "010.001.2.3")
  gives([[ipOps.expand_ip("::")]], "0:0:0:0:0:0:0:0")
  gives([[ipOps.expand_ip("::1")]], "0:0:0:0:0:0:0:1")
  gives([[ipOps.expand_ip("1::")]], "1:0:0:0:0:0:0:0")
  gives([[ipOps.expand_ip("FE80::1")]], "FE80:0:0:0:0:0:0:1")
  gives([[ipOps.expand_ip("1:2:3:4:5:6:7:8")]], "1:2:3:4:5:6:7:8")
  gives([[ipOps.expand_ip("1:2:3:4:5:6:7")]], "1:2:3:4:5:6:7:0")
  gives([[ipOps.expand_ip("1:2:3:4:5:6:7::")]], "1:2:3:4:5:6:7:0")
  gives([[ipOps.expand_ip("::ffff:1.2.3.4")]], "0:0:0:0:0:ffff:102:304")
  gives([[ipOps.expand_ip("::1.2.3.4")]], "0:0:0:0:0:0:102:304")
  gives([[ipOps.expand_ip("1:2:3:4:5:6:1.2.3.4")]], "1:2:3:4:5:6:102:304")
  gives([[ipOps.expand_ip("::1.2.3")]], "0:0:0:0:0:0:102:300")
  gives([[ipOps.expand_ip("1.2.3.4", "inet")]], "1.2.3.4")
  gives([[ipOps.expand_ip("1.2.3.4", "inet6")]], "0:0:0:0:0:ffff:102:304")
  gives([[ipOps.expand_ip("1.2", "inet6")]], "0:0:0:0:0:ffff:102:0")
  gives([[ipOps.expand_ip("::1", "inet6")]], "0:0:0:0:0:0:0:1")
  gives([[ipOps.expand_ip("1.2.3.4", "x")]], "1.2.3.4")
  gives([[ipOps.expand_ip("2001:db8")]], "2001:db8:0:0:0:0:0:0")
  gives([[ipOps.expand_ip("0001:0DB8::")]], "0001:0DB8:0:0:0:0:0:0")

  -- expand_ip, unlike Nmap: other words; dots and colons at an end are no address.
  gives([[ipOps.expand_ip("10.1.2.3.4")]], nil, "'10.1.2.3.4' is not an IPv4 address")
  gives([[ipOps.expand_ip("256.1.2.3")]], nil, "'256.1.2.3' is not an IPv4 address")
  gives([[ipOps.expand_ip("1.2.3.")]], nil, "'1.2.3.' is not an IPv4 address")
  gives([[ipOps.expand_ip(".1.2.3")]], nil, "'.1.2.3' is not an IPv4 address")
  gives([[ipOps.expand_ip("")]], nil, "'' is not an IPv4 address")
  gives([[ipOps.expand_ip(" 1.2.3.4")]], nil, "' 1.2.3.4' is not an IPv4 address")
  gives([[ipOps.expand_ip("1.2.3.4 ")]], nil, "'1.2.3.4 ' is not an IPv4 address")
  gives([[ipOps.expand_ip("1.2.3.x")]], nil, "'1.2.3.x' is not an IPv4 address")
  gives([[ipOps.expand_ip("fe80::1%eth0")]], nil, "'fe80::1%eth0' is not an IPv6 address")
  gives([[ipOps.expand_ip("1:2:3:4:5:6:7:8:9")]], nil, "'1:2:3:4:5:6:7:8:9' is not an IPv6 address")
  gives([[ipOps.expand_ip("1::2::3")]], nil, "'1::2::3' is not an IPv6 address")
  gives([[ipOps.expand_ip("::1:2:3:4:5:6:7:8")]], nil, "'::1:2:3:4:5:6:7:8' is not an IPv6 address")
  gives([[ipOps.expand_ip("12345::")]], nil, "'12345::' is not an IPv6 address")
  gives([[ipOps.expand_ip("g::")]], nil, "'g::' is not an IPv6 address")
  gives([[ipOps.expand_ip(":1")]], nil, "':1' is not an IPv6 address")
  gives([[ipOps.expand_ip("1:")]], nil, "'1:' is not an IPv6 address")
  gives([[ipOps.expand_ip("1:2:3:4:5:6:7:1.2.3.4")]], nil, "'1:2:3:4:5:6:7:1.2.3.4' is not an IPv6 address")
  gives([[ipOps.expand_ip("::1.2.3.256")]], nil, "'::1.2.3.256' is not an IPv6 address")
  gives([[ipOps.expand_ip("1.2.3.4::")]], nil, "'1.2.3.4::' is not an IPv6 address")
  gives([[ipOps.expand_ip("::1", "inet")]], nil, "'::1' is not an IPv4 address but IPv6")
  gives([[ipOps.expand_ip(nil)]], nil, "an IP address is a string, got nil")
  gives([[ipOps.expand_ip(5)]], nil, "an IP address is a string, got number")
  gives([[ipOps.expand_ip({})]], nil, "an IP address is a string, got table")

  -- get_ips_from_range.
  gives([[ipOps.get_ips_from_range("10.0.0.0/24")]], "10.0.0.0", "10.0.0.255")
  gives([[ipOps.get_ips_from_range("10.0.0.77/24")]], "10.0.0.0", "10.0.0.255")
  gives([[ipOps.get_ips_from_range("10/8")]], "10.0.0.0", "10.255.255.255")
  gives([[ipOps.get_ips_from_range("10.0.0.1-10.0.0.9")]], "10.0.0.1", "10.0.0.9")
  gives([[ipOps.get_ips_from_range("10.0.0.1 - 10.0.0.9")]], "10.0.0.1", "10.0.0.9")
  gives([[ipOps.get_ips_from_range("10.0.0.9-10.0.0.1")]], "10.0.0.9", "10.0.0.1")
  gives([[ipOps.get_ips_from_range("10.0.0.1-9")]], "10.0.0.1", "9.0.0.0")
  gives([[ipOps.get_ips_from_range("fe80::/10")]],
    "fe80:0:0:0:0:0:0:0", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
  gives([[ipOps.get_ips_from_range("fe80::1-fe80::2")]], "fe80:0:0:0:0:0:0:1", "fe80:0:0:0:0:0:0:2")
  gives([[ipOps.get_ips_from_range("10.0.0.0/0")]], "0.0.0.0", "255.255.255.255")
  gives([[ipOps.get_ips_from_range("::/128")]], "0:0:0:0:0:0:0:0", "0:0:0:0:0:0:0:0")
  gives([[ipOps.get_ips_from_range("2001:db8/32")]],
    "2001:db8:0:0:0:0:0:0", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")

  -- get_ips_from_range, unlike Nmap: other words.
  gives([[ipOps.get_ips_from_range("10.0.0.1")]],
    nil, nil, "'10.0.0.1' is not a range such as 10.0.0.0/8 or 10.0.0.1-10.0.0.9")
  gives([[ipOps.get_ips_from_range("10.0.0.1-::1")]],
    nil, nil, "'10.0.0.1-::1' is a range from one address family to the other")
  gives([[ipOps.get_ips_from_range("10.0.0.0/x")]],
    nil, nil, "'10.0.0.0/x' is not a range such as 10.0.0.0/8 or 10.0.0.1-10.0.0.9")
  gives([[ipOps.get_ips_from_range("10.0.0.0/33")]], nil, nil, "prefix '33' is not an integer from 0 to 32")
  gives([[ipOps.get_ips_from_range("::/129")]], nil, nil, "prefix '129' is not an integer from 0 to 128")
  gives([[ipOps.get_ips_from_range("10.0.0.0/-1")]],
    nil, nil, "'10.0.0.0/-1' is not a range such as 10.0.0.0/8 or 10.0.0.1-10.0.0.9")
  gives([[ipOps.get_ips_from_range("10.0.0.0/ 8")]],
    nil, nil, "'10.0.0.0/ 8' is not a range such as 10.0.0.0/8 or 10.0.0.1-10.0.0.9")
  gives([[ipOps.get_ips_from_range("10.0.0.0 / 8")]],
    nil, nil, "'10.0.0.0 / 8' is not a range such as 10.0.0.0/8 or 10.0.0.1-10.0.0.9")
  gives([[ipOps.get_ips_from_range("x/8")]],
    nil, nil, "'x/8' is not a range such as 10.0.0.0/8 or 10.0.0.1-10.0.0.9")
  gives([[ipOps.get_ips_from_range("x")]],
    nil, nil, "'x' is not a range such as 10.0.0.0/8 or 10.0.0.1-10.0.0.9")
  gives([[ipOps.get_ips_from_range("")]],
    nil, nil, "'' is not a range such as 10.0.0.0/8 or 10.0.0.1-10.0.0.9")
  gives([[ipOps.get_ips_from_range(nil)]], nil, nil, "a range is a string, got nil")
  gives([[ipOps.get_ips_from_range(5)]], nil, nil, "a range is a string, got number")
  gives([[ipOps.get_ips_from_range("10.0.0.0/255.0.0.0")]],
    nil, nil, "'10.0.0.0/255.0.0.0' is not a range such as 10.0.0.0/8 or 10.0.0.1-10.0.0.9")

  -- get_first_ip, get_last_ip and get_first_last_ip.
  gives([[ipOps.get_first_ip("10.1.2.3", 8)]], "10.0.0.0", nil)
  gives([[ipOps.get_first_ip("10.1.2.3", "8")]], "10.0.0.0", nil)
  gives([[ipOps.get_first_ip("10.1.2.3", 0)]], "0.0.0.0", nil)
  gives([[ipOps.get_first_ip("10.1.2.3", 32)]], "10.1.2.3", nil)
  gives([[ipOps.get_first_ip("fe80::1", 64)]], "fe80:0:0:0:0:0:0:0", nil)
  gives([[ipOps.get_last_ip("10.1.2.3", 8)]], "10.255.255.255", nil)
  gives([[ipOps.get_last_ip("fe80::1", 64)]], "fe80:0:0:0:ffff:ffff:ffff:ffff", nil)
  gives([[ipOps.get_last_ip("10.1.2.3", 8.0)]], "10.255.255.255", nil)
  gives([[ipOps.get_first_last_ip("10.1.2.3", 8)]], "10.0.0.0", "10.255.255.255")
  gives([[ipOps.get_first_last_ip("fe80::1", 10)]],
    "fe80:0:0:0:0:0:0:0", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff")

  -- get_first_ip, get_last_ip and get_first_last_ip, unlike Nmap: other words.
  gives([[ipOps.get_first_ip("10.1.2.3", 33)]], nil, "prefix '33' is not an integer from 0 to 32")
  gives([[ipOps.get_first_ip("10.1.2.3", -1)]], nil, "prefix '-1' is not an integer from 0 to 32")
  gives([[ipOps.get_first_ip("10.1.2.3", "x")]], nil, "prefix 'x' is not an integer from 0 to 32")
  gives([[ipOps.get_first_ip("10.1.2.3", nil)]], nil, "prefix 'nil' is not an integer from 0 to 32")
  gives([[ipOps.get_first_ip("x", 8)]], nil, "'x' is not an IPv4 address")
  gives([[ipOps.get_last_ip("10.1.2.3", 33)]], nil, "prefix '33' is not an integer from 0 to 32")
  gives([[ipOps.get_last_ip("x", 8)]], nil, "'x' is not an IPv4 address")
  gives([[ipOps.get_last_ip(nil, 8)]], nil, "an IP address is a string, got nil")
  gives([[ipOps.get_last_ip("10.1.2.3", 8.5)]], nil, "prefix '8.5' is not an integer from 0 to 32")
  gives([[ipOps.get_first_last_ip("x", 10)]], nil, nil, "'x' is not an IPv4 address")
  gives([[ipOps.get_first_last_ip("1.2.3.4", 99)]], nil, nil, "prefix '99' is not an integer from 0 to 32")

  -- ip_to_bin and bin_to_ip.
  gives([[ipOps.ip_to_bin("10.1.2.3")]], "00001010000000010000001000000011")
  gives([[ipOps.ip_to_bin("::1"):gsub("0+", "0")]], "01", 1)
  gives([[ipOps.bin_to_ip("00001010000000010000001000000011")]], "10.1.2.3")
  gives([[ipOps.bin_to_ip(string.rep("0",127).."1")]], "0:0:0:0:0:0:0:1")
  gives([[ipOps.bin_to_ip(string.rep("01",64))]], "5555:5555:5555:5555:5555:5555:5555:5555")
  gives([[ipOps.bin_to_ip(string.rep("0",128))]], "0:0:0:0:0:0:0:0")

  -- ip_to_bin and bin_to_ip, unlike Nmap: other words.
  gives([[ipOps.ip_to_bin("x")]], nil, "'x' is not an IPv4 address")
  gives([[ipOps.ip_to_bin(nil)]], nil, "an IP address is a string, got nil")
  gives([[ipOps.bin_to_ip("0000101000000001000000100000001")]],
    nil, "an address in binary has 32 or 128 digits, not 31")
  gives([[ipOps.bin_to_ip("0000101000000001000000100000001x")]],
    nil, "an address in binary is a string of the digits 0 and 1")
  gives([[ipOps.bin_to_ip("")]], nil, "an address in binary has 32 or 128 digits, not 0")
  gives([[ipOps.bin_to_ip(nil)]], nil, "an address in binary is a string of the digits 0 and 1")
  gives([[ipOps.bin_to_ip("00001010000000010000001000000012")]],
    nil, "an address in binary is a string of the digits 0 and 1")
  gives([[ipOps.bin_to_ip(string.rep("1",64))]], nil, "an address in binary has 32 or 128 digits, not 64")

  -- hex_to_bin.
  gives([[ipOps.hex_to_bin("ff")]], "11111111")
  gives([[ipOps.hex_to_bin("0A")]], "00001010")
  gives([[ipOps.hex_to_bin("f")]], "1111")
  gives([[ipOps.hex_to_bin("")]], "")

  -- hex_to_bin, unlike Nmap: other words.
  gives([[ipOps.hex_to_bin("0xff")]], nil, "'0xff' has other characters than hexadecimal digits")
  gives([[ipOps.hex_to_bin("xg")]], nil, "'xg' has other characters than hexadecimal digits")
  gives([[ipOps.hex_to_bin("fx")]], nil, "'fx' has other characters than hexadecimal digits")
  gives([[ipOps.hex_to_bin(nil)]], nil, "hexadecimal digits are a string, got nil")
  gives([[ipOps.hex_to_bin(5)]], nil, "hexadecimal digits are a string, got number")

  -- ip_to_str and str_to_ip.
  gives([[ipOps.ip_to_str("10.1.2.3")]], "\n\1\2\3")
  gives([[ipOps.ip_to_str("::1")]], "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1")
  gives([[ipOps.ip_to_str("10.1")]], "\n\1\0\0")
  gives([[ipOps.ip_to_str("10.1.2.3", "inet6")]], "\0\0\0\0\0\0\0\0\0\0\xff\xff\n\1\2\3")
  gives([[ipOps.ip_to_str("10.1.2.3", "inet")]], "\n\1\2\3")
  gives([[ipOps.str_to_ip("\10\1\2\3")]], "10.1.2.3")
  gives([[ipOps.str_to_ip(("\0"):rep(15).."\1")]], "::1")
  gives([[ipOps.str_to_ip(("\0"):rep(16))]], "::")
  gives([[ipOps.str_to_ip("\32\1\13\184"..("\0"):rep(11).."\1")]], "2001:db8::1")
  gives([[ipOps.str_to_ip(("\0"):rep(10).."\255\255\1\2\3\4")]], "::ffff:102:304")
  gives([[ipOps.str_to_ip(("\0"):rep(12).."\1\2\3\4")]], "::102:304")
  gives([[ipOps.str_to_ip("\0\1\0\2\0\0\0\0\0\5\0\0\0\0\0\8")]], "1:2::5:0:0:8")
  gives([[ipOps.str_to_ip("\0\0\0\0\0\3\0\4\0\5\0\6\0\0\0\0")]], "::3:4:5:6:0:0")
  gives([[ipOps.str_to_ip(("\0"):rep(8).."\0\5\0\6\0\7\171\205")]], "::5:6:7:abcd")

  -- ip_to_str and str_to_ip, unlike Nmap: other words; zeros are shortened as in RFC 5952.
  gives([[ipOps.ip_to_str("::1", "inet")]], nil, "'::1' is not an IPv4 address but IPv6")
  gives([[ipOps.ip_to_str("x")]], nil, "'x' is not an IPv4 address")
  gives([[ipOps.ip_to_str(nil)]], nil, "an IP address is a string, got nil")
  gives([[ipOps.str_to_ip("\0\1"..("\0\0"):rep(1).."\0\1"..("\0\0"):rep(2).."\0\1\0\1\0\1")]],
    "1:0:1::1:1:1")
  gives([[ipOps.str_to_ip("\0\1\0\2\0\3\0\0\0\5\0\6\0\7\0\8")]], "1:2:3:0:5:6:7:8")
  gives([[ipOps.str_to_ip("\0\0\0\0\0\3\0\4\0\5\0\0\0\0\0\0")]], "0:0:3:4:5::")
  gives([[ipOps.str_to_ip("abc")]], nil, "an address has 4 or 16 bytes, not 3")
  gives([[ipOps.str_to_ip("")]], nil, "an address has 4 or 16 bytes, not 0")
  gives([[ipOps.str_to_ip(nil)]], nil, "the bytes of an address are a string, got nil")

  -- cidr_to_subnet and subnet_to_cidr.
  gives([[ipOps.cidr_to_subnet("/24")]], "255.255.255.0")
  gives([[ipOps.cidr_to_subnet("/16")]], "255.255.0.0")
  gives([[ipOps.cidr_to_subnet("/32")]], "255.255.255.255")
  gives([[ipOps.subnet_to_cidr("255.255.255.0")]], "/24")
  gives([[ipOps.subnet_to_cidr("255.255.0.0")]], "/16")
  gives([[ipOps.subnet_to_cidr("0.0.0.0")]], "/0")
  gives([[ipOps.subnet_to_cidr("255.255.255.255")]], "/32")
  gives([[ipOps.subnet_to_cidr("255.255.255.128")]], "/25")

  -- cidr_to_subnet and subnet_to_cidr, unlike Nmap: numbers and /0 are read, and what is no mask is no error.
  gives([[ipOps.cidr_to_subnet("24")]], "255.255.255.0")
  gives([[ipOps.cidr_to_subnet(24)]], "255.255.255.0")
  gives([[ipOps.cidr_to_subnet(0)]], "0.0.0.0")
  gives([[ipOps.cidr_to_subnet("/0")]], "0.0.0.0")
  gives([[ipOps.cidr_to_subnet("/33")]], nil, "'/33' is not a prefix such as /24")
  gives([[ipOps.cidr_to_subnet("x")]], nil, "'x' is not a prefix such as /24")
  gives([[ipOps.cidr_to_subnet(nil)]], nil, "'nil' is not a prefix such as /24")
  gives([[ipOps.subnet_to_cidr("255.0.255.0")]],
    nil, "'255.0.255.0' is not a mask: it has ones after zeros")
  gives([[ipOps.subnet_to_cidr("x")]], nil, "'x' is not an IPv4 address")
  gives([[ipOps.subnet_to_cidr(nil)]], nil, "an IP address is a string, got nil")
end
