local iscsi = require "iscsi"
local shortport = require "shortport"
local stdnse = require "stdnse"

description = [[
Lists the targets of an iSCSI portal with their addresses, and whether each asks for a login.
]]

---
-- Opens a session that only discovers targets (RFC 7143, section 4.3), then begins a session without a login with
-- each target and ends it at once.
--
-- @usage nseer -p 3260 --script iscsi-info <target>
-- @output
-- 3260/tcp open  iscsi
-- | iscsi-info:
-- |   iqn.2024-01.test:disk:
-- |     Address: 192.0.2.5:3260,1
-- |_    Authentication: NOT required
-- @xmloutput
-- <table key="iqn.2024-01.test:disk">
--   <elem key="Address">192.0.2.5:3260,1</elem>
--   <elem key="Authentication">NOT required</elem>
-- </table>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service(3260, {"iscsi", "iscsi-target"}, "tcp")

-- So many targets are asked whether they want a login.
local MAX_ASKED = 64

local function authentication (host, port, name)
  local helper = iscsi.Helper:new(host, port)
  local status, code, reason = helper:connect(), nil, nil
  if status then
    status, code, reason = helper:login(name)
  end
  if status then
    helper:logout()
  end
  helper:close()
  if status then
    return "NOT required"
  elseif code == iscsi.Packet.LoginResponse.Errors.AUTH_FAILED then
    return "required"
  end
  return code and reason or "unknown"
end

action = function (host, port)
  local helper = iscsi.Helper:new(host, port)
  local status, targets = helper:connect()
  if status then
    status, targets = helper:discoverTargets()
  end
  helper:close()
  if not status or #targets == 0 then
    stdnse.debug1("%s", status and "the portal has no targets" or targets)
    return nil
  end
  local out = stdnse.output_table()
  for i, target in ipairs(targets) do
    local entry = stdnse.output_table()
    entry.Address = #target.addr == 1 and target.addr[1] or target.addr
    entry.Authentication = i <= MAX_ASKED and authentication(host, port, target.name) or nil
    out[target.name] = entry
  end
  return out
end
