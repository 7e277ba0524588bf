---
-- Versions of Microsoft SQL Server, for the library <code>mssql</code>: products and service packs by their numbers.
--
-- Build numbers are those that Microsoft publishes ("Latest updates available for SQL Server").
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name mssql.versions

local math = require "math"
local stdnse = require "stdnse"
local string = require "string"

_ENV = stdnse.module("mssql.versions", stdnse.seeall)

-- By major and minor number: the year, and the builds with which service packs began.
local PRODUCTS = {
  ["6.50"] = { "6.5" }, ["7.0"] = { "7.0" },
  ["8.0"] = { "2000", { 194, "RTM" }, { 384, "SP1" }, { 532, "SP2" }, { 760, "SP3" }, { 2039, "SP4" } },
  ["9.0"] = { "2005", { 1399, "RTM" }, { 2047, "SP1" }, { 3042, "SP2" }, { 4035, "SP3" }, { 5000, "SP4" } },
  ["10.0"] = { "2008", { 1600, "RTM" }, { 2531, "SP1" }, { 4000, "SP2" }, { 5500, "SP3" }, { 6000, "SP4" } },
  ["10.50"] = { "2008 R2", { 1600, "RTM" }, { 2500, "SP1" }, { 4000, "SP2" }, { 6000, "SP3" } },
  ["11.0"] = { "2012", { 2100, "RTM" }, { 3000, "SP1" }, { 5058, "SP2" }, { 6020, "SP3" }, { 7001, "SP4" } },
  ["12.0"] = { "2014", { 2000, "RTM" }, { 4100, "SP1" }, { 5000, "SP2" }, { 6024, "SP3" } },
  ["13.0"] = { "2016", { 1601, "RTM" }, { 4001, "SP1" }, { 5026, "SP2" }, { 6300, "SP3" } },
  ["14.0"] = { "2017", { 1000, "RTM" } }, ["15.0"] = { "2019", { 2000, "RTM" } },
  ["16.0"] = { "2022", { 1000, "RTM" } }, ["17.0"] = { "2025" },
}

--- What the number of a server says.
-- @class table
-- @name SqlServerVersionInfo
SqlServerVersionInfo = { versionNumber = "" }
SqlServerVersionInfo.__index = SqlServerVersionInfo

--- Makes an empty one.
-- @name SqlServerVersionInfo.new
-- @param o Table, optional.
-- @return The version.
function SqlServerVersionInfo:new (o)
  return setmetatable(o or {}, self)
end

--- Takes a version in numbers.
-- @name SqlServerVersionInfo.SetVersion
-- @param major First number.
-- @param minor Second number.
-- @param build Third number.
-- @param subBuild Fourth number.
-- @param source Where it is from, as <code>SSRP</code> or <code>SSNetLib</code>.
function SqlServerVersionInfo:SetVersion (major, minor, build, subBuild, source)
  self.source = source
  self.major, self.minor, self.build, self.subBuild = major, minor, build, subBuild
  -- The first two services packs of naming write minor numbers with two digits.
  self.versionNumber = string.format("%d.%02d.%d.%02d", major, minor, build, subBuild or 0)
  local known = PRODUCTS[major .. "." .. minor]
  self.productName = "Microsoft SQL Server" .. (known and " " .. known[1] or "")
  self.brandedVersion, self.servicePackLevel, self.patched = known and known[1] or nil, nil, nil
  for i = 2, known and #known or 0 do
    if build >= known[i][1] then
      self.servicePackLevel, self.patched = known[i][2], build > known[i][1]
    end
  end
end

--- Takes a version as text.
-- @name SqlServerVersionInfo.SetVersionNumber
-- @param versionNumber As <code>15.0.2000.5</code>; anything else changes nothing.
-- @param source Where it is from.
function SqlServerVersionInfo:SetVersionNumber (versionNumber, source)
  local major, minor, build, rest = string.match(versionNumber, "^(%d%d?)%.(%d%d?)%.(%d+)%.?(%d*)")
  if major and #build < 7 and #rest < 7 then
    self:SetVersion(math.tointeger(tonumber(major)), math.tointeger(tonumber(minor)), math.tointeger(tonumber(build)),
      math.tointeger(tonumber(rest)) or 0, source)
  end
end

--- The product with its service pack; <code>+</code> behind it means that later updates are there too.
-- @name SqlServerVersionInfo.ToString
-- @return Text.
function SqlServerVersionInfo:ToString ()
  local name = self.productName or "Microsoft SQL Server"
  if self.servicePackLevel then
    name = name .. " " .. self.servicePackLevel .. (self.patched and "+" or "")
  end
  return name
end

--- Puts the version into that of a port.
-- @name SqlServerVersionInfo.PopulateNmapPortVersion
-- @param port Port table; the caller tells the engine of it.
-- @return The port.
function SqlServerVersionInfo:PopulateNmapPortVersion (port)
  port.service = "ms-sql-s"
  port.version = port.version or {}
  port.version.name, port.version.product = "ms-sql-s", self.productName
  port.version.version = self.versionNumber
  if self.servicePackLevel then
    port.version.version = self.versionNumber .. "; " .. self.servicePackLevel .. (self.patched and "+" or "")
  end
  return port
end

return _ENV
