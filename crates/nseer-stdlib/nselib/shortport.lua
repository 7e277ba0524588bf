---
-- Rules for port scripts.
--
-- Most functions make a rule: a function of host and port that says whether the script should run. The
-- rules only look at the port table; the exception is <code>ssl</code>.
--
-- Port numbers and service names were chosen from IANA's registry of service names and port numbers and
-- from what programs use.
--
-- @usage portrule = shortport.port_or_service({80, 8080}, {"http", "http-alt"})
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name shortport

local math = require "math"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"

_ENV = stdnse.module("shortport", stdnse.seeall)

--- Ports on which HTTP is likely, with or without TLS.
-- @class table
-- @name LIKELY_HTTP_PORTS
LIKELY_HTTP_PORTS = {
  80, 280, 443, 591, 631, 3872, 5800, 5985, 5986, 7080, 7443, 8000, 8008, 8080, 8081, 8088, 8180, 8443, 8888,
  9443,
}

--- Services that speak HTTP, with or without TLS.
-- @class table
-- @name LIKELY_HTTP_SERVICES
LIKELY_HTTP_SERVICES = {
  "http", "https", "http-alt", "https-alt", "http-mgmt", "http-proxy", "ipp", "ipps", "soap",
  "caldav", "caldavs", "carddav", "carddavs", "webdav", "vnc-http", "wsman", "wsmans", "oem-agent",
}

--- Ports on which TLS is likely from the first byte on.
-- @class table
-- @name LIKELY_SSL_PORTS
LIKELY_SSL_PORTS = {
  261, 271, 324, 443, 465, 563, 585, 614, 636, 684, 695, 832, 853, 989, 990, 992, 993, 994, 995, 2083, 2252,
  2376, 2484, 3269, 3389, 3424, 4433, 4843, 4911, 5061, 5223, 5349, 5671, 5986, 6251, 6443, 6513, 6514, 6619,
  6679, 6697, 7443, 8243, 8443, 8883, 9001, 9443, 10161, 16993,
}

--- Services that speak TLS from the first byte on.
-- @class table
-- @name LIKELY_SSL_SERVICES
LIKELY_SSL_SERVICES = {
  "amqps", "caldavs", "carddavs", "docker-s", "domain-s", "ftps", "ftps-data", "https", "https-alt",
  "imaps", "ipps", "ircs", "ircs-u", "ldaps", "ldapssl", "msft-gc-ssl", "netconf-tls", "nntps",
  "pop3s", "secure-mqtt", "sips", "smtps", "stuns", "submissions", "syslog-tls", "telnets", "turns",
  "wsmans",
  -- Recognized by what they say, before TLS or in spite of it.
  "ftps-control", "ms-wbt-server", "sip-tls", "tor-orport",
}

-- The values of a list, or one value, as the keys of a table.
local function set_of (list)
  local set = {}
  for _, value in ipairs(type(list) == "table" and list or {list}) do
    set[value] = true
  end
  return set
end

local function is_port (number)
  return math.type(number) == "integer" and number >= 0 and number <= 65535
end

-- First and last port of "80", "80-90", "-90", "80-" or "-"; nil if it is none of these.
local function range_of (text)
  local first, dash, last = string.match(text, "^%s*(%d*)%s*(%-?)%s*(%d*)%s*$")
  if not first or dash == "" and first == "" then
    return nil
  end
  if dash == "" then
    last = first
  end
  first = first == "" and 1 or math.tointeger(tonumber(first))
  last = last == "" and 65535 or math.tointeger(tonumber(last))
  if is_port(first) and is_port(last) and first <= last then
    return first, last
  end
end

