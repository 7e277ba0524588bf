---
-- TN3270 and TN3270E: talking to mainframes as a terminal of the 3270 family.
--
-- Written from RFC 854, RFC 1576, RFC 2355 and, for what is on the screen (<code>tn3270.screen</code>), GA23-0059. What a
-- host sends is bounded.
--
-- @usage
-- local t = tn3270.Telnet:new()
-- local status, reason = t:initiate(host, port)
-- print(t:get_screen())
-- t:disconnect()
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name tn3270

local keys = require "tn3270.keys"
local nmap = require "nmap"
local screens = require "tn3270.screen"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"
local ipairs, pairs, setmetatable = ipairs, pairs, setmetatable

_ENV = stdnse.module("tn3270", stdnse.seeall)

local TIMEOUT = 5000
local MAX_RECORD = 64 * 1024
local MAX_STEPS = 64

-- RFC 854 and RFC 885: commands; RFC 856, 885, 1091 and 2355: options.
local IAC, DONT, DO, WONT, WILL, SB, SE, EOR = 255, 254, 253, 252, 251, 250, 240, 239
local BINARY, TERMINAL_TYPE, END_OF_RECORD, TN3270E = 0, 24, 25, 40
local KNOWN = { [BINARY] = true, [TERMINAL_TYPE] = true, [END_OF_RECORD] = true, [TN3270E] = true }

local DEVICE = "IBM-3278-2"

--- A terminal.
-- @class table
-- @name Telnet
Telnet = {
  ROWS = screens.ROWS, COLS = screens.COLS, device_type = DEVICE,
  DT_3270_DATA = 0, DT_SCS_DATA = 1, DT_RESPONSE = 2, DT_BIND_IMAGE = 3, DT_UNBIND = 4, DT_NVT_DATA = 5,
  DT_REQUEST = 6, DT_SSCP_LU_DATA = 7, DT_PRINT_EOJ = 8,
  TN3270E_ASSOCIATE = 0, TN3270E_CONNECT = 1, TN3270E_DEVICE_TYPE = 2, TN3270E_FUNCTIONS = 3, TN3270E_IS = 4,
  TN3270E_REASON = 5, TN3270E_REJECT = 6, TN3270E_REQUEST = 7, TN3270E_SEND = 8,
  NEGOTIATING = 1, CONNECTED = 2, TN3270_DATA = 3, TN3270E_DATA = 4,
}
Telnet.__index = Telnet

for name, value in pairs(keys.Telnet) do
  Telnet[name] = value
end

--- Makes one.
-- @name Telnet:new
-- @param socket Connected socket, optional.
-- @return The terminal.
function Telnet:new (socket)
  return setmetatable({ socket = socket, screen = screens.Screen:new(), state = Telnet.NEGOTIATING, isSSL = true,
    is_extended = true, buffer = "", lu = nil, sequence = 0, answered = {} }, self)
end

--- Does without TLS.
-- @name Telnet:disableSSL
function Telnet:disableSSL () self.isSSL = false end

--- Does without TN3270E.
-- @name Telnet:disable_tn3270e
function Telnet:disable_tn3270e () self.is_extended = false end

--- Says which logical unit is wanted.
-- @name Telnet:set_lu
-- @param LU Its name.
function Telnet:set_lu (LU) self.wanted_lu = LU end

--- The logical unit that the host has given.
-- @name Telnet:get_lu
-- @return Its name; nil if there is none.
function Telnet:get_lu () return self.lu end

--- Connects, with TLS where the host speaks it.
-- @name Telnet:connect
-- @param host Host table.
-- @param port Port table.
-- @return True, or false and a reason.
function Telnet:connect (host, port)
  local status, reason
  for _, protocol in ipairs(self.isSSL and { "ssl", "tcp" } or { "tcp" }) do
    self.socket = nmap.new_socket()
    self.socket:set_timeout(TIMEOUT)
    status, reason = self.socket:connect(host, port, protocol)
    if status then
      return true
    end
    self.socket:close()
  end
  return false, reason
