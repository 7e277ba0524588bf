---
-- Microsoft SQL Server: which instances a host has, and their versions.
--
-- Written from [MS-SQLR] (the SQL Server Browser); packets are those of <code>mssql.packets</code>, versions those of
-- <code>mssql.versions</code>, logging in is in <code>mssql.login</code>, what is answered in <code>mssql.results</code>.
-- Servers that insist on encryption are not logged in to. Answers are bounded.
--
-- @usage
-- local status, instances = mssql.Helper.DiscoverByTcp(host, port)
-- @args mssql.timeout Seconds for one answer. Default: 5.
-- @args mssql.instance-name Names of the instances to work on, besides those at open ports.
-- @args mssql.instance-port Ports of the instances to work on.
-- @args mssql.instance-all Given to work on all instances of a host.
-- @args mssql.username Who logs in.
-- @args mssql.password Password of who logs in. Default: empty.
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name mssql

local instances = require "mssql.instances"
local login = require "mssql.login"
local nmap = require "nmap"
local packets = require "mssql.packets"
local results = require "mssql.results"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"
local versions = require "mssql.versions"

_ENV = stdnse.module("mssql", stdnse.seeall)

SqlServerVersionInfo = versions.SqlServerVersionInfo

SqlServerInstanceInfo, SSRP = instances.SqlServerInstanceInfo, instances.SSRP
MSSQL_TIMEOUT = packets.MSSQL_TIMEOUT
for _, name in ipairs { "LoginErrorType", "LoginErrorMessage", "Auth", "LoginPacket", "QueryPacket" } do
  _ENV[name] = login[name]
end
DataTypes, TokenType = results.DataTypes, results.TokenType
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

--- Asks for the port that administrators of an instance connect to.
-- @name Helper.DiscoverDACPort
-- @param instance The instance.
-- @return Number of the port; nil if the server's browser does not tell.
function Helper.DiscoverDACPort (instance)
  return SSRP.DiscoverDAC(instance.host, (string.gsub(instance.instanceName or "MSSQLSERVER", "%z", "")))
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

