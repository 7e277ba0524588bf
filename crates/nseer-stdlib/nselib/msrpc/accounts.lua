---
-- What a script wants to know in one go, for the library <code>msrpc</code>: domains, users, groups and shares of a host.
--
-- The functions of <code>msrpc.samr</code>, <code>msrpc.lsa</code> and <code>msrpc.srvsvc</code>, one after the other.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name msrpc.accounts

local calls = require "msrpc.call"
local datetime = require "datetime"
local lsa = require "msrpc.lsa"
local samr = require "msrpc.samr"
local srvsvc = require "msrpc.srvsvc"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local ipairs, tostring = ipairs, tostring

_ENV = stdnse.module("msrpc.accounts", stdnse.seeall)

-- Identifiers and versions of interfaces, as their documents give them.
local SRVSVC = { path = "\\srvsvc", uuid = "\xc8\x4f\x32\x4b\x70\x16\xd3\x01\x12\x78\x5a\x47\xbf\x6e\xe1\x88", version = 3 }
local SAMR = { path = "\\samr", uuid = "\x78\x57\x34\x12\x34\x12\xcd\xab\xef\x00\x01\x23\x45\x67\x89\xac", version = 1 }
local LSA = { path = "\\lsarpc", uuid = "\x78\x57\x34\x12\x34\x12\xcd\xab\xef\x00\x01\x23\x45\x67\x89\xab", version = 0 }

local MAX_ROUNDS = 200

-- Opens a pipe, does something with it, and closes it.
local function with_pipe (host, interface, work)
  local status, state = calls.start_smb(host, interface.path)
  if not status then
    return false, state
  end
  local answer, more
  status, answer = calls.bind(state, interface.uuid, interface.version)
  if status then
    status, answer, more = work(state)
  end
  calls.stop_smb(state)
  return status, answer, more
end

--- Lists shares.
-- @param host Host table.
-- @return True; or false.
-- @return Array of names; or a reason.
function enum_shares (host)
  return with_pipe(host, SRVSVC, function (state)
    local status, result = srvsvc.srvsvc_netshareenumall(state, host.ip)
    if not status then
      return false, result
    end
    local names = {}
    for i, share in ipairs(result.ctr.array) do
      names[i] = share.name
    end
    return true, names
  end)
end

--- Asks about a share: all there is, or as much as one may know.
-- @param host Host table.
-- @param name Name of the share.
-- @return True; or false.
-- @return Table with <code>info</code>; or a reason.
function get_share_info (host, name)
  return with_pipe(host, SRVSVC, function (state)
    local status, result = srvsvc.srvsvc_netsharegetinfo(state, host.ip, name, 2)
    if not status and string.find(result, "ACCESS_DENIED", 1, true) then
      status, result = srvsvc.srvsvc_netsharegetinfo(state, host.ip, name, 1)
    end
    return status, result
  end)
end

--- Asks for statistics.
-- @param host Host table.
-- @return True; or false.
-- @return Table; or a reason.
function get_server_stats (host)
  return with_pipe(host, SRVSVC, function (state)
    local status, result = srvsvc.srvsvc_netservergetstatistics(state, host.ip)
    return status, status and result.stat or result
  end)
end

-- Calls a function for each domain of a host: with its name, its identifier and its handle.
local function each_domain (host, state, visit)
  local status, opened = samr.samr_connect4(state, host.ip)
  if not status then
    return false, opened
  end
  local list
  status, list = samr.samr_enumdomains(state, opened.connect_handle)
  if not status then
    return false, list
  end
  for _, domain in ipairs(list.sam.entries or {}) do
    local known, found = samr.samr_lookupdomain(state, opened.connect_handle, domain.name)
    if not known or not found.sid then
      return false, found
    end
    local is_open, handle = samr.samr_opendomain(state, opened.connect_handle, found.sid)
    if not is_open then
      return false, handle
    end
    local reason
    status, reason = visit(domain.name, found.sid, handle.domain_handle)
    samr.samr_close(state, handle.domain_handle)
    if status == false then
      return false, reason
    end
  end
  samr.samr_close(state, opened.connect_handle)
  return true
end

