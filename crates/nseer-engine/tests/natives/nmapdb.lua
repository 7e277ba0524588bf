-- Names of vendors, services and protocols; the tables are made by the test.
--
-- Nmap 7.93 has no such module. Expected values are those of its documentation.
return function (check, gives, raises)
  local nmapdb = require "nmapdb"
  check("the module is a global too", nmapdb == _G.nmapdb, true)

  gives([[nmapdb.mac2corp("\xab\xcd\xef\x12\x34\x56")]], "Small")
  gives([[nmapdb.mac2corp("ab:cd:ef:12:44:56")]], "Medium")
  gives([[nmapdb.mac2corp("ABCDEF224456")]], "Large One")
  gives([[nmapdb.mac2corp("000000000000")]], nil)
  for _, text in ipairs {"", "ab:cd", "ab::cd:ef:12:44:56", "ABCDEF22445", "ABCDEF2244567", "gbcdef224456"} do
    local _, message = pcall(nmapdb.mac2corp, text)
    check(text, message:match("Expected.*"), "Expected a 6-byte MAC address")
  end
  raises([[nmapdb.mac2corp()]], "bad argument #1 to 'mac2corp' (string expected, got no value)")

  gives([[nmapdb.getservbyport(7, "tcp"), nmapdb.getservbyport(7, "udp"), nmapdb.getservbyport(9, "sctp")]],
    "one", "two", "three")
  gives([[nmapdb.getservbyport(8, "tcp"), nmapdb.getservbyport(9, "tcp")]], nil, nil)
  raises([[nmapdb.getservbyport(65536, "tcp")]], "Port number out of range")
  raises([[nmapdb.getservbyport(-1, "tcp")]], "Port number out of range")
  raises([[nmapdb.getservbyport(7, "icmp")]], "bad argument #2 to 'getservbyport' (invalid option 'icmp')")

  gives([[nmapdb.getprotbynum(0), nmapdb.getprotbynum(6), nmapdb.getprotbynum(7)]], "ip", "tcp", nil)
  raises([[nmapdb.getprotbynum(256)]], "Protocol number out of range")
  raises([[nmapdb.getprotbynum(-1)]], "Protocol number out of range")
  gives([[nmapdb.getprotbyname("tcp"), nmapdb.getprotbyname("TCP")]], 6, nil)
end
