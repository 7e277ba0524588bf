---
-- Accounts of a host, for the library <code>msrpc</code>.
--
-- Written from [MS-SAMR], sections 2.2 and 3.1.5.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name msrpc.samr

local calls = require "msrpc.call"
local math = require "math"
local stdnse = require "stdnse"
local ipairs, pairs = ipairs, pairs

_ENV = stdnse.module("msrpc.samr", stdnse.seeall)

local call = calls.call

-- All that one may ask for ([MS-DTYP], section 2.4.3).
local MAXIMUM_ALLOWED = 0x02000000

-- More would follow ([MS-ERREF]): what came is good.
local MORE_ENTRIES = { [0x105] = true }

local MAX_SIZE = 0xffff

-- Flags of accounts ([MS-SAMR], section 2.2.1.12), as names and in words.
local ACCOUNT_FLAGS = {
  { 0x00000001, "ACB_DISABLED", "Account disabled" }, { 0x00000002, "ACB_HOMDIRREQ", "Home directory required" },
  { 0x00000004, "ACB_PWNOTREQ", "Password not required" }, { 0x00000008, "ACB_TEMPDUP", "Temporary duplicate account" },
  { 0x00000010, "ACB_NORMAL", "Normal user account" }, { 0x00000020, "ACB_MNS", "MNS logon account" },
  { 0x00000040, "ACB_DOMTRUST", "Trusted domain account" }, { 0x00000080, "ACB_WSTRUST", "Workstation trust account" },
  { 0x00000100, "ACB_SVRTRUST", "Server trust account" }, { 0x00000200, "ACB_PWNOEXP", "Password does not expire" },
  { 0x00000400, "ACB_AUTOLOCK", "Account is locked out" },
}

-- Properties of passwords ([MS-SAMR], section 2.2.3.5).
local PASSWORD_PROPERTIES = {
  { 0x01, "DOMAIN_PASSWORD_COMPLEX", "Complexity requirements exist" },
  { 0x02, "DOMAIN_PASSWORD_NO_ANON_CHANGE", "Must be logged in to change password" },
  { 0x04, "DOMAIN_PASSWORD_NO_CLEAR_CHANGE", "Cannot change passwords in cleartext" },
  { 0x08, "DOMAIN_LOCKOUT_ADMINS", "Admin account can be locked out" },
  { 0x10, "DOMAIN_PASSWORD_STORE_CLEARTEXT", "Passwords are stored in a form that can be read back" },
  { 0x20, "DOMAIN_REFUSE_PASSWORD_CHANGE", "Passwords cannot be changed" },
}

