local comm = require "comm"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Tells whether an SSH server speaks version 1 of the protocol, which is broken and long replaced.
]]

---
-- @usage nseer -p 22 --script sshv1 <target>
-- @output
-- 22/tcp open  ssh
-- |_sshv1: Server supports SSHv1
-- @xmloutput
-- true

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "safe"}

portrule = shortport.ssh

action = function (host, port)
  local status, line = comm.get_banner(host, port, {lines = 1, proto = "tcp"})
  if not status then
    stdnse.debug1("%s", line)
    return nil
  end
  -- "1.99" is a server that speaks both (RFC 4253, section 5.1).
  if string.find("\n" .. line, "\nSSH%-1%.%d+%-") then
    return true, "Server supports SSHv1"
  end
  return nil
end
