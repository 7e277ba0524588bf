---
-- Keys of a terminal of the 3270 family, for the library <code>tn3270</code>: what is sent when one is pressed.
--
-- Written from GA23-0059, chapter 3. The methods are those of <code>tn3270.Telnet</code>.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name tn3270.keys

local ipairs = ipairs
local screens = require "tn3270.screen"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

_ENV = stdnse.module("tn3270.keys", stdnse.seeall)

--- Methods of a terminal.
-- @class table
-- @name Telnet
Telnet = {}

-- Keys that ask a host to read (GA23-0059, figure 3-3).
Telnet.aids = {
  NO = 0x60, ENTER = 0x7d, CLEAR = 0x6d, PA1 = 0x6c, PA2 = 0x6e, PA3 = 0x6b, PF1 = 0xf1, PF2 = 0xf2, PF3 = 0xf3,
  PF4 = 0xf4, PF5 = 0xf5, PF6 = 0xf6, PF7 = 0xf7, PF8 = 0xf8, PF9 = 0xf9, PF10 = 0x7a, PF11 = 0x7b, PF12 = 0x7c,
  PF13 = 0xc1, PF14 = 0xc2, PF15 = 0xc3, PF16 = 0xc4, PF17 = 0xc5, PF18 = 0xc6, PF19 = 0xc7, PF20 = 0xc8,
  PF21 = 0xc9, PF22 = 0x4a, PF23 = 0x4b, PF24 = 0x4c,
}

-- A key, the place of the cursor, and what was typed where.
local function typed (self, key, cursor, entries)
  local parts = { string.char(key) .. screens.encode_address(cursor) }
  for _, entry in ipairs(entries) do
    parts[#parts + 1] = "\x11" .. screens.encode_address(entry[1]) .. screens.to_host(entry[2])
  end
  return self:send_tn3270(table.concat(parts))
end

--- Types at the cursor, and ENTER.
-- @name Telnet:send_cursor
-- @param data Text.
-- @return True, or false and a reason.
function Telnet:send_cursor (data)
  local cursor = self.screen.cursor
  return typed(self, Telnet.aids.ENTER, cursor + #data, { { cursor, data } })
end

--- Types at a place, and ENTER.
-- @name Telnet:send_location
-- @param location Place, from 0 on.
-- @param data Text.
-- @return True, or false and a reason.
function Telnet:send_location (location, data)
  return typed(self, Telnet.aids.ENTER, location + #data, { { location, data } })
end

--- Types at several places, and ENTER.
-- @name Telnet:send_locations
-- @param location_tuple Array of arrays: place and text.
-- @return True, or false and a reason.
function Telnet:send_locations (location_tuple)
  local last = location_tuple[#location_tuple]
  return typed(self, Telnet.aids.ENTER, last and last[1] + #last[2] or self.screen.cursor, location_tuple)
end

--- Presses ENTER.
-- @name Telnet:send_enter
-- @return True, or false and a reason.
function Telnet:send_enter ()
  return typed(self, Telnet.aids.ENTER, self.screen.cursor, {})
end

--- Presses a program function key.
-- @name Telnet:send_pf
-- @param pf Its number, 1 to 24.
-- @return True, or false and a reason.
function Telnet:send_pf (pf)
  local key = Telnet.aids["PF" .. pf]
  if not key then
    return false, "there is no such key"
  end
  return typed(self, key, self.screen.cursor, {})
end

--- Presses CLEAR.
-- @name Telnet:send_clear
-- @return True, or false and a reason.
function Telnet:send_clear ()
  return self:send_tn3270(string.char(Telnet.aids.CLEAR))
end

return _ENV
