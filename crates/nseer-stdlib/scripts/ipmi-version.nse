local ipmi = require "ipmi"
local math = require "math"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Asks a management controller which versions of IPMI it speaks and which ways to log in it knows.
]]

---
-- The request is Get Channel Authentication Capabilities (IPMI 2.0, section 22.13), which needs no user.
--
-- @usage nseer -sU -p 623 --script ipmi-version <target>
-- @output
-- 623/udp open  asf-rmcp
-- | ipmi-version:
-- |   Version:
-- |     IPMI-2.0
-- |   UserAuth: password, md5, md2, null
-- |   PassAuth: auth_msg, auth_user, non_null_user, null_user
-- |_  Level: 1.5, 2.0

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service(623, "asf-rmcp", "udp", {"open", "open|filtered"})

local joined = { __tostring = function (list) return table.concat(list, ", ") end }

local function names_of (byte, bits)
  local names = {}
  for _, row in ipairs(bits) do
    -- A negative bit counts where it is not set.
    local is_set = byte & math.abs(row[1]) ~= 0
    names[#names + 1] = is_set == (row[1] > 0) and row[2] or nil
  end
  return setmetatable(names, joined)
end

local AUTHENTICATION = {
  { 0x20, "oem_auth" }, { 0x10, "password" }, { 0x04, "md5" }, { 0x02, "md2" }, { 0x01, "null" },
}
local STATUS = {
  { 0x20, "kg_default" }, { -0x10, "auth_msg" }, { -0x08, "auth_user" }, { 0x04, "non_null_user" },
  { 0x02, "null_user" }, { 0x01, "anonymous_user" },
}
local LEVELS = { { 0x01, "1.5" }, { 0x02, "2.0" } }

action = function (host, port)
  local socket = nmap.new_socket("udp")
  socket:set_timeout(stdnse.get_timeout(host, 5000))
  local status, data = socket:connect(host, port)
  for _ = 1, 2 do
    if status then
      status = socket:send(ipmi.channel_auth_request())
    end
  end
  if status then
    status, data = socket:receive()
  end
  socket:close()
  local answer = status and ipmi.parse_channel_auth_reply(data)
  if not answer or answer.ipmi_command ~= 0x38 or answer.ipmi_completion_code ~= 0 then
    return nil
  end
  nmap.set_port_state(host, port, "open")
  local kinds, state, levels = string.byte(data, 23, 25)
  local is_2 = kinds & 0x80 ~= 0
  local out = stdnse.output_table()
  out.Version = { is_2 and "IPMI-2.0" or "IPMI-1.5" }
  out.UserAuth = names_of(kinds, AUTHENTICATION)
  out.PassAuth = names_of(state, STATUS)
  out.Level = is_2 and names_of(levels, LEVELS) or setmetatable({ "1.5" }, joined)
  return out
end
