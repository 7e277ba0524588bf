---
-- UPnP: who answers a search, and what its device description says.
--
-- Written from the UPnP Device Architecture 1.1, sections 1.3 (search) and 2.3 (device description). Descriptions are
-- read with <code>slaxml</code>, only what a script shows is kept.
--
-- @usage
-- local helper = upnp.Helper:new(host, port)
-- helper:setMulticast(false)
-- local status, result = helper:queryServices()
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name upnp

local http = require "http"
local ipOps = require "ipOps"
local nmap = require "nmap"
local slaxml = require "slaxml"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local target = require "target"
local unittest = require "unittest"
local url = require "url"
local ipairs, pairs, pcall, setmetatable, tonumber, type = ipairs, pairs, pcall, setmetatable, tonumber, type

_ENV = stdnse.module("upnp", stdnse.seeall)

local GROUP, PORT = "239.255.255.250", 1900
local TIMEOUT = 5000
local MAX_ANSWERS = 256
local MAX_DEVICES = 32

--- Small helpers.
-- @class table
-- @name Util
Util = {}

--- Whether an address comes before another.
-- @name Util.ipCompare
-- @param a Address.
-- @param b Address.
-- @return True or false.
function Util.ipCompare (a, b)
  return ipOps.compare_ip(a, "lt", b) or false
end

-- The request (section 1.3.2).
local SEARCH = table.concat({ "M-SEARCH * HTTP/1.1", "HOST: " .. GROUP .. ":" .. PORT, 'MAN: "ssdp:discover"', "MX: 3",
  "ST: upnp:rootdevice" }, "\r\n") .. "\r\n\r\n"

-- Headers of an answer, by name in lower case; nil if it is none.
local function read_answer (data)
  if not string.find(data, "^HTTP/1%.[01] 200") and not string.find(data, "^NOTIFY ") then
    return nil
  end
  local headers = {}
  for line in string.gmatch(data, "[^\r\n]+") do
    local name, value = string.match(line, "^([%w-]+)%s*:%s*(.-)%s*$")
    if name then
      headers[string.lower(name)] = value
    end
  end
  return headers
end

local SHOWN = {
  { "friendlyName", "Name" }, { "manufacturer", "Manufacturer" }, { "modelDescription", "Model Descr" },
  { "modelName", "Model Name" }, { "modelNumber", "Model Version" },
}

