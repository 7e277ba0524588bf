---
-- Where hosts are, as scripts have found out in this scan, for those that draw a map at its end.
--
-- Places are kept in the registry, by address and by coordinates.
--
-- @usage
-- geoip.add("192.0.2.1", 48.2, 16.4)
-- for place, addresses in pairs(geoip.get_all_by_gps()) do … end
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name geoip

local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"
local ipairs, next, pairs, setmetatable, tostring = ipairs, next, pairs, setmetatable, tostring

_ENV = stdnse.module("geoip", stdnse.seeall)

local function places ()
  local registry = nmap.registry
  registry.geoip = registry.geoip or { by_ip = {}, by_gps = {} }
  return registry.geoip
end

--- Notes where a host is.
-- @param ip Its address.
-- @param lat Degrees of latitude, number or text.
-- @param lon Degrees of longitude, number or text.
function add (ip, lat, lon)
  local known = places()
  local place = tostring(lat) .. "," .. tostring(lon)
  known.by_ip[ip] = { latitude = lat, longitude = lon }
  known.by_gps[place] = known.by_gps[place] or {}
  table.insert(known.by_gps[place], ip)
end

--- Whether no place is known.
-- @return True or false.
function empty ()
  return next(places().by_ip) == nil
end

--- Places by address.
-- @return Table: address to a table with <code>latitude</code> and <code>longitude</code>.
function get_all_by_ip ()
  return places().by_ip
end

--- Addresses by place.
-- @return Table: <code>latitude,longitude</code> to an array of addresses.
function get_all_by_gps ()
  return places().by_gps
end

-- In this order they are shown.
local FIELDS = { "latitude", "longitude", "city", "region", "country" }

--- A place and what it is called.
-- @class table
-- @name Location
Location = {}
Location.__index = Location

--- Makes one.
-- @name Location:new
-- @param o Table with what is known, optional: <code>latitude</code>, <code>longitude</code>, <code>city</code>,
--        <code>region</code>, <code>country</code>.
-- @return The place.
function Location:new (o)
  return setmetatable(o or {}, self)
end

for _, field in ipairs(FIELDS) do
  Location["set_" .. field] = function (self, value)
    self[field] = value
  end
end

-- Pairs come in the order in which they are shown, whatever is unknown is left out by whoever shows them.
Location.__pairs = function (self)
  local at = 0
  return function ()
    at = at + 1
    return FIELDS[at], FIELDS[at] and self[FIELDS[at]]
  end
end

Location.__tostring = function (self)
  local names = {}
  for _, field in ipairs { "city", "region", "country" } do
    names[#names + 1] = self[field]
  end
  return string.format("coordinates: %s, %s\nlocation: %s", self.latitude, self.longitude, table.concat(names, ", "))
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local saved = nmap.registry.geoip
nmap.registry.geoip = nil
test_suite:add_test(unittest.is_true(empty()), "nothing yet")
add("192.0.2.1", 12.5, -3)
add("192.0.2.2", "12.5", "-3")
test_suite:add_test(unittest.is_false(empty()), "something")
test_suite:add_test(unittest.equal(get_all_by_ip()["192.0.2.1"].latitude, 12.5), "by address")
test_suite:add_test(unittest.identical(get_all_by_gps()["12.5,-3"], { "192.0.2.1", "192.0.2.2" }), "by place")
nmap.registry.geoip = saved

local place = Location:new()
place:set_latitude("1.5")
place:set_longitude("2")
place:set_city("Linz")
place:set_country("Austria")
test_suite:add_test(unittest.equal(tostring(place), "coordinates: 1.5, 2\nlocation: Linz, Austria"), "as text")
local order = {}
for field in pairs(place) do
  order[#order + 1] = field
end
test_suite:add_test(unittest.identical(order, FIELDS), "the order of what is shown")
return _ENV
