---
-- The part of <code>sslcert</code> that says each protocol's words before TLS. Scripts reach it through
-- <code>sslcert.StartTLS</code>.
--
-- Each function takes host and port and gives true and a socket on which TLS begins with the next byte, or
-- false and a reason. Answers are bounded in lines, and each read in time.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name sslcert

local deadline = require "deadline"
local linereader = require "linereader"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local ipairs, select, tostring = ipairs, select, tostring

local starttls = {}

-- How long the words before TLS may take, in milliseconds.
local LONGEST = 20000

-- A capability list longer than this is nobody's.
local MAX_LINES = 200

-- A stanza of XMPP before TLS is shorter than this.
local MAX_STANZA = 64 * 1024

local function connect (host, port)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host))
  local status, why = socket:connect(host, port, "tcp")
  if status then
    return socket
  end
  socket:close()
  return nil, why
end

-- Reads an answer of numbered lines: "250-first", "250 last". Gives its code and its last line.
local function numbered (line)
  return function ()
    for _ = 1, MAX_LINES do
      local text, why = line()
      if not text then
        return nil, why
      end
      local code, mark = string.match(text, "^(%d%d%d)(.?)")
      if code and mark ~= "-" then
        return code, text
      end
    end
    return nil, "an answer without end"
  end
end

-- Makes a function of StartTLS from one that talks: it is given the socket, host and port, and gives true, or
-- false and a reason.
local function protocol (talk)
  return function (host, port)
    local socket, why = connect(host, port)
    if not socket then
      return false, "cannot connect: " .. tostring(why)
    end
    local status, reason = talk(socket, host, port)
    if status then
      return true, socket
    end
    socket:close()
    return false, reason or "the server refuses TLS"
  end
end

-- Mail: a greeting, a word of hello, the command.
local function mail (hello)
  return protocol(function (socket)
    local answer = numbered(linereader.new(socket, nil, nil, LONGEST))
    local steps = {{nil, "220"}, {hello .. " nseer.invalid\r\n", "250"}, {"STARTTLS\r\n", "220"}}
    for _, step in ipairs(steps) do
      if step[1] then
        socket:send(step[1])
      end
      local code, text = answer()
      if code ~= step[2] then
        return false, text
      end
    end
    return true
  end)
end

starttls.smtp = mail("EHLO")
starttls.lmtp = mail("LHLO")

starttls.ftp = protocol(function (socket)
  local answer = numbered(linereader.new(socket, nil, nil, LONGEST))
  local code, text = answer()
  if code ~= "220" then
    return false, text
  end
  socket:send("AUTH TLS\r\n")
  code, text = answer()
  return code == "234", text
end)

starttls.nntp = protocol(function (socket)
  local answer = numbered(linereader.new(socket, nil, nil, LONGEST))
  local code, text = answer()
  if code ~= "200" and code ~= "201" then
    return false, text
  end
  socket:send("STARTTLS\r\n")
  code, text = answer()
  return code == "382", text
end)

starttls.pop3 = protocol(function (socket)
  local line = linereader.new(socket, nil, nil, LONGEST)
  local text, why = line()
  if not text or string.sub(text, 1, 3) ~= "+OK" then
    return false, text or why
  end
  socket:send("STLS\r\n")
  text, why = line()
  return text ~= nil and string.sub(text, 1, 3) == "+OK", text or why
end)

starttls.imap = protocol(function (socket)
  local line = linereader.new(socket, nil, nil, LONGEST)
  local text, why = line()
  if not text or not string.find(text, "^%* OK") then
    return false, text or why
  end
  socket:send("t1 STARTTLS\r\n")
  for _ = 1, MAX_LINES do
    text, why = line()
    if not text then
      return false, why
    elseif string.sub(text, 1, 3) == "t1 " then
      return string.find(text, "^t1 [Oo][Kk]") ~= nil, text
    end
  end
  return false, "an answer without end"
end)

-- ExtendedRequest with the name 1.3.6.1.4.1.1466.20037, RFC 4511 section 4.14.
local LDAP_NAME = "1.3.6.1.4.1.1466.20037"
local LDAP_REQUEST = string.pack("Bs1", 0x30,
  string.pack("BBB", 2, 1, 1) .. string.pack("Bs1", 0x77, string.pack("Bs1", 0x80, LDAP_NAME)))

starttls.ldap = protocol(function (socket)
  socket:send(LDAP_REQUEST)
  local status, data = socket:receive_bytes(14)
  if not status then
    return false, data
  end
  -- An ExtendedResponse (0x78) whose result code, an enumeration of one byte, is 0. Lengths may be long.
  local _, at = string.find(data, "^\x30[\x80-\xff]?.-\x02\x01\x01\x78")
  local code = at and string.match(data, "\x0a\x01(.)", at)
  return code == "\0", "the LDAP server refuses TLS"
end)

-- SSLRequest of PostgreSQL's protocol: length 8 and the number 80877103.
starttls.postgres = protocol(function (socket)
  socket:send(string.pack(">I4I4", 8, 80877103))
  local status, data = socket:receive_bytes(1)
  if not status then
    return false, data
  end
  return string.sub(data, 1, 1) == "S", "the PostgreSQL server refuses TLS"
end)

