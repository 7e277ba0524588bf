---
-- Services that announce themselves over DNS, by multicast or when a host is asked.
--
-- Written from RFC 6763, sections 4 to 6 and 9, and RFC 6762. Lists and answers are bounded.
--
-- @usage
-- local helper = dnssd.Helper:new(host, port)
-- local status, services = helper:queryServices()
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name dnssd

local dns = require "dns"
local ipOps = require "ipOps"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local target = require "target"

_ENV = stdnse.module("dnssd", stdnse.seeall)

local ENUMERATION = "_services._dns-sd._udp.local"
local GROUP, GROUP6 = "224.0.0.251", "ff02::fb"

local MAX_SERVICES = 128

--- Helps to order and to count.
-- @class table
-- @name Util
Util = {}

--- Compares two hosts' results by address.
-- @name Util.ipCompare
-- @param a Table with the address in <code>name</code>.
-- @param b Another.
-- @return True if the first goes before the second.
function Util.ipCompare (a, b)
  return ipOps.compare_ip(a.name, "lt", b.name) == true
end

--- Compares two services by port.
-- @name Util.serviceCompare
-- @param a Table whose <code>name</code> begins with a port number.
-- @param b Another.
-- @return True if the first goes before the second.
function Util.serviceCompare (a, b)
  local first, second = tonumber(string.match(a.name, "^%d+")), tonumber(string.match(b.name, "^%d+"))
  if first ~= second then
    return (first or 0) < (second or 0)
  end
  return a.name < b.name
end

--- The names of services that an enumeration gave, each once.
-- @name Util.getUniqueServices
-- @param response Array of tables with <code>output</code>, a message or an array of names.
-- @return Table with the names as keys.
function Util.getUniqueServices (response)
  local names, count = {}, 0
  for _, answer in ipairs(response) do
    local output = answer.output
    local status, list = true, output
    if type(output) == "table" and output.answers then
      status, list = dns.findNiceAnswer(dns.types.PTR, output, true)
    end
    for _, name in ipairs(status and type(list) == "table" and list or {}) do
      if not names[name] and count < MAX_SERVICES then
        names[name], count = true, count + 1
      end
    end
  end
  return names
end

--- Speaks with those who announce services.
-- @class table
-- @name Comm
Comm = {}

