local datetime = require "datetime"
local os = require "os"
local smb = require "smb"
local smb2 = require "smb2"
local stdnse = require "stdnse"

description = [[
Shows the time of a file server, and when it was started, as it tells everybody over SMB version 2 and 3.
]]

---
-- See [MS-SMB2], section 2.2.4.
--
-- @usage nseer -p 445 --script smb2-time <target>
-- @output
-- Host script results:
-- | smb2-time:
-- |   date: 2021-02-03T04:05:06
-- |_  start_date: 2021-01-02T03:04:05

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

hostrule = function (host)
  return smb.get_port(host) ~= nil
end

action = function (host)
  local status, state = smb.start(host)
  if not status then
    stdnse.debug1("%s", state)
    return nil
  end
  local reason
  status, reason = smb2.negotiate_v2(state)
  smb.stop(state)
  if not status then
    stdnse.debug1("%s", reason)
    return nil
  end
  datetime.record_skew(host, state.time, os.time())
  local out = stdnse.output_table()
  out.date = state.date
  out.start_date = state.start_date
  return out
end