-- Capabilities of MySQL's handshake: long password, protocol 4.1, TLS, secure connection.
local MYSQL_FLAGS = 0x1 | 0x200 | 0x800 | 0x8000

starttls.mysql = protocol(function (socket)
  local status, data = socket:receive_bytes(4)
  if not status or #data < 4 then
    return false, data
  end
  local length, number = string.unpack("<I3B", data)
  if number ~= 0 or length < 30 or length > 4096 then
    return false, "this is no greeting of MySQL"
  end
  while #data < 4 + length do
    local more
    status, more = socket:receive_bytes(4 + length - #data)
    if not status then
      return false, more
    end
    data = data .. more
  end
  -- Version 10, its text, thread, eight bytes of salt, a zero, and the lower half of the capabilities.
  local _, after = string.find(data, "^....\x0a[^\0]*\0............\0")
  if not after then
    after = select(2, string.find(data, "^....\x0a[^\0]*\0"))
    after = after and after + 13
  end
  if not after or after + 2 > #data or string.unpack("<I2", data, after + 1) & 0x800 == 0 then
    return false, "the MySQL server has no TLS"
  end
  local request = string.pack("<I4I4B", MYSQL_FLAGS, 0x1000000, 33) .. string.rep("\0", 23)
  return socket:send(string.pack("<I3B", #request, 1) .. request)
end)

-- A server of XMPP answers for its own name only.
local function xmpp_name (host)
  local given = stdnse.get_script_args({"xmpp.servername", "xmpp-info.server_name"})
  return given or stdnse.get_hostname(host)
end

local function until_found (socket, patterns)
  local buffer, receive = "", deadline.receiver(socket)
  for _ = 1, MAX_LINES do
    for _, pattern in ipairs(patterns) do
      if string.find(buffer, pattern) then
        return pattern, buffer
      end
    end
    local status, data = receive()
    if not status then
      return nil, data
    end
    buffer = buffer .. data
    if #buffer > MAX_STANZA then
      return nil, "an answer without end"
    end
  end
end

starttls.xmpp = protocol(function (socket, host, port)
  local is_server = port.number == 5269 or port.service == "xmpp-server"
  local space = is_server and "jabber:server" or "jabber:client"
  socket:send(string.format("<?xml version='1.0'?><stream:stream to='%s' xmlns='%s' "
    .. "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>", xmpp_name(host), space))
  local found, why = until_found(socket, {"<starttls", "</stream:features>", "<stream:error"})
  if found ~= "<starttls" then
    return false, found and "the XMPP server offers no TLS" or why
  end
  socket:send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
  found, why = until_found(socket, {"<proceed[^>]*>", "<failure", "</stream:stream>"})
  return found == "<proceed[^>]*>", found and "the XMPP server refuses TLS" or why
end)

local VENCRYPT = 19

-- The subtypes of VeNCrypt that begin with TLS, those with a certificate first.
local VENCRYPT_TLS = {[260] = 1, [261] = 1, [262] = 1, [257] = 2, [258] = 2, [259] = 2}

local function exactly (socket, count)
  local status, data = socket:receive_bytes(count)
  if status and #data >= count then
    return data
  end
  return nil
end

local function vencrypt_subtype (data, count)
  local best
  for at = 1, count do
    local subtype = string.unpack(">I4", data, at * 4 - 3)
    local rank = VENCRYPT_TLS[subtype]
    if rank and (not best or rank < VENCRYPT_TLS[best]) then
      best = subtype
    end
  end
  return best
end

starttls.vnc = protocol(function (socket)
  local version = exactly(socket, 12)
  if not version or not string.find(version, "^RFB %d%d%d%.%d%d%d\n") then
    return false, "this is no VNC server"
  end
  socket:send("RFB 003.008\n")
  local data = exactly(socket, 1)
  local count = data and string.byte(data)
  if not count or count == 0 then
    return false, "the VNC server refuses"
  end
  if #data < 1 + count then
    data = data .. (exactly(socket, 1 + count - #data) or "")
  end
  if not string.find(string.sub(data, 2), string.char(VENCRYPT), 1, true) then
    return false, "the VNC server has no VeNCrypt"
  end
  socket:send(string.char(VENCRYPT))
  if not exactly(socket, 2) then
    return false, "the VNC server says no version of VeNCrypt"
  end
  socket:send("\0\2")
  data = exactly(socket, 2)
  if not data or string.byte(data) ~= 0 then
    return false, "the VNC server refuses version 0.2 of VeNCrypt"
  end
  count = string.byte(data, 2)
  data = string.sub(data, 3)
  if #data < 4 * count then
    data = data .. (exactly(socket, 4 * count - #data) or "")
  end
  local subtype = #data >= 4 * count and vencrypt_subtype(data, count)
  if not subtype then
    return false, "the VNC server has no TLS"
  end
  socket:send(string.pack(">I4", subtype))
  data = exactly(socket, 1)
  return data ~= nil and string.byte(data) == 1, "the VNC server refuses TLS"
end)

return starttls
