---
-- KNXnet/IP: what gateways of building automation say of themselves.
--
-- Written from the KNX Standard, volume 3/8/2 (KNXnet/IP core, version 1.0): sections 2, 4.2 and 7.5 to 7.8.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name knx

local ipOps = require "ipOps"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"

_ENV = stdnse.module("knx", stdnse.seeall)

local VERSION = 0x10
local HEADER = 6

-- Control endpoint over UDP (section 7.5.4.2).
local HPAI_LENGTH, IPV4_UDP = 8, 1

--- Families of services, by number (section 7.5.4.3).
-- @class table
-- @name knxServiceFamilies
knxServiceFamilies = {
  [0x02] = "KNXnet/IP Core", [0x03] = "KNXnet/IP Device Management", [0x04] = "KNXnet/IP Tunnelling",
  [0x05] = "KNXnet/IP Routing", [0x06] = "KNXnet/IP Remote Logging",
  [0x07] = "KNXnet/IP Remote Configuration and Diagnosis", [0x08] = "KNXnet/IP Object Server",
}

--- Blocks of descriptions, by number (section 7.5.4.1).
-- @class table
-- @name knxDibDescriptionTypes
knxDibDescriptionTypes = {
  [0x01] = "Device Information", [0x02] = "Supp_Svc_families", [0x03] = "IP_Config", [0x04] = "IP_Cur_Config",
  [0x05] = "IP_Config",
}

--- Media, by number (section 7.5.4.2).
-- @class table
-- @name knxMediumTypes
knxMediumTypes = {
  [0x01] = "reserved", [0x02] = "KNX TP1", [0x04] = "KNX PL110", [0x08] = "reserved", [0x10] = "KNX RF",
  [0x20] = "KNX IP",
}

--- Makes a request that asks to be answered at an address.
-- @param service Number of the service: 0x0201 searches, 0x0203 asks for a description.
-- @param ip_address Address here.
-- @param port Port here.
-- @return The datagram.
function query (service, ip_address, port)
  return string.pack(">BBI2I2BBc4I2", HEADER, VERSION, service, HEADER + HPAI_LENGTH, HPAI_LENGTH, IPV4_UDP,
    ipOps.ip_to_str(ip_address), port)
end

--- Writes an individual address with its three parts.
-- @param addr The address, a number.
-- @return Text such as <code>1.1.255</code>.
function parseKnxAddress (addr)
  return string.format("%d.%d.%d", addr >> 12 & 0xf, addr >> 8 & 0xf, addr & 0xff)
end

--- Reads the head of a message.
-- @param knxMessage The datagram.
-- @return Length of the head; nil if the message is none.
-- @return Version of the protocol.
-- @return Number of the service.
-- @return Length of the message.
-- @return Position behind the head.
function parseHeader (knxMessage)
  if #knxMessage < HEADER then
    return nil
  end
  local length, version, service, total, at = string.unpack(">BBI2I2", knxMessage)
  if length ~= HEADER or version ~= VERSION or total > #knxMessage then
    return nil
  end
  return length, version, service, total, at
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(query(0x0203, "127.0.0.1", 3671), "\6\x10\2\3\0\x0e\8\1\x7f\0\0\1\x0e\x57"), "a request")
test_suite:add_test(unittest.equal(parseKnxAddress(0x12ff), "1.2.255"), "an address")
test_suite:add_test(unittest.identical({ parseHeader("\6\x10\2\4\0\7x") }, { 6, 0x10, 0x204, 7, 7 }), "a head")
test_suite:add_test(unittest.is_nil((parseHeader("\6\x10\2\4\0\8x"))), "cut off")
test_suite:add_test(unittest.is_nil((parseHeader("\6\x10\2"))), "no head")
return _ENV
