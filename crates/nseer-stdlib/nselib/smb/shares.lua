---
-- Shares of a host, for the library <code>smb</code>: which there are, what they are and who may use them.
--
-- Functions of <code>smb.files</code> and <code>msrpc</code>, one after the other. Nothing is written to a share: the right to
-- do so is asked for.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name smb.shares

local files = require "smb.files"
local rand = require "rand"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local ipairs, pairs, require, tostring, type = ipairs, pairs, require, tostring, type

_ENV = stdnse.module("smb.shares", stdnse.seeall)

-- Where a host does not tell its shares, these are asked for: what hosts with Windows or Samba have by themselves.
local USUAL = { "ADMIN$", "C$", "D$", "IPC$", "NETLOGON", "PRINT$", "PUBLIC", "SHARED", "SYSVOL", "USERS" }

--- Whether nobody may open a share.
-- @param host Host table.
-- @param share Name of the share.
-- @return True; or false.
-- @return True or false; or a reason.
function share_anonymous_can_read (host, share)
  return files.may_read(host, share, true)
end

--- Whether nobody may add files to a share.
-- @param host Host table.
-- @param share Name of the share.
-- @return True; or false.
-- @return True or false; or a reason.
function share_anonymous_can_write (host, share)
  return files.may_write(host, share, true)
end

--- Whether the account of the host may open a share.
-- @param host Host table.
-- @param share Name of the share.
-- @return True; or false.
-- @return True or false; or a reason.
function share_user_can_read (host, share)
  return files.may_read(host, share, false)
end

--- Whether the account of the host may add files to a share.
-- @param host Host table.
-- @param share Name of the share.
-- @return True; or false.
-- @return True or false; or a reason.
function share_user_can_write (host, share)
  return files.may_write(host, share, false)
end

--- Whether a host says that a share is not there, and not something else.
-- @param host Host table.
-- @param use_anonymous True to be nobody.
-- @return True; or false.
-- @return True or false; or a reason.
function share_host_returns_proper_error (host, use_anonymous)
  local _, missing = get_uniqueish_name(host)
  local status, reason = files.may_read(host, missing, use_anonymous)
  if status then
    return true, false
  elseif string.find(reason, "^NT_STATUS_") then
    return true, reason == "NT_STATUS_BAD_NETWORK_NAME"
  end
  return false, reason
end

--- A name that nothing has.
-- @param host Host table; not used.
-- @param extension What comes after a dot, optional.
-- @param seed Not used.
-- @return True.
-- @return The name.
function get_uniqueish_name (host, extension, seed)
  return true, stdnse.tohex(rand.random_string(4)) .. (extension and "." .. extension or "")
end

--- What is known of a share.
-- @param host Host table.
-- @param share Name of the share.
-- @return True; or false.
-- @return Table with <code>name</code>, <code>details</code> (as of <code>msrpc.get_share_info</code>, or a reason), and
--         <code>anonymous_can_read</code>, <code>anonymous_can_write</code>, <code>user_can_read</code> and
--         <code>user_can_write</code> (true, false, or a reason); or a reason.
function share_get_details (host, share)
  local msrpc = require "msrpc"
  local status, readable = share_user_can_read(host, share)
  if not status and readable == "NT_STATUS_BAD_NETWORK_NAME" then
    return false, readable
  end
  local result = { name = "\\\\" .. host.ip .. "\\" .. share, user_can_read = readable }
  for field, ask in pairs {
    user_can_write = share_user_can_write, anonymous_can_read = share_anonymous_can_read,
    anonymous_can_write = share_anonymous_can_write,
  } do
    local _, answer = ask(host, share)
    result[field] = answer
  end
  local is_known, answer = msrpc.get_share_info(host, share)
  result.details = is_known and answer.info or not is_known and answer or nil
  return true, result
end

--- Lists shares with what is known of them.
-- @param host Host table.
-- @return True; or false.
-- @return Array of tables as of <code>share_get_details</code>, in order of their names; or a reason.
-- @return A remark: empty, or why the list may have holes.
function share_get_list (host)
  local msrpc = require "msrpc"
  local status, names = msrpc.enum_shares(host)
  local remark, may_miss = "", false
  if not status then
    local is_said, is_proper = share_host_returns_proper_error(host)
    if is_said and not is_proper then
      return false, "the host tells no shares, and says the same of those that it has and has not: " .. tostring(names)
    elseif not is_said then
      return false, is_proper
    end
    remark, names, may_miss = "The host tells no shares (" .. tostring(names) .. "); usual names were asked for.", USUAL, true
  end
  table.sort(names)
  local list = {}
  for _, name in ipairs(names) do
    local is_known, details = share_get_details(host, name)
    if is_known then
      list[#list + 1] = details
    elseif not may_miss then
      list[#list + 1] = { name = "\\\\" .. host.ip .. "\\" .. name, details = details }
    end
  end
  return true, list, remark
end

--- Finds a share that files may be added to.
-- @param host Host table.
-- @return True if there is one; otherwise false.
-- @return Name of the first one; or a reason.
-- @return Its path at the host, if that is known.
-- @return Array of the names of all of them.
function share_find_writable (host)
  local status, shares = share_get_list(host)
  if not status then
    return false, shares
  end
  local first, names = nil, {}
  for _, share in ipairs(shares) do
    if share.user_can_write == true or share.anonymous_can_write == true then
      first = first or share
      names[#names + 1] = share.name
    end
  end
  if not first then
    return false, "no share takes files"
  end
  return true, first.name, type(first.details) == "table" and first.details.path or nil, names
end

--- Whether an account is one of an administrator: it may have the services of the host opened for anything.
-- @param host Host table.
-- @param username User.
-- @param domain Domain.
-- @param password Password.
-- @param password_hash Hash of the password.
-- @param hash_type Kind of response.
-- @return True or false.
function is_admin (host, username, domain, password, password_hash, hash_type)
  local msrpc, smb = require "msrpc", require "smb"
  local status, state = msrpc.start_smb(host, msrpc.SVCCTL_PATH, nil,
    smb.get_overrides(username, domain, password, password_hash, hash_type))
  if not status then
    return false
  end
  status = msrpc.bind(state, msrpc.SVCCTL_UUID, msrpc.SVCCTL_VERSION)
  -- All rights to the manager of services ([MS-SCMR], section 3.1.4).
  if status then
    status = msrpc.svcctl_openscmanagerw(state, host.ip, 0x000f003f)
  end
  msrpc.stop_smb(state)
  return status
end

return _ENV
