---
-- Registry and services of a host, for the library <code>msrpc</code>: what is there, nothing is changed.
--
-- Written from [MS-RRP], section 3.1.5, and [MS-SCMR], section 3.1.4.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name msrpc.system

local calls = require "msrpc.call"
local datetime = require "datetime"
local stdnse = require "stdnse"
local string = require "string"
local unicode = require "unicode"
local ipairs, pairs = ipairs, pairs

_ENV = stdnse.module("msrpc.system", stdnse.seeall)

local call = calls.call

local MAXIMUM_ALLOWED = 0x02000000
local MAX_VALUE = 4096

-- More would follow ([MS-ERREF]).
local MORE_DATA = 234

local ROOTS = { winreg_openhkcu = 1, winreg_openhklm = 2, winreg_openhkpd = 3, winreg_openhku = 4 }

for name, opnum in pairs(ROOTS) do
  _ENV[name] = function (smbstate)
    return call(smbstate, opnum, string.gsub(name, "_", "."), function (writer)
      writer:pointer(true)
      writer:int16(0x1337)
      writer:int16(0)
      writer:int32(MAXIMUM_ALLOWED)
    end, function (reader, result)
      result.handle = reader:handle()
    end)
  end
end

-- A counted text that ends in a zero.
local function name_of (writer, text)
  writer:text_head(text .. "\0")
  writer:text(text)
end

--- Opens a key (opnum 15).
-- @param smbstate Connection.
-- @param handle Of the key above.
-- @param keyname Its name.
-- @return True; or false.
-- @return Table with <code>handle</code>; or a reason.
function winreg_openkey (smbstate, handle, keyname)
  return call(smbstate, 15, "winreg.openkey", function (writer)
    writer:raw(handle)
    name_of(writer, keyname)
    writer:int32(0)
    writer:int32(MAXIMUM_ALLOWED)
  end, function (reader, result)
    result.handle = reader:handle()
  end)
end

