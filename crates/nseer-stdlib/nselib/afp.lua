---
-- The Apple Filing Protocol: what a server says of itself, logging in, and which volumes it shares.
--
-- Written from Apple's "Apple Filing Protocol Reference" (version 3.3) and the description of the Data Stream Interface in
-- "Inside AppleTalk" and its supplement on TCP. Logging in is as nobody or with a password in the clear; files are not read.
--
-- @usage
-- local helper = afp.Helper:new()
-- local status, answer = helper:OpenSession(host, port)
-- local status, answer = helper:Login()
-- local status, shares = helper:ListShares()
-- @args afp.username Who logs in.
-- @args afp.password Password of who logs in.
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name afp

local answers = require "afp.answers"
local datetime = require "datetime"
local deadline = require "deadline"
local framereader = require "framereader"
local ipOps = require "ipOps"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"
local ipairs, pairs, pcall, select, setmetatable = ipairs, pairs, pcall, select, setmetatable

_ENV = stdnse.module("afp", stdnse.seeall)

local TIMEOUT = 10000
local MAX_FRAME = 1024 * 1024

-- Requests of the session (DSI), beside commands.
local DSI = { CloseSession = 1, Command = 2, GetStatus = 3, OpenSession = 4 }
local HEAD = 16

for _, name in ipairs { "COMMAND", "ERROR", "UAM", "SERVERFLAGS", "Response" } do
  _ENV[name] = answers[name]
end

--- Small helpers.
-- @class table
-- @name Util
Util = {}

