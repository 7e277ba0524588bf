---
-- Web Services Dynamic Discovery: which devices and services answer a probe.
--
-- Written from WS-Discovery (April 2005, sections 4 and 5; OASIS version 1.1, section 5) and SOAP-over-UDP. Answers are
-- read with <code>slaxml</code>; only what a script shows is kept.
--
-- @usage
-- local helper = wsdd.Helper:new(host, port)
-- local status, result = helper:discoverServices()
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name wsdd

local nmap = require "nmap"
local openssl = require "openssl"
local rand = require "rand"
local slaxml = require "slaxml"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local target = require "target"
local unittest = require "unittest"
local ipairs, pcall, setmetatable, type = ipairs, pcall, setmetatable, type

_ENV = stdnse.module("wsdd", stdnse.seeall)

local TIMEOUT = 5000
local MAX_ANSWERS = 256
local MAX_TYPES = 32

--- Small helpers.
-- @class table
-- @name Util
Util = {}

--- Makes a random identifier in the form of RFC 4122.
-- @name Util.generateUUID
-- @return The text.
function Util.generateUUID ()
  local digits = stdnse.tohex(rand.random_string(16))
  return (string.gsub(digits, "^(%x%x%x%x%x%x%x%x)(%x%x%x%x)(%x%x%x%x)(%x%x%x%x)(%x+)$", "%1-%2-%3-%4-%5"))
end

--- The SHA-1 digest of data.
-- @name Util.sha1sum
-- @param data The data.
-- @return 20 bytes.
function Util.sha1sum (data)
  return openssl.sha1(data)
end

-- One SOAP message; %s is the place of its identifier.
local function probe_message (addressing, discovery, to, extra)
  return '<?xml version="1.0" encoding="utf-8"?>'
    .. '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope" xmlns:ad="' .. addressing .. '" xmlns:di="'
    .. discovery .. '"><soap:Header><ad:To>' .. to .. "</ad:To><ad:Action>" .. discovery
    .. "/Probe</ad:Action><ad:MessageID>urn:uuid:%s</ad:MessageID></soap:Header><soap:Body><di:Probe>" .. extra
    .. "</di:Probe></soap:Body></soap:Envelope>"
end

local NAMESPACE_2005 = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
local NAMESPACE_2009 = "http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01"

local PROBES = {
  { name = "general", desc = "Devices", data = probe_message("http://schemas.xmlsoap.org/ws/2004/08/addressing",
    NAMESPACE_2005, "urn:schemas-xmlsoap-org:ws:2005:04:discovery", "") },
  { name = "wcf", desc = "WCF Services", data = probe_message("http://www.w3.org/2005/08/addressing",
    NAMESPACE_2009, "urn:docs-oasis-open-org:ws-dd:ns:discovery:2009:01",
    '<Duration xmlns="http://schemas.microsoft.com/ws/2008/06/discovery">PT5S</Duration>') },
}

--- The probes there are.
-- @name Util.getProbes
-- @return Array of tables with <code>name</code>, <code>desc</code> and <code>data</code>.
function Util.getProbes ()
  return PROBES
end

--- One of them.
-- @name Util.getProbeByName
-- @param name Its name: <code>general</code> or <code>wcf</code>.
-- @return The probe; nil if there is none of that name.
function Util.getProbeByName (name)
  for _, probe in ipairs(PROBES) do
    if probe.name == name then
      return probe
    end
  end
end

