---
-- IP addresses: forms, ranges, comparison.
--
-- Functions take IPv4 and IPv6 addresses as text. IPv4 may be shortened from the right, as in networks:
-- <code>10.1</code> means <code>10.1.0.0</code>. Where an address, a range or a prefix cannot be read,
-- functions give nil and a message that names it.
--
-- Pure functions, written from RFC 4291, section 2.2, RFC 5952, RFC 4632 and observed output. Nothing here
-- resolves names or knows of interfaces.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name ipOps

local math = require "math"
local stdnse = require "stdnse"
local string = require "string"
local stringaux = require "stringaux"
local table = require "table"

_ENV = stdnse.module("ipOps", stdnse.seeall)

--
-- Reading
--

-- The four numbers of an IPv4 address, as texts; nil if it is none. What is missing is zero.
local function ipv4_parts (text)
  local parts = stringaux.strsplit("%.", text)
  for _, part in ipairs(parts) do
    if not string.find(part, "^%d%d?%d?$") or tonumber(part) > 255 then
      return nil
    end
  end
  if #parts > 4 then
    return nil
  end
  while #parts < 4 do
    parts[#parts + 1] = "0"
  end
  return parts
end

-- The groups of hexadecimal digits between colons; nil if something else is there.
local function groups_of (text)
  local groups = text == "" and {} or stringaux.strsplit(":", text)
  for _, group in ipairs(groups) do
    if not string.find(group, "^%x%x?%x?%x?$") then
      return nil
    end
  end
  return groups
end

-- The two groups that stand for the four numbers of an IPv4 address.
local function as_groups (numbers)
  return string.format("%x:%x", numbers[1] * 256 + numbers[2], numbers[3] * 256 + numbers[4])
end

-- The eight groups of an IPv6 address, as texts; nil if it is none.
local function ipv6_parts (text)
  local head, dotted = string.match(text, "^(.*:)([^:]*%.[^:]*)$")
  if head then
    local numbers = ipv4_parts(dotted)
    if not numbers then
      return nil
    end
    text = head .. as_groups(numbers)
  end
  local left, right = string.match(text, "^(.-)::(.*)$")
  local first, last = groups_of(left or text), groups_of(right or "")
  -- Two colons stand for one group at least (RFC 4291, section 2.2).
  if not first or not last or #first + #last > (left and 7 or 8) then
    return nil
  end
  while #first < 8 - #last do
    first[#first + 1] = "0"
  end
  return table.move(last, 1, #last, #first + 1, first)
end

--- Writes an address in full: four numbers, or eight groups of hexadecimal digits.
-- @usage
-- ipOps.expand_ip("fe80::1")  --> "fe80:0:0:0:0:0:0:1"
-- ipOps.expand_ip("10.1")  --> "10.1.0.0"
-- ipOps.expand_ip("192.0.2.1", "inet6")  --> "0:0:0:0:0:ffff:c000:201"
-- @param ip Address.
-- @param family Optional: <code>inet</code> to take IPv4 only, <code>inet6</code> to have IPv4 written as an
--               IPv6 address that stands for it.
-- @return The address; nil if it cannot be read or is of the other family.
-- @return What is wrong, if anything.
function expand_ip (ip, family)
  if type(ip) ~= "string" then
    return nil, "an IP address is a string, got " .. type(ip)
  elseif not string.find(ip, ":", 1, true) then
    local parts = ipv4_parts(ip)
    if not parts then
      return nil, "'" .. ip .. "' is not an IPv4 address"
    elseif family == "inet6" then
      return "0:0:0:0:0:ffff:" .. as_groups(parts)
    end
    return table.concat(parts, ".")
  elseif family == "inet" then
    return nil, "'" .. ip .. "' is not an IPv4 address but IPv6"
  end
  local parts = ipv6_parts(ip)
  if not parts then
    return nil, "'" .. ip .. "' is not an IPv6 address"
  end
  return table.concat(parts, ":")
end

-- The numbers of an address and how many bits each has; nil and what is wrong.
local function numbers_of (ip, family)
  local full, reason = expand_ip(ip, family)
  if not full then
    return nil, reason
  end
  local numbers = {}
  local is_ipv6 = string.find(full, ":", 1, true)
  for part in string.gmatch(full, "[^.:]+") do
    numbers[#numbers + 1] = tonumber(part, is_ipv6 and 16 or 10)
  end
  return numbers, is_ipv6 and 16 or 8
end

--
-- Other forms
--

--- Takes an address apart.
-- @usage ipOps.get_parts_as_number("192.0.2.1")  --> {192, 0, 2, 1}
-- @param ip Address.
-- @return Array of four numbers (IPv4) or eight (IPv6); nil if it cannot be read.
-- @return What is wrong, if anything.
function get_parts_as_number (ip)
  local numbers, reason = numbers_of(ip)
  if not numbers then
    return nil, reason
  end
  return numbers
end

--- Turns an address into bytes in network order.
-- @usage ipOps.ip_to_str("192.0.2.1")  --> "\192\0\2\1"
-- @param ip Address.
-- @param family As for <code>expand_ip</code>.
-- @return 4 bytes (IPv4) or 16 (IPv6); nil if it cannot be read.
-- @return What is wrong, if anything.
-- @see expand_ip
function ip_to_str (ip, family)
  local numbers, bits = numbers_of(ip, family)
  if not numbers then
    return nil, bits
  end
  return string.pack(bits == 16 and ">I2I2I2I2I2I2I2I2" or ">BBBB", table.unpack(numbers))
end

-- First and last group of the longest run of zeros that is worth two colons; nil if there is none.
local function longest_zeros (groups)
  local first, last
  local from
  for i = 1, #groups + 1 do
    if groups[i] ~= 0 then
      if from and i - from > 1 and (not first or i - from > last - first + 1) then
        first, last = from, i - 1
      end
      from = nil
    elseif not from then
      from = i
    end
  end
  return first, last
end

--- Turns bytes in network order into an address.
-- @usage ipOps.str_to_ip("\192\0\2\1")  --> "192.0.2.1"
-- @param ip String of 4 or 16 bytes.
-- @return The address, IPv6 in its short form (RFC 5952); nil for another number of bytes.
-- @return What is wrong, if anything.
function str_to_ip (ip)
  if type(ip) ~= "string" then
    return nil, "the bytes of an address are a string, got " .. type(ip)
  elseif #ip ~= 4 and #ip ~= 16 then
    return nil, "an address has 4 or 16 bytes, not " .. #ip
  elseif #ip == 4 then
    return table.concat({string.byte(ip, 1, 4)}, ".")
  end
  local groups = {string.unpack(">I2I2I2I2I2I2I2I2", ip)}
  local first, last = longest_zeros(groups)
  local texts = {}
  for i = 1, 8 do
    texts[i] = string.format("%x", groups[i])
  end
  if not first then
    return table.concat(texts, ":")
  end
  return table.concat(texts, ":", 1, first - 1) .. "::" .. table.concat(texts, ":", last + 1)
end

--- Writes hexadecimal digits as binary ones.
-- @usage ipOps.hex_to_bin("0a")  --> "00001010"
-- @param hex String of hexadecimal digits.
-- @return Four binary digits for each; nil if there is something else in the string.
-- @return What is wrong, if anything.
function hex_to_bin (hex)
  if type(hex) ~= "string" then
    return nil, "hexadecimal digits are a string, got " .. type(hex)
  elseif string.find(hex, "%X") then
    return nil, "'" .. hex .. "' has other characters than hexadecimal digits"
  end
  return (string.gsub(hex, ".", function (digit) return stdnse.tobinary(tonumber(digit, 16)) end))
end

--- Writes an address in binary digits.
-- @param ip Address.
-- @return 32 digits (IPv4) or 128 (IPv6); nil if it cannot be read.
-- @return What is wrong, if anything.
function ip_to_bin (ip)
  local bytes, reason = ip_to_str(ip)
  if not bytes then
    return nil, reason
  end
  return hex_to_bin(stdnse.tohex(bytes))
end

--- Reads an address from binary digits.
-- @param binstring String of 32 or 128 digits.
-- @return The address, in full; nil if it cannot be read.
-- @return What is wrong, if anything.
function bin_to_ip (binstring)
  if type(binstring) ~= "string" or string.find(binstring, "[^01]") then
    return nil, "an address in binary is a string of the digits 0 and 1"
  elseif #binstring ~= 32 and #binstring ~= 128 then
    return nil, "an address in binary has 32 or 128 digits, not " .. #binstring
  end
  local is_ipv6 = #binstring == 128
  local size, format = is_ipv6 and 16 or 8, is_ipv6 and "%x" or "%d"
  local parts = {}
  for from = 1, #binstring, size do
    parts[#parts + 1] = string.format(format, tonumber(string.sub(binstring, from, from + size - 1), 2))
  end
  return table.concat(parts, is_ipv6 and ":" or ".")
end

--- Turns an IPv4 address into one number.
-- @usage ipOps.todword("10.0.0.1")  --> 167772161
-- @param ip IPv4 address.
-- @return Integer from 0 to 4294967295; nil if it is not an IPv4 address.
-- @return What is wrong, if anything.
function todword (ip)
  local bytes, reason = ip_to_str(ip, "inet")
  if not bytes then
    return nil, reason
  end
  return (string.unpack(">I4", bytes))
end

--- Turns a number into an IPv4 address.
-- @usage ipOps.fromdword(167772161)  --> "10.0.0.1"
-- @param ip Integer from 0 to 4294967295.
-- @return The address; nil for anything else.
-- @return What is wrong, if anything.
function fromdword (ip)
  local number = type(ip) == "number" and math.tointeger(ip)
  if not number or number < 0 or number > 0xffffffff then
    return nil, "'" .. tostring(ip) .. "' is not an integer from 0 to 4294967295"
  end
  return str_to_ip(string.pack(">I4", number))
end

--
-- Order
--

-- Less than, equal to, or greater than zero, as the first of two arrays of numbers is to the second. IPv4
-- goes before IPv6.
local function order_of (a, b)
  if #a ~= #b then
    return #a - #b
  end
  for i, number in ipairs(a) do
    if number ~= b[i] then
      return number - b[i]
    end
  end
  return 0
end

local OPERATORS = {
  eq = function (order) return order == 0 end,
  ne = function (order) return order ~= 0 end,
  lt = function (order) return order < 0 end,
  le = function (order) return order <= 0 end,
  gt = function (order) return order > 0 end,
  ge = function (order) return order >= 0 end,
}

--- Compares two addresses. Every IPv4 address is less than every IPv6 address.
-- @usage ipOps.compare_ip("10.0.0.9", "lt", "10.0.0.10")  --> true
-- @param left Address.
-- @param op <code>eq</code>, <code>ne</code>, <code>lt</code>, <code>le</code>, <code>gt</code> or
--           <code>ge</code>.
-- @param right Address.
-- @return True or false; nil if something cannot be read.
-- @return What is wrong, if anything.
function compare_ip (left, op, right)
  local holds = OPERATORS[op or ""]
  if not holds then
    return nil, "'" .. tostring(op) .. "' is none of eq, ne, lt, le, gt, ge"
  end
  local a, reason = get_parts_as_number(left)
  if not a then
    return nil, reason
  end
  local b
  b, reason = get_parts_as_number(right)
  if not b then
    return nil, reason
  end
  return holds(order_of(a, b))
end

--- Sorts addresses in their place. What is no address comes first, sorted by text.
-- @param ip_list Array of addresses; it is changed.
-- @param op <code>lt</code> for ascending order, <code>gt</code> for descending. Default: <code>lt</code>.
function ip_sort (ip_list, op)
  local numbers = {}
  for _, ip in ipairs(ip_list) do
    numbers[ip] = get_parts_as_number(ip) or {}
  end
  local descending = op == "gt" or op == "ge"
  table.sort(ip_list, function (a, b)
    if descending then
      a, b = b, a
    end
    local order = order_of(numbers[a], numbers[b])
    return order < 0 or order == 0 and a < b
  end)
end

--
-- Ranges
--

--- First and last address of a network.
-- @usage ipOps.get_first_last_ip("10.1.2.3", 8)  --> "10.0.0.0", "10.255.255.255"
-- @param ip Any address in the network.
-- @param prefix Number of bits, 0 to 32 or 128, that all addresses of the network share.
-- @return The first address, in full; nil if something cannot be read.
-- @return The last address, in full; nil if something cannot be read.
-- @return What is wrong, if anything.
function get_first_last_ip (ip, prefix)
  local bits, reason = ip_to_bin(ip)
  if not bits then
    return nil, nil, reason
  end
  local length = math.tointeger(tonumber(prefix))
  if not length or length < 0 or length > #bits then
    return nil, nil, "prefix '" .. tostring(prefix) .. "' is not an integer from 0 to " .. #bits
  end
  local network, hosts = string.sub(bits, 1, length), #bits - length
  return bin_to_ip(network .. string.rep("0", hosts)), bin_to_ip(network .. string.rep("1", hosts))
end

--- First address of a network.
-- @param ip Any address in the network.
-- @param prefix Number of bits that all addresses of the network share.
-- @return The address, in full; nil if something cannot be read.
-- @return What is wrong, if anything.
-- @see get_first_last_ip
function get_first_ip (ip, prefix)
  local first, _, reason = get_first_last_ip(ip, prefix)
  return first, reason
end

--- Last address of a network.
-- @param ip Any address in the network.
-- @param prefix Number of bits that all addresses of the network share.
-- @return The address, in full; nil if something cannot be read.
-- @return What is wrong, if anything.
-- @see get_first_last_ip
function get_last_ip (ip, prefix)
  local _, last, reason = get_first_last_ip(ip, prefix)
  return last, reason
end

--- First and last address of a range.
-- @usage ipOps.get_ips_from_range("172.16/12")  --> "172.16.0.0", "172.31.255.255"
-- @param range Network such as <code>10.0.0.0/8</code>, or two addresses with a hyphen between them.
-- @return The first address, in full; nil if the range cannot be read.
-- @return The last address, in full; nil if the range cannot be read.
-- @return What is wrong, if anything.
function get_ips_from_range (range)
  if type(range) ~= "string" then
    return nil, nil, "a range is a string, got " .. type(range)
  end
  local ip, prefix = string.match(range, "^%s*([%x:.]+)/(%d+)%s*$")
  if ip then
    return get_first_last_ip(ip, prefix)
  end
  local from, to = string.match(range, "^%s*([%x:.]+)%s*%-%s*([%x:.]+)%s*$")
  if not from then
    return nil, nil, "'" .. range .. "' is not a range such as 10.0.0.0/8 or 10.0.0.1-10.0.0.9"
  end
  local first, first_reason = expand_ip(from)
  local last, last_reason = expand_ip(to)
  if not first or not last then
    return nil, nil, first_reason or last_reason
  elseif not string.find(first, ":", 1, true) ~= not string.find(last, ":", 1, true) then
    return nil, nil, "'" .. range .. "' is a range from one address family to the other"
  end
  return first, last
end

--- Tells whether an address is in a range.
-- @usage ipOps.ip_in_range("172.20.1.1", "172.16/12")  --> true
-- @param ip Address.
-- @param range As for <code>get_ips_from_range</code>.
-- @return True or false; nil if something cannot be read or is of the other family.
-- @return What is wrong, if anything.
-- @see get_ips_from_range
function ip_in_range (ip, range)
  local first, last, reason = get_ips_from_range(range)
  if not first then
    return nil, reason
  end
  local numbers
  numbers, reason = get_parts_as_number(ip)
  if not numbers then
    return nil, reason
  end
  local low, high = get_parts_as_number(first), get_parts_as_number(last)
  if #numbers ~= #low then
    return nil, "'" .. ip .. "' and '" .. range .. "' are of different address families"
  end
  return order_of(low, numbers) <= 0 and order_of(numbers, high) <= 0
end

-- Networks that the Internet does not route (RFC 6890, RFC 5771, section 4, RFC 4291, sections 2.5.2, 2.5.3
-- and 2.5.6, RFC 4193, RFC 3879), written as callers are used to see them.
local PRIVATE = {
  "10/8", "127/8", "169.254/16", "172.16/12", "192.168/16", "192.0.0/24", "192.0.2/24", "198.51.100/24",
  "203.0.113/24", "198.18/15", "240.0.0/4", "224.0.0/24", "::/127", "FE80::/10", "FC00::/7", "FEC0::/10",
}

--- Tells whether an address is one that the Internet does not route.
-- @usage ipOps.isPrivate("192.168.1.1")  --> true, "192.168/16"
-- @param ip Address.
-- @return True or false; nil if it cannot be read.
-- @return The network that it belongs to, if true; what is wrong, if it cannot be read.
function isPrivate (ip)
  local full, reason = expand_ip(ip)
  if not full then
    return nil, reason
  end
  for _, network in ipairs(PRIVATE) do
    if ip_in_range(full, network) then
      return true, network
    end
  end
  return false, nil
end

--- Writes a prefix as a mask.
-- @usage ipOps.cidr_to_subnet("/24")  --> "255.255.255.0"
-- @param subnet <code>"/24"</code>, or the number alone.
-- @return The mask; nil if it is not an integer from 0 to 32.
-- @return What is wrong, if anything.
function cidr_to_subnet (subnet)
  local length = string.match(tostring(subnet), "^/?(%d+)$")
  local mask = length and get_first_ip("255.255.255.255", length)
  if not mask then
    return nil, "'" .. tostring(subnet) .. "' is not a prefix such as /24"
  end
  return mask
end

--- Writes a mask as a prefix.
-- @usage ipOps.subnet_to_cidr("255.255.255.0")  --> "/24"
-- @param subnet Mask of an IPv4 network.
-- @return The prefix; nil if it is not a mask.
-- @return What is wrong, if anything.
function subnet_to_cidr (subnet)
  local number, reason = todword(subnet)
  if not number then
    return nil, reason
  end
  local ones = string.match(ip_to_bin(subnet), "^(1*)0*$")
  if not ones then
    return nil, "'" .. subnet .. "' is not a mask: it has ones after zeros"
  end
  return "/" .. #ones
end

return _ENV
