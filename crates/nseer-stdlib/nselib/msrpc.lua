---
-- Remote calls to hosts with Windows or Samba, over named pipes of SMB version 1.
--
-- Written from [MS-RPCE], [MS-SRVS], [MS-SAMR], [MS-LSAT], [MS-RRP], [MS-SCMR] and C706; values are in <code>msrpc.ndr</code>,
-- packets in <code>msrpc.call</code>, the functions of each interface in a library of its own. What a host is asked is
-- only read: nothing is made, changed or started there. Answers are bounded.
--
-- @usage
-- local status, state = msrpc.start_smb(host, msrpc.SRVSVC_PATH)
-- local status, bound = msrpc.bind(state, msrpc.SRVSVC_UUID, msrpc.SRVSVC_VERSION, nil)
-- local status, result = msrpc.srvsvc_netshareenumall(state, host.ip)
-- msrpc.stop_smb(state)
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name msrpc

local accounts = require "msrpc.accounts"
local calls = require "msrpc.call"
local lsa = require "msrpc.lsa"
local mapper = require "msrpc.mapper"
local ndr = require "msrpc.ndr"
local rap = require "msrpc.rap"
local samr = require "msrpc.samr"
local srvsvc = require "msrpc.srvsvc"
local stdnse = require "stdnse"
local string = require "string"
local system = require "msrpc.system"
local table = require "table"
local unittest = require "unittest"
local ipairs, pairs, pcall, type = ipairs, pairs, pcall, type

_ENV = stdnse.module("msrpc", stdnse.seeall)

for _, library in ipairs { accounts, calls, lsa, mapper, rap, samr, srvsvc, system } do
  for name, value in pairs(library) do
    if type(value) == "function" and name ~= "call" then
      _ENV[name] = value
    end
  end
end

MAX_FRAGMENT, TRANSFER_SYNTAX = calls.MAX_FRAGMENT, calls.TRANSFER_SYNTAX

-- The pipe, the identifier and the version of each interface, as their documents give them.
SRVSVC_PATH, SRVSVC_VERSION = "\\srvsvc", 3
SRVSVC_UUID = "\xc8\x4f\x32\x4b\x70\x16\xd3\x01\x12\x78\x5a\x47\xbf\x6e\xe1\x88"
SAMR_PATH, SAMR_VERSION = "\\samr", 1
SAMR_UUID = "\x78\x57\x34\x12\x34\x12\xcd\xab\xef\x00\x01\x23\x45\x67\x89\xac"
LSA_PATH, LSA_VERSION = "\\lsarpc", 0
LSA_UUID = "\x78\x57\x34\x12\x34\x12\xcd\xab\xef\x00\x01\x23\x45\x67\x89\xab"
WINREG_PATH, WINREG_VERSION = "\\winreg", 1
WINREG_UUID = "\x01\xd0\x8c\x33\x44\x22\xf1\x31\xaa\xaa\x90\x00\x38\x00\x10\x03"
SVCCTL_PATH, SVCCTL_VERSION = "\\svcctl", 2
SVCCTL_UUID = "\x81\xbb\x7a\x36\x44\x98\xf1\x35\xad\x32\x98\xf0\x38\x00\x10\x03"
ATSVC_PATH, ATSVC_VERSION = "\\atsvc", 1
ATSVC_UUID = "\x82\x06\xf7\x1f\x51\x0a\xe8\x30\x07\x6d\x74\x0b\xe8\xce\xe9\x8b"
EPMAPPER_PATH, EPMAPPER_VERSION = "\\epmapper", 3
EPMAPPER_UUID = "\x08\x83\xaf\xe1\x1f\x5d\xc9\x11\x91\xa4\x08\x00\x2b\x14\xa0\xfa"
SPOOLSS_PATH, SPOOLSS_VERSION = "\\spoolss", 1
SPOOLSS_UUID = "\x78\x56\x34\x12\x34\x12\xcd\xab\xef\x00\x01\x23\x45\x67\x89\xab"

