---
-- Microsoft SQL Server: which instances a host has, and their versions.
--
-- Written from [MS-SQLR] (the SQL Server Browser); packets are those of <code>mssql.packets</code>, versions those of
-- <code>mssql.versions</code>. Nothing here logs in. Answers are bounded.
--
-- @usage
-- local status, instances = mssql.Helper.DiscoverByTcp(host, port)
-- @args mssql.timeout Seconds for one answer. Default: 5.
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name mssql

local math = require "math"
local nmap = require "nmap"
local packets = require "mssql.packets"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"
local versions = require "mssql.versions"

_ENV = stdnse.module("mssql", stdnse.seeall)

SqlServerVersionInfo = versions.SqlServerVersionInfo

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

--- Asks the browser of a host.
-- @name SSRP.DiscoverInstances
-- @param host Host table.
-- @param port Port of the browser. Default: 1434 over UDP.
-- @return True; or false.
-- @return Array of instances; or a reason.
function SSRP.DiscoverInstances (host, port)
  local socket = nmap.new_socket("udp")
  socket:set_timeout(packets.timeout_of(host))
  local status, data = socket:connect(host, port or SSRP.PORT, "udp")
  if status then
    status, data = socket:send(string.char(SSRP.MESSAGE_TYPE.ClientUnicast))
  end
  if status then
    status, data = socket:receive()
  end
  socket:close()
  local found = status and SSRP._ProcessResponse(host, data)
  if not found then
    return false, status and "the answer is none of the SQL Server Browser" or data
  end
  return true, found
end

MSSQL_TIMEOUT = packets.MSSQL_TIMEOUT
PacketType = packets.PacketType
PreLoginPacket = packets.PreLoginPacket
TDSStream = packets.TDSStream

--- Ways to find instances.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes the state of a connection.
-- @name Helper.new
-- @param o Table, optional.
-- @return The helper.
function Helper:new (o)
  return setmetatable(o or {}, self)
end

--- Connects to a port.
-- @name Helper.Connect
-- @param host Host table.
-- @param port Port table.
-- @return True; or false and a reason.
function Helper:Connect (host, port)
  self.stream = TDSStream:new()
  return self.stream:Connect(host, port)
end

--- Connects to an instance.
-- @name Helper.ConnectEx
-- @param instanceInfo The instance.
-- @return True; or false and a reason.
function Helper:ConnectEx (instanceInfo)
  self.stream = TDSStream:new()
  return self.stream:ConnectEx(instanceInfo)
end

--- Closes the connection.
-- @name Helper.Disconnect
-- @return True.
function Helper:Disconnect ()
  return self.stream:Disconnect()
end

--- Asks an instance for its version by a connection that ends before the login.
-- @name Helper.GetInstanceVersion
-- @param instanceInfo The instance; its <code>encryption</code> is set too.
-- @return True; or false.
-- @return The version; or a reason.
function Helper.GetInstanceVersion (instanceInfo)
  local stream = TDSStream:new()
  local status, data = stream:ConnectEx(instanceInfo)
  if status then
    status, data = stream:Send(PacketType.PreLogin, PreLoginPacket:new():ToBytes())
    if status then
      status, data = stream:Receive()
    end
    stream:Disconnect()
  end
  if status then
    status, data = PreLoginPacket.FromBytes(data)
  end
  if not status then
    return false, data
  end
  instanceInfo.encryption = data._requestEncryption
  return true, data.versionInfo
end

-- What was found out about a host.
local function found_at (host)
  nmap.registry.mssql = nmap.registry.mssql or {}
  nmap.registry.mssql[host.ip] = nmap.registry.mssql[host.ip] or {}
  return nmap.registry.mssql[host.ip]
end

