local ipOps = require "ipOps"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Asks a device that speaks EtherNet/IP for its identity: type, vendor, product, serial number and state.
]]

---
-- The request is ListIdentity of the EtherNet/IP encapsulation protocol (ODVA, volume 2, chapter 2), which changes
-- nothing. Numbers of vendors and of device types are ODVA's.
--
-- @usage nseer -sSU -p 44818 --script enip-info <target>
-- @output
-- 44818/tcp open  EtherNet-IP-2
-- | enip-info:
-- |   type: Programmable Logic Controller (14)
-- |   vendor: Rockwell Automation/Allen-Bradley (1)
-- |   productName: 1756-L61/B LOGIX5561
-- |   serialNumber: 0x006c061a
-- |   productCode: 54
-- |   revision: 20.11
-- |   status: 0x3160
-- |   state: 0xff
-- |_  deviceIp: 192.0.2.7

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "version"}

portrule = shortport.version_port_or_service(44818, "EtherNet-IP-2", {"tcp", "udp"})

local TYPES = {
  [0] = "Generic Device (deprecated)", [2] = "AC Drive", [3] = "Motor Overload", [4] = "Limit Switch",
  [5] = "Inductive Proximity Switch", [6] = "Photoelectric Sensor", [7] = "General Purpose Discrete I/O",
  [9] = "Resolver", [12] = "Communications Adapter", [14] = "Programmable Logic Controller",
  [16] = "Position Controller", [19] = "DC Drive", [21] = "Contactor", [22] = "Motor Starter",
  [23] = "Soft Start", [24] = "Human-Machine Interface", [26] = "Mass Flow Controller",
  [27] = "Pneumatic Valve", [28] = "Vacuum Pressure Gauge", [29] = "Process Control Value",
  [30] = "Residual Gas Analyzer", [31] = "DC Power Generator", [32] = "RF Power Generator",
  [33] = "Turbomolecular Vacuum Pump", [34] = "Encoder", [35] = "Safety Discrete I/O Device",
  [36] = "Fluid Flow Controller", [37] = "CIP Motion Drive", [38] = "CompoNet Repeater",
  [39] = "Mass Flow Controller, Enhanced", [40] = "CIP Modbus Device", [41] = "CIP Modbus Translator",
  [42] = "Safety Analog I/O Device", [43] = "Generic Device (keyable)", [44] = "Managed Switch",
}

local VENDORS = {
  [1] = "Rockwell Automation/Allen-Bradley", [5] = "Rockwell Automation/Reliance Electric",
  [13] = "SMC Corporation", [26] = "Festo SE & Co KG", [40] = "WAGO Corporation", [47] = "OMRON Corporation",
  [48] = "Turck", [49] = "Grayhill Inc.", [50] = "Real Time Automation", [77] = "SICK, Inc.",
  [90] = "HMS Industrial Networks", [161] = "Mitsubishi Electric Automation, Inc.",
  [243] = "Schneider Electric", [283] = "Hilscher GmbH", [287] = "Bosch Rexroth Corporation",
  [356] = "Fanuc Robotics America", [380] = "Yokogawa Electric Corporation", [553] = "Weidmuller",
  [562] = "Phoenix Contact", [579] = "Applied Robotics", [674] = "Fronius",
}

-- Text and number, as in "Encoder (34)".
local function named (number, names)
  return (names[number] or "Unknown") .. " (" .. number .. ")"
end

-- The fields of a reply; nil if it is none.
local function decode (data)
  if #data < 63 or string.unpack("<I2", data) ~= 0x63 then
    return nil
  end
  local item, length = string.unpack("<I2I2", data, 27)
  if item ~= 0x0c or #data < 30 + length or length < 33 then
    return nil
  end
  local ip = string.sub(data, 37, 40)
  local vendor, kind, product, major, minor, status, serial, pos = string.unpack("<I2I2I2BBI2I4", data, 49)
  local name_length = string.byte(data, pos)
  local name = string.sub(data, pos + 1, pos + name_length)
  local out = stdnse.output_table()
  out.type = named(kind, TYPES)
  out.vendor = named(vendor, VENDORS)
  out.productName = name
  out.serialNumber = string.format("0x%08x", serial)
  out.productCode = product
  out.revision = major .. "." .. minor
  out.status = string.format("0x%04x", status)
  local state = string.byte(data, pos + 1 + name_length)
  out.state = state and string.format("0x%02x", state)
  out.deviceIp = ipOps.str_to_ip(ip)
  return out
end

action = function (host, port)
  local socket = nmap.new_socket(port.protocol)
  socket:set_timeout(stdnse.get_timeout(host, 5000))
  local status, data = socket:connect(host, port)
  if status then
    status = socket:send(string.pack("<I2I2I4I4c8I4", 0x63, 0, 0, 0, "identity", 0))
  end
  if status then
    status, data = socket:receive_bytes(63)
  end
  socket:close()
  local out = status and decode(data)
  if not out then
    return nil
  end
  port.version.name = "EtherNet-IP-2"
  port.version.product = out.vendor
  port.version.version = out.productName .. "; " .. out.revision
  nmap.set_port_state(host, port, "open")
  nmap.set_port_version(host, port)
  return out
end
