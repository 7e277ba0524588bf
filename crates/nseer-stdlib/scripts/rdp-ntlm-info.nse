local asn1 = require "asn1"
local datetime = require "datetime"
local ipairs = ipairs
local nmap = require "nmap"
local pcall = pcall
local rdp = require "rdp"
local shortport = require "shortport"
local smbauth = require "smbauth"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Shows the names of a Windows host and its domain, which Remote Desktop gives away when a login by CredSSP is begun.

A first message without a name is sent, and the answer is read; no login is tried.
]]

---
-- See MS-RDPBCGR, section 5.4.5.2, MS-CSSP, section 2.2.1, and MS-NLMP, section 2.2.1.
--
-- @usage nseer -p 3389 --script rdp-ntlm-info <target>
-- @output
-- 3389/tcp open  ms-wbt-server
-- | rdp-ntlm-info:
-- |   Target_Name: EXAMPLE
-- |   NetBIOS_Domain_Name: EXAMPLE
-- |   NetBIOS_Computer_Name: WEB01
-- |   DNS_Domain_Name: example.org
-- |   DNS_Computer_Name: web01.example.org
-- |   DNS_Tree_Name: example.org
-- |   Product_Version: 10.0.20348
-- |_  System_Time: 2025-11-26T04:30:00+00:00
-- @xmloutput
-- <elem key="Target_Name">EXAMPLE</elem>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service(3389, "ms-wbt-server")

local MAX_ANSWER = 16 * 1024
local TIMEOUT = 10000

-- TLS and CredSSP (MS-RDPBCGR, section 2.2.1.1.1).
local PROTOCOLS = 0x03

-- NEGOTIATE_MESSAGE that asks for names: Unicode, target, NTLM, version of the client (left empty).
local FLAGS = 0x00000001 | 0x00000002 | 0x00000004 | 0x00000200 | 0x00008000 | 0x00080000 | 0x20000000 | 0x80000000
local NEGOTIATE = "NTLMSSP\0" .. string.pack("<I4I4", 1, FLAGS) .. string.rep("\0", 16)

-- What is shown, in this order, and under which names the library has it.
local SHOWN = {
  {"target_realm", "Target_Name"}, {"netbios_domain_name", "NetBIOS_Domain_Name"},
  {"netbios_computer_name", "NetBIOS_Computer_Name"}, {"dns_domain_name", "DNS_Domain_Name"},
  {"fqdn", "DNS_Computer_Name"}, {"dns_forest_name", "DNS_Tree_Name"},
}

-- A value with its kind and its length in front.
local function wrapped (kind, value)
  return string.char(kind) .. asn1.ASN1Encoder.encodeLength(#value) .. value
end

-- TSRequest with one token.
local function first_request ()
  local token = wrapped(0x30, wrapped(0xa0, wrapped(0x04, NEGOTIATE)))
  return wrapped(0x30, wrapped(0xa0, "\2\1\2") .. wrapped(0xa1, wrapped(0x30, token)))
end

-- Where the value ends that begins the data.
local function find_value (buffer)
  if #buffer < 2 then
    return nil
  end
  local length, head = string.byte(buffer, 2), 2
  if length >= 0x80 then
    local count = length & 0x7f
    if count == 0 or count > 4 then
      return #buffer, #buffer
    elseif #buffer < 2 + count then
      return nil
    end
    length, head = string.unpack(">I" .. count, buffer, 3), 2 + count
  end
  if head + length > MAX_ANSWER then
    return #buffer, #buffer
  elseif #buffer >= head + length then
    return head + length, head + length
  end
end

-- What the server answers to the first message; nil and a reason.
local function ask (host, port)
  local comm = rdp.Comm:new(host, port)
  local status, answer = comm:connect()
  if not status then
    return nil, answer
  end
  status, answer = comm:exch(rdp.Request.ConnectionRequest:new(PROTOCOLS))
  if status then
    status, answer = comm.socket:reconnect_ssl()
  end
  if status then
    comm.socket:set_timeout(TIMEOUT)
    status, answer = comm.socket:send(first_request())
  end
  if status then
    status, answer = comm.socket:receive_buf(find_value, true)
  end
  comm:close()
  return status and answer or nil, answer
end

action = function (host, port)
  local answer, reason = ask(host, port)
  local at = answer and string.find(answer, "NTLMSSP\0\2\0\0\0", 1, true)
  if not at then
    stdnse.debug1("no message of NTLM came: %s", reason)
    return nil
  end
  local status, info = pcall(smbauth.get_host_info_from_security_blob, string.sub(answer, at))
  if not status or not info then
    return nil
  end
  local out = stdnse.output_table()
  for _, field in ipairs(SHOWN) do
    local value = info[field[1]]
    out[field[2]] = value and value ~= "" and string.gsub(value, "%z", "") or nil
  end
  if info.os_major_version then
    out.Product_Version = string.format("%d.%d.%d", info.os_major_version, info.os_minor_version, info.os_build)
  end
  if info.timestamp and info.timestamp > 0 then
    -- 100 ns since 1601.
    local now = info.timestamp // 10000000 - 11644473600
    datetime.record_skew(host, now, nmap.clock())
    out.System_Time = datetime.format_timestamp(now, 0)
  end
  return out() and out or nil
end
