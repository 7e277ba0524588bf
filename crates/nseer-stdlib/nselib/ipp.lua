---
-- The Internet Printing Protocol: asking a print server for its printers and jobs.
--
-- Written from RFC 8010 (encoding), RFC 8011 (operations and attributes) and the manual of CUPS' own operations.
-- Requests go out in the name of <code>localhost</code> where the target has no name: CUPS refuses addresses that
-- it does not know as its own names.
--
-- @usage
-- local helper = ipp.Helper:new(host, port)
-- local status, printers = helper:getPrinters()
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name ipp

local http = require "http"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("ipp", stdnse.seeall)

-- An answer has no more attributes than this.
local MAX_ATTRIBUTES = 20000

--- Numbers of the protocol, requests and responses.
-- @class table
-- @name IPP
IPP = {
  StatusCode = { OK = 0 },
  OperationID = {
    IPP_CANCEL_JOB = 0x08, IPP_GET_JOB_ATTRIBUTES = 0x09, IPP_GET_JOBS = 0x0a, CUPS_GET_PRINTERS = 0x4002,
    CUPS_GET_DOCUMENT = 0x4027,
  },
  PrinterState = { IPP_PRINTER_IDLE = 3, IPP_PRINTER_PROCESSING = 4, IPP_PRINTER_STOPPED = 5 },
  State = {
    IPP_JOB_PENDING = 3, IPP_JOB_HELD = 4, IPP_JOB_PROCESSING = 5, IPP_JOB_STOPPED = 6, IPP_JOB_CANCELED = 7,
    IPP_JOB_ABORTED = 8, IPP_JOB_COMPLETED = 9,
  },
  StateName = {
    [3] = "Pending", [4] = "Held", [5] = "Processing", [6] = "Stopped", [7] = "Canceled", [8] = "Aborted",
    [9] = "Completed",
  },
  Attribute = {
    IPP_TAG_OPERATION = 0x01, IPP_TAG_JOB = 0x02, IPP_TAG_END = 0x03, IPP_TAG_PRINTER = 0x04, IPP_TAG_INTEGER = 0x21,
    IPP_TAG_ENUM = 0x23, IPP_TAG_NAME = 0x42, IPP_TAG_KEYWORD = 0x44, IPP_TAG_URI = 0x45, IPP_TAG_CHARSET = 0x47,
    IPP_TAG_LANGUAGE = 0x48,
  },
  AttributeGroup = {}, Request = {}, Response = {},
}

local Attribute, AttributeGroup, Request, Response = IPP.Attribute, IPP.AttributeGroup, IPP.Request, IPP.Response
for _, class in ipairs({ Attribute, AttributeGroup, Request, Response }) do
  class.__index = class
end

local NUMBERS = { [0x21] = true, [0x22] = true, [0x23] = true }

local function values_of (value)
  return type(value) == "table" and value or { value }
end

--- Makes an attribute.
-- @name IPP.Attribute.new
-- @param tag Kind of value, one of <code>IPP_TAG_…</code>.
-- @param name Name.
-- @param value Text or number, or an array of them.
-- @return The attribute.
function Attribute:new (tag, name, value)
  return setmetatable({ tag = tag, name = name, value = value }, self)
end

--- The attribute as bytes (RFC 8010, section 3.1.4).
function Attribute:__tostring ()
  local parts = {}
  for i, value in ipairs(values_of(self.value)) do
    if NUMBERS[self.tag] then
      value = string.pack(">i4", value)
    end
    parts[i] = string.pack(">Bs2s2", self.tag, i == 1 and self.name or "", value)
  end
  return table.concat(parts)
end

--- Reads an attribute; its further values have no name of their own.
-- @name IPP.Attribute.parse
-- @param data Bytes.
-- @param pos Position of its tag.
-- @return The attribute; nil if it is cut off.
-- @return The position after it.
function Attribute.parse (data, pos)
  local status, tag, name, raw, after = pcall(string.unpack, ">Bs2s2", data, pos)
  if not status then
    return nil
  end
  local value = raw
  if NUMBERS[tag] and #raw == 4 then
    value = string.unpack(">i4", raw)
  end
  return Attribute:new(tag, name, value), after
end

--- Makes a group of attributes.
-- @name IPP.AttributeGroup.new
-- @param tag What the group is about, such as <code>IPP_TAG_OPERATION</code>.
-- @param attribs Array of attributes, optional.
-- @return The group.
function AttributeGroup:new (tag, attribs)
  return setmetatable({ tag = tag, attribs = attribs or {} }, self)
end

