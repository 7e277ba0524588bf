local smb = require "smb"
local smb2 = require "smb2"
local stdnse = require "stdnse"

description = [[
Lists what a file server can do, for each dialect of SMB version 2 and 3 that it speaks.
]]

---
-- The bits are those of [MS-SMB2], section 2.2.4.
--
-- @usage nseer -p 445 --script smb2-capabilities <target>
-- @output
-- Host script results:
-- | smb2-capabilities:
-- |   202:
-- |     Distributed File System
-- |   311:
-- |     Distributed File System
-- |     Leasing
-- |_    Multi-credit operations

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

hostrule = function (host)
  return smb.get_port(host) ~= nil
end

local BITS = {
  { 0x01, "Distributed File System" },
  { 0x02, "Leasing" },
  { 0x04, "Multi-credit operations" },
  { 0x08, "Multiple Channel support" },
  { 0x10, "Persistent handles" },
  { 0x20, "Directory Leasing" },
  { 0x40, "Encryption support" },
}

local function names_of (capabilities)
  local names = {}
  for _, bit in ipairs(BITS) do
    names[#names + 1] = capabilities & bit[1] ~= 0 and bit[2] or nil
  end
  return #names > 0 and names or { "All capabilities are disabled" }
end

local DIALECTS = { 0x0202, 0x0210, 0x0300, 0x0302, 0x0311 }

-- Asks for one dialect alone. What the server can do then, as bits, if it takes the dialect; otherwise nil and a reason.
local function capabilities (host, dialect)
  local status, connection = smb.start(host)
  if not status then
    return nil, connection
  end
  local chosen
  status, chosen = smb2.negotiate_v2(connection, { Dialects = { dialect } })
  smb.stop(connection)
  if not status or chosen ~= dialect then
    return nil, chosen
  end
  return connection.capabilities
end

action = function (host)
  local out = stdnse.output_table()
  for _, dialect in ipairs(DIALECTS) do
    local bits, reason = capabilities(host, dialect)
    if bits then
      out[smb2.dialect_name(dialect)] = names_of(bits)
    elseif reason == "TIMEOUT" then
      break
    end
  end
  return out() and out or nil
end
