local giop = require "giop"
local shortport = require "shortport"
local stdnse = require "stdnse"

description = [[
Lists what a CORBA naming service has names for: objects, and contexts with more names in them.
]]

---
-- Only the names at the root are asked for; no object is called.
--
-- Written from the CORBA 3.3 specification, part 2, chapters 9 (GIOP) and 7 (bootstrapping), and the Naming Service
-- specification, version 1.3.
--
-- @usage nseer -p 2809 --script giop-info <target>
-- @output
-- 2809/tcp open  giop
-- | giop-info:
-- |   Object: Greeter
-- |_  Context: Departments

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service({1049, 1050, 2809}, "giop")

-- Kinds of bindings (Naming Service, section 2.4.1).
local KINDS = { [0] = "Object", "Context" }

-- The bindings at the root; nil and a reason.
local function bindings (helper)
  local status, root = helper:GetNamingContext()
  if not status then
    return nil, root
  end
  -- A server may take but one question over a connection.
  local list
  status, list = helper:ListObjects(root)
  if not status and helper:Reconnect() then
    status, list = helper:ListObjects(root)
  end
  return status and list or nil, list
end

action = function (host, port)
  local helper = giop.Helper:new(host, port)
  local status, reason = helper:Connect()
  if not status then
    stdnse.debug1("%s", reason)
    return nil
  end
  local found
  found, reason = bindings(helper)
  helper:Close()
  if not found then
    stdnse.debug1("%s", reason)
    return nil
  end
  local lines = {}
  for i, binding in ipairs(found) do
    lines[i] = (KINDS[binding.enum] or "Unknown") .. ": " .. binding.id
  end
  return stdnse.format_output(true, lines)
end
