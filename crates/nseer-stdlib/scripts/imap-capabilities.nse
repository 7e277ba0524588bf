local imap = require "imap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local table = require "table"

description = [[
Lists what an IMAP server can do (CAPABILITY, RFC 9051).
]]

---
-- @usage nseer -p 143,993 --script imap-capabilities <target>
-- @output
-- 143/tcp open  imap
-- |_imap-capabilities: AUTH=PLAIN ID IDLE IMAP4rev1 LITERAL+ STARTTLS

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service({143, 993}, {"imap", "imaps"})

action = function (host, port)
  local helper = imap.Helper:new(host, port)
  local status, answer = helper:connect()
  if not status then
    stdnse.debug1("%s", tostring(answer))
    return nil
  end
  local asked, capabilities = helper:capabilities()
  helper:close()
  if not asked then
    stdnse.debug1("%s", tostring(capabilities))
    return nil
  end
  local names = {}
  for name in pairs(capabilities) do
    names[#names + 1] = name
  end
  table.sort(names)
  return #names > 0 and table.concat(names, " ") or nil
end
