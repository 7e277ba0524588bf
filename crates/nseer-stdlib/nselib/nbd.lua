---
-- Network Block Devices: which exports a server has, how large they are and what can be done with them.
--
-- Written from the document of the protocol (doc/proto.md of nbd), chapters "Handshake phase" and "Values". Only the
-- handshake is spoken; no device is read or written. Servers of the fixed newstyle, the newstyle and the oldstyle are
-- known.
--
-- @usage
-- local comm = nbd.Comm:new(host, port)
-- if comm:connect { export_name = {} } then
--   comm:attach("disk")
--   comm:close()
-- end
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name nbd

local deadline = require "deadline"
local match = require "match"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"
local pairs, setmetatable, type = pairs, setmetatable, type

_ENV = stdnse.module("nbd", stdnse.seeall)

-- Longest data of an answer to an option.
local MAX_REPLY = 64 * 1024

--- The values of the protocol.
-- @class table
-- @name NBD
NBD = {
  magic = {
    init_passwd = "NBDMAGIC", cliserv_magic_old = "\0\0\x42\x02\x81\x86\x12\x53", cliserv_magic_new = "IHAVEOPT",
    option = "\0\x03\xe8\x89\x04\x55\x65\xa9",
  },
  handshake_flags = { FIXED_NEWSTYLE = 1, NO_ZEROES = 2 },
  client_flags = { C_FIXED_NEWSTYLE = 1, C_NO_ZEROES = 2 },
  transmission_flags = {
    HAS_FLAGS = 0x01, READ_ONLY = 0x02, SEND_FLUSH = 0x04, SEND_FUA = 0x08, ROTATIONAL = 0x10, SEND_TRIM = 0x20,
    SEND_WRITE_ZEROES = 0x40, SEND_DF = 0x80,
  },
  opt_req_types = {
    EXPORT_NAME = 1, ABORT = 2, LIST = 3, PEEK_EXPORT = 4, STARTTLS = 5, INFO = 6, GO = 7, STRUCTURED_REPLY = 8,
    BLOCK_SIZE = 9,
  },
  opt_rep_types = {
    ACK = 1, SERVER = 2, INFO = 3, ERR_UNSUP = 0x80000001, ERR_POLICY = 0x80000002, ERR_INVALID = 0x80000003,
    ERR_PLATFORM = 0x80000004, ERR_TLS_REQD = 0x80000005, ERR_UNKNOWN = 0x80000006, ERR_SHUTDOWN = 0x80000007,
    ERR_BLOCK_SIZE_REQD = 0x80000008,
  },
}

--- The name of a value.
-- @param names Table of names and values, one of <code>NBD</code>.
-- @param value The value.
-- @return Its name; nil if it has none.
function find_key (names, value)
  for name, number in pairs(names) do
    if number == value then
      return name
    end
  end
end

--- A connection to a server.
-- @class table
-- @name Comm
Comm = {}
Comm.__index = Comm

--- Makes one.
-- @name Comm:new
-- @param host Host table.
-- @param port Port table.
-- @return The connection, not yet opened. <code>exports</code> has what is known of exports, by their names.
function Comm:new (host, port)
  return setmetatable({ host = host, port = port, exports = {} }, self)
end

--- Receives a number of bytes.
-- @name Comm:receive
-- @param size How many.
-- @return The bytes; nil and a reason.
function Comm:receive (size)
  if size == 0 then
    return ""
  end
  local status, data = deadline.receive_buf(self.socket, match.numbytes(size), true)
  return status and data or nil, data
end

--- Sends bytes.
-- @name Comm:send
-- @param data The bytes.
-- @return True; or false and a reason.
function Comm:send (data)
  return self.socket:send(data)
end

-- Reads the greeting. Its kind; or nil and a reason.
local function greeting (self)
  local head, reason = self:receive(16)
  if not head then
    return nil, reason
  elseif string.sub(head, 1, 8) ~= NBD.magic.init_passwd then
    return nil, "the server does not speak NBD"
  end
  return string.sub(head, 9)
