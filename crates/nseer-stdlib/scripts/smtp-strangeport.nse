local string = require "string"

description = [[
Names mail servers on ports where mail servers are not expected: they may be there to send spam.

It goes by what version detection found, and sends nothing.
]]

---
-- @usage nseer -sV --script smtp-strangeport <target>
-- @output
-- 2222/tcp open  smtp
-- |_smtp-strangeport: Mail server on unusual port 2222: possible malware

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"malware", "safe"}

local USUAL = { [25] = true, [465] = true, [587] = true, [2525] = true }

local SERVICES = { smtp = true, smtps = true, submission = true }

portrule = function (_, port)
  local version = port.version
  return port.protocol == "tcp" and port.state == "open" and not USUAL[port.number]
    and SERVICES[port.service or ""] and version ~= nil and version.service_dtype == "probed"
end

action = function (_, port)
  return string.format("Mail server on unusual port %d: possible malware", port.number)
end
