local mssql = require "mssql"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"

description = [[
Shows which instances of Microsoft SQL Server a host has, with versions, ports and pipes.
]]

---
-- Begins a connection to the port and ends it before the login ([MS-TDS], section 2.2.6.5), and asks the SQL Server
-- Browser at UDP port 1434 for names ([MS-SQLR]). At the browser's own port, all instances are shown.
--
-- @usage nseer -p 1433 --script ms-sql-info <target>
-- @output
-- 1433/tcp open  ms-sql-s
-- | ms-sql-info:
-- |   Windows server name: LAB
-- |   192.0.2.5\MSSQLSERVER:
-- |     Instance name: MSSQLSERVER
-- |     Version:
-- |       name: Microsoft SQL Server 2019 RTM+
-- |       number: 15.00.2000.05
-- |       Product: Microsoft SQL Server 2019
-- |       Service pack level: RTM
-- |       Post-SP patches applied: true
-- |     TCP port: 1433
-- |     Named pipe: \\LAB\pipe\sql\query
-- |     Clustered: false
-- |_    Encryption: supported

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = function (host, port)
  return shortport.port_or_service(1433, "ms-sql-s", "tcp")(host, port)
    or shortport.port_or_service(1434, "ms-sql-m", "udp", {"open", "open|filtered"})(host, port)
end

-- What the server says about encryption ([MS-TDS], section 2.2.6.5).
local ENCRYPTION = { [0] = "supported", [1] = "on", [2] = "not supported", [3] = "required" }

local function show_version (version)
  local out = stdnse.output_table()
  out.name = version:ToString()
  out.number = version.versionNumber
  out.Product = version.productName
  out["Service pack level"] = version.servicePackLevel
  out["Post-SP patches applied"] = version.patched
  return out
end

local function show_instance (instance)
  local out = stdnse.output_table()
  out["Instance name"] = instance.instanceName
  out.Version = instance.version and show_version(instance.version) or nil
  out["TCP port"] = instance.port and instance.port.number or nil
  out["Named pipe"] = instance.pipeName
  out.Clustered = instance.isClustered
  out.Encryption = ENCRYPTION[instance.encryption or -1]
  return out
end

-- The browser of a host is asked once, by whoever comes first.
local function ask_browser (host)
  local is_free = nmap.mutex("ms-sql-info " .. host.ip)
  is_free "lock"
  if not mssql.Helper.WasDiscoveryPerformed(host) then
    mssql.Helper.Discover(host)
  end
  is_free "done"
end

action = function (host, port)
  local asked_port = port.protocol == "tcp" and port or nil
  if asked_port then
    local status, reason = mssql.Helper.DiscoverByTcp(host, port)
    if not status then
      stdnse.debug1("%s", reason)
      return nil
    end
  end
  ask_browser(host)
  local status, instances = mssql.Helper.GetDiscoveredInstances(host, asked_port)
  if not status then
    return nil
  end
  local out = stdnse.output_table()
  for _, instance in ipairs(instances) do
    out["Windows server name"] = out["Windows server name"] or instance.serverName
    out[instance:GetName()] = show_instance(instance)
  end
  if asked_port and instances[1].version then
    nmap.set_port_version(host, instances[1].version:PopulateNmapPortVersion(port))
  end
  return out
end
