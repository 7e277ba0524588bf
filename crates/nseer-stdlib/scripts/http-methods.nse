local http = require "http"
local nmap = require "nmap"
local outlib = require "outlib"
local rand = require "rand"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Finds out which methods a web server takes.

The server is asked with <code>OPTIONS</code>; where it does not tell, harmless methods are tried, and compared
with a method that does not exist. Methods which change something, or which say more than they should, are shown
apart; none of these is tried. Without verbosity, a script that was not named itself shows only these.
]]

---
-- @usage
-- nseer --script http-methods --script-args http-methods.url-path=/site <target>
-- @args http-methods.url-path Path to ask for. Default: <code>/</code>.
-- @output
-- 80/tcp open  http
-- | http-methods:
-- |   Supported Methods: GET HEAD OPTIONS TRACE
-- |_  Potentially risky methods: TRACE
-- @xmloutput
-- <table key="Supported Methods">
--   <elem>GET</elem>
--   <elem>HEAD</elem>
-- </table>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "safe"}

portrule = shortport.http

-- Methods without harm, in the order in which they are tried.
local HARMLESS = {"GET", "HEAD", "POST", "OPTIONS"}
local IS_HARMLESS = { GET = true, HEAD = true, POST = true, OPTIONS = true }

-- More names than this in a header are noise.
local MOST = 64

-- Adds the methods that a header field lists.
local function add_listed (methods, known, field)
  for method in string.gmatch(field or "", "[%u%d_-]+") do
    if not known[method] and #methods < MOST then
      known[method] = true
      methods[#methods + 1] = method
    end
  end
end

-- Adds the harmless methods that are answered other than one that does not exist.
local function add_tried (methods, host, port, path)
  local nonsense = http.generic_request(host, port, string.upper(rand.random_alpha(4)), path, {truncated_ok = true})
  for _, method in ipairs(HARMLESS) do
    local status = http.generic_request(host, port, method, path, {truncated_ok = true}).status
    if status and status ~= 405 and status ~= 501 and (status < 400 or status ~= nonsense.status) then
      methods[#methods + 1] = method
    end
  end
end

action = function (host, port)
  local path = stdnse.get_script_args("http-methods.url-path")
  local response = http.generic_request(host, port, "OPTIONS", path or "/", {truncated_ok = true})
  local is_silent = string.find(response["status-line"] or "", "TIMEOUT", 1, true)
  if not response.status and (is_silent or not http.get(host, port, path or "/", {truncated_ok = true}).status) then
    stdnse.debug1("no answer: %s", response["status-line"])
    return nil
  end
  local methods, known = {}, {}
  if response.status and response.status < 400 then
    add_listed(methods, known, response.header.allow)
    add_listed(methods, known, response.header.public)
  end
  if #methods == 0 then
    add_tried(methods, host, port, path or "/")
  end
  if #methods == 0 then
    return nil
  end
  local out, risky = stdnse.output_table(), {}
  -- Usual methods alone are only of interest to who asked for this script.
  if nmap.verbosity() > 0 then
    outlib.list_sep(methods, " ")
    out["Supported Methods"] = methods
  end
  for _, method in ipairs(methods) do
    if not IS_HARMLESS[method] then
      risky[#risky + 1] = method
    end
  end
  if #risky > 0 then
    outlib.list_sep(risky, " ")
    out["Potentially risky methods"] = risky
  end
  if path and out() then
    out["Path tested"] = path
  end
  return out() and out or nil
end