ROUTER_PATH, RASRPC_VERSION = "\\router", 1
RASRPC_UUID = "\x36\x00\x61\x20\x22\xfa\xcf\x11\x98\x23\x00\xa0\xc9\x11\xe5\xdf"
DNSSERVER_PATH, DNSSERVER_VERSION, DNSSERVER_UUID_STR = "\\DNSSERVER", 5, "50abc2a4-574d-40b3-9d66-ee4fd5fba076"
DNSSERVER_UUID = "\xa4\xc2\xab\x50\x4d\x57\xb3\x40\x9d\x66\xee\x4f\xd5\xfb\xa0\x76"

--- Writes an identifier as text.
-- @param uuid 16 bytes.
-- @return Text in the form of RFC 4122.
function uuid_to_string (uuid)
  local a, b, c, d, e = string.unpack("<I4I2I2c2c6", uuid)
  return string.format("%08x-%04x-%04x-%s-%s", a, b, c, stdnse.tohex(d), stdnse.tohex(e))
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(uuid_to_string(SRVSVC_UUID), "4b324fc8-1670-01d3-1278-5a47bf6ee188"), "an identifier")
test_suite:add_test(unittest.equal(srvsvc_ShareType_tostr(0x80000003), "STYPE_IPC_HIDDEN"), "a kind of share")
test_suite:add_test(unittest.equal(lsa_SidType_tostr("SID_NAME_ALIAS"), "Local group"), "a kind of account")
test_suite:add_test(unittest.equal(samr_AcctFlags_tostr("ACB_NORMAL"), "Normal user account"), "a flag")

local writer = ndr.Writer:new()
writer:int16(1)
writer:text("ab")
writer:sid("S-1-5-32-544")
test_suite:add_test(unittest.equal(writer.data, "\1\0\0\0\3\0\0\0\0\0\0\0\3\0\0\0a\0b\0\0\0\0\0\2\0\0\0\1\2\0\0\0\0\0\5\x20\0\0\0\x20\2\0\0"), "values")
local reader = ndr.Reader:new(writer.data)
test_suite:add_test(unittest.equal(reader:int16(), 1), "a number")
reader:align(4)
test_suite:add_test(unittest.equal(reader:text(), "ab"), "a text")
reader:align(4)
test_suite:add_test(unittest.equal(reader:sid(), "S-1-5-32-544"), "an account")
test_suite:add_test(unittest.is_false((pcall(reader.int32, reader))), "nothing left")
test_suite:add_test(unittest.is_false((pcall(reader.text, ndr.Reader:new("\0\0\0\0\0\0\0\0\xff\xff\xff\xff")))), "a count that cannot be")

-- A pipe that answers with these packets.
local function pipe (...)
  local parts, at = { ... }, 0
  local function next_one ()
    at = at + 1
    return parts[at] ~= nil, parts[at] and { data = parts[at] } or "EOF"
  end
  local smb = require "smb"
  local saved_send, saved_read = smb.send_transaction_named_pipe, smb.read_file
  smb.send_transaction_named_pipe, smb.read_file = next_one, next_one
  return function ()
    smb.send_transaction_named_pipe, smb.read_file = saved_send, saved_read
  end
