local base64 = require "base64"
local http = require "http"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Shows the names of a Windows host and its domain, which a web server gives away when a login by NTLM is begun.

A first message without a name is sent, and the answer is read; no login is tried. Messages are those of MS-NLMP,
section 2.2.1.
]]

---
-- @usage
-- nseer --script http-ntlm-info --script-args http-ntlm-info.root=/ews/ <target>
-- @args http-ntlm-info.root Path that asks for a login. Default: <code>/</code>.
-- @output
-- 80/tcp open  http
-- | http-ntlm-info:
-- |   Target_Name: EXAMPLE
-- |   NetBIOS_Domain_Name: EXAMPLE
-- |   NetBIOS_Computer_Name: WEB01
-- |   DNS_Domain_Name: example.org
-- |   DNS_Computer_Name: web01.example.org
-- |   DNS_Tree_Name: example.org
-- |_  Product_Version: 10.0.20348
-- @xmloutput
-- <elem key="Target_Name">EXAMPLE</elem>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.http

-- NEGOTIATE_MESSAGE that asks for names: Unicode, target, NTLM, version of the client (left empty).
local FLAGS = 0x00000001 | 0x00000002 | 0x00000004 | 0x00000200 | 0x00008000 | 0x00080000 | 0x20000000 | 0x80000000
local NEGOTIATE = "NTLMSSP\0" .. string.pack("<I4I4", 1, FLAGS) .. string.rep("\0", 16)

-- AV_PAIRs with names (section 2.2.2.1), in the order in which they are shown.
local NAMES = {
  {2, "NetBIOS_Domain_Name"}, {1, "NetBIOS_Computer_Name"}, {4, "DNS_Domain_Name"}, {3, "DNS_Computer_Name"},
  {5, "DNS_Tree_Name"},
}

-- UTF-16 in ASCII; other characters become question marks.
local function narrowed (text)
  return (string.gsub(text, "(.)(.?)", function (low, high)
    return high == "\0" and low or "?"
  end))
end

-- The bytes that a length and an offset at `at` of a message describe; nil if they lie outside.
local function field_at (message, at)
  if #message < at + 7 then
    return nil
  end
  local length, _, offset = string.unpack("<I2I2I4", message, at)
  if offset + length > #message then
    return nil
  end
  return string.sub(message, offset + 1, offset + length)
end

local function pairs_of (block)
  local values, at = {}, 1
  while at + 3 <= #block do
    local id, length = string.unpack("<I2I2", block, at)
    if id == 0 or at + 3 + length > #block then
      break
    end
    values[id] = string.sub(block, at + 4, at + 3 + length)
    at = at + 4 + length
  end
  return values
end

-- What a CHALLENGE_MESSAGE tells (section 2.2.1.2); nil if it is none.
local function read_challenge (message)
  if #message < 48 or string.sub(message, 1, 12) ~= "NTLMSSP\0\2\0\0\0" then
    return nil
  end
  local out = stdnse.output_table()
  local target = field_at(message, 13)
  out.Target_Name = target and target ~= "" and narrowed(target) or nil
  local values = pairs_of(field_at(message, 41) or "")
  for _, entry in ipairs(NAMES) do
    local value = values[entry[1]]
    out[entry[2]] = value and value ~= "" and narrowed(value) or nil
  end
  local flags = string.unpack("<I4", message, 21)
  if flags & 0x02000000 ~= 0 and #message >= 56 then
    out.Product_Version = string.format("%d.%d.%d", string.unpack("<BBI2", message, 49))
  end
  return out() and out or nil
end

-- Text behind the scheme in any of the fields WWW-Authenticate.
local function answer_in (response)
  for _, line in ipairs(response.rawheader) do
    local text = string.match(line, "^[Ww][Ww][Ww]%-[Aa]uthenticate:%s*%a+%s+([%w+/]+=*)%s*$")
    local status, message = pcall(base64.dec, text or "")
    if text and status then
      return message
    end
  end
end

action = function (host, port)
  local root = stdnse.get_script_args("http-ntlm-info.root") or "/"
  for _, scheme in ipairs {"NTLM", "Negotiate"} do
    local header = {Authorization = scheme .. " " .. base64.enc(NEGOTIATE)}
    local response = http.get(host, port, root, {header = header, no_cache = true, redirect_ok = false, truncated_ok = true})
    local message = response.status == 401 and answer_in(response)
    local out = message and read_challenge(message)
    if out then
      return out
    elseif not response.status then
      return nil
    end
  end
end