-- The ports of a list of numbers and ranges: single ports as keys, ranges as pairs in the array part of
-- a second table.
local function ports_of (list)
  local singles, ranges = {}, {}
  for _, port in ipairs(type(list) == "table" and list or {list}) do
    if type(port) == "number" then
      singles[port] = true
    else
      local first, last = range_of(port)
      if not first then
        error("'" .. tostring(port) .. "' is not a port or a range of ports such as 80-90", 3)
      end
      ranges[#ranges + 1] = {first, last}
    end
  end
  return singles, ranges
end

local function in_ranges (ranges, number)
  for _, range in ipairs(ranges) do
    if number and number >= range[1] and number <= range[2] then
      return true
    end
  end
  return false
end

local DEFAULT_PROTOCOLS = {"tcp"}
local DEFAULT_STATES = {"open", "open|filtered"}

--- Makes a rule that is true for some port numbers.
-- @usage portrule = shortport.portnumber({111, "32768-32800"}, {"tcp", "udp"})
-- @param ports Port number, range such as <code>"80-90"</code>, or array of these.
-- @param protos Protocol, or array of them. Default: <code>tcp</code>.
-- @param states Port state, or array of them. Default: <code>open</code> and <code>open|filtered</code>.
-- @return The rule.
function portnumber (ports, protos, states)
  local singles, ranges = ports_of(ports)
  local protocols, wanted = set_of(protos or DEFAULT_PROTOCOLS), set_of(states or DEFAULT_STATES)
  return function (_, port)
    return (protocols[port.protocol] and wanted[port.state]
      and (singles[port.number] or in_ranges(ranges, port.number))) or false
  end
end

--- Makes a rule that is true for some services.
--
-- The name of the service is what version detection found, or else what the port number suggests.
-- @usage portrule = shortport.service({"smtp", "submission"})
-- @param services Name of a service, or array of names, exactly as in <code>port.service</code>.
-- @param protos Protocol, or array of them. Default: <code>tcp</code>.
-- @param states Port state, or array of them. Default: <code>open</code> and <code>open|filtered</code>.
-- @return The rule.
function service (services, protos, states)
  local names = set_of(services)
  local protocols, wanted = set_of(protos or DEFAULT_PROTOCOLS), set_of(states or DEFAULT_STATES)
  return function (_, port)
    return (protocols[port.protocol] and wanted[port.state]
      and port.service and names[port.service]) or false
  end
end

--- Makes a rule that is true for some port numbers and for some services on any port.
--
-- This is the rule for most scripts: the usual port is tried even where nothing is known of the service,
-- and the service is found on unusual ports when version detection ran.
-- @usage portrule = shortport.port_or_service(22, "ssh")
-- @param ports Port number, range, or array, as for <code>portnumber</code>.
-- @param services Name of a service, or array of names.
-- @param protos Protocol, or array of them. Default: <code>tcp</code>.
-- @param states Port state, or array of them. Default: <code>open</code> and <code>open|filtered</code>.
-- @return The rule.
-- @see portnumber
-- @see service
function port_or_service (ports, services, protos, states)
  local by_number, by_name = portnumber(ports, protos, states), service(services, protos, states)
  return function (host, port)
    return by_number(host, port) or by_name(host, port)
  end
end

--- Makes a rule like <code>port_or_service</code> for scripts that find out versions.
--
-- It is false for ports that version detection is told to leave alone, and where the user wants fewer
-- probes than this one is worth.
-- @usage portrule = shortport.version_port_or_service(4443, "example", nil, nil, 5)
-- @param ports Port number, range, or array, as for <code>portnumber</code>.
-- @param services Name of a service, or array of names.
-- @param protos Protocol, or array of them. Default: <code>tcp</code>.
-- @param states Port state, or array of them. Default: <code>open</code> and <code>open|filtered</code>.
-- @param rarity From 1 (useful nearly everywhere) to 9; the rule is false if
--               <code>--version-intensity</code> is lower. Default: 7.
-- @return The rule.
function version_port_or_service (ports, services, protos, states, rarity)
  local fits = port_or_service(ports, services, protos, states)
  return function (host, port)
    return fits(host, port)
      and not port_is_excluded(port.number, port.protocol)
      and nmap.version_intensity() >= (rarity or 7)
  end
end

local PROTOCOL_LETTERS = { T = "tcp", U = "udp", S = "sctp" }

--- Makes a rule from a list of ports as users write it.
--
-- The list has numbers and ranges with commas between them. <code>T:</code>, <code>U:</code> and
-- <code>S:</code> say for which protocol the entries are that follow; before any of these, entries are
-- for every protocol. Ranges may be open: <code>-1023</code>, <code>8000-</code>, <code>-</code>. It is an
-- error if the list cannot be read.
-- @usage portrule = shortport.port_range("T:21-23,80,U:161-162")
-- @param range The list.
-- @return The rule. It is true for ports in state <code>open</code> and <code>open|filtered</code>.
function port_range (range)
  if type(range) ~= "string" then
    error("a list of ports is a string such as 'T:21-23,80,U:161'", 2)
  end
  local everywhere, by_protocol = {}, { tcp = {}, udp = {}, sctp = {} }
  local current = everywhere
  local entries = 0
  for entry in string.gmatch(range, "[^,]+") do
    local letter, rest = string.match(entry, "^%s*([TUS]):(.*)$")
    if letter then
      current, entry = by_protocol[PROTOCOL_LETTERS[letter]], rest
    end
    local first, last = range_of(entry)
    if not first then
      error("'" .. entry .. "' in '" .. range .. "' is not a port or a range of ports such as 80-90", 2)
    end
    current[#current + 1] = {first, last}
    entries = entries + 1
  end
  if entries == 0 then
    error("the list of ports is empty", 2)
  end
  return function (_, port)
    if port.state ~= "open" and port.state ~= "open|filtered" then
      return false
    end
    local own = by_protocol[port.protocol]
    return in_ranges(everywhere, port.number) or own ~= nil and in_ranges(own, port.number)
  end
end

--- Tells whether version detection is told to leave a port alone.
-- @param port Port number.
-- @param proto Protocol.
-- @return True or false.
function port_is_excluded (port, proto)
  return nmap.port_is_excluded(port, proto)
end

--- Rule for ports that are likely to speak HTTP, with or without TLS.
-- @class function
-- @name http
-- @param host Host table.
-- @param port Port table.
-- @return True or false.
http = port_or_service(LIKELY_HTTP_PORTS, LIKELY_HTTP_SERVICES)

--- Rule for ports that are likely to speak SSH.
-- @class function
-- @name ssh
-- @param host Host table.
-- @param port Port table.
-- @return True or false.
ssh = port_or_service({22, 2222}, "ssh")

local looks_like_tls = port_or_service(LIKELY_SSL_PORTS, LIKELY_SSL_SERVICES, {"tcp", "sctp"})

-- What begins an answer of TLS (RFC 8446, section 5.1): a record with a message of the handshake, or an alert
-- handshake_failure or protocol_version of a server to whom the offer did not appeal.
local HANDSHAKE, REFUSAL = "^\x16\x03[\0-\4]", "^\x15\x03[\0-\4]\0\2[\1\2][\x28\x46]"

-- Whether a port answers a TLS handshake.
local function shakes_hands (host, port)
  local has_tls, tls = pcall(require, "tls")
  if not has_tls then
    return false
  end
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host))
  local status, answer = socket:connect(host, port)
  if status then
    status, answer = socket:send(tls.client_hello({
      extensions = tls.servername(host) and {
        server_name = tls.EXTENSION_HELPERS.server_name(tls.servername(host)),
      } or nil,
    }))
  end
  if status then
    status, answer = socket:receive_bytes(7)
  end
  socket:close()
  return status and (string.find(answer, HANDSHAKE) or string.find(answer, REFUSAL)) ~= nil
