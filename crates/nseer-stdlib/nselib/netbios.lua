---
-- NetBIOS names over UDP: how they are written, and asking hosts for theirs.
--
-- Written from RFC 1001, section 14, and RFC 1002, sections 4.1 and 4.2.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name netbios

local deadline = require "deadline"
local dns = require "dns"
local math = require "math"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("netbios", stdnse.seeall)

--- Numbers of question types.
-- @class table
-- @name types
types = { NB = 32, NBSTAT = 33 }

local PORT = 137

--- Encodes a name (RFC 1001, section 14.1).
-- @usage netbios.name_encode("FRED")
-- @param name Name, at most 16 bytes. It is filled up with spaces, <code>*</code> with zeros.
-- @param scope Scope, such as <code>example.org</code>, optional.
-- @return Bytes: the length of the label and the label, and those of the scope. There is no zero at the end.
function name_encode (name, scope)
  local filled = name == "*" and name .. string.rep("\0", 15)
    or string.sub(string.upper(name), 1, 16) .. string.rep(" ", 16 - #name)
  local label = string.gsub(filled, ".", function (c)
    local byte = string.byte(c)
    return string.char(65 + (byte >> 4), 65 + (byte & 15))
  end)
  local parts = { string.pack("s1", label) }
  for part in string.gmatch(scope or "", "[^.]+") do
    parts[#parts + 1] = string.pack("s1", string.sub(part, 1, 63))
  end
  return table.concat(parts)
end

--- Decodes a name.
-- @param encoded_name Bytes as <code>name_encode</code> gives them.
-- @return The name, filled up to 16 bytes; the empty string if it cannot be read.
-- @return The scope; nil if there is none.
function name_decode (encoded_name)
  local label = string.match(encoded_name, "^ ([A-P]+)") or ""
  local name = string.gsub(string.sub(label, 1, 32), "(.)(.)", function (high, low)
    return string.char((string.byte(high) - 65 << 4) + string.byte(low) - 65)
  end)
  local labels, at = {}, 34
  while at <= #encoded_name do
    local length = string.byte(encoded_name, at)
    if length == 0 or length > 63 or at + length > #encoded_name then
      break
    end
    labels[#labels + 1] = string.sub(encoded_name, at + 1, at + length)
    at = at + length + 1
  end
  return name, #labels > 0 and table.concat(labels, ".") or nil
end

--- Writes the flags of a name (RFC 1002, section 4.2.18).
-- @param flags 16 bits.
-- @return Text such as <code>&lt;unique&gt;&lt;active&gt;</code>.
function flags_to_string (flags)
  local parts = { flags & 0x8000 ~= 0 and "<group>" or "<unique>" }
  for _, flag in ipairs { { 0x1000, "<deregistering>" }, { 0x0800, "<conflict>" }, { 0x0400, "<active>" }, { 0x0200, "<permanent>" } } do
    parts[#parts + 1] = flags & flag[1] ~= 0 and flag[2] or nil
  end
  return table.concat(parts)
end

local function address_of (host)
  return type(host) == "table" and host.ip or host
end

-- Takes the list of names and the statistics out of an answer; nil if they are not there.
local function decode_status (data)
  local dec = dns.decode(data)
  local record = dec and dec.answers[1]
  if not record or record.dtype ~= types.NBSTAT or #record.data < 1 then
    return nil
  end
  local names, at = {}, 2
  for _ = 1, string.byte(record.data) do
    if at + 17 > #record.data then
      break
    end
    local name, suffix, flags = string.unpack(">c15BI2", record.data, at)
    names[#names + 1] = { name = string.gsub(name, "[ %z]+$", ""), suffix = suffix, flags = flags }
    at = at + 18
  end
  return names, string.sub(record.data, at)
end

local function ask_status (address)
  local socket = nmap.new_socket("udp")
  socket:set_timeout(5000)
  local id = math.random(1, 0xffff)
  local status, data = socket:sendto(address, PORT,
    string.pack(">I2I2I2I2I2I2", id, 0, 1, 0, 0, 0) .. name_encode("*") .. "\0" .. string.pack(">I2I2", types.NBSTAT, 1))
  if status then
    status, data = socket:receive()
  end
  socket:close()
  return status, data
end

--- Asks a host for its table of names (RFC 1002, section 4.2.17). Its answer is kept for the other scripts of the
-- host.
-- @param host Host table or address.
-- @return True if it answered; otherwise false.
-- @return Array of tables with <code>name</code>, <code>suffix</code> and <code>flags</code>; or a reason.
-- @return The statistics as bytes; the first six are the MAC address.
function do_nbstat (host)
  local registry = type(host) == "table" and host.registry or {}
  local kept = registry.nbstat
  if not kept then
    local mutex = nmap.mutex("netbios:" .. tostring(address_of(host)))
    mutex "lock"
    kept = registry.nbstat
    if not kept then
      local status, data = ask_status(address_of(host))
      local names, statistics
      if status then
        names, statistics = decode_status(data)
        data = names and data or "the answer is no table of names"
      end
      kept = { names = names, statistics = statistics, reason = not names and data or nil }
      registry.nbstat = kept
    end
    mutex "done"
  end
  if not kept.names then
    return false, "Name query failed: " .. tostring(kept.reason)
  end
  return true, kept.names, kept.statistics
end

-- The names that are given, or else those that the host tells.
local function known (host, names)
  if names then
    return true, names
  end
  return do_nbstat(host)
end

-- The first unique name with a suffix.
local function name_with (host, names, suffix)
  local status, list = known(host, names)
  if not status then
    return false, list
  end
  for _, entry in ipairs(list) do
    if entry.suffix == suffix and entry.flags & 0x8000 == 0 then
      return true, entry.name
    end
  end
  return true, nil
end

--- The name of a host's file server.
-- @param host Host table or address.
-- @param names Names as <code>do_nbstat</code> gives them, optional.
-- @return True; or false if the host does not answer.
-- @return The name, or nil; or a reason.
function get_server_name (host, names)
  return name_with(host, names, 0x20)
end

--- The name of a host as a workstation.
-- @param host Host table or address.
-- @param names Names as <code>do_nbstat</code> gives them, optional.
-- @return True; or false if the host does not answer.
-- @return The name, or nil; or a reason.
function get_workstation_name (host, names)
  return name_with(host, names, 0)
end

--- The name of who is logged in.
-- @param host Host table or address.
-- @param names Names as <code>do_nbstat</code> gives them, optional.
-- @return True; or false if the host does not answer.
-- @return The name, or nil; or a reason.
function get_user_name (host, names)
  local status, list = known(host, names)
  if not status then
    return false, list
  end
  local _, server = name_with(host, list, 0x20)
  -- Messages are for the machine and for its user alike.
  for _, entry in ipairs(list) do
    if entry.suffix == 3 and entry.flags & 0x8000 == 0 and entry.name ~= server then
      return true, entry.name
    end
  end
  return true, nil
end

--- A host's names, with their suffixes and flags.
-- @param host Host table or address.
-- @param prefix What to put before each line, optional.
-- @return True; or false if the host does not answer.
-- @return Text; or a reason.
function get_names (host, prefix)
  local status, names = do_nbstat(host)
  if not status then
    return false, names
  end
  local lines = {}
  for i, entry in ipairs(names) do
    lines[i] = string.format("%s%s<%02x>  %s\n", prefix or "", entry.name, entry.suffix, flags_to_string(entry.flags))
  end
  return true, table.concat(lines)
end

--- Asks for the addresses of a name (RFC 1002, section 4.2.12).
-- @param host Host table or address; a broadcast address asks all.
-- @param nbname Name.
-- @param options Table, optional: <code>multiple</code> is true to wait for several answers.
-- @return True if there is an answer; otherwise false.
-- @return Array of tables with <code>peer</code>, <code>name</code> and <code>data</code>; or a reason.
function nbquery (host, nbname, options)
  local socket = nmap.new_socket("udp")
  socket:set_timeout(5000)
  local question = string.pack(">I2I2I2I2I2I2", math.random(1, 0xffff), 0x0110, 1, 0, 0, 0) .. name_encode(nbname)
    .. "\0" .. string.pack(">I2I2", types.NB, 1)
  local status, data = socket:sendto(address_of(host), PORT, question)
  local answers, receive = {}, deadline.receiver(socket)
  while status and #answers < 256 do
    status, data = receive()
    local dec = status and dns.decode(data)
    local record = dec and dec.answers[1]
    if record and record.dtype == types.NB then
      local known, _, _, peer = socket:get_info()
      answers[#answers + 1] = { peer = known and peer or address_of(host), name = nbname, data = record.data }
      if not (options and options.multiple) then
        break
      end
    end
  end
  socket:close()
  if #answers == 0 then
    return false, "nobody answers for this name: " .. tostring(data)
  end
  return true, answers
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(name_encode("AB"), " EBEC" .. string.rep("CA", 14)), "a name")
test_suite:add_test(unittest.equal(name_encode("*", "x.y"), " CK" .. string.rep("A", 30) .. "\1x\1y"), "any name, with a scope")
test_suite:add_test(unittest.equal(name_decode(name_encode("AB")), "AB" .. string.rep(" ", 14)), "and back")
test_suite:add_test(unittest.equal(select(2, name_decode(name_encode("AB", "x.y"))), "x.y"), "its scope")
test_suite:add_test(unittest.equal(flags_to_string(0x8400), "<group><active>"), "flags")
test_suite:add_test(unittest.is_nil((decode_status("garbage"))), "no answer")
local entry = string.pack(">c15BI2", "LABSMB         ", 0x20, 0x0400)
local body = "\1" .. entry .. "\0\1\2\3\4\5"
local names, statistics = decode_status("\0\1\x84\0\0\0\0\1\0\0\0\0" .. name_encode("*") .. "\0" .. string.pack(">I2I2I4s2", 33, 1, 0, body))
test_suite:add_test(unittest.equal(names[1].name, "LABSMB"), "a table of names")
test_suite:add_test(unittest.equal(#statistics, 6), "its statistics")
return _ENV
