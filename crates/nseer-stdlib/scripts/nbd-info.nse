local deadline = require "deadline"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Lists the block devices that an NBD server exports, with their sizes and what may be done with them.
]]

---
-- Written from the protocol's public document (proto.md of NBD): negotiation, listing, and choosing an export. Nothing
-- of a device is read or written.
--
-- @usage nseer -p 10809 --script nbd-info <target>
-- @args nbd-info.export-names Names of exports to ask for, where the server does not list them.
-- @output
-- 10809/tcp open  nbd
-- | nbd-info:
-- |   Protocol:
-- |     Negotiation: fixed newstyle
-- |     SSL/TLS Wrapped: false
-- |   Exported Block Devices:
-- |     disk1:
-- |       Transmission Flags:
-- |         SEND_FLUSH
-- |_      Size: 67108864 bytes

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.version_port_or_service(10809, "nbd", "tcp")

local MAGIC, NEW_STYLE, OLD_STYLE = "NBDMAGIC", "IHAVEOPT", "\0\0\x42\x02\x81\x86\x12\x53"
local REPLY = "\0\x03\xe8\x89\x04\x55\x65\xa9"
local OPT_EXPORT_NAME, OPT_ABORT, OPT_LIST = 1, 2, 3
local REP_SERVER = 2
local MAX_REPLY, MAX_EXPORTS = 0x10000, 256

local FLAGS = {
  { 0x02, "READ_ONLY" }, { 0x04, "SEND_FLUSH" }, { 0x08, "SEND_FUA" }, { 0x10, "ROTATIONAL" },
  { 0x20, "SEND_TRIM" }, { 0x40, "SEND_WRITE_ZEROES" }, { 0x80, "SEND_DF" }, { 0x100, "CAN_MULTI_CONN" },
  { 0x200, "SEND_RESIZE" }, { 0x400, "SEND_CACHE" }, { 0x800, "SEND_FAST_ZERO" },
}

local function read (socket, count)
  local status, data = deadline.receive_buf(socket, function (buffer)
    if #buffer >= count then
      return count, count
    end
  end, true)
  return status and data or nil
end

local function export_of (size, flags)
  local names = {}
  for _, row in ipairs(FLAGS) do
    names[#names + 1] = flags & row[1] ~= 0 and row[2] or nil
  end
  local out = stdnse.output_table()
  out["Transmission Flags"] = #names > 0 and names or nil
  out.Size = size .. " bytes"
  return out
end

local function send_option (socket, option, data)
  return socket:send(NEW_STYLE .. string.pack(">I4s4", option, data))
end

-- One reply: its kind and its data; nil if there is none.
local function read_reply (socket)
  local head = read(socket, 20)
  if not head or string.sub(head, 1, 8) ~= REPLY then
    return nil
  end
  local _, kind, length = string.unpack(">I4I4I4", head, 9)
  if length > MAX_REPLY then
    return nil
  end
  return kind, length > 0 and read(socket, length) or ""
end

local function list_exports (socket)
  local names = {}
  send_option(socket, OPT_LIST, "")
  while #names < MAX_EXPORTS do
    local kind, data = read_reply(socket)
    if kind ~= REP_SERVER or not data or #data < 4 then
      break
    end
    local length = string.unpack(">I4", data)
    names[#names + 1] = string.sub(data, 5, 4 + length)
  end
  return names
end

-- Size and flags of an export. It is chosen over a connection of its own, which is closed at once: servers know the
-- size only when they have opened the device.
local function ask_export (host, port, name)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host, 5000))
  local head = socket:connect(host, port) and read(socket, 18)
  local found
  if head and string.sub(head, 9, 16) == NEW_STYLE then
    -- The client knows the fixed style.
    socket:send(string.pack(">I4", 1))
    send_option(socket, OPT_EXPORT_NAME, name)
    local answer = read(socket, 10)
    found = answer and export_of(string.unpack(">I8I2", answer))
  end
  socket:close()
  return found
end

local function new_style (host, port, socket, out, protocol)
  local flags = read(socket, 2)
  if not flags then
    return
  end
  local is_fixed = string.unpack(">I2", flags) & 1 ~= 0
  protocol.Negotiation = is_fixed and "fixed newstyle" or "newstyle"
  if not is_fixed then
    return
  end
  socket:send(string.pack(">I4", 1))
  local names = list_exports(socket)
  local given = stdnse.get_script_args("nbd-info.export-names")
  for _, name in ipairs(type(given) == "table" and given or { given }) do
    names[#names + 1] = name
  end
  local exports, any = stdnse.output_table(), false
  for _, name in ipairs(names) do
    local found = ask_export(host, port, name)
    exports[name ~= "" and name or "(default)"], any = found or stdnse.output_table(), true
  end
  out["Exported Block Devices"] = any and exports or nil
  send_option(socket, OPT_ABORT, "")
end

action = function (host, port)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host, 5000))
  local head = socket:connect(host, port) and read(socket, 16)
  if not head or string.sub(head, 1, 8) ~= MAGIC then
    socket:close()
    return nil
  end
  local out, protocol = stdnse.output_table(), stdnse.output_table()
  out.Protocol = protocol
  local style = string.sub(head, 9)
  if style == NEW_STYLE then
    new_style(host, port, socket, out, protocol)
  elseif style == OLD_STYLE then
    protocol.Negotiation = "oldstyle"
    local rest = read(socket, 12)
    if rest then
      local size, flags = string.unpack(">I8I4", rest)
      local exports = stdnse.output_table()
      exports["(default)"] = export_of(size, flags & 0xffff)
      out["Exported Block Devices"] = exports
    end
  end
  socket:close()
  protocol.Negotiation = protocol.Negotiation or "unrecognized"
  protocol["SSL/TLS Wrapped"] = "false"
  port.version.name = "nbd"
  port.version.product = port.version.product or "Network Block Device"
  nmap.set_port_version(host, port)
  return out
end