--- Fills a text with zeros.
-- @name Util.ZeroPad
-- @param str The text.
-- @param len Its length then; a longer text is cut.
-- @return Bytes.
function Util.ZeroPad (str, len)
  return string.sub(str .. string.rep("\0", len - #str), 1, len)
end

--- Cuts a path.
-- @name Util.SplitPath
-- @param str_path The path.
-- @return Table with <code>dir</code> and <code>file</code>.
function Util.SplitPath (str_path)
  local dir, file = string.match(str_path, "^(.*)/([^/]*)$")
  return { dir = dir or "", file = file or str_path }
end

--- A time as text.
-- @name Util.time_to_string
-- @param timestamp Seconds since 2000.
-- @return The text.
function Util.time_to_string (timestamp)
  return (string.gsub(datetime.format_timestamp(timestamp + 946684800, 0), "%+00:00$", ""))
end

-- One text with its length in a byte. An error is raised where the data ends before.
local function short_text (data, at)
  return string.unpack("s1", data, at)
end

-- As many short texts as the byte before them says.
local function short_texts (data, offset)
  local count, at = string.unpack("B", data, offset + 1)
  local list = {}
  for i = 1, count do
    list[i], at = short_text(data, at)
  end
  return list, count
end

-- Addresses of a server: a tag says what each is (FPGetSrvrInfo).
local function addresses (data, offset)
  local list = {}
  local count, at = string.unpack("B", data, offset + 1)
  for i = 1, count do
    local length, tag = string.unpack("BB", data, at)
    local value = string.sub(data, at + 2, at + length - 1)
    if length < 2 then
      break
    elseif tag == 1 or tag == 6 then
      list[i] = ipOps.str_to_ip(value)
    elseif tag == 2 and #value == 6 then
      list[i] = string.format("%s:%d", ipOps.str_to_ip(string.sub(value, 1, 4)), (string.unpack(">I2", value, 5)))
    elseif tag == 7 and #value == 18 then
      list[i] = string.format("[%s]:%d", ipOps.str_to_ip(string.sub(value, 1, 16)), (string.unpack(">I2", value, 17)))
    else
      list[i] = value
    end
    at = at + length
  end
  return list, count
end

-- What FPGetSrvrInfo answers: a table.
local function read_server_info (data)
  local info = { flags = {} }
  local machine, versions, uams, _, flags, at = string.unpack(">I2I2I2I2I2", data)
  info.server_name, at = short_text(data, at)
  at = at + (at + 1) % 2
  info.machine_type = short_text(data, machine + 1)
  info.afp_versions, info.afp_version_count = short_texts(data, versions)
  info.uams, info.uam_count = short_texts(data, uams)
  info.flags.raw = flags
  for name, bit in pairs(SERVERFLAGS) do
    info.flags[name] = flags & bit ~= 0
  end
  local signature, network, directory, utf8_name = 0, 0, 0, 0
  if at + 3 <= #data then
    signature, network, at = string.unpack(">I2I2", data, at)
  end
  if at + 1 <= #data then
    directory, at = string.unpack(">I2", data, at)
  end
  if at + 1 <= #data and info.flags.UTF8ServerName then
    utf8_name = string.unpack(">I2", data, at)
  end
  info.server_signature = info.flags.ServerSignature and signature > 0 and string.sub(data, signature + 1, signature + 16) or nil
  info.network_addresses, info.network_addresses_count = {}, 0
  if info.flags.TCPoverIP and network > 0 then
    info.network_addresses, info.network_addresses_count = addresses(data, network)
  end
  info.directory_names, info.directory_names_count = {}, 0
  if info.flags.OpenDirectory and directory > 0 then
    info.directory_names, info.directory_names_count = short_texts(data, directory)
  end
  if utf8_name > 0 then
    info.utf8_server_name = string.unpack(">s2", data, utf8_name + 1)
  end
  return info
end

-- What FPGetSrvrParms answers: volumes, each with its flags.
local function read_volumes (data)
  local time, count, at = string.unpack(">I4B", data)
  local volumes = {}
  for i = 1, count do
    volumes[i] = {}
    volumes[i].flags, volumes[i].name, at = string.unpack("Bs1", data, at)
  end
  return { server_time = time, vol_count = count, volumes = volumes }
end

--- The protocol.
-- @class table
-- @name Proto
Proto = { RequestId = 1 }
Proto.__index = Proto

--- Makes a connection's state.
-- @name Proto:new
-- @param o Table with <code>socket</code>, optional.
-- @return The state.
function Proto:new (o)
  return setmetatable(o or {}, self)
end

--- Sets the socket.
-- @name Proto:setSocket
-- @param socket Connected socket.
function Proto:setSocket (socket)
  self.socket = socket
end

--- Makes a request.
-- @name Proto:create_fp_packet
-- @param command Number of the session's request.
-- @param data_offset Where data begins behind the command.
-- @param data The command.
-- @return Bytes.
function Proto:create_fp_packet (command, data_offset, data)
  local packet = string.pack(">BBI2I4I4I4", 0, command, self.RequestId & 0xffff, data_offset, #data, 0) .. data
  self.RequestId = self.RequestId + 1
  return packet
end

--- Reads the head of an answer.
-- @name Proto:parse_fp_header
-- @param packet Bytes.
-- @return Table; nil if the bytes are none.
function Proto:parse_fp_header (packet)
  if #packet < HEAD then
    return nil
  end
  local head = { raw = string.sub(packet, 1, HEAD) }
  head.flags, head.command, head.request_id, head.error_code, head.length, head.reserved = string.unpack(">BBI2i4I4I4", packet)
  return head.flags == 1 and head or nil
end

local find_frame = framereader.new(function (head)
  return string.byte(head) <= 1 and string.unpack(">I4", head, 9) or nil
end, MAX_FRAME, HEAD)

--- Reads an answer.
-- @name Proto:read_fp_packet
-- @return <code>Response</code>.
function Proto:read_fp_packet ()
  local status, data = deadline.receive_buf(self.socket, find_frame, true, TIMEOUT)
  local head = status and self:parse_fp_header(data)
  if not head then
    return Response:new { error_code = ERROR.SocketError, error_msg = status and "the server does not speak AFP" or data }
  end
  return Response:new { error_code = head.error_code, packet = { header = head, data = string.sub(data, HEAD + 1) } }
end

--- Sends a request.
-- @name Proto:send_fp_packet
-- @param packet Bytes.
-- @return True, or false and a reason.
function Proto:send_fp_packet (packet)
  return self.socket:send(packet)
end

-- Sends a request, and reads what is answered by a function that may raise an error.
local function asked (self, command, data, read)
  local status, reason = self:send_fp_packet(self:create_fp_packet(command, 0, data))
  if not status then
    return Response:new { error_code = ERROR.SocketError, error_msg = reason }
  end
  local response = self:read_fp_packet()
  if response:getErrorCode() == ERROR.FPNoErr and read then
    local is_read, result = pcall(read, response:getPacketData())
    if not is_read then
      return Response:new { error_code = ERROR.CustomError, error_msg = "the answer is cut off" }
    end
    response:setResult(result)
  end
  return response
end

--- Opens the session.
-- @name Proto:dsi_open_session
-- @return <code>Response</code>.
function Proto:dsi_open_session ()
  return asked(self, DSI.OpenSession, string.pack(">BBI4", 1, 4, 1024))
end

--- Closes the session.
-- @name Proto:dsi_close_session
-- @return <code>Response</code>.
function Proto:dsi_close_session ()
  local status, reason = self:send_fp_packet(self:create_fp_packet(DSI.CloseSession, 0, ""))
  return Response:new(not status and { error_code = ERROR.SocketError, error_msg = reason } or nil)
end

--- Asks what the server is; no session is needed.
-- @name Proto:fp_get_server_info
-- @return <code>Response</code>: its result has <code>server_name</code>, <code>machine_type</code>,
--         <code>afp_versions</code>, <code>uams</code>, <code>flags</code>, <code>server_signature</code>,
--         <code>network_addresses</code>, <code>directory_names</code>, <code>utf8_server_name</code>.
function Proto:fp_get_server_info ()
  return asked(self, DSI.GetStatus, string.char(COMMAND.FPGetSrvrInfo, 0), read_server_info)
end

--- Logs in.
-- @name Proto:fp_login
-- @param afp_version One of the server's versions.
-- @param uam One of <code>UAM</code>: as nobody, or with a password in the clear.
-- @param username Name.
-- @param password Password, of at most eight bytes.
-- @return <code>Response</code>.
function Proto:fp_login (afp_version, uam, username, password)
  local data = string.pack("Bs1s1", COMMAND.FPLogin, afp_version, uam)
  if uam == UAM.ClearText then
    data = data .. string.pack("s1", username or "")
    data = data .. string.rep("\0", #data % 2) .. Util.ZeroPad(password or "", 8)
  elseif uam ~= UAM.NoUserAuth then
    return Response:new { error_code = ERROR.FPBadUAM, error_msg = "this way to log in is not known here" }
  end
  return asked(self, DSI.Command, data)
end

--- Logs out.
-- @name Proto:fp_logout
-- @return <code>Response</code>.
function Proto:fp_logout ()
  return asked(self, DSI.Command, string.char(COMMAND.FPLogout, 0))
end

--- Asks which volumes there are.
-- @name Proto:fp_get_srvr_parms
-- @return <code>Response</code>: its result has <code>volumes</code>.
function Proto:fp_get_srvr_parms ()
  return asked(self, DSI.Command, string.char(COMMAND.FPGetSrvParms, 0), read_volumes)
end

--- Speaks to one server.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes one.
-- @name Helper:new
-- @param o Table, optional.
-- @return The helper.
function Helper:new (o)
  o = o or {}
  o.username, o.password = stdnse.get_script_args("afp.username", "afp.password")
  return setmetatable(o, self)
end

--- Connects and opens a session.
-- @name Helper:OpenSession
-- @param host Host table.
-- @param port Port table.
-- @return True; or false and a reason.
function Helper:OpenSession (host, port)
  self.host, self.port = host, port
  self.socket = nmap.new_socket()
  self.socket:set_timeout(TIMEOUT)
  local status, reason = self.socket:connect(host, port)
  if not status then
    return false, reason
  end
  self.proto = Proto:new { socket = self.socket }
  local response = self.proto:dsi_open_session()
  if response:getErrorCode() ~= ERROR.FPNoErr then
    self.socket:close()
    return false, response:getErrorMessage()
  end
  return true
end

--- Closes the session and the connection.
-- @name Helper:CloseSession
-- @return True; or false and a reason.
function Helper:CloseSession ()
  local response = self.proto:dsi_close_session()
  self.socket:close()
  return response:getErrorCode() == ERROR.FPNoErr, response:getErrorMessage()
end

--- Closes the connection.
-- @name Helper:Terminate
function Helper:Terminate ()
  self.socket:close()
end

-- What the server says on a connection of its own: some say nothing within a session.
local function server_info (self)
  local proto = Proto:new { socket = nmap.new_socket() }
  proto.socket:set_timeout(TIMEOUT)
  local status, reason = proto.socket:connect(self.host, self.port)
  local response = status and proto:fp_get_server_info() or Response:new { error_code = ERROR.SocketError, error_msg = reason }
  proto.socket:close()
  return response
end

--- Logs in: as somebody with a password in the clear, or else as nobody.
-- @name Helper:Login
-- @param username Name, optional.
-- @param password Password, optional.
-- @return True; or false and a reason.
function Helper:Login (username, password)
  username, password = username or self.username, password or self.password
  local response = server_info(self)
  local info = response:getResult()
  if not info then
    return false, response:getErrorMessage()
  end
  local version = info.afp_versions[#info.afp_versions] or "AFP3.1"
  response = self.proto:fp_login(version, username and UAM.ClearText or UAM.NoUserAuth, username, password)
  return response:getErrorCode() == ERROR.FPNoErr, response:getErrorMessage()
end

--- Logs out.
-- @name Helper:Logout
-- @return True; or false and a reason.
function Helper:Logout ()
  local response = self.proto:fp_logout()
  return response:getErrorCode() == ERROR.FPNoErr, response:getErrorMessage()
end

--- Lists the volumes.
-- @name Helper:ListShares
-- @return True; or false.
-- @return Array of names; or a reason.
function Helper:ListShares ()
  local response = self.proto:fp_get_srvr_parms()
  if response:getErrorCode() ~= ERROR.FPNoErr then
    return false, response:getErrorMessage()
  end
  local names = {}
  for i, volume in ipairs(response:getResult().volumes) do
    names[i] = volume.name
  end
  return true, names
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(Util.time_to_string(1000), "2000-01-01T00:16:40"), "a time")
test_suite:add_test(unittest.identical(Util.SplitPath("/a/b/c"), { dir = "/a/b", file = "c" }), "a path")
test_suite:add_test(unittest.equal(Proto:new():create_fp_packet(3, 0, "\x0f\0"), "\0\3\0\1\0\0\0\0\0\0\0\2\0\0\0\0\x0f\0"), "a request")

local INFO = "\0\x16\0\x19\0\x20\0\0\x02\x20\3lab" .. "\0\0\0\x24\0\0\0\x2d" .. "\2Ne" .. "\1\5AFP3." .. "\1\2NU" .. "\1\8\2\x7f\0\0\1\2\x24" .. "\0\2lB"
local info = read_server_info(INFO)
test_suite:add_test(unittest.equal(info.server_name, "lab"), "a name")
test_suite:add_test(unittest.equal(info.machine_type, "Ne"), "a machine")
test_suite:add_test(unittest.identical(info.afp_versions, { "AFP3." }), "versions")
test_suite:add_test(unittest.identical(info.uams, { "NU" }), "ways to log in")
test_suite:add_test(unittest.identical(info.network_addresses, { "127.0.0.1:548" }), "addresses")
test_suite:add_test(unittest.equal(info.utf8_server_name, "lB"), "another name")
test_suite:add_test(unittest.is_false(pcall(read_server_info, string.sub(INFO, 1, 30))), "cut off")
test_suite:add_test(unittest.identical(read_volumes("\0\0\0\1\2\0\1A\x80\2Bc").volumes, { { flags = 0, name = "A" }, { flags = 0x80, name = "Bc" } }), "volumes")
local said = "\1\3\0\1\xff\xff\xec\x78\0\0\0\0\0\0\0\0"
local proto = Proto:new { socket = { send = function () return true end, receive_buf = function (_, find)
  return true, string.sub(said, 1, select(2, find(said)))
end } }
test_suite:add_test(unittest.equal(proto:fp_get_server_info():getErrorMessage(), "FPAccessDenied"), "an error")
said = "HTTP/1.1 400 Bad Request"
test_suite:add_test(unittest.equal(proto:fp_get_server_info():getErrorMessage(), "the server does not speak AFP"), "another protocol")
return _ENV