end

--- Closes the connection.
-- @name Telnet:disconnect
-- @return True.
function Telnet:disconnect ()
  self.socket:close()
  return true
end

Telnet.close = Telnet.disconnect

local function option (self, command, number)
  return self.socket:send(string.char(IAC, command, number))
end

local function subnegotiation (self, data)
  return self.socket:send(string.char(IAC, SB) .. string.gsub(data, "\255", "\255\255") .. string.char(IAC, SE))
end

-- What a host asks for or offers: it is answered once each.
local function answer_option (self, command, number)
  local key = command << 8 | number
  if self.answered[key] then
    return true
  end
  self.answered[key] = true
  local is_wanted = KNOWN[number] and (number ~= TN3270E or self.is_extended)
  if command == DO then
    return option(self, is_wanted and WILL or WONT, number)
  elseif command == WILL then
    return option(self, is_wanted and DO or DONT, number)
  end
  return true
end

-- Details of an option (RFC 1091; RFC 2355, section 7).
local function answer_details (self, data)
  local kind, first, second = string.byte(data, 1, 3)
  if kind == TERMINAL_TYPE and first == 1 then
    self.state = Telnet.TN3270_DATA
    return subnegotiation(self, string.char(TERMINAL_TYPE, 0) .. DEVICE)
  elseif kind ~= TN3270E then
    return true
  elseif first == Telnet.TN3270E_SEND and second == Telnet.TN3270E_DEVICE_TYPE then
    local unit = self.wanted_lu and string.char(Telnet.TN3270E_CONNECT) .. self.wanted_lu or ""
    return subnegotiation(self, string.char(TN3270E, Telnet.TN3270E_DEVICE_TYPE, Telnet.TN3270E_REQUEST) .. DEVICE .. unit)
  elseif first == Telnet.TN3270E_DEVICE_TYPE and second == Telnet.TN3270E_IS then
    self.lu = string.match(data, "\1([^\1]*)$", 4)
    return subnegotiation(self, string.char(TN3270E, Telnet.TN3270E_FUNCTIONS, Telnet.TN3270E_REQUEST))
  elseif first == Telnet.TN3270E_DEVICE_TYPE and second == Telnet.TN3270E_REJECT then
    return false, "the host refuses the logical unit"
  elseif first == Telnet.TN3270E_FUNCTIONS then
    self.state = Telnet.TN3270E_DATA
    if second == Telnet.TN3270E_REQUEST then
      return subnegotiation(self, string.char(TN3270E, Telnet.TN3270E_FUNCTIONS, Telnet.TN3270E_IS))
    end
  end
  return true
end

local ERASE = { [0x05] = true, [0xf5] = true, [0x0d] = true, [0x7e] = true }
local WRITE = { [0x01] = true, [0xf1] = true }
local ERASE_UNPROTECTED = { [0x0f] = true, [0x6f] = true }
local STRUCTURED = { [0x11] = true, [0xf3] = true }

-- The answer to a question for what the terminal can do: nothing beyond the least (GA23-0059, chapter 6).
local QUERY_REPLY = "\x88\0\4\x81\xff"

--- Does what a host commands.
-- @name Telnet:process_3270
-- @param data The command and what belongs to it.
-- @return True, or false and a reason.
function Telnet:process_3270 (data)
  local command = string.byte(data)
  if ERASE[command] then
    self.screen:clear()
    self.screen:write(string.sub(data, 3))
  elseif WRITE[command] then
    self.screen:write(string.sub(data, 3))
  elseif ERASE_UNPROTECTED[command] then
    self.screen:clear_unprotected()
  elseif STRUCTURED[command] and #data >= 6 and string.byte(data, 4) == 0x01 then
    return self:send_tn3270(QUERY_REPLY)
  end
  return true
end

