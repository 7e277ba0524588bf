local http = require "http"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Shows the header fields with which a web server asks browsers for more protection, and what they mean.

The fields are those of RFC 6797 (HSTS), the Content Security Policy, the Fetch standard and OWASP's list of secure
headers.
]]

---
-- @usage
-- nseer --script http-security-headers <target>
-- @args http-security-headers.path Path to ask for. Default: <code>/</code>.
-- @output
-- 443/tcp open  https
-- | http-security-headers:
-- |   Strict_Transport_Security:
-- |     Header: Strict-Transport-Security: max-age=63072000
-- |   X_Content_Type_Options:
-- |     Header: X-Content-Type-Options: nosniff
-- |_    Description: Browsers take the declared type of a file and do not guess.
-- @xmloutput
-- <table key="Strict_Transport_Security">
--   <elem>Header: Strict-Transport-Security: max-age=63072000</elem>
-- </table>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.http

-- Each field, and what values of it mean: patterns in lower case, of which all that match are shown.
local FIELDS = {
  {"Strict-Transport-Security"},
  {"Public-Key-Pins"},
  {"X-Frame-Options", {
    {"^deny", "The page is shown in no frame at all."},
    {"^sameorigin", "The page is shown only in frames of its own origin."},
    {"^allow%-from", "The page is shown only in frames of the origins that are named."},
  }},
  {"X-XSS-Protection", {
    {"^0", "The browser's own filter against cross-site scripting is switched off."},
    {"^1.*mode=block", "A page in which the browser finds cross-site scripting is not shown."},
    {"^1%s*$", "The browser takes out of a page what looks like cross-site scripting."},
  }},
  {"X-Content-Type-Options", {
    {"nosniff", "Browsers take the declared type of a file and do not guess."},
  }},
  {"Content-Security-Policy", {
    {"default%-src", "There is a rule for whatever has no rule of its own."},
    {"script%-src", "There is a rule for scripts."},
    {"frame%-ancestors", "There is a rule for who may show the page in a frame."},
    {"upgrade%-insecure%-requests", "Browsers ask for everything over TLS."},
  }},
  {"X-Permitted-Cross-Domain-Policies", {
    {"none", "No policy file of the server is allowed to open it to other domains."},
    {"master%-only", "Only the main policy file of the server counts."},
    {"^all", "Every policy file of the server counts."},
  }},
  {"Referrer-Policy"},
  {"Permissions-Policy"},
  {"Expect-CT"},
  {"Cache-Control"},
  {"Pragma"},
  {"Expires"},
}

local function key_of (name)
  return (string.gsub(name, "-", "_"))
end

local function meanings (value, patterns)
  local texts = {}
  for _, entry in ipairs(patterns or {}) do
    if string.find(value, entry[1]) then
      texts[#texts + 1] = "Description: " .. entry[2]
    end
  end
  return texts
end

action = function (host, port)
  local path = stdnse.get_script_args("http-security-headers.path") or "/"
  local response = http.get(host, port, path, {truncated_ok = true})
  if not response.status then
    return nil
  end
  local out = stdnse.output_table()
  for _, field in ipairs(FIELDS) do
    local name = field[1]
    local value = response.header[string.lower(name)]
    if value then
      local texts = meanings(string.lower(value), field[2])
      table.insert(texts, 1, "Header: " .. name .. ": " .. value)
      out[key_of(name)] = texts
    elseif name == "Strict-Transport-Security" and response.ssl then
      out[key_of(name)] = {"HSTS not configured in HTTPS Server"}
    end
  end
  return out() and out or nil
end
