local deadline = require "deadline"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Asks a Modbus device for its identification.
]]

---
-- The functions are Report Server ID (17) and Read Device Identification (43/14) of the Modbus application protocol,
-- sections 6.13 and 6.21; they change nothing. Unit 1 is asked, or with the argument all units.
--
-- @usage nseer -p 502 --script modbus-discover <target>
-- @args modbus-discover.aggressive If given, all units from 1 to 246 are asked.
-- @output
-- 502/tcp open  mbap
-- | modbus-discover:
-- |   sid 0x1:
-- |     Slave ID data: Lab-PM-3.0\xFF
-- |_    Device identification: Lab PM 3.0

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.portnumber(502, "tcp")

local EXCEPTIONS = {
  "ILLEGAL FUNCTION", "ILLEGAL DATA ADDRESS", "ILLEGAL DATA VALUE", "SLAVE DEVICE FAILURE", "ACKNOWLEDGE",
  "SLAVE DEVICE BUSY", [8] = "MEMORY PARITY ERROR", [10] = "GATEWAY PATH UNAVAILABLE",
  [11] = "GATEWAY TARGET DEVICE FAILED TO RESPOND",
}

-- Sends a request to a unit. The answer from its function code on; nil if there is none.
local function ask (host, port, unit, request)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host, 5000))
  local status, data = socket:connect(host, port)
  if status then
    status = socket:send(string.pack(">I2I2I2B", 0, 0, #request + 1, unit) .. request)
  end
  if status then
    status, data = deadline.receive_buf(socket, function (buffer)
      if #buffer >= 6 then
        local length = 6 + string.unpack(">I2", buffer, 5)
        if length > 300 then
          return #buffer, #buffer
        elseif #buffer >= length then
          return length, length
        end
      end
    end, true)
  end
  socket:close()
  if status and #data >= 9 and string.sub(data, 3, 4) == "\0\0" and string.byte(data, 8) & 0x7f == string.byte(request) then
    return string.sub(data, 8)
  end
end

local function visible (bytes)
  return (string.gsub(bytes, "[^ -~]", function (c) return string.format("\\x%02X", string.byte(c)) end))
end

local function is_exception (answer)
  return string.byte(answer) & 0x80 ~= 0
end

local function exception_of (answer)
  local code = string.byte(answer, 2)
  return EXCEPTIONS[code] or "Unknown exception " .. tostring(code)
end

-- The objects of an identification, joined.
local function identification (answer)
  local count = string.byte(answer, 7) or 0
  local values, pos = {}, 8
  for _ = 1, count do
    local length = string.byte(answer, pos + 1)
    if not length then
      break
    end
    values[#values + 1] = string.sub(answer, pos + 2, pos + 1 + length)
    pos = pos + 2 + length
  end
  return #values > 0 and table.concat(values, " ") or nil
end

local function discover (host, port, unit)
  local answer = ask(host, port, unit, "\x11")
  if not answer then
    return nil
  end
  local out = stdnse.output_table()
  if is_exception(answer) then
    local code = string.byte(answer, 2)
    -- Nobody is behind the gateway at this address.
    if code == 10 or code == 11 then
      return nil, true
    end
    out.error = exception_of(answer)
  else
    out["Slave ID data"] = visible(string.sub(answer, 3, 2 + string.byte(answer, 2)))
  end
  answer = ask(host, port, unit, "\x2b\x0e\x01\0")
  if answer and not is_exception(answer) then
    out["Device identification"] = identification(answer)
  end
  return out
end

action = function (host, port)
  local last = stdnse.get_script_args("modbus-discover.aggressive") and 246 or 1
  local units, any = stdnse.output_table(), false
  for unit = 1, last do
    local found, is_absent = discover(host, port, unit)
    if found then
      units[string.format("sid 0x%x", unit)], any = found, true
    elseif not is_absent then
      break
    end
  end
  if not any then
    return nil
  end
  port.version.name = "modbus"
  nmap.set_port_version(host, port)
  return units
end
