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

action = function (host)
  local out = stdnse.output_table()
  for _, agreed in ipairs((smb.agreed_dialects(host))) do
    out[smb2.dialect_name(agreed.dialect)] = names_of(agreed.capabilities)
  end
  return out() and out or nil
end
