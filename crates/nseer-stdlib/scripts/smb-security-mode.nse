local smb = require "smb"
local stdnse = require "stdnse"

description = [[
Shows how a file server guards logging in over SMB version 1: by user or by share, with a challenge or in clear,
and whether messages are signed.
]]

---
-- The bits are those of [MS-CIFS], section 2.2.4.52.2.
--
-- @usage nseer -p 139,445 --script smb-security-mode <target>
-- @output
-- Host script results:
-- | smb-security-mode:
-- |   account_used: guest
-- |   authentication_level: user
-- |   challenge_response: supported
-- |_  message_signing: disabled (dangerous, but default)

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}
dependencies = {"smb-brute"}

hostrule = function (host)
  return smb.get_port(host) ~= nil
end

local SIGNING_REMARK = { disabled = " (dangerous, but default)" }

local function signing_of (mode)
  return mode & 8 ~= 0 and "required" or mode & 4 ~= 0 and "supported" or "disabled"
end

action = function (host)
  local status, state = smb.start_ex(host, true)
  if not status then
    stdnse.debug1("%s", state)
    return nil
  end
  local out = stdnse.output_table()
  if smb.start_session(state) then
    local known, user = smb.get_account(host)
    out.account_used = known and (user == "" and "<blank>" or user) or nil
  end
  smb.stop(state)
  local mode = state.security_mode
  out.authentication_level = mode & 1 ~= 0 and "user" or "share"
  out.challenge_response = mode & 2 ~= 0 and "supported" or "plaintext-only"
  out.message_signing = signing_of(mode)
  local text = ""
  for key, value in pairs(out) do
    text = text .. "\n  " .. key .. ": " .. value .. (key == "message_signing" and SIGNING_REMARK[value] or "")
  end
  return out, text
end
