---
-- DICOM: asking a device of medical imaging for an association.
--
-- Written from the DICOM standard, PS3.8, sections 9.3.1 to 9.3.4 (units) and 7.1.1.9 (reasons of a refusal). No image
-- and no list is asked for. Answers are bounded.
--
-- @usage
-- local status, connection = dicom.associate(host, port)
-- @args dicom.called_aet Title of the device. Default: <code>ANY-SCP</code>.
-- @args dicom.calling_aet Title that is given as ours. Default: <code>NSEER-SCU</code>.
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name dicom

local deadline = require "deadline"
local framereader = require "framereader"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"

_ENV = stdnse.module("dicom", stdnse.seeall)

local MAX_UNIT = 0x20000
local ASSOCIATE_RQ, ASSOCIATE_AC, ASSOCIATE_RJ, DATA, ABORT = 1, 2, 3, 4, 7

-- Names of the application context, of the service that only answers (C-ECHO) and of the simplest encoding.
local CONTEXT, VERIFICATION, IMPLICIT = "1.2.840.10008.3.1.1.1", "1.2.840.10008.1.1", "1.2.840.10008.1.2"

-- Refusals of the device's user, which stand for checks that it makes.
local CHECKS = { [3] = "Calling AET check enabled", [7] = "Called AET check enabled" }

--- Connects.
-- @param host Host table.
-- @param port Port table.
-- @return True; or false.
-- @return Table with <code>socket</code>; or a reason.
function start_connection (host, port)
  local socket = nmap.new_socket()
  -- Many devices take one connection at a time, and somebody else may have it just now.
  socket:set_timeout(stdnse.get_timeout(host, 10000, 8000))
  local status, reason = socket:connect(host, port, "tcp")
  if not status then
    socket:close()
    return false, reason
  end
  return true, { socket = socket, host = host, port = port }
end

--- Makes the head of a unit.
-- @param pdu_type Its type, 1 to 7.
-- @param length Bytes that follow.
-- @return True; or false.
-- @return Bytes; or a reason.
function pdu_header_encode (pdu_type, length)
  if type(pdu_type) ~= "number" or pdu_type < ASSOCIATE_RQ or pdu_type > ABORT then
    return false, "there is no such type of unit"
  end
  return true, string.pack(">BBI4", pdu_type, 0, length)
end

--- Sends bytes.
-- @param dcm The connection.
-- @param data Bytes.
-- @return True; or false and a reason.
function send (dcm, data)
  return dcm.socket:send(data)
end

--- Sends data in an association.
-- @param dicom The connection.
-- @param data Bytes.
-- @return True; or false and a reason.
function send_pdata (dicom, data)
  local _, head = pdu_header_encode(DATA, #data)
  return send(dicom, head .. data)
end

local unit = framereader.new(function (head) return (string.unpack(">I4", head, 3)) end, MAX_UNIT, 6)

--- Reads one unit.
-- @param dcm The connection.
-- @return True; or false.
-- @return Its bytes; or a reason.
function receive (dcm)
  local status, data = deadline.receive_buf(dcm.socket, unit, true)
  if status and (#data < 10 or string.unpack(">I4", data, 3) ~= #data - 6) then
    return false, "the answer is none of DICOM"
  end
  return status, data
end

local function item (kind, body)
  return string.pack(">BBs2", kind, 0, body)
end

local function title (text)
  return string.format("%-16.16s", text)
end

local function request (calling, called)
  local offer = string.pack(">BBBB", 1, 0, 0, 0) .. item(0x30, VERIFICATION) .. item(0x40, IMPLICIT)
  local about = item(0x51, string.pack(">I4", 16384)) .. item(0x52, "1.2.826.0.1.3680043.2.1545") .. item(0x55, "NSEER")
  local body = string.pack(">I2I2", 1, 0) .. title(called) .. title(calling) .. string.rep("\0", 32)
    .. item(0x10, CONTEXT) .. item(0x20, offer) .. item(0x50, about)
  return select(2, pdu_header_encode(ASSOCIATE_RQ, #body)) .. body
end

--- Asks for an association.
-- @param host Host table.
-- @param port Port table.
-- @param calling_aet Title that is given as ours, optional.
-- @param called_aet Title of the device, optional.
-- @return True if the device agrees. False if it refuses; nil if it speaks no DICOM.
-- @return The connection, which the caller closes; or a reason.
-- @return If it refuses: what it checks.
function associate (host, port, calling_aet, called_aet)
  local status, dcm = start_connection(host, port)
  if not status then
    return nil, dcm
  end
  local wanted_called, wanted_calling = stdnse.get_script_args("dicom.called_aet", "dicom.calling_aet")
  local message = request(calling_aet or wanted_calling or "NSEER-SCU", called_aet or wanted_called or "ANY-SCP")
  local data
  status, data = send(dcm, message)
  if status then
    status, data = receive(dcm)
  end
  local kind = status and string.byte(data)
  if kind == ASSOCIATE_AC and #data >= 74 then
    return true, dcm
  end
  dcm.socket:close()
  if kind == ASSOCIATE_RJ and #data == 10 then
    local source, reason = string.byte(data, 9, 10)
    return false, "ASSOCIATE REJECT received", source == 1 and CHECKS[reason] or "the device refuses"
  end
  return nil, status and "the answer is none to a request" or data
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local bytes = request("ME", "A-TITLE-THAT-IS-TOO-LONG")
test_suite:add_test(unittest.equal(string.unpack(">I4", bytes, 3), #bytes - 6), "the length of a request")
test_suite:add_test(unittest.equal(string.sub(bytes, 11, 42), "A-TITLE-THAT-IS-ME              "), "titles")
test_suite:add_test(unittest.identical({ unit(bytes .. "x") }, { #bytes, #bytes }), "one unit")
test_suite:add_test(unittest.identical({ unit("\2\0\xff\xff\xff\xffx") }, { 7, 7 }), "a length that cannot be")
test_suite:add_test(unittest.is_false((pdu_header_encode(9, 1))), "no such type")
return _ENV
