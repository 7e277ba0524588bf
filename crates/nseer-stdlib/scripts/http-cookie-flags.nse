local http = require "http"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Looks at cookies that hold a session, and shows what protection they lack.

Without <code>HttpOnly</code>, a session can be read by scripts in a page; without <code>Secure</code>, a cookie
that came over TLS is also sent without it (RFC 6265, section 4.1.2). Which cookies hold a session is told by their
names.
]]

---
-- @usage
-- nseer --script http-cookie-flags <target>
-- @args http-cookie-flags.path Path to ask for. Default: <code>/</code>.
-- @args http-cookie-flags.cookie Name of the cookie to look at. Default: those known to hold a session.
-- @output
-- 80/tcp open  http
-- | http-cookie-flags:
-- |   /:
-- |     PHPSESSID:
-- |_      httponly flag not set
-- @xmloutput
-- <table key="/">
--   <table key="PHPSESSID">
--     <elem>httponly flag not set</elem>
--   </table>
-- </table>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "safe", "vuln"}

portrule = shortport.http

-- Names of session cookies, as patterns in lower case: PHP, servlets, ASP, ColdFusion, frameworks.
local SESSIONS = {
  "^phpsessid$", "^jsessionid$", "^aspsessionid", "^asp%.net_sessionid$", "^cfid$", "^cftoken$", "^cgisessid$",
  "^connect%.sid$", "^laravel_session$", "^ci_session$", "^sess[_-]?id$", "^session[_-]?id$", "^session$",
  "^_session_id$", "^sid$", "^rack%.session$", "^beaker%.session%.id$", "_sessionid$",
}

local function holds_session (name, wanted)
  if wanted then
    return name == wanted
  end
  name = string.lower(name)
  for _, pattern in ipairs(SESSIONS) do
    if string.find(name, pattern) then
      return true
    end
  end
  return false
end

action = function (host, port)
  local path, wanted = stdnse.get_script_args("http-cookie-flags.path", "http-cookie-flags.cookie")
  path = path or "/"
  local response = http.get(host, port, path, {no_cache = true, redirect_ok = false, truncated_ok = true})
  local found = stdnse.output_table()
  for _, cookie in ipairs(response.cookies or {}) do
    if holds_session(cookie.name, wanted) then
      local lacking = {}
      if response.ssl and not cookie.secure then
        lacking[#lacking + 1] = "secure flag not set and HTTPS in use"
      end
      if not cookie.httponly then
        lacking[#lacking + 1] = "httponly flag not set"
      end
      if #lacking > 0 then
        found[cookie.name] = lacking
      end
    end
  end
  if not found() then
    return nil
  end
  local out = stdnse.output_table()
  out[path] = found
  return out
end
