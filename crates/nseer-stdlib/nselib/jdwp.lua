---
-- The Java Debug Wire Protocol: asking a virtual machine about its classes, threads and strings.
--
-- Written from the Java Debug Wire Protocol specification of the Java platform. Sizes of identifiers are those of all
-- machines of today: eight bytes. Answers are bounded.
--
-- @usage
-- local status, socket = jdwp.connect(host, port)
-- local status, version = jdwp.getVersion(socket, 1)
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name jdwp

local deadline = require "deadline"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"
local ipairs, pcall, select, setmetatable, tostring, type = ipairs, pcall, select, setmetatable, tostring, type

_ENV = stdnse.module("jdwp", stdnse.seeall)

local TIMEOUT = 10000
local MAX_PACKET = 16 * 1024 * 1024
local MAX_LIST = 200000
local HEADER = 11

--- Words of the protocol.
-- @class table
-- @name JDWP_CONSTANTS
JDWP_CONSTANTS = { handshake = "JDWP-Handshake" }

--- What errors are called, by number.
-- @class table
-- @name ERROR_CODES
ERROR_CODES = {
  [0] = "NONE", [10] = "INVALID_THREAD", [11] = "INVALID_THREAD_GROUP", [12] = "INVALID_PRIORITY",
  [13] = "THREAD_NOT_SUSPENDED", [14] = "THREAD_SUSPENDED", [15] = "THREAD_NOT_ALIVE", [20] = "INVALID_OBJECT",
  [21] = "INVALID_CLASS", [22] = "CLASS_NOT_PREPARED", [23] = "INVALID_METHODID", [24] = "INVALID_LOCATION",
  [25] = "INVALID_FIELDID", [30] = "INVALID_FRAMEID", [31] = "NO_MORE_FRAMES", [32] = "OPAQUE_FRAME",
  [33] = "NOT_CURRENT_FRAME", [34] = "TYPE_MISMATCH", [35] = "INVALID_SLOT", [40] = "DUPLICATE", [41] = "NOT_FOUND",
  [50] = "INVALID_MONITOR", [51] = "NOT_MONITOR_OWNER", [52] = "INTERRUPT", [60] = "INVALID_CLASS_FORMAT",
  [61] = "CIRCULAR_CLASS_DEFINITION", [62] = "FAILS_VERIFICATION", [63] = "ADD_METHOD_NOT_IMPLEMENTED",
  [64] = "SCHEMA_CHANGE_NOT_IMPLEMENTED", [65] = "INVALID_TYPESTATE", [66] = "HIERARCHY_CHANGE_NOT_IMPLEMENTED",
  [67] = "DELETE_METHOD_NOT_IMPLEMENTED", [68] = "UNSUPPORTED_VERSION", [69] = "NAMES_DONT_MATCH",
  [70] = "CLASS_MODIFIERS_CHANGE_NOT_IMPLEMENTED", [71] = "METHOD_MODIFIERS_CHANGE_NOT_IMPLEMENTED",
  [99] = "NOT_IMPLEMENTED", [100] = "NULL_POINTER", [101] = "ABSENT_INFORMATION", [102] = "INVALID_EVENT_TYPE",
  [103] = "ILLEGAL_ARGUMENT", [110] = "OUT_OF_MEMORY", [111] = "ACCESS_DENIED", [112] = "VM_DEAD", [113] = "INTERNAL",
  [115] = "UNATTACHED_THREAD", [500] = "INVALID_TAG", [502] = "ALREADY_INVOKING", [503] = "INVALID_INDEX",
  [504] = "INVALID_LENGTH", [506] = "INVALID_STRING", [507] = "INVALID_CLASS_LOADER", [508] = "INVALID_ARRAY",
  [509] = "TRANSPORT_LOAD", [510] = "TRANSPORT_INIT", [511] = "NATIVE_METHOD", [512] = "INVALID_COUNT",
}

--- A command.
-- @class table
-- @name JDWPCommandPacket
JDWPCommandPacket = {}
JDWPCommandPacket.__index = JDWPCommandPacket

--- Makes one.
-- @name JDWPCommandPacket:new
-- @param id Number of the command, by which its answer is known.
-- @param command_set Number of the set.
-- @param command Number in the set.
-- @param data Bytes of its arguments.
-- @return The command.
function JDWPCommandPacket:new (id, command_set, command, data)
  return setmetatable({ id = id, flags = 0, command_set = command_set, command = command, data = data or "" }, self)
end