--- Remembers an instance, or adds to what is known of it.
-- @name Helper.AddOrMergeInstance
-- @param newInstance The instance.
function Helper.AddOrMergeInstance (newInstance)
  local list = found_at(newInstance.host)
  for _, known in ipairs(list) do
    if known == newInstance then
      known:Merge(newInstance)
      return
    end
  end
  list[#list + 1] = newInstance
end

--- Looks at a port for an instance.
-- @name Helper.DiscoverByTcp
-- @param host Host table.
-- @param port Port table.
-- @return True; or false.
-- @return Array with the instance; or a reason.
function Helper.DiscoverByTcp (host, port)
  local instance = SqlServerInstanceInfo:new { host = host, port = { number = port.number, protocol = "tcp" } }
  local status, version = Helper.GetInstanceVersion(instance)
  if not status then
    return false, version
  end
  instance.version = version
  Helper.AddOrMergeInstance(instance)
  return true, { instance }
end

--- Asks the SQL Server Browser for instances.
-- @name Helper.DiscoverBySsrp
-- @param host Host table.
-- @param port Its port. Default: 1434 over UDP.
-- @return True; or false.
-- @return Array of instances; or a reason.
function Helper.DiscoverBySsrp (host, port)
  local status, found = SSRP.DiscoverInstances(host, port)
  for _, instance in ipairs(status and found or {}) do
    Helper.AddOrMergeInstance(instance)
  end
  return status, found
end

--- Looks at the usual ports of a host.
-- @name Helper.Discover
-- @param host Host table.
-- @return True if there are instances; otherwise false.
-- @return Array of instances.
function Helper.Discover (host)
  Helper.DiscoverBySsrp(host)
  local port = nmap.get_port_state(host, { number = 1433, protocol = "tcp" })
  if port and port.state == "open" then
    Helper.DiscoverByTcp(host, port)
  end
  found_at(host).discovered = true
  return Helper.GetDiscoveredInstances(host)
end

--- Says whether the usual ports of a host were looked at.
-- @name Helper.WasDiscoveryPerformed
-- @param host Host table.
-- @return True or false.
function Helper.WasDiscoveryPerformed (host)
  return found_at(host).discovered == true
end

--- The instances that were found so far.
-- @name Helper.GetDiscoveredInstances
-- @param host Host table.
-- @param port Port table, optional: only the instance at that port.
-- @return True if there are any; otherwise false.
-- @return Array of instances; or a reason.
function Helper.GetDiscoveredInstances (host, port)
  local list = {}
  for _, instance in ipairs(found_at(host)) do
    if not port or instance.port and instance.port.number == port.number then
      list[#list + 1] = instance
    end
  end
  return #list > 0, #list > 0 and list or "no instance was found"
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local host = { ip = "192.0.2.1" }
local text = "ServerName;A;InstanceName;ONE;IsClustered;No;Version;9.00.1399.06;tcp;1500;;ServerName;A;InstanceName;TWO;IsClustered;Yes;;x"
local found = SSRP._ProcessResponse(host, "\5\0\0" .. text)
test_suite:add_test(unittest.equal(#found, 2), "two instances")
test_suite:add_test(unittest.equal(found[1]:GetName(), "192.0.2.1\\ONE"), "the name")
test_suite:add_test(unittest.equal(found[1].version:ToString(), "Microsoft SQL Server 2005 RTM"), "the version")
test_suite:add_test(unittest.is_true(found[2].isClustered), "in a cluster")
test_suite:add_test(unittest.is_nil(SSRP._ProcessResponse(host, "\4\0\0x")), "another message")
local version = SqlServerVersionInfo:new()
version:SetVersionNumber("10.50.2550.0", "SSRP")
test_suite:add_test(unittest.equal(version:ToString(), "Microsoft SQL Server 2008 R2 SP1+"), "with updates")
test_suite:add_test(unittest.equal(version.versionNumber, "10.50.2550.00"), "number")
version:SetVersion(15, 0, 2000, 5)
test_suite:add_test(unittest.equal(version:ToString(), "Microsoft SQL Server 2019 RTM"), "as it came")
version:SetVersion(99, 0, 1, 0)
test_suite:add_test(unittest.equal(version:ToString(), "Microsoft SQL Server"), "unknown")
version:SetVersionNumber("garbage")
test_suite:add_test(unittest.equal(version.major, 99), "what is no number changes nothing")
local status, prelogin = packets.PreLoginPacket.FromBytes(PreLoginPacket:new():ToBytes())
test_suite:add_test(unittest.is_true(status), "there and back")
test_suite:add_test(unittest.equal(prelogin.versionInfo.major, 9), "version of a packet")
test_suite:add_test(unittest.is_false((packets.PreLoginPacket.FromBytes("\0\xff\xff\xff\xff\xff"))), "an absurd place")
test_suite:add_test(unittest.is_false((packets.PreLoginPacket.FromBytes(""))), "nothing")
test_suite:add_test(unittest.identical({ packets.packet("\4\1\0\9\0\0\1\0ab") }, { 9, 9 }), "one packet")
return _ENV