-- All users of a domain.
local function display_users (state, handle)
  local users, index = {}, 0
  for _ = 1, MAX_ROUNDS do
    local status, result = samr.samr_querydisplayinfo(state, handle, index)
    if not status then
      return nil, result
    end
    for _, entry in ipairs(result.info.entries) do
      users[#users + 1] = entry
    end
    index = index + #result.info.entries
    if result["return"] == 0 or #result.info.entries == 0 then
      break
    end
  end
  return users
end

--- Lists users by asking for their list.
-- @param host Host table.
-- @return True; or false.
-- @return Array of tables with <code>name</code>, <code>domain</code>, <code>rid</code>, <code>fullname</code>,
--         <code>description</code>, <code>flags</code>, <code>type</code>, <code>typestr</code> and
--         <code>source</code>; or a reason.
function samr_enum_users (host)
  return with_pipe(host, SAMR, function (state)
    local found = {}
    local status, reason = each_domain(host, state, function (domain, _, handle)
      if domain == "Builtin" then
        return true
      end
      local users, why = display_users(state, handle)
      for _, user in ipairs(users or {}) do
        local flags = {}
        for i, flag in ipairs(user.acct_flags) do
          flags[i] = samr.samr_AcctFlags_tostr(flag)
        end
        found[#found + 1] = { name = user.account_name, domain = domain, rid = user.rid, fullname = user.full_name,
          description = user.description, flags = flags, type = "SID_NAME_USER", typestr = "User",
          source = "SAMR Enumeration" }
      end
      return users ~= nil, why
    end)
    return status, status and found or reason
  end)
end

-- Identifiers of a domain's accounts that are looked at in one call, and where they begin: those that all hosts have, and
-- those that were made.
local GROUP, FIRST, MADE = 20, 500, 1000

-- How many calls may find nobody before the rest is left alone.
local MAX_EMPTY = 3

local function users_by_number (state, policy, domain, from, found)
  local sids = {}
  for i = 1, GROUP do
    sids[i] = domain.sid .. "-" .. from + i - 1
  end
  local status, result = lsa.lsa_lookupsids2(state, policy, sids)
  local count = 0
  for i, entry in ipairs(status and result.names.names or {}) do
    if entry.name ~= "" and entry.sid_type ~= "SID_NAME_UNKNOWN" then
      count = count + 1
      if entry.sid_type == "SID_NAME_USER" then
        found[#found + 1] = { name = entry.name, domain = domain.name, rid = from + i - 1, type = entry.sid_type,
          typestr = lsa.lsa_SidType_tostr(entry.sid_type), source = "LSA Bruteforce" }
      end
    end
  end
  return count
end

--- Lists users by asking who has which number.
-- @param host Host table.
-- @return True; or false.
-- @return Array of tables as of <code>samr_enum_users</code>, without what only that knows; or a reason.
function lsa_enum_users (host)
  return with_pipe(host, LSA, function (state)
    local status, policy = lsa.lsa_openpolicy2(state, host.ip)
    if not status then
      return false, policy
    end
    local names
    status, names = lsa.lsa_lookupnames2(state, policy.policy_handle, { "administrator", "guest", "nobody", "root" })
    if not status then
      return false, names
    end
    local found = {}
    for _, domain in ipairs(names.domains.domains) do
      -- Domains of one machine: others have no accounts of people.
      if domain.sid and string.find(domain.sid, "^S%-1%-5%-21%-") then
        users_by_number(state, policy.policy_handle, domain, FIRST, found)
        local from, empty = MADE, 0
        for _ = 1, MAX_ROUNDS do
          empty = users_by_number(state, policy.policy_handle, domain, from, found) == 0 and empty + 1 or 0
          from = from + GROUP
          if empty >= MAX_EMPTY then
            break
          end
        end
      end
    end
    lsa.lsa_close(state, policy.policy_handle)
    return true, found
  end)
end

--- Lists users in both ways.
-- @param host Host table.
-- @return True; or false.
-- @return Table: domain and name to what is known; or a reason.
-- @return The keys of this table, in order.
function get_user_list (host)
  local all, names, reasons = {}, {}, {}
  -- What the list says is more than what the numbers say.
  for _, list in ipairs { lsa_enum_users, samr_enum_users } do
    local status, users = list(host)
    if not status then
      reasons[#reasons + 1] = tostring(users)
    end
    for _, user in ipairs(status and users or {}) do
      local name = user.domain .. "\\" .. user.name
      if not all[name] then
        names[#names + 1] = name
      end
      all[name] = user
    end
  end
  if #names == 0 and #reasons == 2 then
    return false, table.concat(reasons, "; ")
  end
  table.sort(names)
  return true, all, names
end

--- Lists local groups and who is in them.
-- @param host Host table.
-- @return True; or false.
-- @return Table: domain to a table, number of the group to a table with <code>name</code> and <code>members</code>
--         (identifiers); or a reason.
function samr_enum_groups (host)
  return with_pipe(host, SAMR, function (state)
    local groups = {}
    local status, reason = each_domain(host, state, function (domain, _, handle)
      local is_list, list = samr.samr_enumdomainaliases(state, handle)
      if not is_list then
        return false, list
      elseif list.sam.count == 0 then
        return false, "a domain has no groups"
      end
      groups[domain] = {}
      for _, group in ipairs(list.sam.entries or {}) do
        local is_open, opened = samr.samr_openalias(state, handle, group.idx)
        local is_known, members = false, nil
        if is_open then
          is_known, members = samr.samr_getmembersinalias(state, opened.alias_handle)
          samr.samr_close(state, opened.alias_handle)
        end
        groups[domain][group.idx] = { name = group.name, members = is_known and members.sids or {} }
      end
      return true
    end)
    return status, status and groups or reason
  end)
end

local FOREVER, DAY, MINUTE = 0xffffffff, 86400, 60

-- A duration in units; nil where it is none or has no end.
local function in_units (seconds, unit)
  if not seconds or seconds == 0 or seconds >= FOREVER then
    return nil
  end
  return seconds / unit
end

-- What is known of one domain.
local function domain_info (state, name, sid, handle)
  local info = { name = name, sid = sid, groups = {}, users = {}, created = "unknown" }
  local users = display_users(state, handle)
  for i, user in ipairs(users or {}) do
    info.users[i] = user.account_name
  end
  local is_list, list = samr.samr_enumdomainaliases(state, handle)
  for i, group in ipairs(is_list and list.sam.entries or {}) do
    info.groups[i] = group.name
  end
  local status, passwords = samr.samr_querydomaininfo2(state, handle, 1)
  if status then
    local said = passwords.info
    info.min_password_length = said.min_password_length ~= 0 and said.min_password_length or nil
    info.password_history_length = said.password_history_length ~= 0 and said.password_history_length or nil
    info.max_password_age, info.min_password_age = in_units(said.max_password_age, DAY), in_units(said.min_password_age, DAY)
    local words = {}
    for i, property in ipairs(said.password_properties or {}) do
      words[i] = samr.samr_PasswordProperties_tostr(property)
    end
    info.password_properties = #words > 0 and words or nil
  end
  local is_made, made = samr.samr_querydomaininfo2(state, handle, 8)
  local ticks = is_made and made.info.domain_create_time or 0
  if ticks > 0 then
    -- 100 ns since 1601, and seconds since 1970.
    info.created = string.gsub(datetime.format_timestamp(ticks // 10000000 - 11644473600, 0), "%+00:00$", "")
  end
  local is_locked, lockout = samr.samr_querydomaininfo2(state, handle, 12)
  if is_locked then
    local said = lockout.info
    info.lockout_duration, info.lockout_window = in_units(said.lockout_duration, MINUTE), in_units(said.lockout_window, MINUTE)
    info.lockout_threshold = said.lockout_threshold ~= 0 and said.lockout_threshold or nil
  end
  return info
end

--- Asks about all domains of a host.
-- @param host Host table.
-- @return True; or false.
-- @return Table: name of the domain to a table with <code>sid</code>, <code>users</code>, <code>groups</code>,
--         <code>created</code>, <code>min_password_length</code>, <code>max_password_age</code> and
--         <code>min_password_age</code> (days), <code>password_history_length</code>,
--         <code>lockout_duration</code> and <code>lockout_window</code> (minutes), <code>lockout_threshold</code>,
--         <code>password_properties</code>; or a reason.
function get_domains (host)
  return with_pipe(host, SAMR, function (state)
    local domains = {}
    local status, reason = each_domain(host, state, function (name, sid, handle)
      domains[name] = domain_info(state, name, sid, handle)
      return true
    end)
    return status, status and domains or reason
  end)
end

return _ENV