end

--- Opens it, and reads and answers the greeting.
-- @name Comm:connect
-- @param options Table, optional; nothing in it is needed.
-- @return True; or false and a reason. <code>protocol</code> then says the <code>negotiation</code> and whether
--         <code>ssl_tls</code> is used.
function Comm:connect (options)
  self.socket = nmap.new_socket()
  self.socket:set_timeout(stdnse.get_timeout(self.host, 5000))
  self.options = options
  local status, reason = self.socket:connect(self.host, self.port)
  if not status then
    return false, reason
  end
  local magic
  magic, reason = greeting(self)
  if magic == NBD.magic.cliserv_magic_new then
    return self:connect_new()
  elseif magic == NBD.magic.cliserv_magic_old then
    return self:connect_old()
  end
  self:close()
  return false, reason or "the greeting is of a style that is not known here"
end

--- Goes on behind the greeting of the newstyle.
-- @name Comm:connect_new
-- @return True; or false and a reason.
function Comm:connect_new ()
  local data, reason = self:receive(2)
  if not data then
    return false, reason
  end
  local flags = string.unpack(">I2", data)
  local is_fixed = flags & NBD.handshake_flags.FIXED_NEWSTYLE ~= 0
  local no_zeroes = flags & NBD.handshake_flags.NO_ZEROES ~= 0
  self.protocol = {
    negotiation = is_fixed and "fixed newstyle" or "newstyle", ssl_tls = false,
    zero_pad = no_zeroes and "optional" or "required",
  }
  local ours = (is_fixed and NBD.client_flags.C_FIXED_NEWSTYLE or 0) | (no_zeroes and NBD.client_flags.C_NO_ZEROES or 0)
  return self:send(string.pack(">I4", ours))
end

--- Goes on behind the greeting of the oldstyle: what it says is all there is.
-- @name Comm:connect_old
-- @return True; or false and a reason.
function Comm:connect_old ()
  local data, reason = self:receive(8 + 4 + 124)
  if not data then
    return false, reason
  end
  local size, _, flags = string.unpack(">I8I2I2", data)
  self.protocol = { negotiation = "oldstyle", ssl_tls = false, zero_pad = "required" }
  self.exports["(default)"] = { size = size, tflags = self:parse_transmission_flags(flags) }
  return true
end

--- Closes it and opens it once more.
-- @name Comm:reconnect
-- @return True; or false and a reason.
function Comm:reconnect ()
  self:close()
  return self:connect(self.options)
end

--- Chooses an export, which ends the handshake. Its size and flags are then in <code>exports</code>.
-- @name Comm:attach
-- @param name Name of the export.
-- @return True; or false and a reason.
function Comm:attach (name)
  local protocol = self.protocol
  if not protocol or protocol.negotiation == "oldstyle" then
    return false, "a server of the oldstyle has no exports to choose from"
  end
  local status, reason = self:send(self:build_opt_req("EXPORT_NAME", { export_name = name }))
  local data
  if status then
    data, reason = self:receive(10)
  end
  if not data then
    return false, reason
  end
  local size, flags = string.unpack(">I8I2", data)
  self.exports[name] = { size = size, tflags = self:parse_transmission_flags(flags) }
  return true
end

--- Makes a request with an option.
-- @name Comm:build_opt_req
-- @param name Name of the option, of <code>NBD.opt_req_types</code>.
-- @param options Table, optional: <code>export_name</code>.
-- @return Bytes; nil if there is no such option.
function Comm:build_opt_req (name, options)
  local number = NBD.opt_req_types[name]
  if not number then
    return nil
  end
  local data = type(options) == "table" and options.export_name or ""
  return NBD.magic.cliserv_magic_new .. string.pack(">I4s4", number, data)
end

