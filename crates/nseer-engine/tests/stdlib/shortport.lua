-- shortport, as far as no connection is made.
--
-- Expected values are those of Nmap 7.93, except where a heading says why not.
return function (_, gives, raises)
  -- Whether a rule is true for a port such as "80/tcp open http"; `version` has the fields of port.version.
  local function fits (rule, port, want, version)
    local number, protocol, state, service = port:match("^(%d+)/(%a+) (%S+) ?(%S*)$")
    service = service ~= "" and (", service = %q"):format(service) or ""
    version = version and ", version = {" .. version .. "}" or ""
    local fields = ("number = %d, protocol = %q, state = %q"):format(number, protocol, state)
    gives("shortport." .. rule .. "({}, {" .. fields .. service .. version .. "})", want)
  end

  -- portnumber.
  fits([[portnumber(80)]], "80/tcp open", true)
  fits([[portnumber(80)]], "80/udp open", false)
  fits([[portnumber(80)]], "80/tcp open|filtered", true)
  fits([[portnumber(80)]], "80/tcp unfiltered", false)
  fits([[portnumber(80)]], "80/tcp closed", false)
  fits([[portnumber(80)]], "81/tcp open", false)
  fits([[portnumber({80,81})]], "81/tcp open", true)
  fits([[portnumber(80, "udp")]], "80/udp open", true)
  fits([[portnumber(80, {"tcp","udp"})]], "80/udp open", true)
  fits([[portnumber(80, nil, "closed")]], "80/tcp closed", true)
  fits([[portnumber(80, nil, {"closed"})]], "80/tcp open", false)
  fits([[portnumber("80-90")]], "81/tcp open", true)
  fits([[portnumber("80")]], "80/tcp open", true)
  fits([[portnumber(nil)]], "80/tcp open", false)
  gives([[shortport.portnumber(80)({}, {number=80.0, protocol="tcp", state="open"})]], true)
  fits([[portnumber({"80-90"})]], "80/tcp open", true)
  gives([[shortport.portnumber(80)({}, {})]], false)

  -- service.
  fits([[service("http")]], "80/tcp open http", true)
  fits([[service("http")]], "80/tcp open https", false)
  fits([[service("http")]], "80/tcp open HTTP", false)
  fits([[service("http")]], "80/tcp open", false)
  fits([[service({"http","ftp"})]], "80/tcp open ftp", true)
  fits([[service("http")]], "80/udp open http", false)
  fits([[service("http", "udp")]], "80/udp open http", true)
  fits([[service("http")]], "80/tcp open|filtered http", true)
  fits([[service("http", nil, "closed")]], "80/tcp closed http", true)
  fits([[service("https")]], "443/tcp open http", false, [[service_tunnel="ssl"]])
  fits([[service("ssl/http")]], "443/tcp open http", false, [[service_tunnel="ssl"]])
  fits([[service("smtps")]], "443/tcp open smtp", false, [[service_tunnel="ssl"]])

  -- port_or_service.
  fits([[port_or_service(80,"http")]], "80/tcp open x", true)
  fits([[port_or_service(80,"http")]], "81/tcp open http", true)
  fits([[port_or_service(80,"http")]], "81/tcp open x", false)
  fits([[port_or_service({80,82},{"http","x"},{"tcp","udp"},{"open"})]], "82/udp open z", true)
  fits([[port_or_service({80,82},{"http","x"},{"tcp","udp"},{"open"})]], "82/udp open|filtered z", false)
  fits([[port_or_service(80)]], "80/tcp open x", true)
  fits([[port_or_service(80)]], "81/tcp open x", false)
  fits([[port_or_service(nil,"http")]], "81/tcp open http", true)

  -- version_port_or_service, by the intensity that the user wants.
  local nmap = require "nmap"
  local version_intensity = nmap.version_intensity
  nmap.version_intensity = function () return 9 end
  fits([[version_port_or_service(80,"http")]], "80/tcp open http", true,
    [[service_dtype="table",name="http",name_confidence=3.0]])
  fits([[version_port_or_service(80,"http")]], "80/tcp open http", true,
    [[service_dtype="probed",name="http",name_confidence=10.0]])
  fits([[version_port_or_service(80,"http",nil,nil,9)]], "80/tcp open http", true,
    [[service_dtype="table"]])
  fits([[version_port_or_service(80,"http",nil,nil,1)]], "80/tcp open http", true,
    [[service_dtype="table"]])
  fits([[version_port_or_service(9100,"jetdirect")]], "9100/tcp open jetdirect", true,
    [[service_dtype="table"]])
  fits([[version_port_or_service({1},{"http"},{"tcp","udp"},{"open"},7)]], "5/udp open http", true,
    [[service_dtype="table"]])
  nmap.version_intensity = function () return 5 end
  fits([[version_port_or_service(80, "http", nil, nil, 4)]], "80/tcp open http", true)
  fits([[version_port_or_service(80, "http", nil, nil, 5)]], "80/tcp open http", true)
  fits([[version_port_or_service(80, "http", nil, nil, 6)]], "80/tcp open http", false)
  fits([[version_port_or_service(80, "http")]], "80/tcp open http", false)
  fits([[version_port_or_service(80, "http", nil, nil, 1)]], "80/tcp open|filtered http", true)
  fits([[version_port_or_service(80, "http", nil, nil, 1)]], "80/udp open http", false)
  fits([[version_port_or_service(1, "http", nil, nil, 1)]], "80/tcp open x", false)
  nmap.version_intensity = version_intensity

  -- port_is_excluded.
  gives([[shortport.port_is_excluded(80, "tcp")]], false)
  gives([[shortport.port_is_excluded(9100, "tcp")]], false)
  local port_is_excluded = nmap.port_is_excluded
  nmap.port_is_excluded = function (number, protocol) return number == 9100 and protocol == "tcp" end
  gives([[shortport.port_is_excluded(9100, "tcp")]], true)
  fits([[version_port_or_service(9100, "x", nil, nil, 1)]], "9100/tcp open x", false)
  fits([[port_or_service(9100, "x")]], "9100/tcp open x", true)
  nmap.port_is_excluded = port_is_excluded

  -- port_range.
  fits([[port_range("80-90")]], "85/tcp open", true)
  fits([[port_range("80-90")]], "85/udp open", true)
  fits([[port_range("U:80-90")]], "85/udp open", true)
  fits([[port_range("T:1-5,U:80-90")]], "85/udp open", true)
  fits([[port_range("T:1-5,U:80-90")]], "85/tcp open", false)
  fits([[port_range("T:1-5,U:80-90")]], "3/tcp open", true)
  fits([[port_range("3")]], "3/tcp open", true)
  fits([[port_range("3")]], "3/udp open", true)
  fits([[port_range("U:3,4")]], "4/tcp open", false)
  fits([[port_range("80-90,")]], "85/tcp open", true)
  fits([[port_range("80-90")]], "85/tcp closed", false)
  fits([[port_range("80-90")]], "85/tcp open|filtered", true)
  fits([[port_range(" 80-90")]], "85/tcp open", true)

  -- port_range, unlike Nmap: every entry of a list counts, ranges may be open, and blanks are skipped.
  fits([[port_range("1,2,3")]], "3/tcp open", true)
  fits([[port_range("T:3,4")]], "4/tcp open", true)
  fits([[port_range("U:3,4")]], "4/udp open", true)
  fits([[port_range("-")]], "4/tcp open", true)
  fits([[port_range("-100")]], "4/tcp open", true)
  fits([[port_range("100-")]], "400/tcp open", true)
  raises([[shortport.port_range("")({}, {number=400, protocol="tcp", state="open"})]],
    "the list of ports is empty")
  raises([[shortport.port_range("x")({}, {number=80, protocol="tcp", state="open"})]],
    "'x' in 'x' is not a port or a range of ports such as 80-90")
  raises([[shortport.port_range(nil)({}, {number=80, protocol="tcp", state="open"})]],
    "a list of ports is a string such as 'T:21-23,80,U:161'")
  raises([[shortport.port_range("90-80")({}, {number=85, protocol="tcp", state="open"})]],
    "'90-80' in '90-80' is not a port or a range of ports such as 80-90")
  fits([[port_range("80 - 90, 95")]], "95/tcp open", true)
  raises([[shortport.port_range(85)({}, {number=85, protocol="tcp", state="open"})]],
    "a list of ports is a string such as 'T:21-23,80,U:161'")

  -- http, ssh and ssl.
  fits([[http]], "80/tcp open x", true)
  fits([[http]], "81/tcp open http", true)
  fits([[http]], "81/tcp open x", false)
  fits([[http]], "80/udp open x", false)
  fits([[http]], "443/udp open x", false)
  fits([[http]], "80/tcp open|filtered x", true)
  fits([[http]], "80/tcp closed x", false)
  fits([[http]], "80/tcp open ssh", true, [[service_dtype="probed",name="ssh",name_confidence=10.0]])
  fits([[http]], "81/tcp open http", true,
    [[service_dtype="probed",name="http",name_confidence=10.0, service_tunnel="ssl"]])
  fits([[http]], "81/tcp unfiltered http", false)
  fits([[ssl]], "443/tcp open x", true)
  fits([[ssl]], "444/tcp open https", true)
  fits([[ssl]], "444/tcp open x", true, [[service_tunnel="ssl"]])
  fits([[ssl]], "444/tcp open ssl", false)
  fits([[ssl]], "444/tcp open tls", false)
  fits([[ssl]], "444/tcp open imaps", true)
  fits([[ssl]], "443/udp open x", false)
  fits([[ssl]], "443/tcp open|filtered x", true)
  fits([[ssl]], "443/tcp open http", true,
    [[service_dtype="probed",name="http",name_confidence=10.0, service_tunnel="none"]])
  fits([[ssl]], "443/sctp open x", true)
  fits([[ssh]], "22/tcp open x", true)
  fits([[ssh]], "222/tcp open ssh", true)
  fits([[ssh]], "222/tcp open x", false)
  fits([[ssh]], "22/udp open x", false)
  fits([[ssh]], "22/tcp open|filtered x", true)
  fits([[ssh]], "2222/tcp open x", true)

  -- http, ssh and ssl, unlike Nmap: a port without a confidence is no error.
  fits([[ssl]], "444/tcp open http", false, [[service_tunnel="none"]])
end
