---
-- DHCP: requests, and what servers answer.
--
-- Written from RFC 2131, sections 2 to 4, and RFC 2132 (options).
--
-- @usage
-- local status, packet = dhcp.dhcp_build(dhcp.request_types.DHCPDISCOVER, "\0\0\0\0", mac, nil, nil, nil, nil, "\1\2\3\4")
-- local status, answer = dhcp.dhcp_parse(data, "\1\2\3\4")
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name dhcp

local ipOps = require "ipOps"
local nmap = require "nmap"
local rand = require "rand"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"
local ipairs, pairs, select, type = ipairs, pairs, select, type

_ENV = stdnse.module("dhcp", stdnse.seeall)

local COOKIE = 0x63825363
local FIXED = 240
local TIMEOUT = 5000
local MAX_OPTIONS = 128

--- Kinds of messages: numbers by name (RFC 2132, section 9.6).
-- @class table
-- @name request_types
request_types = { DHCPDISCOVER = 1, DHCPOFFER = 2, DHCPREQUEST = 3, DHCPDECLINE = 4, DHCPACK = 5, DHCPNAK = 6,
  DHCPRELEASE = 7, DHCPINFORM = 8 }

--- The same, names by number.
-- @class table
-- @name request_types_str
request_types_str = {}
for name, number in pairs(request_types) do
  request_types_str[number] = name
end