-- Devices of a description: arrays of lines. Nil if it is no XML.
local function read_description (body)
  local devices, open, current = {}, {}, {}
  local parser = slaxml.parser:new {
    startElement = function (name)
      open[#open + 1] = name
      if name == "device" and #devices < MAX_DEVICES then
        devices[#devices + 1] = {}
        current[#current + 1] = devices[#devices]
      end
    end,
    text = function (text)
      local device = current[#current]
      if device and open[#open - 1] == "device" and not device[open[#open]] then
        device[open[#open]] = text
      end
    end,
    closeElement = function (name)
      open[#open] = nil
      if name == "device" then
        current[#current] = nil
      end
    end,
  }
  if not pcall(parser.parseSAX, parser, body, { stripWhitespace = true }) then
    return nil
  end
  local result = {}
  for i, device in ipairs(devices) do
    result[i] = {}
    for _, field in ipairs(SHOWN) do
      if device[field[1]] then
        table.insert(result[i], field[2] .. ": " .. device[field[1]])
      end
    end
  end
  return result
end

--- Sends a search and reads answers.
-- @class table
-- @name Comm
Comm = {}
Comm.__index = Comm

--- Makes one.
-- @name Comm:new
-- @param host Host table.
-- @param port Port table.
-- @return The connection.
function Comm:new (host, port)
  return setmetatable({ host = host, port = port, mcast = false }, self)
end

--- Says whether many are asked.
-- @name Comm:setMulticast
-- @param mcast True or false.
function Comm:setMulticast (mcast)
  self.mcast = mcast
end

--- Opens the socket.
-- @name Comm:connect
-- @return True.
function Comm:connect ()
  self.socket = nmap.new_socket("udp")
  self.socket:set_timeout(TIMEOUT)
  return true
end

--- Sends the search.
-- @name Comm:sendRequest
-- @return True, or false and a reason.
function Comm:sendRequest ()
  return self.socket:sendto(self.host, self.port, SEARCH)
end

--- Closes the socket.
-- @name Comm:close
-- @return As the socket's method.
function Comm:close ()
  return self.socket:close()
end

--- Reads a device description.
-- @name Comm:retrieveXML
-- @param location Its address.
-- @return True, or false.
-- @return Array of lines; or a reason.
function Comm:retrieveXML (location)
  local parts = url.parse(location)
  if parts.scheme ~= "http" or not parts.host then
    return false, "the location of the description is no address"
  end
  local number = tonumber(parts.port) or 80
  -- What a device says of others is not believed: with this, only itself is asked.
  local asked = self.override and self.host or parts.host
  local answer = http.get(asked, { number = number, protocol = "tcp" }, parts.path or "/")
  if answer.status ~= 200 or not answer.body then
    return false, "there is no description at its location"
  end
  local lines = {}
  if answer.header and answer.header.server then
    lines[1] = "Webserver: " .. answer.header.server
  end
  for _, device in ipairs(read_description(answer.body) or {}) do
    for _, line in ipairs(device) do
      lines[#lines + 1] = line
    end
  end
  return true, lines
end

--- Says what an answer holds; with <code>-v</code> also what the description says.
-- @name Comm:decodeResponse
-- @param response The datagram.
-- @return True, or false.
-- @return Array of lines; or a reason.
function Comm:decodeResponse (response)
  local headers = read_answer(response)
  if not headers then
    return false, "the answer is none of SSDP"
  end
  local lines = {}
  if headers.server then
    lines[#lines + 1] = "Server: " .. headers.server
  end
  if headers.location then
    lines[#lines + 1] = "Location: " .. headers.location
    if nmap.verbosity() > 0 then
      local status, more = self:retrieveXML(headers.location)
      if status and #more > 0 then
        lines[#lines + 1] = more
      end
    end
  end
  return true, lines
end

--- Reads answers: one, or those of many.
-- @name Comm:receiveResponse
-- @return True, or false.
-- @return Array, ordered by address, of arrays of lines, each with the address as <code>name</code>; for one host only
--         its array; or a reason.
function Comm:receiveResponse ()
  local by_address, reason = {}, nil
  local ends = nmap.clock_ms() + TIMEOUT
  for _ = 1, MAX_ANSWERS do
    local status, data = self.socket:receive()
    if not status then
      reason = data
      break
    end
    local _, _, _, from = self.socket:get_info()
    local is_answer, lines = self:decodeResponse(data)
    if not is_answer then
      reason = lines
    elseif type(from) == "string" and not by_address[from] then
      by_address[from] = lines
      if target.ALLOW_NEW_TARGETS then
        target.add(from)
      end
    end
    if not self.mcast and is_answer or nmap.clock_ms() >= ends then
      break
    end
  end
  local addresses = {}
  for address in pairs(by_address) do
    addresses[#addresses + 1] = address
  end
  if #addresses == 0 then
    return false, reason
  end
  table.sort(addresses, Util.ipCompare)
  local result = {}
  for i, address in ipairs(addresses) do
    result[i] = { name = address, by_address[address] }
  end
  return true, self.mcast and result or result[1]
end

--- Asks one host or many.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes one.
-- @name Helper:new
-- @param host Host table; not needed for many.
-- @param port Port table.
-- @return The helper.
function Helper:new (host, port)
  return setmetatable({ comm = Comm:new(host, port) }, self)
end

--- Says whether many are asked.
-- @name Helper:setMulticast
-- @param mcast True or false.
function Helper:setMulticast (mcast)
  self.comm:setMulticast(mcast)
  if mcast then
    self.comm.host, self.comm.port = { ip = GROUP }, { number = PORT, protocol = "udp" }
  end
end

--- Says whether only the host that answers is asked for its description, whatever it says where that is.
-- @name Helper:setOverride
-- @param override True or false.
-- @return The value.
function Helper:setOverride (override)
  self.comm.override = override
  return override
end

--- Searches.
-- @name Helper:queryServices
-- @return True, or false.
-- @return As <code>Comm:receiveResponse</code>; or a reason.
function Helper:queryServices ()
  local status, answer = self.comm:connect()
  if status then
    status, answer = self.comm:sendRequest()
  end
  if status then
    status, answer = self.comm:receiveResponse()
  end
  self.comm:close()
  return status, answer
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.is_true(Util.ipCompare("192.0.2.9", "192.0.2.10")), "an order of numbers")
test_suite:add_test(unittest.is_true(string.find(SEARCH, "^M%-SEARCH %* HTTP/1%.1\r\nHOST: ") ~= nil), "a search")
local headers = read_answer("HTTP/1.1 200 OK\r\nLOCATION: http://192.0.2.1/d.xml\r\nServer:a/1\r\n\r\n")
test_suite:add_test(unittest.identical(headers, { location = "http://192.0.2.1/d.xml", server = "a/1" }), "an answer")
test_suite:add_test(unittest.is_nil(read_answer(SEARCH)), "the search sent back")
local DESCRIPTION = "<root><device><friendlyName>A</friendlyName><modelName>M</modelName><iconList><icon><manufacturer>no"
  .. "</manufacturer></icon></iconList><deviceList><device><friendlyName>B</friendlyName></device></deviceList></device></root>"
test_suite:add_test(unittest.identical(read_description(DESCRIPTION), { { "Name: A", "Model Name: M" }, { "Name: B" } }), "a description")
test_suite:add_test(unittest.identical(read_description("no xml"), {}), "no description")
local comm = Comm:new({ ip = "192.0.2.1" }, {})
test_suite:add_test(unittest.is_false((comm:decodeResponse("junk"))), "no answer")
test_suite:add_test(unittest.is_false((comm:retrieveXML("file:///etc/passwd"))), "an address that is none")
return _ENV
