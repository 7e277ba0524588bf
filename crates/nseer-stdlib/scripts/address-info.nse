local datafiles = require "datafiles"
local ipOps = require "ipOps"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Shows what an IPv6 address says by itself: an IPv4 address or the address of a network card inside it, and the
card's vendor.
]]

---
-- Knows mapped and compatible addresses (RFC 4291), 6to4 (RFC 3056), Teredo (RFC 4380), ISATAP (RFC 5214), NAT64
-- (RFC 6052) and EUI-64 (RFC 4291, appendix A). Nothing is sent.
--
-- @usage nseer -6 --script address-info <target>
-- @output
-- Host script results:
-- | address-info:
-- |   IPv6 EUI-64:
-- |     MAC address:
-- |       address: 00:00:5e:00:53:01
-- |_      manuf: ICANN, IANA Department

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "safe"}

hostrule = function ()
  return true
end

local function ipv4 (bytes)
  return { ["IPv4 address"] = ipOps.str_to_ip(bytes) }
end

local function flipped (bytes)
  return (string.gsub(bytes, ".", function (c) return string.char(string.byte(c) ~ 0xff) end))
end

-- Who made a card with an address of these bytes; nil if that is not known. Longer prefixes than those of three bytes
-- are known to some tables.
local function maker (bytes)
  local _, makers = datafiles.parse_mac_prefixes()
  local digits = string.upper(stdnse.tohex(bytes))
  return makers[digits] or makers[string.sub(digits, 1, 6)]
end

local function mac_entry (bytes)
  local mac = stdnse.output_table()
  mac.address = stdnse.format_mac(bytes)
  mac.manuf = maker(bytes) or "Unknown"
  return mac
end

local ZEROS = string.rep("\0", 16)

-- What an address of 16 bytes says: titles and tables.
local function findings (ip)
  local out, any = stdnse.output_table(), false
  local function add (title, fields)
    out[title], any = fields, true
  end
  if string.sub(ip, 1, 12) == string.sub(ZEROS, 1, 10) .. "\xff\xff" then
    add("IPv4-mapped", ipv4(string.sub(ip, 13)))
  elseif string.sub(ip, 1, 12) == string.sub(ZEROS, 1, 12) and string.unpack(">I4", ip, 13) > 1 then
    add("IPv4-compatible", ipv4(string.sub(ip, 13)))
  elseif string.sub(ip, 1, 2) == "\x20\x02" then
    add("6to4", ipv4(string.sub(ip, 3, 6)))
  elseif string.sub(ip, 1, 4) == "\x20\x01\0\0" then
    local teredo = stdnse.output_table()
    teredo["Server IPv4 address"] = ipOps.str_to_ip(string.sub(ip, 5, 8))
    teredo["Client IPv4 address"] = ipOps.str_to_ip(flipped(string.sub(ip, 13)))
    teredo["UDP port"] = string.unpack(">I2", flipped(string.sub(ip, 11, 12)))
    add("Teredo", teredo)
  elseif string.sub(ip, 1, 12) == "\0\x64\xff\x9b" .. string.sub(ZEROS, 1, 8) then
    add("IPv4-embedded IPv6 address", ipv4(string.sub(ip, 13)))
  end
  local interface = string.sub(ip, 9, 12)
  if interface == "\0\0\x5e\xfe" or interface == "\x02\0\x5e\xfe" then
    add("ISATAP", ipv4(string.sub(ip, 13)))
  elseif string.sub(ip, 12, 13) == "\xff\xfe" then
    -- The second bit of the first byte is turned round.
    local mac = string.char(string.byte(ip, 9) ~ 2) .. string.sub(ip, 10, 11) .. string.sub(ip, 14, 16)
    add("IPv6 EUI-64", { ["MAC address"] = mac_entry(mac) })
  end
  return any and out or nil
end

action = function (host)
  return host.bin_ip and #host.bin_ip == 16 and findings(host.bin_ip) or nil
end