-- Values of options: each takes bytes and gives a value, or nil where they are none.
local READ = {
  text = function (bytes) return bytes end,
  address = function (bytes)
    if #bytes == 0 or #bytes % 4 ~= 0 then
      return nil
    end
    local list = {}
    for at = 1, #bytes, 4 do
      list[#list + 1] = ipOps.str_to_ip(string.sub(bytes, at, at + 3))
    end
    return #list == 1 and list[1] or list
  end,
  byte = function (bytes) return #bytes == 1 and string.byte(bytes) or nil end,
  short = function (bytes) return #bytes == 2 and (string.unpack(">I2", bytes)) or nil end,
  number = function (bytes) return #bytes == 4 and (string.unpack(">I4", bytes)) or nil end,
  flag = function (bytes)
    return #bytes == 1 and (string.byte(bytes) == 1 and "true" or "false") or nil
  end,
  kind = function (bytes) return #bytes == 1 and request_types_str[string.byte(bytes)] or nil end,
}

-- A duration as days, hours, minutes and seconds, those in front only where they are not zero.
READ.time = function (bytes)
  if #bytes ~= 4 then
    return nil
  end
  local seconds = string.unpack(">I4", bytes)
  local days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
  seconds = seconds % 60
  if days > 0 then
    return string.format("%dd%02dh%02dm%02ds", days, hours, minutes, seconds)
  elseif hours > 0 then
    return string.format("%dh%02dm%02ds", hours, minutes, seconds)
  elseif minutes > 0 then
    return string.format("%dm%02ds", minutes, seconds)
  end
  return string.format("%ds", seconds)
end

-- Options (RFC 2132): name and kind of value.
local OPTIONS = {
  [1] = { "Subnet Mask", "address" }, [2] = { "Time Offset", "number" }, [3] = { "Router", "address" },
  [4] = { "Time Server", "address" }, [5] = { "Name Server", "address" }, [6] = { "Domain Name Server", "address" },
  [7] = { "Log Server", "address" }, [8] = { "Cookie Server", "address" }, [9] = { "LPR Server", "address" },
  [10] = { "Impress Server", "address" }, [11] = { "Resource Location Server", "address" }, [12] = { "Hostname", "text" },
  [13] = { "Boot File Size", "short" }, [14] = { "Merit Dump File", "text" }, [15] = { "Domain Name", "text" },
  [16] = { "Swap Server", "address" }, [17] = { "Root Path", "text" }, [18] = { "Extensions Path", "text" },
  [19] = { "IP Forwarding", "flag" }, [20] = { "Non-local Source Routing", "flag" }, [22] = { "Maximum Datagram Reassembly Size", "short" },
  [23] = { "Default IP TTL", "byte" }, [26] = { "Interface MTU", "short" }, [27] = { "All Subnets are Local", "flag" },
  [28] = { "Broadcast Address", "address" }, [31] = { "Perform Router Discovery", "flag" },
  [33] = { "Static Route", "address" }, [35] = { "ARP Cache Timeout", "time" }, [37] = { "TCP Default TTL", "byte" },
  [40] = { "NIS Domain", "text" }, [41] = { "NIS Servers", "address" }, [42] = { "NTP Servers", "address" },
  [44] = { "NetBIOS Name Server", "address" }, [45] = { "NetBIOS Datagram Server", "address" },
  [46] = { "NetBIOS Node Type", "byte" }, [47] = { "NetBIOS Scope", "text" }, [51] = { "IP Address Lease Time", "time" },
  [53] = { "DHCP Message Type", "kind" }, [54] = { "Server Identifier", "address" }, [56] = { "Message", "text" },
  [58] = { "Renewal Time Value", "time" }, [59] = { "Rebinding Time Value", "time" }, [60] = { "Class Identifier", "text" },
  [61] = { "Client Identifier", "text" }, [64] = { "NIS+ Domain", "text" }, [66] = { "TFTP Server Name", "text" },
  [67] = { "Bootfile Name", "text" }, [252] = { "WPAD", "text" },
}

-- What is asked for where nobody says: everything that is known here.
local function all_options ()
  local numbers = {}
  for number in pairs(OPTIONS) do
    numbers[#numbers + 1] = number
  end
  table.sort(numbers)
  return string.char(table.unpack(numbers))
end

-- Four bytes of an address, which may be bytes, a number or a text.
local function address_bytes (address)
  if type(address) == "number" then
    return string.pack(">I4", address & 0xffffffff)
  elseif type(address) == "string" and #address ~= 4 then
    return ipOps.ip_to_str(address)
  end
  return address or "\0\0\0\0"
end

--- Makes a request.
-- @param request_type Number of its kind.
-- @param ip_address Address of this machine: four bytes, a number or a text.
-- @param mac_address Address of its card, up to 16 bytes.
-- @param options Array of tables with <code>number</code> and <code>value</code> (bytes), and <code>type</code>
--        <code>ip</code> where the value is an address in text; optional.
-- @param request_options Numbers of options that the server is asked for, bytes or an array. Default: all known ones.
-- @param overrides Table with fields of the message to set: <code>op</code>, <code>htype</code>, <code>hlen</code>,
--        <code>hops</code>, <code>xid</code>, <code>secs</code>, <code>flags</code>, <code>ciaddr</code>,
--        <code>yiaddr</code>, <code>siaddr</code>, <code>giaddr</code>, <code>chaddr</code>, <code>sname</code>,
--        <code>file</code>, <code>cookie</code>; optional.
-- @param lease_time Seconds that are asked for. Default: 1.
-- @param transaction_id Four bytes by which the answer is known.
-- @return True, or false.
-- @return The message; or a reason.
function dhcp_build (request_type, ip_address, mac_address, options, request_options, overrides, lease_time, transaction_id)
  local o = overrides or {}
  local ciaddr = address_bytes(o.ciaddr or ip_address)
  if not request_types_str[request_type] then
    return false, "there is no such kind of request"
  elseif not ciaddr or #ciaddr ~= 4 then
    return false, "the address of this machine is none"
  elseif type(mac_address) ~= "string" or #mac_address > 16 then
    return false, "the address of the card is none"
  end
  local parts = { string.pack(">BBBBc4I2I2c4", o.op or 1, o.htype or 1, o.hlen or #mac_address, o.hops or 0,
    o.xid or transaction_id or rand.random_string(4), o.secs or 0, o.flags or 0, ciaddr),
    address_bytes(o.yiaddr), address_bytes(o.siaddr), address_bytes(o.giaddr),
    string.pack(">c16c64c128I4", o.chaddr or mac_address, o.sname or "", o.file or "", o.cookie or COOKIE),
    string.pack("BBB", 53, 1, request_type) }
  for _, option in ipairs(options or {}) do
    local value = option.type == "ip" and ipOps.ip_to_str(option.value) or option.value
    parts[#parts + 1] = string.pack("Bs1", option.number, value)
  end
  local wanted = request_options or all_options()
  if type(wanted) == "table" then
    wanted = string.char(table.unpack(wanted))
  end
  parts[#parts + 1] = string.pack("Bs1", 55, wanted)
  parts[#parts + 1] = string.pack(">BBI4", 51, 4, lease_time or 1)
  return true, table.concat(parts) .. "\xff"
end

--- Reads an answer.
-- @param data The datagram.
-- @param transaction_id Four bytes that the answer has to have.
-- @return True, or false.
-- @return Table with the fields of the message (addresses as numbers, and as text in <code>ciaddr_str</code> and so on)
--         and <code>options</code>: array of tables with <code>name</code> and <code>value</code>; or a reason.
function dhcp_parse (data, transaction_id)
  if type(data) ~= "string" or #data < FIXED then
    return false, "the answer is too short"
  end
  local r, at = {}, nil
  r.op, r.htype, r.hlen, r.hops, r.xid, r.secs, r.flags, r.ciaddr, r.yiaddr, r.siaddr, r.giaddr, r.chaddr, r.sname, r.file,
    r.cookie, at = string.unpack(">BBBBc4I2I2I4I4I4I4c16c64c128I4", data)
  if r.op ~= 2 then
    return false, "this is a request, not an answer"
  elseif r.xid ~= transaction_id then
    return false, "the answer is to another request"
  elseif r.cookie ~= COOKIE then
    return false, "the answer is none of DHCP"
  end
  for _, field in ipairs { "ciaddr", "yiaddr", "siaddr", "giaddr" } do
    r[field .. "_str"] = ipOps.fromdword(r[field])
  end
  r.options = {}
  while at <= #data and #r.options < MAX_OPTIONS do
    local number = string.byte(data, at)
    if number == 255 then
      break
    elseif number == 0 then
      at = at + 1
    elseif at + 1 > #data or at + 1 + string.byte(data, at + 1) > #data then
      stdnse.debug1("the options end too early")
      break
    else
      local value
      number, value, at = string.unpack("Bs1", data, at)
      local known = OPTIONS[number]
      local shown = known and READ[known[2]](value)
      if shown ~= nil then
        r.options[#r.options + 1] = { name = known[1], value = shown }
      else
        stdnse.debug2("option %d is not known, or it has no value of its kind", number)
      end
    end
  end
  return true, r
end

--- Asks a server and reads its answer.
-- @param target Whom to ask, a host table or an address.
-- @param request_type Number of the kind of request.
-- @param ip_address Address of this machine.
-- @param mac_address Address of its card.
-- @param options As for <code>dhcp_build</code>.
-- @param request_options As for <code>dhcp_build</code>.
-- @param overrides As for <code>dhcp_build</code>.
-- @param lease_time As for <code>dhcp_build</code>.
-- @return True, or false.
-- @return As of <code>dhcp_parse</code>; or a reason.
function make_request (target, request_type, ip_address, mac_address, options, request_options, overrides, lease_time)
  local id = rand.random_string(4)
  local status, packet = dhcp_build(request_type, ip_address, mac_address, options, request_options, overrides, lease_time, id)
  if not status then
    return false, packet
  end
  local socket = nmap.new_socket("udp")
  socket:set_timeout(TIMEOUT)
  -- Servers answer the client's port, which takes privileges.
  local answer
  status, answer = socket:bind(nil, 68)
  if status then
    status, answer = socket:sendto(target, { number = 67, protocol = "udp" }, packet)
  end
  if status then
    status, answer = socket:receive()
  end
  socket:close()
  if not status then
    return false, answer
  end
  return dhcp_parse(answer, id)
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local ID, MAC = "\1\2\3\4", "\2\0\0\0\0\1"
local status, packet = dhcp_build(request_types.DHCPDISCOVER, "10.0.0.1", MAC, { { number = 50, type = "ip", value = "10.0.0.9" } }, { 1, 3 }, { flags = 0x8000 }, 60, ID)
test_suite:add_test(unittest.is_true(status), "a request")
test_suite:add_test(unittest.equal(string.sub(packet, 1, 16), "\1\1\6\0\1\2\3\4\0\0\x80\0\x0a\0\0\1"), "its head")
test_suite:add_test(unittest.equal(string.sub(packet, 237), "\x63\x82\x53\x63\x35\1\1\x32\4\x0a\0\0\9\x37\2\1\3\x33\4\0\0\0\x3c\xff"), "its options")
test_suite:add_test(unittest.is_false((dhcp_build(99, "10.0.0.1", MAC))), "no such request")
local function answer (options)
  return "\2" .. string.sub(packet, 2, 16) .. "\x0a\0\0\5" .. string.sub(packet, 21, 240) .. options
end
local _, r = dhcp_parse(answer("\0\x35\1\2\x33\4\0\0\x0e\x10\x3a\4\0\0\7\8\6\8\x0a\0\0\1\x0a\0\0\2\x0c\4host\xc8\2xy\xff"), ID)
test_suite:add_test(unittest.equal(r.yiaddr_str, "10.0.0.5"), "an address")
test_suite:add_test(unittest.identical(r.options, {
  { name = "DHCP Message Type", value = "DHCPOFFER" }, { name = "IP Address Lease Time", value = "1h00m00s" },
  { name = "Renewal Time Value", value = "30m00s" }, { name = "Domain Name Server", value = { "10.0.0.1", "10.0.0.2" } },
  { name = "Hostname", value = "host" } }), "options")
test_suite:add_test(unittest.identical(select(2, dhcp_parse(answer("\x01\3\xff\xff\xff\x0c\xff"), ID)).options, {}), "lengths that cannot be")
test_suite:add_test(unittest.is_false((dhcp_parse(answer(""), "\1\2\3\5"))), "an answer to somebody else")
test_suite:add_test(unittest.is_false((dhcp_parse(packet, ID))), "the request sent back")
test_suite:add_test(unittest.is_false((dhcp_parse("\2\1", ID))), "cut off")
return _ENV
