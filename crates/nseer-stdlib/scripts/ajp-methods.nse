local ajp = require "ajp"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Asks a servlet container over AJP which methods it allows, and names those that may change something.
]]

---
-- See the library <code>ajp</code>.
--
-- @usage nseer -p 8009 --script ajp-methods <target>
-- @args ajp-methods.path The path to ask for. Default: <code>/</code>.
-- @output
-- 8009/tcp open  ajp13
-- | ajp-methods:
-- |   Supported methods: OPTIONS GET HEAD POST PUT
-- |_  Potentially risky methods: PUT

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "safe"}

portrule = shortport.port_or_service(8009, "ajp13", "tcp")

local HARMLESS = { GET = true, HEAD = true, POST = true, OPTIONS = true }

action = function (host, port)
  local helper = ajp.Helper:new(host, port)
  local status, response = helper:connect()
  if status then
    status, response = helper:options(stdnse.get_script_args("ajp-methods.path") or "/")
  end
  helper:close()
  if not status or response.status >= 500 then
    stdnse.debug1("%s", status and response["status-line"] or response)
    return nil
  end
  local allowed, risky = {}, {}
  for method in string.gmatch(response.headers.allow or "", "[^%s,]+") do
    allowed[#allowed + 1] = method
    if not HARMLESS[method] then
      risky[#risky + 1] = method
    end
  end
  local lines = {}
  if #allowed > 0 then
    lines[#lines + 1] = "Supported methods: " .. table.concat(allowed, " ")
  else
    lines[#lines + 1] = "The server did not answer the request for its methods"
  end
  if #risky > 0 then
    lines[#lines + 1] = "Potentially risky methods: " .. table.concat(risky, " ")
  end
  return stdnse.format_output(true, lines)
end
