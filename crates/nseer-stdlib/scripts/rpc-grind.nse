local math = require "math"
local nmap = require "nmap"
local rpc = require "rpc"
local datafiles = require "datafiles"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Finds out which RPC program answers at a port: its number, its name and the versions that it speaks.
]]

---
-- Calls a version that no program has, of one known program after another. A server says which programs it does not
-- have, and which versions it has of the one that is there (RFC 5531, section 9). Dozens of calls are under way at a
-- time. The result is the version of the service.
--
-- @usage nseer -sV -p 2049 <target>
-- @output
-- 2049/tcp open  nfs  3-4 (RPC #100003)

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"version"}

local NAMES = { rpc = true, rpcbind = true }

portrule = function (_, port)
  local info = port.version or {}
  return NAMES[port.service or ""] and port.state == "open" and not shortport.port_is_excluded(port.number, port.protocol)
    and not string.find(info.extrainfo or "", "RPC #", 1, true)
end

-- Nobody has such a version, and no program such a number.
local NO_VERSION, NO_PROGRAM = 0x7ffffffe, 0x1ffffffe

-- The commonest, which are tried first.
local COMMON = {
  100003, 100005, 100021, 100024, 100011, 100227, 100000, 100001, 100002, 100004, 100007, 100008, 100009, 100012,
  100026, 100028, 100029, 100068, 100083, 100099, 100133, 100229, 100232, 100234, 100300, 150001, 300019, 391002,
  395183, 1298437, 14398633, 34123456,
}

local BATCH = { tcp = 32, udp = 16 }
local MAX_CONNECTIONS = 40

-- The numbers of all known programs in the order in which they are tried.
local function programs ()
  local list, seen, rest = { NO_PROGRAM }, {}, {}
  for _, number in ipairs(COMMON) do
    list[#list + 1], seen[number] = number, true
  end
  local known, names = datafiles.parse_rpc()
  for number in pairs(known and names or {}) do
    if not seen[number] then
      rest[#rest + 1], seen[number] = number, true
    end
  end
  table.sort(rest)
  table.move(rest, 1, #rest, #list + 1, list)
  return list
end

-- A reply: the number of its call, what became of it (the reply's accept_stat), and the lowest and highest version.
-- Nil if it is none.
local function read_reply (data)
  if #data < 24 then
    return nil
  end
  local xid, kind, state, _, length = string.unpack(">I4I4I4I4I4", data)
  local pos = 21 + length + rpc.Util.CalcFillBytes(length)
  if kind ~= 1 or state ~= 0 or length > 400 or pos + 3 > #data then
    return nil
  end
  local code = string.unpack(">I4", data, pos)
  if code == 2 and pos + 11 <= #data then
    return xid, code, string.unpack(">I4I4", data, pos + 4)
  end
  return xid, code
end

-- Sends calls of several programs and reads the replies. The array of numbers without a reply; and the program that
-- is there with the lowest and the highest version, or nothing.
local function try (comm, numbers)
  local calls, open, left = {}, {}, #numbers
  local first = math.random(1, 0x3fffffff)
  for i, number in ipairs(numbers) do
    comm:SetProgID(number)
    calls[i] = comm:EncodePacket(first + i, 0)
    open[first + i] = number
  end
  local status = true
  if comm.proto == "udp" then
    for _, call in ipairs(calls) do
      status = status and comm:SendPacket(call)
    end
  else
    status = comm:SendPacket(table.concat(calls))
  end
  for _ = 1, 2 * #numbers do
    local data
    if status and left > 0 then
      status, data = comm:ReceivePacket()
    end
    if not data or not status then
      break
    end
    local xid, code, low, high = read_reply(data)
    local number = xid and open[xid]
    if number then
      if code ~= 1 then
        return {}, { number = number, code = code, low = low, high = high }
      end
      open[xid], left = nil, left - 1
    end
  end
  local unanswered = {}
  for i = 1, #numbers do
    unanswered[#unanswered + 1] = open[first + i]
  end
  return unanswered
end

local function connection (host, port)
  local comm = rpc.Comm:new(NO_PROGRAM, NO_VERSION)
  if comm:Connect(host, port, stdnse.get_timeout(host, 5000, 1000)) then
    return comm
  end
end

-- Tries programs until one is there. Servers that close after a reply get a connection for each batch that they
-- left unanswered, up to a bound.
local function grind (host, port)
  local list, size = programs(), BATCH[port.protocol]
  local comm, connections, from, batch = nil, 0, 1, {}
  while #batch > 0 or from <= #list do
    if not comm then
      comm, connections = connection(host, port), connections + 1
    end
    if not comm then
      return nil
    end
    for _ = #batch + 1, size do
      batch[#batch + 1], from = list[from], from + 1
    end
    local count = #batch
    local found
    batch, found = try(comm, batch)
    if found or #batch > 0 then
      comm:Disconnect()
      comm = nil
    end
    if found then
      return found
    elseif #batch == count or connections >= MAX_CONNECTIONS then
      return nil
    end
  end
  if comm then
    comm:Disconnect()
  end
  return nil
end

action = function (host, port)
  local found = grind(host, port)
  -- Who has that program has every program, and says nothing about itself.
  if not found or found.number == NO_PROGRAM or found.code ~= 2 or found.low > found.high then
    return nil
  end
  port.version.name = rpc.Util.ProgNumberToName(found.number) or "rpc"
  port.version.extrainfo = "RPC #" .. found.number
  port.version.version = found.low == found.high and tostring(found.low) or found.low .. "-" .. found.high
  nmap.set_port_version(host, port, "hardmatched")
  return nil
end