end

--- Rule for ports that speak TLS from the first byte on.
--
-- True where version detection found TLS, and where number or name suggest it. Where only the port number is
-- known, a handshake is tried, once for each port; the answer is kept in
-- <code>host.registry.ssl</code>.
-- @param host Host table.
-- @param port Port table.
-- @return True or false.
function ssl (host, port)
  local version = port.version
  if version and version.service_tunnel == "ssl" or looks_like_tls(host, port) then
    return true
  end
  local confidence = version and version.name_confidence
  if not (confidence and confidence <= 3 and host and host.registry and port.protocol == "tcp"
      and nmap.have_ssl()) or port_is_excluded(port.number, port.protocol) then
    return false
  end
  local known = host.registry.ssl or {}
  host.registry.ssl = known
  local key = port.number .. port.protocol
  if known[key] == nil then
    known[key] = shakes_hands(host, port)
  end
  return known[key]
end

if not unittest.testing() then return _ENV end

test_suite = unittest.TestSuite:new()
local function at (number, name, protocol, state)
  return { number = number, service = name, protocol = protocol or "tcp", state = state or "open" }
end
for _, case in ipairs {
  { portnumber({ 22, "80-82" }), at(81), true }, { portnumber(22), at(22, nil, "udp"), false },
  { portnumber(22, "udp"), at(22, nil, "udp"), true }, { portnumber(22), at(22, nil, "tcp", "closed"), false },
  { service("ssh"), at(1, "ssh"), true }, { service({ "a", "b" }), at(1, "c"), false },
  { port_or_service(25, "smtp"), at(25), true }, { port_or_service(25, "smtp"), at(1, "smtp"), true },
  { port_range("T:21-23,80,U:161"), at(22), true }, { port_range("T:21-23,U:161"), at(161), false },
  { port_range("-1023"), at(7), true }, { http, at(8080), true }, { http, at(22, "ssh"), false }, { ssh, at(22), true },
} do
  local answer = case[1]({}, case[2]) and true or false
  test_suite:add_test(unittest.equal(answer, case[3]), "rule at " .. case[2].number)
end
test_suite:add_test(unittest.is_false((pcall(port_range, "80-x"))), "a list that cannot be read")

return _ENV