--- The instances that a script is to work on: the one at a port, or those that the user names.
-- @name Helper.GetTargetInstances
-- @param host Host table.
-- @param port Port table, optional.
-- @return True if there are any; otherwise false.
-- @return Array of instances; or a reason.
function Helper.GetTargetInstances (host, port)
  if port then
    local status, list = Helper.GetDiscoveredInstances(host, port)
    if not status and shortport.port_or_service(1433, "ms-sql-s", "tcp")(host, port) then
      status, list = Helper.DiscoverByTcp(host, port)
    end
    return status, status and list or "no instance was found at this port"
  end
  local names, ports = stdnse.get_script_args("mssql.instance-name", "mssql.instance-port")
  local all = stdnse.get_script_args("mssql.instance-all") ~= nil
  if not (names or ports or all) then
    return false, "there is no instance to ask"
  end
  if not Helper.WasDiscoveryPerformed(host) then
    Helper.Discover(host)
  end
  local wanted = {}
  for _, list in ipairs { names or {}, ports or {} } do
    for _, one in ipairs(type(list) == "table" and list or { list }) do
      wanted[string.upper(tostring(one))] = true
    end
  end
  local found = {}
  for _, instance in ipairs(found_at(host)) do
    local number = instance.port and tostring(instance.port.number)
    if all or wanted[string.upper(instance.instanceName or "MSSQLSERVER")] or number and wanted[number] then
      found[#found + 1] = instance
    end
  end
  return #found > 0, #found > 0 and found or "None of the instances that were asked for is there"
end

--- Makes what a script needs that does one thing with each instance.
-- @name Helper.InitScript
-- @param process_instance Function that takes an instance and gives what is shown of it.
-- @return The script's <code>action</code>.
-- @return The script's <code>portrule</code>.
-- @return The script's <code>hostrule</code>.
function Helper.InitScript (process_instance)
  local function action (host, port)
    local status, instances = Helper.GetTargetInstances(host, port)
    if not status then
      stdnse.debug1("%s", instances)
      return nil
    end
    local output, is_empty = stdnse.output_table(), true
    for _, instance in ipairs(instances) do
      local shown = process_instance(instance)
      if shown ~= nil then
        output[instance:GetName()], is_empty = shown, false
      end
    end
    return not is_empty and output or nil
  end
  local function portrule (host, port)
    return (Helper.GetTargetInstances(host, port))
  end
  local function hostrule (host)
    return (Helper.GetTargetInstances(host))
  end
  return action, portrule, hostrule
end

--- Everybody who may log in to an instance.
-- @name Helper.GetLoginCredentials_All
-- @param instanceInfo The instance.
-- @return Table: names and their passwords; nil if nobody is known.
function Helper.GetLoginCredentials_All (instanceInfo)
  local known = {}
  for name, password in pairs(instanceInfo.credentials or {}) do
    known[name] = password
  end
  local name, password = stdnse.get_script_args("mssql.username", "mssql.password")
  if name then
    known[name] = password or ""
  end
  return next(known) and known or nil
end

--- Somebody who may log in to an instance: whom the user names, or who was found.
-- @name Helper.GetLoginCredentials
-- @param instanceInfo The instance.
-- @return The name; nil if nobody is known.
-- @return The password.
function Helper.GetLoginCredentials (instanceInfo)
  local name, password = stdnse.get_script_args("mssql.username", "mssql.password")
  if name then
    return name, password or ""
  end
  local known = instanceInfo.credentials or {}
  name = known.sa and "sa" or next(known)
  return name, name and known[name]
end

-- Sends a packet and reads what is answered.
local function asked (self, kind, data)
  local status, answer = self.stream:Send(kind, data)
  if status then
    status, answer = self.stream:Receive()
  end
  if not status then
    return nil, answer
  end
  return results.read(answer)
end

--- Logs in.
-- @name Helper.Login
-- @param username Name.
-- @param password Password.
-- @param database Database, optional.
-- @param servername Name of the server, optional.
-- @return True; or false.
-- @return Nil; or what the server says, a text or a number of <code>LoginErrorType</code>.
function Helper:Login (username, password, database, servername)
  local packet = login.LoginPacket:new()
  packet:SetUsername(username)
  packet:SetPassword(password)
  packet:SetDatabase(database or "")
  packet:SetServer(servername or "")
  local answer, reason = asked(self, PacketType.Login, packet:ToString())
  if not answer then
    return false, reason
  elseif answer.is_logged_in then
    return true
  end
  local said = answer.error
  return false, said and (LoginErrorMessage[said.errno] and said.errno or said.error) or "the server lets nobody in"
end

--- Logs in as somebody who may.
-- @name Helper.LoginEx
-- @param instanceInfo The instance.
-- @param database Database, optional.
-- @param servername Name of the server, optional.
-- @return As <code>Helper.Login</code>.
function Helper:LoginEx (instanceInfo, database, servername)
  local name, password = Helper.GetLoginCredentials(instanceInfo)
  if not name then
    return false, "No login credentials"
  end
  return self:Login(name, password, database, servername)
end

--- Asks something, in SQL.
-- @name Helper.Query
-- @param query The text.
-- @return True; or false.
-- @return Table with <code>rows</code> and <code>colinfo</code>; or what the server says.
function Helper:Query (query)
  local packet = login.QueryPacket:new()
  packet:SetQuery(query)
  local answer, reason = asked(self, PacketType.Query, packet:ToString())
  if not answer then
    return false, reason
  elseif answer.error then
    return false, answer.error.error
  end
  return true, { rows = answer.rows, colinfo = answer.colinfo or {} }
end

--- Small helpers.
-- @class table
-- @name Util
Util = {}

--- Makes lines of a result.
-- @name Util.FormatOutputTable
-- @param tbl What <code>Helper.Query</code> gives.
-- @param with_headers True for a line of names in front.
-- @return Array of lines, their values with a tab between them.
function Util.FormatOutputTable (tbl, with_headers)
  local lines = {}
  if not tbl.rows then
    return lines
  end
  if with_headers and tbl.colinfo and #tbl.colinfo > 0 then
    local names, rules = {}, {}
    for i, column in ipairs(tbl.colinfo) do
      names[i], rules[i] = column.text, string.rep("=", #column.text)
    end
    lines[1], lines[2] = table.concat(names, "\t"), table.concat(rules, "\t")
  end
  for _, row in ipairs(tbl.rows) do
    local values = {}
    for i, value in ipairs(row) do
      values[i] = tostring(value)
    end
    lines[#lines + 1] = table.concat(values, "\t")
  end
  return lines
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

local packet = LoginPacket:new()
packet:SetUsername("sa")
packet:SetPassword("a")
local bytes = packet:ToString()
test_suite:add_test(unittest.equal(string.unpack("<I4", bytes), #bytes), "the length of a login")
test_suite:add_test(unittest.equal(string.sub(bytes, 41, 48), string.pack("<I2I2I2I2", 96, 2, 100, 1)), "where its fields are")
test_suite:add_test(unittest.equal(string.sub(bytes, 101, 102), "\xb3\xa5"), "a scrambled password")

local WIDE = "a\0b\0"
local columns = "\x81\2\0" .. "\0\0\0\0\x38\2" .. WIDE .. "\0\0\0\0\xe7\x40\0\1\2\3\4\5\2" .. WIDE
local rows = "\xd1\7\0\0\0\4\0" .. WIDE .. "\xd1\xff\xff\xff\xff\xff\xff"
local answer = results.read(columns .. rows .. "\xfd\0\0\0\0\2\0\0\0")
test_suite:add_test(unittest.identical(answer.rows, { { 7, "ab" }, { -1, "Null" } }), "rows")
test_suite:add_test(unittest.identical(Util.FormatOutputTable(answer, true), { "ab\tab", "==\t==", "7\tab", "-1\tNull" }), "lines")
test_suite:add_test(unittest.is_nil((results.read("\xd1\7"))), "a row without columns")
test_suite:add_test(unittest.is_nil((results.read("\x81\2\0\0\0\0\0\xe7\xff"))), "cut off")
test_suite:add_test(unittest.is_nil((results.read("\x05"))), "an unknown token")
local helper = Helper:new { stream = { Send = function () return true end, Receive = function ()
  return true, "\xaa" .. string.pack("<s2", string.pack("<I4BB", 18456, 1, 14) .. "\2\0" .. WIDE .. "\0\0\1\0")
end } }
test_suite:add_test(unittest.identical({ helper:Login("sa", "x") }, { false, LoginErrorType.InvalidUsernameOrPassword }), "refused")
helper.stream.Receive = function () return true, "\xad" .. string.pack("<s2", "\1\x71\0\0\1\0\0\0\0\0") end
test_suite:add_test(unittest.is_true((helper:Login("sa", "x"))), "let in")
helper.stream.Receive = function () return true, columns .. rows end
test_suite:add_test(unittest.equal(select(2, helper:Query("select 1")).rows[1][2], "ab"), "a query")
local action, portrule, hostrule = Helper.InitScript(function () return "x" end)
test_suite:add_test(unittest.is_false(hostrule({ ip = "192.0.2.77" })), "no instance is asked for")
test_suite:add_test(unittest.is_false(portrule({ ip = "192.0.2.77" }, { number = 9, protocol = "tcp", state = "open" })), "no instance at a port")
test_suite:add_test(unittest.is_nil((action({ ip = "192.0.2.77" }))), "nothing to show")
test_suite:add_test(unittest.equal(SSRP._ProcessDacResponse("\5\6\0\1\xda\xa1"), 41434), "port for administrators")
test_suite:add_test(unittest.is_nil(SSRP._ProcessDacResponse("\5\6\0\1\xda")), "a port that is cut off")
return _ENV
