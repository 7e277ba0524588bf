local datetime = require "datetime"
local os = require "os"
local smb = require "smb"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Shows what a file server of Windows or Samba tells of its system: version, names, domain and time.

The script logs in as a guest, or as the user of the arguments. Where the old version 1 of the protocol is not
spoken, only the names and the build are known.
]]

---
-- See the libraries <code>smb</code>, <code>smb2</code> and <code>smbauth</code>.
--
-- @usage nseer -p 139,445 --script smb-os-discovery <target>
-- @output
-- Host script results:
-- | smb-os-discovery:
-- |   OS: Windows 6.1 (Samba 4.17.12)
-- |   Computer name: files
-- |   NetBIOS computer name: FILES\x00
-- |   Domain name: example.org
-- |   FQDN: files.example.org
-- |_  System time: 2021-02-03T04:05:06+00:00

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}
dependencies = {"smb-brute"}

hostrule = function (host)
  return smb.get_port(host) ~= nil
end

local KEYS = { "os", "lanmanager", "server", "domain", "date", "fqdn", "domain_dns", "forest_dns", "workgroup" }

-- The date where the server is.
local function local_date (info)
  return info.time and datetime.format_timestamp(info.time, (info.timezone or 0) * 3600)
end

local function lines_of (info)
  local lines = {}
  local function add (title, value)
    if value and value ~= "" then
      -- Names as they were sent have a zero at the end.
      lines[#lines + 1] = title .. ": " .. string.gsub(value, "%z", "\\x00")
    end
  end
  if info.os then
    add("OS", info.os .. (info.lanmanager and " (" .. info.lanmanager .. ")" or ""))
  end
  add("Computer name", info.fqdn and string.match(info.fqdn, "^([^.]+)%.?"))
  add("NetBIOS computer name", info.server)
  if info.domain_dns and info.fqdn ~= info.domain_dns then
    add("Domain name", info.domain_dns)
    add("Forest name", info.forest_dns)
    add("FQDN", info.fqdn)
    add("NetBIOS domain name", info.domain)
  else
    add("Workgroup", info.workgroup or info.domain)
  end
  add("System time", info.date)
  return lines
end

action = function (host)
  local status, info = smb.get_os(host)
  if not status then
    stdnse.debug1("%s", info)
    return nil
  end
  if info.time then
    datetime.record_skew(host, info.time, os.time())
  end
  info.date = local_date(info)
  local out = stdnse.output_table()
  for _, key in ipairs(KEYS) do
    out[key] = info[key]
  end
  local lines = lines_of(info)
  if #lines == 0 then
    return nil
  end
  return out, stdnse.format_output(true, lines)
end
