local smb = require "smb"
local stdnse = require "stdnse"

description = [[
Lists the versions of SMB that a server speaks. Version 1 has known weaknesses and should be off.
]]

---
-- See the libraries <code>smb</code> and <code>smb2</code>.
--
-- @usage nseer -p 445 --script smb-protocols <target>
-- @output
-- Host script results:
-- | smb-protocols:
-- |   dialects:
-- |     NT LM 0.12 (SMBv1) [dangerous, but default]
-- |     202
-- |_    311

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

hostrule = function (host)
  return smb.get_port(host) ~= nil
end

action = function (host)
  local status, names = smb.list_dialects(host)
  if not status then
    stdnse.debug1("%s", names)
    return nil
  end
  for i, name in ipairs(names) do
    names[i] = name == "NT LM 0.12" and name .. " (SMBv1) [dangerous, but default]" or name
  end
  if #names == 0 then
    return nil
  end
  local out = stdnse.output_table()
  out.dialects = names
  return out
end
