local smb = require "smb"
local smb2 = require "smb2"
local stdnse = require "stdnse"

description = [[
Shows whether a file server signs messages over SMB version 2 and 3, and whether it insists on it.
]]

---
-- The bits are those of [MS-SMB2], section 2.2.4.
--
-- @usage nseer -p 445 --script smb2-security-mode <target>
-- @output
-- Host script results:
-- | smb2-security-mode:
-- |   311:
-- |_    Message signing enabled but not required

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

hostrule = function (host)
  return smb.get_port(host) ~= nil
end

local MODES = {
  [0] = "Message signing is disabled",
  [1] = "Message signing enabled but not required",
  [2] = "Message signing is disabled and required!",
  [3] = "Message signing enabled and required",
}

action = function (host)
  local status, state = smb.start(host)
  if not status then
    stdnse.debug1("%s", state)
    return nil
  end
  local dialect
  status, dialect = smb2.negotiate_v2(state)
  smb.stop(state)
  if not status then
    stdnse.debug1("%s", dialect)
    return nil
  end
  local out = stdnse.output_table()
  out[smb2.dialect_name(dialect)] = { MODES[state.security_mode & 3] }
  return out
end