--- Gives the name of one key below another (opnum 9).
-- @param smbstate Connection.
-- @param handle Of the key above.
-- @param index Its place, from 0 on.
-- @param name Not used.
-- @return True; or false.
-- @return Table with <code>name</code>; or a reason.
function winreg_enumkey (smbstate, handle, index, name)
  return call(smbstate, 9, "winreg.enumkey", function (writer)
    writer:raw(handle)
    writer:int32(index)
    writer:int16(0)
    writer:int16(MAX_VALUE)
    writer:pointer(true)
    writer:int32(MAX_VALUE // 2)
    writer:int32(0)
    writer:int32(0)
    writer:pointer(false)
    writer:pointer(true)
    writer:int32(0)
    writer:int32(0)
  end, function (reader, result)
    result.name = reader:text_head() and reader:text() or ""
  end)
end

--- Reads a value of a key (opnum 17).
-- @param smbstate Connection.
-- @param handle Of the key.
-- @param value Its name.
-- @return True; or false.
-- @return Table with <code>type</code> (a number), <code>data</code> (bytes) and <code>value</code> (text or number); or a
--         reason.
function winreg_queryvalue (smbstate, handle, value)
  return call(smbstate, 17, "winreg.queryvalue", function (writer)
    writer:raw(handle)
    name_of(writer, value)
    writer:pointer(true)
    writer:int32(0)
    writer:pointer(true)
    writer:int32(MAX_VALUE)
    writer:int32(0)
    writer:int32(0)
    writer:pointer(true)
    writer:int32(MAX_VALUE)
    writer:pointer(true)
    writer:int32(0)
  end, function (reader, result)
    result.type = reader:pointer() and reader:int32() or nil
    if reader:pointer() then
      reader:int32()
      reader:int32()
      result.data = reader:raw(reader:count())
      if result.type == 4 and #result.data >= 4 then
        result.value = string.unpack("<I4", result.data)
      else
        result.value = string.gsub(unicode.utf16to8(result.data), "%z+$", "")
      end
    end
  end)
end

--- Asks what is in a key, and when it was changed (opnum 16).
-- @param smbstate Connection, with the registry bound.
-- @param handle Of the key.
-- @return True; or false.
-- @return Table with <code>subkeys</code> and <code>values</code> (how many), <code>last_changed_time</code> (seconds since
--         1970) and <code>last_changed_date</code> (text); or a reason.
function winreg_queryinfokey (smbstate, handle)
  return call(smbstate, 16, "winreg.queryinfokey", function (writer)
    writer:raw(handle)
    writer:int16(0)
    writer:int16(MAX_VALUE)
    writer:pointer(true)
    writer:int32(MAX_VALUE // 2)
    writer:int32(0)
    writer:int32(0)
  end, function (reader, result)
    if reader:text_head() then
      reader:text()
      reader:align(4)
    end
    result.subkeys, result.subkeysize, result.classname_max = reader:int32(), reader:int32(), reader:int32()
    result.values, result.valname_max, result.valbuf_max = reader:int32(), reader:int32(), reader:int32()
    result.secdescsize = reader:int32()
    -- 100 ns since 1601, and seconds since 1970.
    result.last_changed_time = reader:int64() // 10000000 - 11644473600
    result.last_changed_date = string.gsub(datetime.format_timestamp(result.last_changed_time, 0), "%+00:00$", "")
  end)
end

--- Closes a key (opnum 5).
-- @param smbstate Connection.
-- @param handle Of the key.
-- @return True; or false.
-- @return Table; or a reason.
function winreg_closekey (smbstate, handle)
  return calls.close(smbstate, 5, "winreg.closekey", handle)
end

--- Opens the services of a host (opnum 15).
-- @param smbstate Connection.
-- @param machinename Name or address of the host.
-- @param access_mask What is asked for. Default: listing.
-- @return True; or false.
-- @return Table with <code>handle</code>; or a reason.
function svcctl_openscmanagerw (smbstate, machinename, access_mask)
  return call(smbstate, 15, "svcctl.openscmanagerw", function (writer)
    writer:text_pointer("\\\\" .. machinename)
    writer:pointer(false)
    writer:int32(access_mask or 0x00000005)
  end, function (reader, result)
    result.handle = reader:handle()
  end)
end

--- Opens a service (opnum 16).
-- @param smbstate Connection.
-- @param handle Of <code>svcctl_openscmanagerw</code>.
-- @param name Name of the service.
-- @param access_mask What is asked for. Default: its state.
-- @return True; or false.
-- @return Table with <code>handle</code>; or a reason.
function svcctl_openservicew (smbstate, handle, name, access_mask)
  return call(smbstate, 16, "svcctl.openservicew", function (writer)
    writer:raw(handle)
    writer:text(name)
    writer:int32(access_mask or 0x00000004)
  end, function (reader, result)
    result.handle = reader:handle()
  end)
end

local STATE_FIELDS = { "type", "state", "controls_accepted", "win32_exit_code", "service_exit_code", "check_point", "wait_hint" }

--- Asks for the state of a service (opnum 6).
-- @param smbstate Connection.
-- @param handle Of <code>svcctl_openservicew</code>.
-- @return True; or false.
-- @return Table with <code>service_status</code>; or a reason.
function svcctl_queryservicestatus (smbstate, handle)
  return call(smbstate, 6, "svcctl.queryservicestatus", function (writer)
    writer:raw(handle)
  end, function (reader, result)
    result.service_status = {}
    for _, field in ipairs(STATE_FIELDS) do
      result.service_status[field] = reader:int32()
    end
  end)
end

-- Names of bits and numbers of a service ([MS-SCMR], sections 2.2.47 and 2.2.51).
local TYPES = {
  { 0x01, "SERVICE_TYPE_KERNEL_DRIVER" }, { 0x02, "SERVICE_TYPE_FS_DRIVER" }, { 0x04, "SERVICE_TYPE_ADAPTER" },
  { 0x08, "SERVICE_TYPE_RECOGNIZER_DRIVER" }, { 0x10, "SERVICE_TYPE_WIN32_OWN_PROCESS" },
  { 0x20, "SERVICE_TYPE_WIN32_SHARE_PROCESS" }, { 0x100, "SERVICE_TYPE_INTERACTIVE_PROCESS" },
}
local CONTROLS = {
  { 0x01, "SERVICE_CONTROL_STOP" }, { 0x02, "SERVICE_CONTROL_PAUSE_CONTINUE" }, { 0x04, "SERVICE_CONTROL_SHUTDOWN" },
  { 0x08, "SERVICE_CONTROL_PARAMCHANGE" }, { 0x10, "SERVICE_CONTROL_NETBINDCHANGE" },
}
local STATES = {
  "SERVICE_STOPPED", "SERVICE_START_PENDING", "SERVICE_STOP_PENDING", "SERVICE_RUNNING", "SERVICE_CONTINUE_PENDING",
  "SERVICE_PAUSE_PENDING", "SERVICE_PAUSED",
}

local function bits_of (names, value)
  local list = {}
  for _, bit in ipairs(names) do
    if value & bit[1] ~= 0 then
      list[#list + 1] = bit[2]
    end
  end
  return list
end

-- The text at a place of an answer, up to its zero.
local function text_at (data, place)
  local stop = place + 1
  while stop + 1 <= #data and string.sub(data, stop, stop + 1) ~= "\0\0" do
    stop = stop + 2
  end
  return unicode.utf16to8(string.sub(data, place + 1, stop - 1))
end

-- Services of an answer (section 2.2.11): each has the places of its texts, and its state.
local function read_services (data, count)
  local services = stdnse.output_table()
  for i = 0, count - 1 do
    local at = i * 36 + 1
    if at + 35 > #data then
      break
    end
    local name, display, kind, state, controls = string.unpack("<I4I4I4I4I4", data, at)
    services[text_at(data, name)] = { display_name = text_at(data, display), type = bits_of(TYPES, kind),
      state = { STATES[state] }, controls_accepted = bits_of(CONTROLS, controls) }
  end
  return services
end

--- Lists services (opnum 14).
-- @param smbstate Connection.
-- @param handle Of <code>svcctl_openscmanagerw</code>.
-- @param dwservicetype Kinds of services, bits.
-- @param dwservicestate States of services, bits.
-- @return True; or false.
-- @return Table: name of a service to a table with <code>display_name</code>, and arrays <code>type</code>,
--         <code>state</code> and <code>controls_accepted</code>; or a reason.
function svcctl_enumservicesstatusw (smbstate, handle, dwservicetype, dwservicestate)
  local status, answer = call(smbstate, 14, "svcctl.enumservicesstatusw", function (writer)
    writer:raw(handle)
    writer:int32(dwservicetype)
    writer:int32(dwservicestate)
    writer:int32(0x10000)
    writer:pointer(true)
    writer:int32(0)
  end, function (reader, result)
    local data = reader:raw(reader:count())
    reader:int32()
    result.services = read_services(data, reader:count())
  end, { [MORE_DATA] = true })
  return status, status and answer.services or answer
end

--- Closes what was opened (opnum 0).
-- @param smbstate Connection.
-- @param handle Any handle.
-- @return True; or false.
-- @return Table; or a reason.
function svcctl_closeservicehandle (smbstate, handle)
  return calls.close(smbstate, 0, "svcctl.closeservicehandle", handle)
end

return _ENV
