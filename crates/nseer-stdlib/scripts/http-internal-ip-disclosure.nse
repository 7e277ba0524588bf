local comm = require "comm"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Looks for an address of a private network (RFC 1918) that a web server tells in place of its name.

A request of HTTP/1.0 need not name the server. Some servers then put their own address into the field
<code>Location</code> of a redirect.
]]

---
-- @usage
-- nseer --script http-internal-ip-disclosure --script-args http-internal-ip-disclosure.path=/images <target>
-- @args http-internal-ip-disclosure.path Path that is asked for after the root. Default: <code>/images</code>.
-- @output
-- 80/tcp open  http
-- | http-internal-ip-disclosure:
-- |_  Internal IP Leaked: 10.1.2.3
-- @xmloutput
-- <elem key="Internal IP Leaked">10.1.2.3</elem>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe", "vuln"}

portrule = shortport.http

local function is_private (address)
  local a, b = string.match(address, "^(%d+)%.(%d+)%.")
  a, b = tonumber(a), tonumber(b)
  return a == 10 or a == 192 and b == 168 or a == 172 and b >= 16 and b <= 31
end

action = function (host, port)
  local path = stdnse.get_script_args("http-internal-ip-disclosure.path") or "/images"
  for _, asked in ipairs {"/", path} do
    local socket, answer = comm.tryssl(host, port, "GET " .. asked .. " HTTP/1.0\r\n\r\n", {lines = 1})
    if not socket then
      return nil
    end
    socket:close()
    local head = string.match(answer, "^HTTP/.-\r?\n\r?\n") or string.match(answer, "^HTTP/.*") or ""
    local address = string.match(head, "\n[Ll]ocation:%s*%a+://(%d+%.%d+%.%d+%.%d+)")
    if address and is_private(address) and address ~= host.ip then
      local out = stdnse.output_table()
      out["Internal IP Leaked"] = address
      return out
    end
  end
end