-- One record: commands for the screen, with a head where the host speaks TN3270E.
local function take_record (self, data)
  if self.state ~= Telnet.TN3270E_DATA then
    self.state = Telnet.TN3270_DATA
    return self:process_3270(data)
  elseif #data < 5 then
    return true
  end
  local kind, _, wanted, sequence = string.unpack(">BBBI2", data)
  self.sequence = sequence
  local status, reason = true, nil
  if kind == Telnet.DT_3270_DATA then
    status, reason = self:process_3270(string.sub(data, 6))
  elseif kind == Telnet.DT_NVT_DATA or kind == Telnet.DT_SSCP_LU_DATA then
    self.screen:write(string.sub(data, 6))
  end
  if status and wanted == 2 then
    return self:tn3270e_ack()
  end
  return status, reason
end

--- Tells the host that its last record was good.
-- @name Telnet:tn3270e_ack
-- @return True, or false and a reason.
function Telnet:tn3270e_ack ()
  local record = string.pack(">BBBI2B", Telnet.DT_RESPONSE, 0, 0, self.sequence, 0)
  return self.socket:send(string.gsub(record, "\255", "\255\255") .. string.char(IAC, EOR))
end

-- Takes the first thing off what has arrived: its kind and data; nil if more is needed.
local function next_thing (self)
  local buffer, at, record = self.buffer, 1, {}
  while at <= #buffer do
    local mark = string.find(buffer, "\255", at, true)
    if not mark or mark == #buffer then
      return nil
    end
    record[#record + 1] = string.sub(buffer, at, mark - 1)
    local command = string.byte(buffer, mark + 1)
    if command == IAC then
      record[#record + 1] = "\255"
      at = mark + 2
    elseif command == EOR then
      self.buffer = string.sub(buffer, mark + 2)
      return "record", table.concat(record)
    elseif command == SB then
      local stop = string.find(buffer, "\255\240", mark + 2, true)
      if not stop then
        return nil
      end
      self.buffer = string.sub(buffer, 1, mark - 1) .. string.sub(buffer, stop + 2)
      return "details", (string.gsub(string.sub(buffer, mark + 2, stop - 1), "\255\255", "\255"))
    elseif command >= WILL and command <= DONT then
      if mark + 2 > #buffer then
        return nil
      end
      self.buffer = string.sub(buffer, 1, mark - 1) .. string.sub(buffer, mark + 3)
      return "option", command, string.byte(buffer, mark + 2)
    else
      self.buffer = string.sub(buffer, 1, mark - 1) .. string.sub(buffer, mark + 2)
      return "command", command
    end
  end
end

--- Does all that has arrived.
-- @name Telnet:process_packets
-- @return True, or false and a reason.
-- @return True if something was written to the screen.
function Telnet:process_packets ()
  local is_written = false
  for _ = 1, MAX_STEPS do
    local kind, first, second = next_thing(self)
    local status, reason = true, nil
    if not kind then
      break
    elseif kind == "option" then
      status, reason = answer_option(self, first, second)
    elseif kind == "details" then
      status, reason = answer_details(self, first)
    elseif kind == "record" then
      status, reason = take_record(self, first)
      is_written = true
    end
    if not status then
      return false, reason
    end
  end
  return true, is_written
end

--- Waits for whatever comes, and does it.
-- @name Telnet:get_data
-- @return True, or false and a reason.
-- @return True if something was written to the screen.
function Telnet:get_data ()
  local status, data = self.socket:receive()
  if not status then
    return false, data
  elseif #self.buffer + #data > MAX_RECORD then
    return false, "the host sends a record without end"
  end
  self.buffer = self.buffer .. data
  return self:process_packets()
end

--- Waits until nothing comes any more.
-- @name Telnet:get_all_data
-- @param timeout How long to wait for the next thing, in milliseconds. Default: 200.
-- @return True.
function Telnet:get_all_data (timeout)
  self.socket:set_timeout(timeout or 200)
  local ends = nmap.clock_ms() + TIMEOUT
  repeat
    local status = self:get_data()
  until not status or nmap.clock_ms() >= ends
  self.socket:set_timeout(TIMEOUT)
  return true
end

--- Connects and waits for the first screen.
-- @name Telnet:initiate
-- @param host Host table.
-- @param port Port table.
-- @return True, or false and a reason.
function Telnet:initiate (host, port)
  local status, reason = self:connect(host, port)
  if not status then
    return false, reason
  end
  local ends = nmap.clock_ms() + 2 * TIMEOUT
  for _ = 1, MAX_STEPS do
    local is_written
    status, is_written = self:get_data()
    if not status then
      self.socket:close()
      return false, is_written
    elseif is_written and self:in3270() then
      return true
    elseif nmap.clock_ms() >= ends then
      break
    end
  end
  self.socket:close()
  return false, "the host does not speak TN3270"
end

--- Whether the host speaks to this terminal in records.
-- @name Telnet:in3270
-- @return True or false.
function Telnet:in3270 ()
  return self.state == Telnet.TN3270_DATA or self.state == Telnet.TN3270E_DATA
end

--- Sends a record.
-- @name Telnet:send_tn3270
-- @param data Its bytes, without a head.
-- @return True, or false and a reason.
function Telnet:send_tn3270 (data)
  if self.state == Telnet.TN3270E_DATA then
    data = string.pack(">BBBI2", Telnet.DT_3270_DATA, 0, 0, self.sequence) .. data
  end
  return self.socket:send(string.gsub(data, "\255", "\255\255") .. string.char(IAC, EOR))
end

--- What is on the screen, by rows.
-- @name Telnet:get_screen
-- @return Lines.
function Telnet:get_screen ()
  return "\n" .. self.screen:text()
end

--- What is on the screen.
-- @name Telnet:get_screen_raw
-- @return Characters of all places, without breaks.
function Telnet:get_screen_raw () return self.screen:raw() end

--- Writes the screen to the log.
-- @name Telnet:get_screen_debug
-- @param lvl Level of debugging.
function Telnet:get_screen_debug (lvl)
  stdnse.debug(lvl or 1, "screen:\n%s", self.screen:text())
end

--- Looks for a text on the screen.
-- @name Telnet:find
-- @param str The text.
-- @return Places of the first and the last character; false if it is not there.
function Telnet:find (str)
  local first, last = string.find(self.screen:raw(), str, 1, true)
  return first or false, last
end

--- Whether nothing is on the screen.
-- @name Telnet:isClear
-- @return True or false.
function Telnet:isClear ()
  return string.find(self.screen:raw(), "^%s*$") ~= nil
end

--- Where something may be typed.
-- @name Telnet:writeable
-- @return Array of arrays: place of the first character, and how many there may be.
function Telnet:writeable ()
  local list = {}
  for i, field in ipairs(self.screen:fields(function (attribute) return attribute & 0x20 == 0 end)) do
    list[i] = { field.from, field.to - field.from + 1 }
  end
  return list
end

local function is_hidden (attribute)
  return attribute & 0x0c == 0x0c
end

--- Whether there is something on the screen that is not shown.
-- @name Telnet:any_hidden
-- @return True or false.
function Telnet:any_hidden ()
  return #self.screen:fields(is_hidden) > 0
end

--- Where it is.
-- @name Telnet:hidden_fields_location
-- @return Array of places: first, last, first, last and so on.
function Telnet:hidden_fields_location ()
  local list = {}
  for _, field in ipairs(self.screen:fields(is_hidden)) do
    list[#list + 1], list[#list + 2] = field.from, field.to
  end
  return list
end

--- What it says.
-- @name Telnet:hidden_fields
-- @return Array of texts.
function Telnet:hidden_fields ()
  local list, text = {}, self.screen:raw()
  for i, field in ipairs(self.screen:fields(is_hidden)) do
    list[i] = string.sub(text, field.from + 1, field.to + 1)
  end
  return list
end

--- Whether the host has written over something.
-- @name Telnet:any_overwritten
-- @return True or false.
function Telnet:any_overwritten () return self.screen.is_overwritten end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(screens.encode_address(0), "\x40\x40"), "the first place")
test_suite:add_test(unittest.equal(screens.encode_address(1919), "\x5d\x7f"), "the last place")
test_suite:add_test(unittest.equal(screens.encode_address(80), "\xc1\x50"), "the second row")
test_suite:add_test(unittest.equal(screens.decode_address(0x5d, 0x7f), 1919), "a place of 12 bits")
test_suite:add_test(unittest.equal(screens.decode_address(0x07, 0x7f), 1919), "a place of 14 bits")
test_suite:add_test(unittest.equal(screens.from_host(screens.to_host("LOGON [x]|!")), "LOGON [x]|!"), "there and back")

-- A host that sends this, piece by piece.
local function terminal_at (...)
  local parts, sent = { ... }, {}
  local t = Telnet:new { set_timeout = function () end, close = function () end,
    send = function (_, data) sent[#sent + 1] = data return true end,
    receive = function () local part = table.remove(parts, 1) return part ~= nil, part or "EOF" end }
  return t, sent
end
local screen = "\x05\xc3\x11\x40\x40\x1d\x60" .. screens.to_host("USER") .. "\x1d\x40\x13\0\0\0\x1d\x6c" .. screens.to_host("SECRET") .. "\x1d\x60"
local t, sent = terminal_at("\xff\xfd\x18", "\xff\xfa\x18\1\xff\xf0\xff\xfd\x19", screen .. "\xff\xef")
t:get_data()
test_suite:add_test(unittest.equal(sent[1], "\xff\xfb\x18"), "an option is taken")
t:get_data()
test_suite:add_test(unittest.equal(sent[2], "\xff\xfa\x18\0IBM-3278-2\xff\xf0"), "a type is told")
t:get_data()
test_suite:add_test(unittest.is_true(t:in3270()), "in records")
test_suite:add_test(unittest.equal(string.sub(t:get_screen_raw(), 2, 5), "USER"), "what is shown")
test_suite:add_test(unittest.identical(t:writeable(), { { 6, 3 } }), "where to type")
test_suite:add_test(unittest.identical(t:hidden_fields(), { "SECRET" }), "what is hidden")
t:send_cursor("ME")
test_suite:add_test(unittest.equal(sent[#sent], "\x7d\x40\xc8\x11\x40\xc6\xd4\xc5\xff\xef"), "what is typed")
test_suite:add_test(unittest.equal((t:find("SECRET")), 11), "a place")

local e, said = terminal_at("\xff\xfd\x28\xff\xfa\x28\8\2\xff\xf0", "\xff\xfa\x28\2\4IBM-3278-2\1LU01\xff\xf0\xff\xfa\x28\3\4\xff\xf0",
  "\0\0\2\0\7" .. screen .. "\xff\xef")
e:get_data()
test_suite:add_test(unittest.equal(said[2], "\xff\xfa\x28\2\7IBM-3278-2\xff\xf0"), "a type is asked for")
e:get_data()
test_suite:add_test(unittest.equal(e:get_lu(), "LU01"), "a logical unit")
e:get_data()
test_suite:add_test(unittest.equal(said[#said], "\2\0\0\0\7\0\xff\xef"), "a record is acknowledged")
test_suite:add_test(unittest.is_false(e:isClear()), "something is shown")

local cut = terminal_at("\x05\xc3\x11\x40\xff\xef\x05\xc3\x3c\x40\xff\xef\x05\xc3\x29\xf0\xff\xef")
test_suite:add_test(unittest.is_true((cut:get_data())), "orders that are cut off")
local endless = terminal_at(string.rep("x", 60000), string.rep("x", 60000))
endless:get_data()
test_suite:add_test(unittest.is_false((endless:get_data())), "a record without end")
return _ENV