end
local function response (data, flags)
  return string.pack("<BBBBI4I2I2I4I4I2I2", 5, 0, 2, flags or 3, 0x10, 24 + #data, 0, 1, #data, 0, 0) .. data
end
local function tested (packets, work)
  local close = pipe(table.unpack(packets))
  local result = { work() }
  close()
  return result
end
local shares = "\0\0\0\0\0\0\0\0\4\0\2\0\2\0\0\0\8\0\2\0\2\0\0\0\x0c\0\2\0\x10\0\2\0"
  .. "\2\0\0\0\0\0\0\0\2\0\0\0A\0\0\0" .. "\2\0\0\0\0\0\0\0\2\0\0\0B\0\0\0" .. "\2\0\0\0\0\0\0\0\0\0\0\0"
local listed = tested({ response(shares) }, function () return srvsvc_netshareenumall({}, "192.0.2.1") end)
test_suite:add_test(unittest.identical(listed[2].ctr.array, { { name = "A" }, { name = "B" } }), "shares")
listed = tested({ response(string.sub(shares, 1, 30), 1), response(string.sub(shares, 31), 2) }, function ()
  return srvsvc_netshareenumall({}, "192.0.2.1")
end)
test_suite:add_test(unittest.equal(#listed[2].ctr.array, 2), "shares in two packets")
local denied = tested({ response("\0\0\0\0\x22\0\0\xc0") }, function () return samr_connect4({}, "192.0.2.1") end)
test_suite:add_test(unittest.identical(denied, { false, "NT_STATUS_ACCESS_DENIED (samr.connect4)" }), "refused")
local fault = tested({ "\5\0\3\3\x10\0\0\0\x20\0\0\0\1\0\0\0" .. string.rep("\0", 16) }, function () return samr_connect4({}, "192.0.2.1") end)
test_suite:add_test(unittest.identical(fault, { false, "the answer is a fault" }), "a fault")
test_suite:add_test(unittest.is_false(tested({ "\5\0\2\3" }, function () return samr_connect4({}, "192.0.2.1") end)[1]), "cut off")
test_suite:add_test(unittest.is_false(tested({ response("\0") }, function () return bind({}, SAMR_UUID, 1) end)[1]), "no answer to a bind")

local text = "S\0p\0\0\0D\0\0\0"
local listing = string.pack("<I4I4I4I4I4I4I4I4I4", 36, 42, 0x10, 4, 1, 0, 0, 0, 0) .. text
listing = string.pack("<I4", #listing) .. listing .. string.rep("\0", -#listing % 4) .. "\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0"
local services = tested({ response(listing) }, function () return svcctl_enumservicesstatusw({}, string.rep("\0", 20), 0x30, 3) end)
test_suite:add_test(unittest.identical(services[2] and services[2].Sp, { display_name = "D", type = { "SERVICE_TYPE_WIN32_OWN_PROCESS" },
  state = { "SERVICE_RUNNING" }, controls_accepted = { "SERVICE_CONTROL_STOP" } }), "a service")

local function floor (left, right)
  return string.pack("<s2s2", left, right)
end
local floors = floor("\x0d" .. SRVSVC_UUID .. "\3\0", "\0\0") .. floor("\x0b", "\0\0") .. floor("\x07", "\4\1") .. floor("\x09", "\192\0\2\1")
local tower = "\4\0" .. floors
local registered = string.rep("\1", 20) .. string.pack("<I4I4I4I4c16I4I4s4", 1, 1, 0, 1, "", 3, 0, "note\0") .. "\0\0\0"
  .. string.pack("<I4s4", #tower, tower) .. string.rep("\0", -#tower % 4) .. "\0\0\0\0"
local found = tested({ response(registered) }, function () return epmapper_lookup({}) end)[2]
test_suite:add_test(unittest.equal(found.annotation, "note"), "what is registered")
test_suite:add_test(unittest.equal(found.ip_addr .. ":" .. found.tcp_port, "192.0.2.1:1025"), "where it is")
test_suite:add_test(unittest.equal(found.uuid, "4b324fc8-1670-01d3-1278-5a47bf6ee188"), "which interface it has")
test_suite:add_test(unittest.equal(found.new_handle, string.rep("\1", 20)), "where to go on")
for length = 0, #tower do
  local part = {}
  read_tower(string.sub(tower, 1, length), part)
  test_suite:add_test(unittest.equal(part.ip_addr, length == #tower and "192.0.2.1" or nil), "a tower that is cut off")
end
test_suite:add_test(unittest.is_false(tested({ response(string.rep("\0", 24) .. string.rep("\xff", 60)) }, function () return epmapper_lookup({}) end)[1]), "no more")

local info = string.pack("<I2I2I4I4I4I4I4I4I4I4i8I4", 0, 0, 0, 2, 8, 0, 3, 8, 8, 120, 132567987060000000, 0)
local key = tested({ response(info) }, function () return winreg_queryinfokey({}, string.rep("\0", 20)) end)[2]
test_suite:add_test(unittest.equal(key.subkeys + key.values, 5), "what is in a key")
test_suite:add_test(unittest.equal(key.last_changed_date, "2021-02-03T04:05:06"), "when it was changed")
return _ENV
