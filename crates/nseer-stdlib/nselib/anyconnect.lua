---
-- What a Cisco AnyConnect VPN gateway says before anybody logs in.
--
-- Written from the XML that gateways and clients exchange, as the documents of the free client OpenConnect describe it
-- (<code>config-auth</code> of the type <code>init</code>). Nothing here logs in.
--
-- @usage
-- local client = anyconnect.Cisco.AnyConnect:new(host, port)
-- local status, reason = client:connect()
-- @args anyconnect.group Group that is asked for. Default: <code>VPN</code>.
-- @args anyconnect.mac Address of the network card that is named. Default: a random one.
-- @args anyconnect.ua What the client calls itself.
-- @args anyconnect.version Version that the client says it has.
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name anyconnect

local http = require "http"
local rand = require "rand"
local slaxml = require "slaxml"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"
local table = require "table"
local pcall, setmetatable = pcall, setmetatable

_ENV = stdnse.module("anyconnect", stdnse.seeall)

local VERSION = "4.10.07061"

--- What belongs to gateways of this maker.
-- @class table
-- @name Cisco
Cisco = { Util = {}, AnyConnect = {} }

--- Makes an address of a network card.
-- @name Cisco.Util.generate_mac
-- @return Twelve hexadecimal digits: one card, of no maker.
function Cisco.Util.generate_mac ()
  local bytes = rand.random_string(6)
  return stdnse.tohex(string.char(string.byte(bytes) & 0xfc | 2) .. string.sub(bytes, 2))
end

local AnyConnect = Cisco.AnyConnect
AnyConnect.__index = AnyConnect

--- Makes a client.
-- @name Cisco.AnyConnect:new
-- @param host Host table.
-- @param port Port table.
-- @return The client.
function AnyConnect:new (host, port)
  return setmetatable({ host = host, port = port, group = stdnse.get_script_args("anyconnect.group") or "VPN",
    mac = stdnse.get_script_args("anyconnect.mac") or Cisco.Util.generate_mac(),
    client_version = stdnse.get_script_args("anyconnect.version") or VERSION }, self)
end

--- Makes an identifier.
-- @name Cisco.AnyConnect.generate_random
-- @param length How many bytes it has.
-- @return Twice as many hexadecimal digits in upper case.
function AnyConnect.generate_random (length)
  return string.upper(stdnse.tohex(rand.random_string(length)))
end

local function greeting (self, name)
  return table.concat {
    '<?xml version="1.0" encoding="UTF-8"?>\n<config-auth client="vpn" type="init" aggregate-auth-version="2">',
    '<version who="vpn">', self.client_version, "</version>",
    '<device-id unique-id="', AnyConnect.generate_random(32), '">linux-64</device-id>',
    "<mac-address-list><mac-address>", self.mac, "</mac-address></mac-address-list>",
    "<group-select>", self.group, "</group-select>",
    "<group-access>https://", name, ":", self.port.number, "</group-access></config-auth>\n",
  }
end

local WANTED = {
  ["version"] = "version", ["tunnel-group"] = "tunnel-group", ["group-alias"] = "group-alias",
  ["config-hash"] = "config-hash", ["title"] = "title", ["message"] = "message",
}

-- What the answer says, by name of element: nil if it is none of a gateway.
local function read_answer (body)
  local found, open = {}, {}
  local is_gateway = false
  local parser = slaxml.parser:new {
    startElement = function (name)
      open[#open + 1] = name
      is_gateway = is_gateway or name == "config-auth"
    end,
    text = function (text)
      local name = WANTED[open[#open]]
      if name and not found[name] then
        found[name] = text
      end
    end,
    closeElement = function ()
      open[#open] = nil
    end,
  }
  local is_read = pcall(parser.parseSAX, parser, body, { stripWhitespace = true })
  return is_read and is_gateway and found.version and found or nil
end

--- Asks the gateway. What it says is then in the client's table <code>conn_attr</code>.
-- @name Cisco.AnyConnect:connect
-- @return True, or false and a reason.
function AnyConnect:connect ()
  local head = http.head(self.host, self.port, "/")
  if not head.status or head.status >= 400 then
    return false, "the gateway does not answer"
  end
  local name = stdnse.get_hostname(self.host)
  local answer = http.post(self.host, self.port, "/", { header = {
    ["User-Agent"] = stdnse.get_script_args("anyconnect.ua") or "AnyConnect Linux_64 " .. self.client_version,
    ["Accept"] = "*/*", ["Accept-Encoding"] = "identity", ["X-Transcend-Version"] = "1",
    ["X-Aggregate-Auth"] = "1", ["X-AnyConnect-Platform"] = "linux-64",
  } }, nil, greeting(self, name))
  local found = answer.status == 200 and answer.body and read_answer(answer.body)
  if not found then
    return false, "the answer is none of AnyConnect"
  end
  found.host = name
  self.conn_attr = found
  self.version = found.version
  return true
end

--- The version of the gateway.
-- @name Cisco.AnyConnect:get_version
-- @return True, or false.
-- @return The version; or a reason.
function AnyConnect:get_version ()
  if not self.version then
    local status, reason = self:connect()
    if not status then
      return false, reason
    end
  end
  return true, self.version
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(#Cisco.Util.generate_mac(), 12), "an address of a card")
test_suite:add_test(unittest.is_true(string.find(AnyConnect.generate_random(10), "^[%dA-F]+$") ~= nil), "an identifier")
test_suite:add_test(unittest.equal(#AnyConnect.generate_random(10), 20), "its length")
local ANSWER = '<?xml version="1.0"?><config-auth client="vpn" type="auth-request"><version who="sg">9.1(5)</version>'
  .. '<opaque is-for="sg"><tunnel-group>T</tunnel-group><config-hash>13</config-hash></opaque></config-auth>'
test_suite:add_test(unittest.identical(read_answer(ANSWER), { version = "9.1(5)", ["tunnel-group"] = "T", ["config-hash"] = "13" }), "an answer")
test_suite:add_test(unittest.is_nil(read_answer("<html><version>1</version></html>")), "a page")
test_suite:add_test(unittest.is_nil(read_answer("")), "nothing")
local client = setmetatable({ port = { number = 443 }, group = "A", mac = "02", client_version = "1" }, AnyConnect)
test_suite:add_test(unittest.is_true(read_answer(greeting(client, "vpn.example")).version == "1"), "the greeting is XML")
return _ENV
