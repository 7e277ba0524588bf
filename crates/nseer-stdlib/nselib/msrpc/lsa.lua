---
-- Names of accounts and their identifiers, for the library <code>msrpc</code>.
--
-- Written from [MS-LSAT], sections 2.2 and 3.1.4, and [MS-LSAD], section 3.1.4.4.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name msrpc.lsa

local calls = require "msrpc.call"
local stdnse = require "stdnse"
local ipairs = ipairs

_ENV = stdnse.module("msrpc.lsa", stdnse.seeall)

local call = calls.call

local MAXIMUM_ALLOWED = 0x02000000

-- Some or none of the names are known: what is known is good ([MS-ERREF]).
local SOME_OR_NONE = { [0x107] = true, [0xc0000073] = true }

-- Kinds of accounts ([MS-SAMR], section 2.2.2.3), as names and in words.
local KINDS = {
  [0] = "SID_NAME_USE_NONE", "SID_NAME_USER", "SID_NAME_DOM_GRP", "SID_NAME_DOMAIN", "SID_NAME_ALIAS", "SID_NAME_WKN_GRP",
  "SID_NAME_DELETED", "SID_NAME_INVALID", "SID_NAME_UNKNOWN", "SID_NAME_COMPUTER",
}
local WORDS = {
  SID_NAME_USE_NONE = "<none>", SID_NAME_USER = "User", SID_NAME_DOM_GRP = "Domain group", SID_NAME_DOMAIN = "Domain",
  SID_NAME_ALIAS = "Local group", SID_NAME_WKN_GRP = "Built-in group", SID_NAME_DELETED = "Deleted",
  SID_NAME_INVALID = "Not valid", SID_NAME_UNKNOWN = "Unknown", SID_NAME_COMPUTER = "Computer",
}

--- What a kind of account is called.
-- @param val Its name, such as <code>SID_NAME_USER</code>.
-- @return Words.
function lsa_SidType_tostr (val)
  return WORDS[val] or val
end

--- Opens a host's policy (opnum 44).
-- @param smbstate Connection.
-- @param server Name or address of the server.
-- @return True; or false.
-- @return Table with <code>policy_handle</code>; or a reason.
function lsa_openpolicy2 (smbstate, server)
  return call(smbstate, 44, "lsa.openpolicy2", function (writer)
    writer:text_pointer("\\\\" .. server)
    -- Attributes of an object, all of them empty.
    for _, value in ipairs { 24, 0, 0, 0, 0, 0 } do
      writer:int32(value)
    end
    writer:int32(MAXIMUM_ALLOWED)
  end, function (reader, result)
    result.policy_handle = reader:handle()
  end)
end

-- Domains that accounts belong to, behind a pointer.
local function read_domains (reader)
  local domains = { count = 0, domains = {} }
  if not reader:pointer() then
    return domains
  end
  domains.count = reader:count()
  local is_some = reader:pointer()
  domains.max_size = reader:int32()
  if is_some then
    reader:count()
    domains.domains = reader:array(domains.count, function (entry)
      entry.name, entry.sid = reader:text_head(), reader:pointer()
    end, function (entry)
      entry.name = entry.name and reader:text() or nil
      reader:align(4)
      entry.sid = entry.sid and reader:sid() or nil
    end)
  end
  return domains
end

-- What comes behind the question: no answers yet, how far to look, no options, and what this client knows.
local function unknown_yet (writer)
  writer:int32(0)
  writer:int32(0)
  writer:int16(1)
  writer:int32(0)
  writer:int32(0)
  writer:int32(2)
end

local function kind (reader)
  local name = KINDS[reader:int16()] or "SID_NAME_UNKNOWN"
  reader:align(4)
  return name
end

--- Asks for the identifiers of names (opnum 58).
-- @param smbstate Connection.
-- @param policy_handle Of <code>lsa_openpolicy2</code>.
-- @param names Array of names.
-- @return True; or false.
-- @return Table with <code>domains.domains</code> (<code>name</code>, <code>sid</code>) and <code>rids.sid</code>
--         (<code>rid</code>, <code>sid_type</code>, <code>sid_index</code>); or a reason.
function lsa_lookupnames2 (smbstate, policy_handle, names)
  return call(smbstate, 58, "lsa.lookupnames2", function (writer)
    writer:raw(policy_handle)
    writer:int32(#names)
    writer:int32(#names)
    for _, name in ipairs(names) do
      writer:text_head(name)
    end
    for _, name in ipairs(names) do
      writer:text(name, false)
    end
    unknown_yet(writer)
  end, function (reader, result)
    result.domains = read_domains(reader)
    local list, count = reader:list(function (entry)
      entry.sid_type = kind(reader)
      entry.rid, entry.sid_index, entry.unknown = reader:int32(), reader:int32(), reader:int32()
    end)
    result.rids = { count = count, sid = list }
    result.count = reader:int32()
  end, SOME_OR_NONE)
end

--- Asks for the names of identifiers (opnum 57).
-- @param smbstate Connection.
-- @param policy_handle Of <code>lsa_openpolicy2</code>.
-- @param sids Array of identifiers.
-- @return True; or false.
-- @return Table with <code>domains.domains</code> and <code>names.names</code> (<code>name</code>, <code>sid_type</code>,
--         <code>sid_index</code>); or a reason.
function lsa_lookupsids2 (smbstate, policy_handle, sids)
  return call(smbstate, 57, "lsa.lookupsids2", function (writer)
    writer:raw(policy_handle)
    writer:int32(#sids)
    writer:pointer(true)
    writer:int32(#sids)
    for _ = 1, #sids do
      writer:pointer(true)
    end
    for _, sid in ipairs(sids) do
      writer:sid(sid)
    end
    unknown_yet(writer)
  end, function (reader, result)
    result.domains = read_domains(reader)
    local list, count = reader:list(function (entry)
      entry.sid_type = kind(reader)
      entry.name = reader:text_head()
      entry.sid_index, entry.unknown = reader:int32(), reader:int32()
    end, function (entry)
      entry.name = entry.name and reader:text() or ""
      reader:align(4)
    end)
    result.names = { count = count, names = list }
    result.count = reader:int32()
  end, SOME_OR_NONE)
end

--- Closes what was opened (opnum 0).
-- @param smbstate Connection.
-- @param handle Any handle.
-- @return True; or false.
-- @return Table; or a reason.
function lsa_close (smbstate, handle)
  return calls.close(smbstate, 0, "lsa.close", handle)
end

return _ENV
