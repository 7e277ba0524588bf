local pop3 = require "pop3"
local shortport = require "shortport"
local stdnse = require "stdnse"
local table = require "table"

description = [[
Lists what a POP3 server can do (CAPA, RFC 2449).
]]

---
-- @usage nseer -p 110,995 --script pop3-capabilities <target>
-- @output
-- 110/tcp open  pop3
-- |_pop3-capabilities: CAPA PIPELINING SASL(PLAIN LOGIN) STLS TOP UIDL USER

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service({110, 995}, {"pop3", "pop3s"})

action = function (host, port)
  local capabilities, why = pop3.capabilities(host, port)
  if not capabilities then
    stdnse.debug1("%s", tostring(why))
    return nil
  end
  local names = {}
  for name, words in pairs(capabilities) do
    names[#names + 1] = #words > 0 and name .. "(" .. table.concat(words, " ") .. ")" or name
  end
  table.sort(names)
  return #names > 0 and table.concat(names, " ") or nil
end