--- Adds an attribute.
-- @name IPP.AttributeGroup.addAttribute
-- @param attrib The attribute.
function AttributeGroup:addAttribute (attrib)
  self.attribs[#self.attribs + 1] = attrib
end

--- Finds an attribute.
-- @name IPP.AttributeGroup.getAttribute
-- @param name Its name.
-- @return The attribute, or nil.
function AttributeGroup:getAttribute (name)
  for _, attrib in ipairs(self.attribs) do
    if attrib.name == name then
      return attrib
    end
  end
end

--- The value of an attribute.
-- @name IPP.AttributeGroup.getAttributeValue
-- @param name Its name.
-- @return The value, the first one of several; nil if there is no such attribute.
function AttributeGroup:getAttributeValue (name)
  local attrib = self:getAttribute(name)
  return attrib and values_of(attrib.value)[1]
end

--- The group as bytes.
function AttributeGroup:__tostring ()
  local parts = { string.char(self.tag) }
  for _, attrib in ipairs(self.attribs) do
    parts[#parts + 1] = tostring(attrib)
  end
  return table.concat(parts)
end

--- Makes a request, with the attributes that each needs first.
-- @name IPP.Request.new
-- @param opid Operation, one of <code>IPP.OperationID</code>.
-- @param reqid Number of the request. Default: 1.
-- @return The request.
function Request:new (opid, reqid)
  local group = AttributeGroup:new(Attribute.IPP_TAG_OPERATION, {
    Attribute:new(Attribute.IPP_TAG_CHARSET, "attributes-charset", "utf-8"),
    Attribute:new(Attribute.IPP_TAG_LANGUAGE, "attributes-natural-language", "en-us"),
  })
  return setmetatable({ opid = opid, reqid = reqid or 1, attribgroups = { group } }, self)
end

--- Adds a group. The attributes of a group for the operation go to those that are there.
-- @name IPP.Request.addAttributeGroup
-- @param group The group.
function Request:addAttributeGroup (group)
  if group.tag == Attribute.IPP_TAG_OPERATION then
    for _, attrib in ipairs(group.attribs) do
      self.attribgroups[1]:addAttribute(attrib)
    end
  else
    self.attribgroups[#self.attribgroups + 1] = group
  end
end

--- The request as bytes: version 1.1, the operation, its groups.
function Request:__tostring ()
  local parts = { string.pack(">I2I2I4", 0x0101, self.opid, self.reqid) }
  for _, group in ipairs(self.attribgroups) do
    parts[#parts + 1] = tostring(group)
  end
  return table.concat(parts) .. string.char(Attribute.IPP_TAG_END)
end

--- Makes a response without groups.
-- @name IPP.Response.new
-- @return The response.
function Response:new ()
  return setmetatable({ attribgroups = {} }, self)
end

--- The groups of one kind.
-- @name IPP.Response.getAttributeGroups
-- @param tag Kind of group.
-- @return Array of groups.
function Response:getAttributeGroups (tag)
  local found = {}
  for _, group in ipairs(self.attribgroups) do
    if not tag or group.tag == tag then
      found[#found + 1] = group
    end
  end
  return found
end

--- Reads a response.
-- @name IPP.Response.parse
-- @param data Bytes.
-- @return The response, with <code>status</code>; nil if this is none. One that is cut off has what was there.
function Response.parse (data)
  if #data < 9 then
    return nil
  end
  local response = Response:new()
  response.version, response.status, response.reqid = string.unpack(">I2I2I4", data)
  local pos, group, last = 9, nil, nil
  for _ = 1, MAX_ATTRIBUTES do
    local tag = string.byte(data, pos)
    if not tag or tag == Attribute.IPP_TAG_END then
      break
    elseif tag < 0x10 then
      group, last, pos = AttributeGroup:new(tag), nil, pos + 1
      response.attribgroups[#response.attribgroups + 1] = group
    else
      local attrib, after = Attribute.parse(data, pos)
      if not attrib or not group then
        break
      elseif attrib.name == "" and last then
        last.value = values_of(last.value)
        last.value[#last.value + 1] = attrib.value
      else
        group:addAttribute(attrib)
        last = attrib
      end
      pos = after
    end
  end
  return response
end

--- The way over HTTP.
-- @class table
-- @name HTTP
HTTP = {}

--- Sends a request.
-- @name HTTP.Request
-- @param host Host table.
-- @param port Port table.
-- @param request The request.
-- @return True if there is an answer of the protocol; otherwise false.
-- @return The response; or what went wrong.
function HTTP.Request (host, port, request)
  local header = { ["Content-Type"] = "application/ipp" }
  if not (type(host) == "table" and host.targetname) then
    header.Host = "localhost"
  end
  local answer = http.post(host, port, "/", { header = header, no_cache = true }, nil, tostring(request))
  if answer.status ~= 200 then
    return false, answer["status-line"] or "no answer"
  end
  local response = Response.parse(answer.body or "")
  if not response then
    return false, "the answer is no message of IPP"
  end
  return true, response
end

--- What most scripts need.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes a helper.
-- @name Helper.new
-- @param host Host table.
-- @param port Port table.
-- @param options Not used.
-- @return The helper.
function Helper:new (host, port, options)
  return setmetatable({ host = host, port = port, options = options or {} }, self)
end

--- Each request has a connection of its own, so there is nothing to do.
-- @name Helper.connect
-- @return True.
function Helper:connect ()
  return true
end

--- Closes nothing.
-- @name Helper.close
-- @return True.
function Helper:close ()
  return true
end

local function ask (self, request)
  local status, response = HTTP.Request(self.host, self.port, request)
  if status and response.status > 0xff then
    return false, string.format("the server refuses with status 0x%04x", response.status)
  end
  return status, response
end

--- Asks for the printers, with an operation of CUPS.
-- @name Helper.getPrinters
-- @return True; or false.
-- @return Array of tables with <code>name</code>, <code>dns_sd_name</code>, <code>location</code>,
--         <code>model</code>, <code>state</code>, <code>queue_count</code> and <code>uri</code>; or a reason.
function Helper:getPrinters ()
  local status, response = ask(self, Request:new(IPP.OperationID.CUPS_GET_PRINTERS))
  if not status then
    return false, response
  end
  local printers = {}
  for i, group in ipairs(response:getAttributeGroups(Attribute.IPP_TAG_PRINTER)) do
    printers[i] = {
      name = group:getAttributeValue("printer-name"), dns_sd_name = group:getAttributeValue("printer-dns-sd-name"),
      location = group:getAttributeValue("printer-location"), model = group:getAttributeValue("printer-make-and-model"),
      state = group:getAttributeValue("printer-state"), queue_count = group:getAttributeValue("queued-job-count"),
      uri = group:getAttributeValue("printer-uri-supported"),
    }
  end
  return true, printers
end

--- Asks for the jobs of all printers, or of one.
-- @name Helper.getQueueInfo
-- @param uri URI of a printer. Default: all of the server.
-- @return True; or false.
-- @return Array of tables with <code>id</code>, <code>name</code>, <code>owner</code>, <code>state</code>,
--         <code>size</code> (KiB), <code>time</code> (seconds since 1970) and <code>printer</code>; or a reason.
function Helper:getQueueInfo (uri)
  local request = Request:new(IPP.OperationID.IPP_GET_JOBS)
  local wanted = { "job-id", "job-name", "job-originating-user-name", "job-state", "job-k-octets", "time-at-creation",
    "job-printer-uri" }
  request:addAttributeGroup(AttributeGroup:new(Attribute.IPP_TAG_OPERATION, {
    Attribute:new(Attribute.IPP_TAG_URI, "printer-uri", uri or "ipp://localhost/"),
    Attribute:new(Attribute.IPP_TAG_KEYWORD, "requested-attributes", wanted),
    Attribute:new(Attribute.IPP_TAG_KEYWORD, "which-jobs", "not-completed"),
  }))
  local status, response = ask(self, request)
  if not status then
    return false, response
  end
  local jobs = {}
  for i, group in ipairs(response:getAttributeGroups(Attribute.IPP_TAG_JOB)) do
    local state = group:getAttributeValue("job-state")
    jobs[i] = {
      id = group:getAttributeValue("job-id"), name = group:getAttributeValue("job-name"),
      owner = group:getAttributeValue("job-originating-user-name"), state = IPP.StateName[state] or state,
      size = group:getAttributeValue("job-k-octets"), time = group:getAttributeValue("time-at-creation"),
      printer = group:getAttributeValue("job-printer-uri"),
    }
  end
  return true, jobs
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()

local request = Request:new(IPP.OperationID.IPP_GET_JOBS)
request:addAttributeGroup(AttributeGroup:new(Attribute.IPP_TAG_JOB, {
  Attribute:new(Attribute.IPP_TAG_KEYWORD, "which", { "a", "b" }), Attribute:new(Attribute.IPP_TAG_INTEGER, "limit", -5),
}))
local read = Response.parse(tostring(request))
local group = read:getAttributeGroups(Attribute.IPP_TAG_JOB)[1]
test_suite:add_test(unittest.equal(read.status, IPP.OperationID.IPP_GET_JOBS), "the place of the status")
test_suite:add_test(unittest.identical(group:getAttribute("which").value, { "a", "b" }), "several values")
test_suite:add_test(unittest.equal(group:getAttributeValue("limit"), -5), "a number")
test_suite:add_test(unittest.is_nil(group:getAttributeValue("other")), "no such attribute")
for length = 0, #tostring(request) do
  local cut = Response.parse(string.sub(tostring(request), 1, length))
  test_suite:add_test(unittest.is_true(cut == nil or #cut.attribgroups <= 2), "cut off after " .. length)
end

return _ENV