--- Its bytes.
-- @name JDWPCommandPacket:pack
-- @return The bytes.
function JDWPCommandPacket:pack ()
  return string.pack(">I4I4BBB", HEADER + #self.data, self.id, self.flags, self.command_set, self.command) .. self.data
end

--- An answer.
-- @class table
-- @name JDWPReplyPacket
JDWPReplyPacket = {}
JDWPReplyPacket.__index = JDWPReplyPacket

--- Makes one.
-- @name JDWPReplyPacket:new
-- @param length Length of it all.
-- @param id Number of the command.
-- @param error_code Number of an error, 0 for none.
-- @param data Its bytes.
-- @return The answer.
function JDWPReplyPacket:new (length, id, error_code, data)
  return setmetatable({ length = length, id = id, error_code = error_code, data = data }, self)
end

--- Reads one.
-- @name JDWPReplyPacket:parse_reply
-- @param reply_packet Its bytes.
-- @return True, or false.
-- @return The answer; or what the error is called.
function JDWPReplyPacket:parse_reply (reply_packet)
  if type(reply_packet) ~= "string" or #reply_packet < HEADER then
    return false, "the answer is cut off"
  end
  local length, id, flags, code = string.unpack(">I4I4BI2", reply_packet)
  if flags & 0x80 == 0 then
    return false, "this is a command, not an answer"
  elseif code ~= 0 then
    return false, ERROR_CODES[code] or ("error " .. code)
  end
  return true, JDWPReplyPacket:new(length, id, code, string.sub(reply_packet, HEADER + 1))
end

--- Reads one packet.
-- @param socket Connected socket.
-- @return True, or false.
-- @return The packet; or a reason.
function receive_all (socket)
  local receive = deadline.receiver(socket, TIMEOUT, "receive_buf")
  return receive(function (buffer)
    if #buffer >= 4 then
      local length = string.unpack(">I4", buffer)
      if length < HEADER or length > MAX_PACKET then
        return #buffer, #buffer
      elseif #buffer >= length then
        return length, length
      end
    end
  end, true)
end

--- Connects and shakes hands.
-- @param host Host table.
-- @param port Port table.
-- @return True, or false.
-- @return Socket; or a reason.
function connect (host, port)
  local socket = nmap.new_socket("tcp")
  socket:set_timeout(TIMEOUT)
  local status, answer = socket:connect(host, port)
  if status then
    status, answer = socket:send(JDWP_CONSTANTS.handshake)
  end
  if status then
    status, answer = socket:receive_buf(function (buffer)
      local length = #JDWP_CONSTANTS.handshake
      if string.sub(buffer, 1, length) ~= string.sub(JDWP_CONSTANTS.handshake, 1, #buffer) then
        return #buffer, #buffer
      elseif #buffer >= length then
        return length, length
      end
    end, true)
  end
  if not status or answer ~= JDWP_CONSTANTS.handshake then
    socket:close()
    return false, status and "the server does not speak JDWP" or answer
  end
  return true, socket
end

--- Sends a command and waits for its answer; events that come before it are passed over.
-- @param socket Socket of <code>connect</code>.
-- @param command The command.
-- @return True, or false.
-- @return The bytes of the answer; or a reason.
function executeCommand (socket, command)
  local status, reason = socket:send(command:pack())
  if not status then
    return false, reason
  end
  local ends = nmap.clock_ms() + TIMEOUT
  repeat
    local packet
    status, packet = receive_all(socket)
    if not status then
      return false, packet
    elseif #packet >= HEADER then
      local _, id, flags = string.unpack(">I4I4B", packet)
      if flags & 0x80 ~= 0 and id == command.id then
        local is_read, answer = JDWPReplyPacket:parse_reply(packet)
        return is_read, is_read and answer.data or answer
      end
    end
  until nmap.clock_ms() >= ends
  return false, "TIMEOUT"
end

-- Sends a command, and reads its answer by a function that may raise an error where the answer ends too early.
local function ask (socket, id, set, number, data, read)
  local status, answer = executeCommand(socket, JDWPCommandPacket:new(id, set, number, data))
  if not status then
    return false, answer
  end
  local result = table.pack(pcall(read or tostring, answer))
  if not result[1] then
    return false, "the answer is cut off"
  end
  return true, table.unpack(result, 2, result.n)
end

-- Reads <code>count</code> tables with the names of <code>fields</code>, by one format.
local function read_list (answer, format, fields)
  local count, at = string.unpack(">I4", answer)
  local list = {}
  for i = 1, count <= MAX_LIST and count or MAX_LIST do
    local values = table.pack(string.unpack(format, answer, at))
    local entry = {}
    for n, field in ipairs(fields) do
      entry[field] = values[n]
    end
    list[i], at = entry, values[values.n]
  end
  return list
end

--- Makes text as the protocol has it: its length in four bytes, and it in UTF-8.
-- @param data The text.
-- @return The bytes.
function toUTF8 (data)
  return string.pack(">s4", data)
end

--- Asks for the version of the machine.
-- @param socket Socket.
-- @param id Number for the command.
-- @return True, or false.
-- @return Description; or a reason.
-- @return Major version of the protocol.
-- @return Minor version of the protocol.
-- @return Version of the machine.
-- @return Name of the machine.
function getVersion (socket, id)
  return ask(socket, id, 1, 1, "", function (answer)
    local description, major, minor, version, name = string.unpack(">s4i4i4s4s4", answer)
    return description, major, minor, version, name
  end)
end

--- Lists all classes that are loaded.
-- @param socket Socket.
-- @param id Number for the command.
-- @return True, or false.
-- @return Array of tables with <code>id</code>, <code>signature</code>, <code>generic_signature</code>,
--         <code>ref_type_tag</code> and <code>status</code>; or a reason.
function getAllClassesWithGeneric (socket, id)
  return ask(socket, id, 1, 20, "", function (answer)
    return read_list(answer, ">Bc8s4s4I4", { "ref_type_tag", "id", "signature", "generic_signature", "status" })
  end)
end

--- Finds a class by its signature.
-- @param socket Socket.
-- @param id Number for the command.
-- @param signature Such as <code>Ljava/lang/String;</code>.
-- @return True, or false.
-- @return Identifier of its type, 8 bytes; or a reason.
function getClassBySignature (socket, id, signature)
  local status, list = ask(socket, id, 1, 2, toUTF8(signature), function (answer)
    return read_list(answer, ">Bc8I4", { "ref_type_tag", "id", "status" })
  end)
  if not status then
    return false, list
  elseif not list[1] then
    return false, "no such class is loaded"
  end
  return true, list[1].id
end

--- Lists all threads.
-- @param socket Socket.
-- @param id Number for the command.
-- @return True, or false.
-- @return Array of identifiers, 8 bytes each; or a reason.
function getAllThreads (socket, id)
  return ask(socket, id, 1, 4, "", function (answer)
    local list = {}
    for i, thread in ipairs(read_list(answer, ">c8", { "id" })) do
      list[i] = thread.id
    end
    return list
  end)
end

--- Asks what a thread is called.
-- @param socket Socket.
-- @param id Number for the command.
-- @param threadID The thread.
-- @return True, or false.
-- @return The name; or a reason.
function getThreadName (socket, id, threadID)
  return ask(socket, id, 11, 1, threadID, function (answer) return (string.unpack(">s4", answer)) end)
end

--- Asks what a thread does.
-- @param socket Socket.
-- @param id Number for the command.
-- @param threadID The thread.
-- @return True, or false.
-- @return Number of its state; or a reason.
-- @return Number that says whether it is suspended.
function threadStatus (socket, id, threadID)
  return ask(socket, id, 11, 4, threadID, function (answer)
    local state, suspended = string.unpack(">I4I4", answer)
    return state, suspended
  end)
end

--- Suspends a thread.
-- @param socket Socket.
-- @param id Number for the command.
-- @param threadID The thread.
-- @return True, or false and a reason.
function suspendThread (socket, id, threadID)
  return ask(socket, id, 11, 2, threadID)
end

--- Lets all threads go on.
-- @param socket Socket.
-- @param id Number for the command.
-- @return True, or false and a reason.
function resumeVM (socket, id)
  return ask(socket, id, 1, 9, "")
end

--- Makes a string in the machine.
-- @param socket Socket.
-- @param id Number for the command.
-- @param ascii_string Its text.
-- @return True, or false.
-- @return Identifier of the string; or a reason.
function createString (socket, id, ascii_string)
  return ask(socket, id, 1, 11, toUTF8(ascii_string), function (answer) return (string.unpack(">c8", answer)) end)
end

--- Reads a string of the machine.
-- @param socket Socket.
-- @param id Number for the command.
-- @param stringID Its identifier.
-- @return True, or false.
-- @return The text; or a reason.
function readString (socket, id, stringID)
  return ask(socket, id, 10, 1, stringID, function (answer) return (string.unpack(">s4", answer)) end)
end

--- Lists the methods of a class.
-- @param socket Socket.
-- @param id Number for the command.
-- @param classID The class.
-- @return True, or false.
-- @return Array of tables with <code>id</code>, <code>name</code>, <code>signature</code>,
--         <code>generic_signature</code> and <code>mod_bits</code>; or a reason.
function getMethodsWithGeneric (socket, id, classID)
  return ask(socket, id, 2, 15, classID, function (answer)
    return read_list(answer, ">c8s4s4s4I4", { "id", "name", "signature", "generic_signature", "mod_bits" })
  end)
end

--- Finds a method of a class by its name.
-- @param socket Socket.
-- @param class The class.
-- @param methodName The name.
-- @param skipFirst True for the second method of that name.
-- @return Identifier of the method; nil if there is none.
function findMethod (socket, class, methodName, skipFirst)
  local status, methods = getMethodsWithGeneric(socket, 0, class)
  for _, method in ipairs(status and methods or {}) do
    if method.name == methodName then
      if not skipFirst then
        return method.id
      end
      skipFirst = false
    end
  end
end

--- Asks for the signature of a class.
-- @param socket Socket.
-- @param id Number for the command.
-- @param classID The class.
-- @return True, or false.
-- @return The signature; or a reason.
function getSignatureWithGeneric (socket, id, classID)
  return ask(socket, id, 2, 13, classID, function (answer) return (string.unpack(">s4", answer)) end)
end

--- Asks which class an object has.
-- @param socket Socket.
-- @param id Number for the command.
-- @param objectID The object.
-- @return True, or false.
-- @return Identifier of the class; or a reason.
function getRuntimeType (socket, id, objectID)
  return ask(socket, id, 9, 1, objectID, function (answer) return (select(2, string.unpack(">Bc8", answer))) end)
end

--- Asks which type a class object stands for.
-- @param socket Socket.
-- @param id Number for the command.
-- @param classObjectID The class object.
-- @return True, or false.
-- @return Identifier of the type; or a reason.
function getReflectedType (socket, id, classObjectID)
  return ask(socket, id, 17, 1, classObjectID, function (answer) return (select(2, string.unpack(">Bc8", answer))) end)
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(JDWPCommandPacket:new(7, 1, 2, "ab"):pack(), "\0\0\0\x0d\0\0\0\7\0\1\2ab"), "a command")
test_suite:add_test(unittest.identical({ JDWPReplyPacket:parse_reply("\0\0\0\x0b\0\0\0\7\x80\0\x0d") }, { false, "THREAD_NOT_SUSPENDED" }), "an error")
test_suite:add_test(unittest.is_false((JDWPReplyPacket:parse_reply("\0\0\0"))), "cut off")

-- A machine that sends these packets.
local function machine (...)
  local parts = { ... }
  return {
    send = function (self, data) self.sent = data return true end,
    receive_buf = function (_, find)
      local packet = table.remove(parts, 1)
      if not packet then
        return false, "EOF"
      end
      local _, last = find(packet)
      return true, string.sub(packet, 1, last or 0)
    end,
  }
end
local function reply (id, data)
  return string.pack(">I4I4BI2", 11 + #data, id, 0x80, 0) .. data
end
local event = string.pack(">I4I4BBB", 11, 7, 0, 64, 100)
local said = string.pack(">s4i4i4s4s4", "JDWP", 17, 0, "17.0.1", "VM")
test_suite:add_test(unittest.identical({ getVersion(machine(event, reply(7, said)), 7) }, { true, "JDWP", 17, 0, "17.0.1", "VM" }), "a version behind an event")
test_suite:add_test(unittest.identical({ getVersion(machine(reply(7, "\0\0\0\9ab")), 7) }, { false, "the answer is cut off" }), "a text that is cut off")
test_suite:add_test(unittest.identical({ getClassBySignature(machine(reply(1, "\0\0\0\1\1" .. "12345678\0\0\0\7")), 1, "La;") }, { true, "12345678" }), "a class")
test_suite:add_test(unittest.is_false((getClassBySignature(machine(reply(1, "\0\0\0\0")), 1, "La;"))), "no class")
test_suite:add_test(unittest.is_false((getAllThreads(machine(reply(1, "\xff\xff\xff\xff12345678")), 1))), "a count that cannot be")
local methods = "\0\0\0\2" .. string.pack(">c8s4s4s4I4", "aaaaaaaa", "run", "()V", "", 1) .. string.pack(">c8s4s4s4I4", "bbbbbbbb", "run", "(I)V", "", 1)
test_suite:add_test(unittest.equal(findMethod(machine(reply(0, methods)), "12345678", "run", true), "bbbbbbbb"), "the second of two methods")
return _ENV
