local redis = require "redis"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Shows the version of a Redis server, the machine it runs on, its clients and addresses; or that it asks for a
password.
]]

---
-- Sends <code>INFO</code>, <code>CONFIG GET bind</code> and <code>CLIENT LIST</code>.
--
-- @usage nseer -p 6379 --script redis-info <target>
-- @output
-- 6379/tcp open  redis
-- | redis-info:
-- |   Version: 7.0.15
-- |   Operating System: Linux 6.1 x86_64
-- |   Architecture: 64 bits
-- |   Process ID: 175
-- |   Used CPU (sys): 1.85
-- |   Used CPU (user): 1.84
-- |   Connected clients: 1
-- |   Connected slaves: 0
-- |   Used memory: 1015.95K
-- |   Role: master
-- |   Bind addresses:
-- |     192.0.2.7
-- |   Client connections:
-- |_    192.0.2.9

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}
dependencies = {"redis-brute"}

portrule = shortport.port_or_service(6379, "redis")

local FIELDS = {
  { "redis_version", "Version" }, { "os", "Operating System" }, { "arch_bits", "Architecture", " bits" },
  { "process_id", "Process ID" }, { "used_cpu_sys", "Used CPU (sys)" }, { "used_cpu_user", "Used CPU (user)" },
  { "connected_clients", "Connected clients" }, { "connected_slaves", "Connected slaves" },
  { "used_memory_human", "Used memory" }, { "role", "Role" },
}

local MULTIBULK, BULK, ERROR = redis.Response.Type.MULTIBULK, redis.Response.Type.BULK, redis.Response.Type.ERROR

local function addresses (helper)
  local status, response = helper:reqCmd("CONFIG", "GET", "bind")
  local list = {}
  if status and response.type == MULTIBULK and type(response.data[2]) == "string" then
    for address in string.gmatch(response.data[2], "%S+") do
      list[#list + 1] = address
    end
  end
  return #list > 0 and list or nil
end

local function clients (helper)
  local status, response = helper:reqCmd("CLIENT", "LIST")
  local list, seen = {}, {}
  if status and response.type == BULK and response.data then
    for address in string.gmatch(response.data, "%f[%w]addr=(%S-):%d+%f[%s]") do
      if not seen[address] then
        seen[address] = true
        list[#list + 1] = address
      end
    end
  end
  table.sort(list)
  return #list > 0 and list or nil
end

action = function (host, port)
  local helper = redis.Helper:new(host, port)
  local status, response = helper:connect()
  if status then
    status, response = helper:reqCmd("INFO")
  end
  local out = stdnse.output_table()
  if status and response.type == ERROR and string.find(response.data, "^%-NOAUTH") then
    helper:close()
    out.Authentication = "required"
    return out
  elseif not status or response.type ~= BULK or not response.data then
    helper:close()
    return nil
  end
  local info = {}
  for key, value in string.gmatch(response.data, "([%w_]+):([^\r\n]*)") do
    info[key] = value
  end
  for _, field in ipairs(FIELDS) do
    out[field[2]] = info[field[1]] and info[field[1]] .. (field[3] or "")
  end
  out["Bind addresses"] = addresses(helper)
  out["Client connections"] = clients(helper)
  helper:close()
  return out
end
