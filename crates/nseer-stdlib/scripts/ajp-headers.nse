local ajp = require "ajp"
local shortport = require "shortport"
local stdnse = require "stdnse"

description = [[
Shows the headers with which a servlet container answers over AJP.
]]

---
-- See the library <code>ajp</code>.
--
-- @usage nseer -p 8009 --script ajp-headers <target>
-- @args ajp-headers.path The path to ask for. Default: <code>/</code>.
-- @output
-- 8009/tcp open  ajp13
-- | ajp-headers:
-- |   Content-Type: text/html
-- |_  Content-Length: 73

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service(8009, "ajp13", "tcp")

action = function (host, port)
  local helper = ajp.Helper:new(host, port)
  local status, response = helper:connect()
  if status then
    status, response = helper:get(stdnse.get_script_args("ajp-headers.path") or "/")
  end
  helper:close()
  if not status then
    stdnse.debug1("%s", response)
    return nil
  end
  return #response.rawheaders > 0 and stdnse.format_output(true, response.rawheaders) or nil
end