--- The records of a type, from any section of a message.
-- @name Comm.getRecordType
-- @param dtype Number of the type.
-- @param response The message, as <code>dns.decode</code> gives it.
-- @param retAll True for all, otherwise the first.
-- @return True if there is one; otherwise false.
-- @return The record or an array of records; or a reason.
function Comm.getRecordType (dtype, response, retAll)
  local found = {}
  for _, section in ipairs { response.answers, response.add } do
    for _, record in ipairs(section) do
      if record.dtype == dtype then
        found[#found + 1] = record
      end
    end
  end
  if #found == 0 then
    return false, "no record of this type"
  end
  return true, retAll and found or found[1]
end

-- "_ipp._tcp.local" as protocol and short name.
local function parts_of (name)
  local short, proto = string.match(name, "_([^.]+)%._(%a+)%.[^.]+$")
  return proto, short
end

local function lines_of (record, response)
  local lines = {}
  local status, txts = Comm.getRecordType(dns.types.TXT, response, true)
  for _, txt in ipairs(status and txts or {}) do
    if txt.dname == record.dname then
      for _, text in ipairs(txt.TXT.text) do
        if text ~= "" then
          lines[#lines + 1] = text
        end
      end
    end
  end
  local addresses = {}
  for _, dtype in ipairs { dns.types.A, dns.types.AAAA } do
    local good, list = Comm.getRecordType(dtype, response, true)
    for _, address in ipairs(good and list or {}) do
      local ip = address.ip or address.ipv6
      if address.dname == record.SRV.target and ip then
        addresses[#addresses + 1] = ip
        if target.ALLOW_NEW_TARGETS then
          target.add(ip)
        end
      end
    end
  end
  if #addresses > 0 then
    lines[#lines + 1] = "Address=" .. table.concat(addresses, " ")
  end
  return lines
end

--- Turns a message into services.
-- @name Comm.decodeRecords
-- @param response The message, as <code>dns.decode</code> gives it.
-- @param result Array that services are added to: tables of lines with <code>name</code>, as in
--        <code>631/tcp ipp</code>.
function Comm.decodeRecords (response, result)
  local status, records = Comm.getRecordType(dns.types.SRV, response, true)
  for _, record in ipairs(status and records or {}) do
    local proto, short = parts_of(record.dname)
    if record.SRV and proto and #result < MAX_SERVICES then
      local service = lines_of(record, response)
      service.name = string.format("%d/%s %s", record.SRV.port, proto, short)
      result[#result + 1] = service
    end
  end
end

local function ask (host, port, name, multiple)
  local address = type(host) == "table" and host.ip or host
  local number = type(port) == "table" and port.number or port
  local status, answer = dns.query(name, {
    host = address, port = number, dtype = "PTR", retPkt = true, retAll = true, multiple = multiple, sendCount = 1,
    timeout = multiple and 5000 or 2000,
  })
  if not status then
    return false, answer
  end
  return true, multiple and answer or { { output = answer, peer = address } }
end

--- Asks about one service.
-- @name Comm.queryService
-- @param host Host table or address.
-- @param port Port table or number.
-- @param svc Name of the service, as in <code>_ipp._tcp.local</code>.
-- @param multiple True to take the answers of several hosts.
-- @param svcresponse Array that answers are added to.
-- @return True if there are answers; otherwise false.
function Comm.queryService (host, port, svc, multiple, svcresponse)
  local status, answers = ask(host, port, svc, multiple)
  for _, answer in ipairs(status and answers or {}) do
    svcresponse[#svcresponse + 1] = answer
  end
  return status
end

--- Asks which services there are.
-- @name Comm.queryAllServices
-- @param host Host table or address.
-- @param port Port table or number.
-- @param multiple True to take the answers of several hosts.
-- @return True if there are answers; otherwise false.
-- @return Array of tables with <code>output</code> and <code>peer</code>; or a reason.
function Comm.queryAllServices (host, port, multiple)
  return ask(host, port, ENUMERATION, multiple)
end

--- Services of one host, or of all that hear the question.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes a helper.
-- @name Helper.new
-- @param host Host table or address.
-- @param port Port table or number.
-- @return The helper.
function Helper:new (host, port)
  return setmetatable({ host = host, port = port }, self)
end

--- Says whether the question goes to the group of all who listen.
-- @name Helper.setMulticast
-- @param mcast True to ask the group.
function Helper:setMulticast (mcast)
  self.mcast = mcast
  if mcast then
    self.host = nmap.address_family() == "inet6" and GROUP6 or GROUP
    self.port = 5353
  end
end

-- Each service of a message once, in the order of ports.
local function sorted (list)
  local once, seen = {}, {}
  for _, service in ipairs(list) do
    local key = service.name .. "\0" .. table.concat(service, "\0")
    if not seen[key] then
      seen[key] = true
      once[#once + 1] = service
    end
  end
  table.sort(once, Util.serviceCompare)
  return once
end

--- Finds services.
-- @name Helper.queryServices
-- @param service Name of a service, or array of names. Default: all that are announced.
-- @return True if there were answers; otherwise false.
-- @return For one host an array of services, see <code>Comm.decodeRecords</code>; for the group an array of
--         hosts, which are arrays of services with the address in <code>name</code>. Or a reason.
function Helper:queryServices (service)
  local names = {}
  if service then
    for _, name in ipairs(type(service) == "table" and service or { service }) do
      names[name] = true
    end
  else
    local status, answers = Comm.queryAllServices(self.host, self.port, self.mcast)
    if not status then
      return false, answers
    end
    names = Util.getUniqueServices(answers)
  end
  local order = {}
  for name in pairs(names) do
    order[#order + 1] = name
  end
  table.sort(order)
  local answers = {}
  for _, name in ipairs(order) do
    Comm.queryService(self.host, self.port, name, self.mcast, answers)
  end
  local by_host, peers = {}, {}
  for _, answer in ipairs(answers) do
    local list = by_host[answer.peer]
    if not list then
      list = {}
      by_host[answer.peer] = list
      peers[#peers + 1] = answer.peer
    end
    Comm.decodeRecords(answer.output, list)
  end
  if not self.mcast then
    return true, sorted(peers[1] and by_host[peers[1]] or {})
  end
  local hosts = {}
  for _, peer in ipairs(peers) do
    local services = sorted(by_host[peer])
    services.name = peer
    hosts[#hosts + 1] = #services > 0 and services or nil
  end
  table.sort(hosts, Util.ipCompare)
  return true, hosts
end

return _ENV
