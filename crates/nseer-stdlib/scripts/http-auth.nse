local http = require "http"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Shows how a web server that asks for a login wants it: the schemes and their realms.

Schemes and parameters are those of RFC 9110, section 11.
]]

---
-- @usage
-- nseer --script http-auth --script-args http-auth.path=/login <target>
-- @args http-auth.path Path to ask for. Default: <code>/</code>.
-- @output
-- 80/tcp open  http
-- | http-auth:
-- | HTTP/1.1 401 Unauthorized
-- |_  Basic realm=Staff only
-- @xmloutput
-- <table>
--   <elem key="scheme">Basic</elem>
--   <table key="params">
--     <elem key="realm">Staff only</elem>
--   </table>
-- </table>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"auth", "default", "safe"}

portrule = shortport.http

local function text_of (challenge)
  local names, pieces = {}, {challenge.scheme}
  for name in pairs(challenge.params) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    pieces[#pieces + 1] = name .. "=" .. challenge.params[name]
  end
  return table.concat(pieces, " ")
end

action = function (host, port)
  local path = stdnse.get_script_args("http-auth.path") or "/"
  local response = http.get(host, port, path, {redirect_ok = false, truncated_ok = true})
  if response.status ~= 401 then
    return nil
  end
  local line = string.match(response["status-line"], "^[^\r\n]*")
  local field = response.header["www-authenticate"]
  local challenges = field and http.parse_www_authenticate(field)
  if not challenges then
    local problem = field and "WWW-Authenticate cannot be read: " .. field or "WWW-Authenticate is missing"
    return string.format("\n%s\n  %s", line, problem)
  end
  local out, lines = {}, {"", line}
  for i, challenge in ipairs(challenges) do
    out[i] = stdnse.output_table()
    out[i].scheme = challenge.scheme
    if next(challenge.params) then
      out[i].params = challenge.params
    end
    lines[#lines + 1] = "  " .. text_of(challenge)
  end
  return out, table.concat(lines, "\n")
end