-- Texts of the elements of a document, by name without prefix: arrays, in their order. Nil if it is no XML. Beside
-- them: the namespace of the matches, and its prefix.
local function read_elements (data)
  local found, open, namespace, prefix = {}, {}, nil, nil
  local parser = slaxml.parser:new {
    startElement = function (name, uri, short)
      open[#open + 1] = name
      if name == "ProbeMatches" then
        namespace, prefix = uri, short
      end
    end,
    text = function (text)
      local name = open[#open]
      if name then
        found[name] = found[name] or {}
        table.insert(found[name], text)
      end
    end,
    closeElement = function ()
      open[#open] = nil
    end,
  }
  local is_read = pcall(parser.parseSAX, parser, data, { stripWhitespace = true })
  return is_read and found or nil, namespace, prefix
end

-- What is shown of an answer: lines with a name.
local function decode (data, title, wanted)
  local found, namespace, prefix = read_elements(data)
  if not found or namespace ~= wanted then
    return false, "the answer holds no matches"
  end
  local result = { name = title }
  local ids = found.MessageID or {}
  if ids[1] then
    result[#result + 1] = "Message id: " .. string.gsub(ids[1], "^urn:uuid:", "")
  end
  for _, address in ipairs(found.XAddrs or {}) do
    result[#result + 1] = "Address: " .. address
    local name = string.match(address, "^%w+://%[?([%x:.]+)%]?[:/]?")
    if name and target.ALLOW_NEW_TARGETS then
      target.add(name)
    end
  end
  for i, kind in ipairs(found.Types or {}) do
    if i > MAX_TYPES then
      break
    end
    -- The protocol's own prefix says nothing.
    local own = prefix and prefix .. ":"
    result[#result + 1] = "Type: " .. (own and string.sub(kind, 1, #own) == own and string.sub(kind, #own + 1) or kind)
  end
  return true, result
end

--- What answers say, by kind of probe: each takes a datagram and gives true and an array of lines with
-- <code>name</code>, or false and a reason.
-- @class table
-- @name Decoders
Decoders = {
  general = function (data)
    return decode(data, "Devices", NAMESPACE_2005)
  end,
  wcf = function (data)
    return decode(data, "WCF Services", NAMESPACE_2009)
  end,
  error = function (data)
    local found = read_elements(data)
    return false, found and found.Text and found.Text[1] or "the server answers with an error"
  end,
}

--- Sends probes and gathers what answers.
-- @class table
-- @name Comm
Comm = {}
Comm.__index = Comm

--- Makes one.
-- @name Comm:new
-- @param host Host table.
-- @param port Port table.
-- @param mcast True to wait for the answers of many.
-- @return The connection.
function Comm:new (host, port, mcast)
  return setmetatable({ host = host, port = port, mcast = mcast or false, timeout = TIMEOUT, sendcount = 2 }, self)
end

--- Sets how long answers are waited for.
-- @name Comm:setTimeout
-- @param timeout Milliseconds.
function Comm:setTimeout (timeout)
  self.timeout = timeout
end

--- Sets what is sent.
-- @name Comm:setProbe
-- @param probe One of <code>Util.getProbes</code>.
function Comm:setProbe (probe)
  self.probe = probe
end

--- Sends the probe.
-- @name Comm:sendProbe
-- @return True, or false and a reason.
function Comm:sendProbe ()
  if not self.probe then
    return false, "there is no probe to send"
  end
  self.socket = nmap.new_socket("udp")
  self.socket:set_timeout(self.timeout)
  local data = string.format(self.probe.data, Util.generateUUID())
  for _ = 1, self.sendcount do
    local status, reason = self.socket:sendto(self.host, self.port, data)
    if not status then
      return false, reason
    end
  end
  return true
end

--- Gathers answers: one, or those of many until none comes any more.
-- @name Comm:recvProbeMatches
-- @return True, or false.
-- @return Array of arrays of lines, each with <code>name</code>; or a reason.
function Comm:recvProbeMatches ()
  local found, seen = {}, {}
  local ends = nmap.clock_ms() + self.timeout
  for _ = 1, MAX_ANSWERS do
    local status, data = self.socket:receive()
    if not status then
      break
    end
    local _, _, _, from = self.socket:get_info()
    local is_match, lines = Decoders[self.probe.name](data)
    -- Both copies of the probe are answered.
    local what = is_match and table.concat(lines, "\n")
    if is_match and not seen[what] then
      seen[what] = true
      if self.mcast and type(from) == "string" then
        lines.name = from
      end
      found[#found + 1] = lines
    end
    if not self.mcast and is_match or nmap.clock_ms() >= ends then
      break
    end
  end
  self.socket:close()
  if #found == 0 then
    return false, "nobody answers the probe"
  end
  return true, found
end

--- Discovers devices and services of one host or of many.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes one.
-- @name Helper:new
-- @param host Host table.
-- @param port Port table.
-- @return The helper.
function Helper:new (host, port)
  return setmetatable({ host = host, port = port, mcast = false, timeout = TIMEOUT }, self)
end

--- Says whether many are asked: <code>host</code> is then the group 239.255.255.250 or FF02::C.
-- @name Helper:setMulticast
-- @param mcast True or false.
function Helper:setMulticast (mcast)
  self.mcast = mcast
  local family = nmap.address_family()
  self.host = self.host or (family == "inet6" and "FF02::C" or "239.255.255.250")
  self.port = self.port or { number = 3702, protocol = "udp" }
end

--- Sets how long answers are waited for.
-- @name Helper:setTimeout
-- @param timeout Milliseconds.
function Helper:setTimeout (timeout)
  self.timeout = timeout
end

--- Sends one probe, or all of them.
-- @name Helper:discoverServices
-- @param probename Name of the probe; all if nil.
-- @return True, or false.
-- @return Array of arrays of lines, each with <code>name</code>; or a reason.
function Helper:discoverServices (probename)
  local probes = probename and { Util.getProbeByName(probename) } or PROBES
  local found, reason = {}, "there is no probe of this name"
  for _, probe in ipairs(probes) do
    local comm = Comm:new(self.host, self.port, self.mcast)
    comm:setTimeout(self.timeout)
    comm:setProbe(probe)
    local status, answer = comm:sendProbe()
    if status then
      status, answer = comm:recvProbeMatches()
    end
    if status then
      for _, lines in ipairs(answer) do
        found[#found + 1] = lines
      end
    else
      reason = answer
    end
  end
  if #found == 0 then
    return false, reason
  elseif probename and not self.mcast then
    return true, found[1]
  end
  return true, found
end

--- Sends the probe for services of the Windows Communication Foundation.
-- @name Helper:discoverWCFServices
-- @return As <code>discoverServices</code>.
function Helper:discoverWCFServices ()
  return self:discoverServices("wcf")
end

--- Sends the probe for devices.
-- @name Helper:discoverDevices
-- @return As <code>discoverServices</code>.
function Helper:discoverDevices ()
  return self:discoverServices("general")
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.is_true(string.find(Util.generateUUID(), "^%x+%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x+$") ~= nil), "an identifier")
test_suite:add_test(unittest.equal(Util.getProbeByName("wcf").desc, "WCF Services"), "a probe")
test_suite:add_test(unittest.is_nil(Util.getProbeByName("none")), "no such probe")
test_suite:add_test(unittest.is_true(read_elements(string.format(PROBES[1].data, "1")) ~= nil), "a probe is XML")
local ANSWER = '<e:Envelope xmlns:e="a" xmlns:d="' .. NAMESPACE_2005 .. '" xmlns:w="c"><e:Header><w:MessageID>urn:uuid:12-34</w:MessageID></e:Header>'
  .. "<e:Body><d:ProbeMatches><d:ProbeMatch><d:Types>d:Device p:Printer</d:Types><d:XAddrs>http://192.0.2.1:5357/x</d:XAddrs>"
  .. "</d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>"
local status, lines = Decoders.general(ANSWER)
test_suite:add_test(unittest.is_true(status), "an answer")
test_suite:add_test(unittest.identical(lines, { name = "Devices", "Message id: 12-34",
  "Address: http://192.0.2.1:5357/x", "Type: Device p:Printer" }), "what it says")
test_suite:add_test(unittest.is_false((Decoders.wcf(ANSWER))), "an answer to the other probe")
test_suite:add_test(unittest.is_false((Decoders.general(string.format(PROBES[1].data, "1")))), "the probe sent back")
test_suite:add_test(unittest.is_false((Decoders.wcf("\0\1<a"))), "no XML")
return _ENV