--- Receives an answer to an option.
-- @name Comm:receive_opt_rep
-- @return As <code>parse_opt_rep</code>; nil and a reason.
function Comm:receive_opt_rep ()
  local head, reason = self:receive(20)
  if not head then
    return nil, reason
  elseif string.sub(head, 1, 8) ~= NBD.magic.option then
    return nil, "this is no answer to an option"
  end
  local length = string.unpack(">I4", head, 17)
  if length > MAX_REPLY then
    return nil, "the answer is too long"
  end
  local data
  data, reason = self:receive(length)
  if not data then
    return nil, reason
  end
  return self:parse_opt_rep(head .. data)
end

--- Reads an answer to an option.
-- @name Comm:parse_opt_rep
-- @param data Bytes, whole.
-- @return Table with <code>otype</code> and <code>rtype</code>, the numbers of the option and of the answer,
--         <code>otype_name</code> and <code>rtype_name</code>, and <code>export_name</code> where the answer is an
--         export; nil if the bytes are none.
function Comm:parse_opt_rep (data)
  if #data < 20 or string.sub(data, 1, 8) ~= NBD.magic.option then
    return nil, "this is no answer to an option"
  end
  local out = {}
  out.otype, out.rtype = string.unpack(">I4I4", data, 9)
  out.otype_name, out.rtype_name = find_key(NBD.opt_req_types, out.otype), find_key(NBD.opt_rep_types, out.rtype)
  if out.rtype == NBD.opt_rep_types.SERVER then
    local length = #data >= 24 and string.unpack(">I4", data, 21)
    if not length or length > #data - 24 then
      return nil, "the name of an export is cut off"
    end
    out.export_name = string.sub(data, 25, 24 + length)
  end
  return out
end

--- The flags of an export.
-- @name Comm:parse_transmission_flags
-- @param flags Number.
-- @return Table with true for the name of each flag that is set.
function Comm:parse_transmission_flags (flags)
  local out = {}
  for name, bit in pairs(NBD.transmission_flags) do
    if flags & NBD.transmission_flags.HAS_FLAGS ~= 0 and flags & bit ~= 0 then
      out[name] = true
    end
  end
  return out
end

--- Closes it.
-- @name Comm:close
-- @return What the socket gives.
function Comm:close ()
  return self.socket and self.socket:close()
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()

-- A connection to a server that says one thing after another.
local function server_that_says (...)
  local said, at = { ... }, 0
  local comm = Comm:new({}, {})
  comm.protocol = { negotiation = "fixed newstyle" }
  comm.socket = {
    send = function (socket, data) socket.sent = data return true end,
    receive_buf = function (_, find)
      at = at + 1
      local first, last = find(said[at] or "")
      return first ~= nil, first and string.sub(said[at], 1, last) or "EOF"
    end,
  }
  return comm
end
local comm = Comm:new({}, {})
test_suite:add_test(unittest.equal(comm:build_opt_req("LIST"), "IHAVEOPT\0\0\0\3\0\0\0\0"), "a request")
test_suite:add_test(unittest.is_nil(comm:build_opt_req("NONE")), "no such option")
local head = NBD.magic.option .. string.pack(">I4I4", 3, 2)
comm = server_that_says(head .. "\0\0\0\9", "\0\0\0\5disk1")
test_suite:add_test(unittest.equal(comm:receive_opt_rep().export_name, "disk1"), "an export")
test_suite:add_test(unittest.is_nil((server_that_says(head .. "\255\0\0\9"):receive_opt_rep())), "an absurd length")
test_suite:add_test(unittest.is_nil((comm:parse_opt_rep(head .. "\0\0\0\9\0\0\0\9disk1"))), "a name that is cut off")
comm = server_that_says(string.pack(">I8I2", 4096, 3))
test_suite:add_test(unittest.is_true((comm:attach("disk1"))), "an export is chosen")
test_suite:add_test(unittest.equal(comm.exports.disk1.size, 4096), "its size")
test_suite:add_test(unittest.identical(comm.exports.disk1.tflags, { HAS_FLAGS = true, READ_ONLY = true }), "its flags")
test_suite:add_test(unittest.is_false((server_that_says(""):attach("disk1"))), "no answer")
return _ENV
