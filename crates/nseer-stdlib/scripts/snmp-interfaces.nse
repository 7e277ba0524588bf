local datafiles = require "datafiles"
local nmap = require "nmap"
local shortport = require "shortport"
local snmp = require "snmp"
local stdnse = require "stdnse"
local string = require "string"
local target = require "target"

description = [[
Lists the network interfaces that an SNMP agent tells of: addresses, kind, speed, and how much went through.
]]

---
-- Reads ifTable (RFC 2863) and ipAddrTable (RFC 4293, the deprecated part).
--
-- @usage nseer -sU -p 161 --script snmp-interfaces <target>
-- @args newtargets If given, the addresses found are scanned as well.
-- @output
-- 161/udp open  snmp
-- | snmp-interfaces:
-- |   eth0
-- |     IP address: 192.0.2.1  Netmask: 255.255.255.0
-- |     MAC address: 00:00:5e:00:53:01 (Unknown)
-- |     Type: ethernetCsmacd  Speed: 1 Gbps
-- |     Status: up
-- |_    Traffic stats: 1.64 Kb sent, 1.96 Kb received

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}
dependencies = {"snmp-brute"}

portrule = shortport.port_or_service(161, "snmp", "udp", {"open", "open|filtered"})

local IF_TABLE, IP_TABLE = "1.3.6.1.2.1.2.2.1.", "1.3.6.1.2.1.4.20.1."

-- Names of kinds of interfaces in IANA's registry of ifTypes.
local TYPES = {
  [1] = "other", [6] = "ethernetCsmacd", [9] = "iso88025TokenRing", [15] = "fddi", [18] = "ds1", [22] = "propPointToPointSerial",
  [23] = "ppp", [24] = "softwareLoopback", [28] = "slip", [32] = "frameRelay", [37] = "atm", [39] = "sonet",
  [49] = "aal5", [53] = "propVirtual", [54] = "propMultiplexor", [71] = "ieee80211", [77] = "lapd", [94] = "adsl",
  [96] = "sdsl", [97] = "vdsl", [117] = "gigabitEthernet", [127] = "docsCableMaclayer", [131] = "tunnel",
  [135] = "l2vlan", [136] = "l3ipvlan", [142] = "ipForward", [150] = "mplsTunnel", [161] = "ieee8023adLag",
  [166] = "mpls", [194] = "atmSubInterface", [199] = "infiniband", [209] = "bridge", [244] = "wwanPP2",
}

---@type table<number, string>
local STATUS = { "up", "down", "testing", "unknown", "dormant", "notPresent", "lowerLayerDown" }

-- Reads one column: values by what stands after its name.
local function column (agent, base)
  local values, order = {}, {}
  local _, rows = agent:walk(base)
  for _, row in ipairs(rows) do
    local index = string.sub(row.oid, #base + 2)
    values[index] = row.value
    order[#order + 1] = index
  end
  return values, order
end

-- The addresses of interfaces by their number: of more than one, the last.
local function addresses (agent)
  local found = {}
  local ips, order = column(agent, IP_TABLE .. 1)
  local indices, masks = column(agent, IP_TABLE .. 2), column(agent, IP_TABLE .. 3)
  for _, key in ipairs(order) do
    local index = tostring(indices[key])
    found[index] = { ip = ips[key], mask = masks[key] }
    if target.ALLOW_NEW_TARGETS and type(ips[key]) == "string" and not string.find(ips[key], "^127%.") then
      target.add(ips[key])
    end
  end
  return found
end

-- Who made a card with an address of these bytes; nil if that is not known. Longer prefixes than those of three bytes
-- are known to some tables.
local function maker (bytes)
  local _, makers = datafiles.parse_mac_prefixes()
  local digits = string.upper(stdnse.tohex(bytes))
  return makers[digits] or makers[string.sub(digits, 1, 6)]
end

local function mac_line (bytes)
  if type(bytes) ~= "string" or #bytes ~= 6 then
    return nil
  end
  local vendor = maker(bytes) or "Unknown"
  return "MAC address: " .. stdnse.format_mac(bytes) .. " (" .. vendor .. ")"
end

local UNITS = { { 1000000000, "G" }, { 1000000, "M" }, { 1000, "K" } }

local function speed (bits)
  for _, unit in ipairs(UNITS) do
    if bits >= unit[1] then
      return bits // unit[1] .. " " .. unit[2] .. "bps"
    end
  end
  return bits .. " bps"
end

local function amount (bytes)
  for _, unit in ipairs(UNITS) do
    if bytes >= unit[1] then
      return string.format("%.2f %sb", bytes / unit[1], unit[2])
    end
  end
  return bytes .. ".00 b"
end

local function number (value)
  return type(value) == "number" and value or nil
end

action = function (host, port)
  local agent = snmp.Helper:new(host, port)
  if not agent:connect() then
    return nil
  end
  local names, order = column(agent, IF_TABLE .. 2)
  if #order == 0 then
    return nil
  end
  nmap.set_port_state(host, port, "open")
  local types, speeds, macs = column(agent, IF_TABLE .. 3), column(agent, IF_TABLE .. 5), column(agent, IF_TABLE .. 6)
  local status, received, sent = column(agent, IF_TABLE .. 8), column(agent, IF_TABLE .. 10), column(agent, IF_TABLE .. 16)
  local ips = addresses(agent)
  local out = {}
  for _, index in ipairs(order) do
    local block = { name = string.gsub(tostring(names[index]), "%z+$", "") }
    local ip = ips[index]
    if ip and ip.ip then
      block[#block + 1] = "IP address: " .. tostring(ip.ip) .. "  Netmask: " .. tostring(ip.mask)
    end
    block[#block + 1] = mac_line(macs[index])
    block[#block + 1] = "Type: " .. (TYPES[types[index] or 0] or tostring(types[index]))
      .. "  Speed: " .. speed(number(speeds[index]) or 0)
    local state = STATUS[number(status[index]) or 0]
    block[#block + 1] = state and "Status: " .. state
    if number(sent[index]) and number(received[index]) then
      block[#block + 1] = "Traffic stats: " .. amount(sent[index]) .. " sent, " .. amount(received[index]) .. " received"
    end
    out[#out + 1] = block
  end
  return stdnse.format_output(true, out)
end