local function names_of (flags, value)
  local names = {}
  for _, flag in ipairs(flags) do
    if value & flag[1] ~= 0 then
      names[#names + 1] = flag[2]
    end
  end
  return names
end

local function words_of (flags, name)
  for _, flag in ipairs(flags) do
    if flag[2] == name then
      return flag[3]
    end
  end
  return name
end

--- What a flag of an account means.
-- @param val Name of the flag.
-- @return Words.
function samr_AcctFlags_tostr (val)
  return words_of(ACCOUNT_FLAGS, val)
end

--- What a property of passwords means.
-- @param val Name of the property.
-- @return Words.
function samr_PasswordProperties_tostr (val)
  return words_of(PASSWORD_PROPERTIES, val)
end

--- Opens the accounts of a host (opnum 62).
-- @param smbstate Connection.
-- @param server Name or address of the server.
-- @return True; or false.
-- @return Table with <code>connect_handle</code>; or a reason.
function samr_connect4 (smbstate, server)
  return call(smbstate, 62, "samr.connect4", function (writer)
    writer:text_pointer("\\\\" .. server)
    writer:int32(2)
    writer:int32(MAXIMUM_ALLOWED)
  end, function (reader, result)
    result.connect_handle = reader:handle()
  end)
end

-- A list of numbers and names.
local function read_list (reader, result)
  result.resume_handle = reader:int32()
  result.sam = { count = 0 }
  if reader:pointer() then
    result.sam.count = reader:count()
    if reader:pointer() then
      reader:count()
      result.sam.entries = reader:array(result.sam.count, function (entry)
        entry.idx = reader:int32()
        entry.name = reader:text_head()
      end, function (entry)
        entry.name = entry.name and reader:text() or ""
        reader:align(4)
      end)
    end
  end
  result.num_entries = reader:int32()
end

--- Lists domains (opnum 6).
-- @param smbstate Connection.
-- @param connect_handle Of <code>samr_connect4</code>.
-- @return True; or false.
-- @return Table with <code>sam.entries</code>, each with <code>name</code>; or a reason.
function samr_enumdomains (smbstate, connect_handle)
  return call(smbstate, 6, "samr.enumdomains", function (writer)
    writer:raw(connect_handle)
    writer:int32(0)
    writer:int32(MAX_SIZE)
  end, read_list, MORE_ENTRIES)
end

--- Asks for the identifier of a domain (opnum 5).
-- @param smbstate Connection.
-- @param connect_handle Of <code>samr_connect4</code>.
-- @param domain Name of the domain.
-- @return True; or false.
-- @return Table with <code>sid</code>; or a reason.
function samr_lookupdomain (smbstate, connect_handle, domain)
  return call(smbstate, 5, "samr.lookupdomain", function (writer)
    writer:raw(connect_handle)
    writer:text_head(domain)
    writer:text(domain, false)
  end, function (reader, result)
    result.sid = reader:pointer() and reader:sid() or nil
  end)
end

--- Opens a domain (opnum 7).
-- @param smbstate Connection.
-- @param connect_handle Of <code>samr_connect4</code>.
-- @param sid Identifier of the domain.
-- @return True; or false.
-- @return Table with <code>domain_handle</code>; or a reason.
function samr_opendomain (smbstate, connect_handle, sid)
  return call(smbstate, 7, "samr.opendomain", function (writer)
    writer:raw(connect_handle)
    writer:int32(MAXIMUM_ALLOWED)
    writer:sid(sid)
  end, function (reader, result)
    result.domain_handle = reader:handle()
  end)
end

--- Lists users (opnum 13).
-- @param smbstate Connection.
-- @param domain_handle Of <code>samr_opendomain</code>.
-- @return True; or false.
-- @return Table with <code>sam.entries</code>, each with <code>idx</code> and <code>name</code>; or a reason.
function samr_enumdomainusers (smbstate, domain_handle)
  return call(smbstate, 13, "samr.enumdomainusers", function (writer)
    writer:raw(domain_handle)
    writer:int32(0)
    writer:int32(0)
    writer:int32(MAX_SIZE)
  end, read_list, MORE_ENTRIES)
end

--- Lists groups that are local (opnum 15).
-- @param smbstate Connection.
-- @param domain_handle Of <code>samr_opendomain</code>.
-- @return True; or false.
-- @return Table with <code>sam.entries</code>, each with <code>idx</code> and <code>name</code>; or a reason.
function samr_enumdomainaliases (smbstate, domain_handle)
  return call(smbstate, 15, "samr.enumdomainaliases", function (writer)
    writer:raw(domain_handle)
    writer:int32(0)
    writer:int32(MAX_SIZE)
  end, read_list, MORE_ENTRIES)
end

--- Asks about users (opnum 40).
-- @param smbstate Connection.
-- @param domain_handle Of <code>samr_opendomain</code>.
-- @param index The first that is asked for.
-- @param count How many. Default: 50.
-- @return True; or false.
-- @return Table with <code>info.entries</code>, each with <code>rid</code>, <code>account_name</code>,
--         <code>full_name</code>, <code>description</code> and <code>acct_flags</code>; <code>return</code> is not 0
--         where more would follow; or a reason.
function samr_querydisplayinfo (smbstate, domain_handle, index, count)
  return call(smbstate, 40, "samr.querydisplayinfo", function (writer)
    writer:raw(domain_handle)
    writer:int16(1)
    writer:int32(index)
    writer:int32(count or 50)
    writer:int32(MAX_SIZE)
  end, function (reader, result)
    result.total_size, result.returned_size = reader:int32(), reader:int32()
    reader:int16()
    local info = { count = reader:count(), entries = {} }
    result.info = info
    if reader:pointer() then
      reader:count()
      local fields = { "account_name", "description", "full_name" }
      info.entries = reader:array(info.count, function (entry)
        entry.idx, entry.rid = reader:int32(), reader:int32()
        entry.acct_flags = names_of(ACCOUNT_FLAGS, reader:int32())
        for _, field in ipairs(fields) do
          entry[field] = reader:text_head()
        end
      end, function (entry)
        for _, field in ipairs(fields) do
          entry[field] = entry[field] and reader:text() or ""
          reader:align(4)
        end
      end)
    end
  end, MORE_ENTRIES)
end

-- Durations are negative counts of 100 ns; no limit is the largest.
local function duration (value)
  return value == math.mininteger and 0xffffffff or -value // 10000000
end

local DOMAIN_INFO = {
  [1] = function (reader, info)
    info.min_password_length, info.password_history_length = reader:int16(), reader:int16()
    info.password_properties = names_of(PASSWORD_PROPERTIES, reader:int32())
    info.max_password_age, info.min_password_age = duration(reader:int64()), duration(reader:int64())
  end,
  [8] = function (reader, info)
    reader:align(8)
    info.sequence_num, info.domain_create_time = reader:int64(), reader:int64()
  end,
  [12] = function (reader, info)
    reader:align(8)
    info.lockout_duration, info.lockout_window = duration(reader:int64()), duration(reader:int64())
    info.lockout_threshold = reader:int16()
  end,
}

--- Asks about a domain (opnum 46).
-- @param smbstate Connection.
-- @param domain_handle Of <code>samr_opendomain</code>.
-- @param level What: 1 passwords, 8 its making, 12 locking out.
-- @return True; or false.
-- @return Table with <code>info</code>; times are seconds, or of level 8 100 ns since 1601; or a reason.
function samr_querydomaininfo2 (smbstate, domain_handle, level)
  return call(smbstate, 46, "samr.querydomaininfo2", function (writer)
    writer:raw(domain_handle)
    writer:int16(level)
  end, function (reader, result)
    result.info = {}
    if reader:pointer() then
      reader:int16()
      reader:align(4)
      DOMAIN_INFO[level](reader, result.info)
    end
  end)
end

--- Asks for the numbers of accounts (opnum 17).
-- @param smbstate Connection.
-- @param domain_handle Of <code>samr_opendomain</code>.
-- @param names Array of names.
-- @return True; or false.
-- @return Table with <code>rids</code> and <code>types</code>, arrays; or a reason.
function samr_lookupnames (smbstate, domain_handle, names)
  return call(smbstate, 17, "samr.lookupnames", function (writer)
    writer:raw(domain_handle)
    writer:int32(#names)
    writer:int32(1000)
    writer:int32(0)
    writer:int32(#names)
    for _, name in ipairs(names) do
      writer:text_head(name)
    end
    for _, name in ipairs(names) do
      writer:text(name, false)
    end
  end, function (reader, result)
    for _, field in ipairs { "rids", "types" } do
      local list, count = {}, reader:count()
      if reader:pointer() then
        reader:count()
        for i = 1, count do
          list[i] = reader:int32()
        end
      end
      result[field] = list
    end
  end)
end

--- Opens a local group (opnum 27).
-- @param smbstate Connection.
-- @param domain_handle Of <code>samr_opendomain</code>.
-- @param rid Its number.
-- @return True; or false.
-- @return Table with <code>alias_handle</code>; or a reason.
function samr_openalias (smbstate, domain_handle, rid)
  return call(smbstate, 27, "samr.openalias", function (writer)
    writer:raw(domain_handle)
    writer:int32(MAXIMUM_ALLOWED)
    writer:int32(rid)
  end, function (reader, result)
    result.alias_handle = reader:handle()
  end)
end

--- Lists who is in a local group (opnum 33).
-- @param smbstate Connection.
-- @param alias_handle Of <code>samr_openalias</code>.
-- @return True; or false.
-- @return Table with <code>sids</code>, an array; or a reason.
function samr_getmembersinalias (smbstate, alias_handle)
  return call(smbstate, 33, "samr.getmembersinalias", function (writer)
    writer:raw(alias_handle)
  end, function (reader, result)
    local list = {}
    local has = reader:list(function (entry) entry.is_some = reader:pointer() end, function (entry)
      entry.sid = entry.is_some and reader:sid() or nil
    end)
    for _, entry in pairs(has) do
      list[#list + 1] = entry.sid
    end
    result.sids = list
  end)
end

--- Asks which local groups accounts are in (opnum 16).
-- @param smbstate Connection.
-- @param alias_handle Of <code>samr_opendomain</code>.
-- @param args Arguments behind the handle, bytes.
-- @return True; or false.
-- @return Table with <code>arguments</code>, what is returned; or a reason.
function samr_getaliasmembership (smbstate, alias_handle, args)
  return call(smbstate, 16, "samr.getaliasmembership", function (writer)
    writer:raw(alias_handle)
    writer:raw(args)
  end, function () end)
end

--- Closes what was opened (opnum 1).
-- @param smbstate Connection.
-- @param handle Any handle.
-- @return True; or false.
-- @return Table; or a reason.
function samr_close (smbstate, handle)
  return calls.close(smbstate, 1, "samr.close", handle)
end

return _ENV
