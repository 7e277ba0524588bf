---
-- Instances of Microsoft SQL Server and the browser that lists them, for the library <code>mssql</code>.
--
-- Written from [MS-SQLR], sections 2.2 and 3.2. Answers are bounded.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name mssql.instances

local math = require "math"
local nmap = require "nmap"
local packets = require "mssql.packets"
local stdnse = require "stdnse"
local string = require "string"
local versions = require "mssql.versions"

_ENV = stdnse.module("mssql.instances", stdnse.seeall)

local SqlServerVersionInfo = versions.SqlServerVersionInfo

local MAX_INSTANCES = 64

--- An instance of the server.
-- @class table
-- @name SqlServerInstanceInfo
SqlServerInstanceInfo = {}
SqlServerInstanceInfo.__index = SqlServerInstanceInfo

--- Makes one.
-- @name SqlServerInstanceInfo.new
-- @param o Table with what is known: <code>host</code>, <code>port</code> (number and protocol),
--        <code>instanceName</code>, <code>serverName</code>, <code>version</code>, <code>pipeName</code>,
--        <code>isClustered</code>.
-- @return The instance.
function SqlServerInstanceInfo:new (o)
  return setmetatable(o or {}, self)
end

SqlServerInstanceInfo.__eq = function (self, other)
  local same_host = (self.host or {}).ip == (other.host or {}).ip
  local same_port = self.port and other.port and self.port.number == other.port.number
  return same_host and (same_port or self.instanceName ~= nil and self.instanceName == other.instanceName) or false
end

--- Takes over what another one knows.
-- @name SqlServerInstanceInfo.Merge
-- @param other The other.
-- @param overwrite True to prefer the other's values.
function SqlServerInstanceInfo:Merge (other, overwrite)
  for _, field in ipairs { "host", "port", "instanceName", "serverName", "version", "pipeName", "isClustered", "isLocalHost", "encryption" } do
    local value = rawget(other, field)
    if value ~= nil and (overwrite or self[field] == nil) then
      self[field] = value
    end
  end
end

--- The instance as people name it.
-- @name SqlServerInstanceInfo.GetName
-- @return Address with name or port.
function SqlServerInstanceInfo:GetName ()
  local ip = (self.host or {}).ip or "unknown"
  if self.instanceName then
    return ip .. "\\" .. self.instanceName
  end
  return ip .. ":" .. (self.port and self.port.number or "unknown")
end

--- Says whether the instance is in a cluster.
-- @name SqlServerInstanceInfo.SetIsClustered
-- @param isClustered <code>Yes</code>, <code>No</code> or a boolean.
function SqlServerInstanceInfo:SetIsClustered (isClustered)
  self.isClustered = isClustered == true or string.upper(tostring(isClustered)) == "YES"
end

--- Says whether there is a way to connect.
-- @name SqlServerInstanceInfo.HasNetworkProtocols
-- @return True or false.
function SqlServerInstanceInfo:HasNetworkProtocols ()
  return self.port ~= nil or self.pipeName ~= nil
end

--- The SQL Server Browser.
-- @class table
-- @name SSRP
SSRP = {
  PORT = { number = 1434, protocol = "udp" },
  DEBUG_ID = "MSSQL-SSRP",
  MESSAGE_TYPE = {
    ClientBroadcast = 0x02, ClientUnicast = 0x03, ClientUnicastInstance = 0x04, ClientUnicastDAC = 0x0F,
    ServerResponse = 0x05,
  },
}

-- One instance of "key;value;key;value".
local function read_instance (host, text)
  local fields, key = {}, nil
  for word in string.gmatch(text .. ";", "([^;]*);") do
    if key then
      fields[key], key = word, nil
    else
      key = string.lower(word)
    end
  end
  if not fields.instancename then
    return nil
  end
  local instance = SqlServerInstanceInfo:new { host = host, serverName = fields.servername,
    instanceName = fields.instancename, pipeName = fields.np }
  instance:SetIsClustered(fields.isclustered)
  local number = math.tointeger(tonumber(fields.tcp))
  if number and number > 0 and number < 65536 then
    instance.port = { number = number, protocol = "tcp" }
  end
  if fields.version then
    instance.version = SqlServerVersionInfo:new()
    instance.version:SetVersionNumber(fields.version, "SSRP")
  end
  return instance
end

--- Reads the text of an answer.
-- @name SSRP._ParseSsrpString
-- @param host Host table.
-- @param ssrpString Instances, each with two semicolons behind it.
-- @return Array of instances.
function SSRP._ParseSsrpString (host, ssrpString)
  local found, from = {}, 1
  while #found < MAX_INSTANCES do
    local first, last = string.find(ssrpString, ";;", from, true)
    if not first then
      break
    end
    found[#found + 1] = read_instance(host, string.sub(ssrpString, from, first - 1))
    from = last + 1
  end
  return found
end

--- Reads an answer.
-- @name SSRP._ProcessResponse
-- @param host Host table.
-- @param responseData The datagram.
-- @return Array of instances; nil if it is none.
function SSRP._ProcessResponse (host, responseData)
  if #responseData < 3 or string.byte(responseData) ~= SSRP.MESSAGE_TYPE.ServerResponse then
    return nil
  end
  return SSRP._ParseSsrpString(host, string.sub(responseData, 4))
end

-- Sends a datagram to a browser and reads the answer.
local function asked (host, port, request)
  local socket = nmap.new_socket("udp")
  socket:set_timeout(packets.timeout_of(host))
  local status, data = socket:connect(host, port or SSRP.PORT, "udp")
  if status then
    status, data = socket:send(request)
  end
  if status then
    status, data = socket:receive()
  end
  socket:close()
  return status, data
end

--- Asks the browser of a host.
-- @name SSRP.DiscoverInstances
-- @param host Host table.
-- @param port Port of the browser. Default: 1434 over UDP.
-- @return True; or false.
-- @return Array of instances; or a reason.
function SSRP.DiscoverInstances (host, port)
  local status, data = asked(host, port, string.char(SSRP.MESSAGE_TYPE.ClientUnicast))
  local found = status and SSRP._ProcessResponse(host, data)
  if not found then
    return false, status and "the answer is none of the SQL Server Browser" or data
  end
  return true, found
end

--- Reads an answer about the port for administrators ([MC-SQLR], section 2.2.6).
-- @name SSRP._ProcessDacResponse
-- @param data The datagram.
-- @return Number of the port; nil if it is none.
function SSRP._ProcessDacResponse (data)
  if #data < 6 then
    return nil
  end
  local kind, _, version, port = string.unpack("<BI2BI2", data)
  if kind == SSRP.MESSAGE_TYPE.ServerResponse and version == 1 and port ~= 0 then
    return port
  end
end

--- Asks the browser of a host for the port that administrators connect to ([MC-SQLR], section 2.2.4).
-- @name SSRP.DiscoverDAC
-- @param host Host table.
-- @param instance Name of the instance.
-- @param port Port of the browser. Default: 1434 over UDP.
-- @return Number of the port; nil if the browser does not tell.
function SSRP.DiscoverDAC (host, instance, port)
  local status, data = asked(host, port, string.pack("BBz", SSRP.MESSAGE_TYPE.ClientUnicastDAC, 1, instance))
  return status and SSRP._ProcessDacResponse(data) or nil
end

return _ENV
