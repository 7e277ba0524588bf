---
-- VNC: the version, the ways to log in, and the desktop's name where none is asked for.
--
-- Written from RFC 6143, sections 7.1 and 7.2, and the public description of VeNCrypt in the rfbproto document.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name vnc

local deadline = require "deadline"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"

local have_ssl, openssl = pcall(require, "openssl")

_ENV = stdnse.module("vnc", stdnse.seeall)

--- Numbers of VeNCrypt's ways.
-- @class table
-- @name VENCRYPT_SUBTYPES
VENCRYPT_SUBTYPES = {
  PLAIN = 256, TLSNONE = 257, TLSVNC = 258, TLSPLAIN = 259, X509NONE = 260, X509VNC = 261, X509PLAIN = 262,
  X509SASL = 263, TLSSASL = 264,
}

--- Names of VeNCrypt's ways by their numbers.
-- @class table
-- @name VENCRYPT_SUBTYPES_STR
VENCRYPT_SUBTYPES_STR = {
  [256] = "Plain: name and password without TLS", [257] = "TLSNone: no login, TLS without a certificate",
  [258] = "TLSVnc: VNC password, TLS without a certificate",
  [259] = "TLSPlain: name and password, TLS without a certificate",
  [260] = "X509None: no login, TLS with a certificate", [261] = "X509Vnc: VNC password, TLS with a certificate",
  [262] = "X509Plain: name and password, TLS with a certificate", [263] = "X509SASL: SASL, TLS with a certificate",
  [264] = "TLSSASL: SASL, TLS without a certificate",
}

-- Numbers of the ways to log in, and their names, from IANA's registry of RFB security types.
local NUMBERS = {
  INVALID = 0, NONE = 1, VNCAUTH = 2, RA2 = 5, RA2NE = 6, TIGHT = 16, ULTRA = 17, TLS = 18, VENCRYPT = 19,
  GTK_VNC_SASL = 20, MD5 = 21, COLIN_DEAN_XVP = 22, MAC_OSX_SECTYPE_30 = 30, MAC_OSX_SECTYPE_35 = 35,
}

local SECURITY = {
  [0] = "Invalid security type", [1] = "None", [2] = "VNC Authentication", [5] = "RA2", [6] = "RA2ne",
  [16] = "Tight", [17] = "Ultra", [18] = "TLS", [19] = "VeNCrypt", [20] = "GTK-VNC SASL",
  [21] = "MD5 hash authentication", [22] = "Colin Dean xvp", [30] = "Apple Remote Desktop",
  [35] = "Apple, reserved",
}

--- A VNC server.
-- @class table
-- @name VNC
VNC = { sectypes = NUMBERS, sectypes_str = SECURITY }
VNC.__index = VNC

--- Makes the state for a server.
-- @name VNC.new
-- @param host Host table.
-- @param port Port table.
-- @param options Table, optional: <code>timeout</code> in milliseconds.
-- @return The state.
function VNC:new (host, port, options)
  local o = setmetatable({ host = host, port = port, vncsec = {} }, self)
  o.socket = nmap.new_socket()
  o.socket:set_timeout(options and options.timeout or stdnse.get_timeout(host, 10000))
  return o
end

--- Connects.
-- @name VNC.connect
-- @return True; or false and a reason.
function VNC:connect ()
  return self.socket:connect(self.host, self.port, "tcp")
end

--- Closes the connection.
-- @name VNC.disconnect
-- @return True.
function VNC:disconnect ()
  return self.socket:close()
end

--- Reads exactly so many bytes.
-- @name VNC.read
-- @param count How many.
-- @return The bytes; nil if they do not come.
-- @return A reason.
function VNC:read (count)
  local status, data = deadline.receive_buf(self.socket, function (buffer)
    if #buffer >= count then
      return count, count
    end
  end, true)
  if not status then
    return nil, data
  end
  return data
end

--- Reads the server's last words: a length and a text.
-- @name VNC.reason
-- @return The text, or that there is none.
function VNC:reason ()
  local length = self:read(4)
  local count = length and string.unpack(">I4", length) or 0
  return count > 0 and count <= 4096 and self:read(count) or "the server gives no reason"
end

--- Agrees on a version and learns the ways to log in.
-- @name VNC.handshake
-- @return True; or false and a reason.
function VNC:handshake ()
  local banner, reason = self:read(12)
  if not banner then
    return false, reason
  end
  local major, minor = string.match(banner, "^RFB (%d%d%d)%.(%d%d%d)\n$")
  if not major then
    return false, "the server does not speak VNC"
  end
  self.protover = string.format("%d.%d", major, minor)
  -- 3.3, 3.7 and 3.8 are all the versions that there are (section 7.1.1).
  self.use = tonumber(major) > 3 and 8 or tonumber(minor) >= 8 and 8 or tonumber(minor) == 7 and 7 or 3
  local status
  status, reason = self.socket:send(string.format("RFB 003.%03d\n", self.use))
  if not status then
    return false, reason
  end
  return self:read_types()
end

--- Reads the ways to log in (section 7.1.2).
-- @name VNC.read_types
-- @return True; or false and a reason.
function VNC:read_types ()
  local types = {}
  if self.use == 3 then
    local word, reason = self:read(4)
    if not word then
      return false, reason
    end
    types[1] = string.unpack(">I4", word)
  else
    local count, reason = self:read(1)
    if not count then
      return false, reason
    end
    local list = string.byte(count) > 0 and self:read(string.byte(count)) or ""
    types = { string.byte(list or "", 1, -1) }
  end
  self.vncsec = { count = #types, types = types }
  if #types == 0 or types[1] == 0 then
    return false, string.format("Server does not allow to log in: %s", self:reason())
  end
  return true
end

--- The version of the server.
-- @name VNC.getProtocolVersion
-- @return Text such as <code>3.8</code>; nil before the handshake.
function VNC:getProtocolVersion ()
  return self.protover
end

--- Tells whether the server offers a way to log in.
-- @name VNC.supportsSecType
-- @param sectype Its number.
-- @return True or false.
function VNC:supportsSecType (sectype)
  for _, number in ipairs(self.vncsec.types or {}) do
    if number == sectype then
      return true
    end
  end
  return false
end

local SHOWN = { __tostring = function (way) return string.format("%s (%d)", way.name, way.type) end }

-- A way to log in, as it is shown.
local function way (names, number)
  return setmetatable({ name = names[number] or "Unknown security type", type = number }, SHOWN)
end

--- The ways to log in.
-- @name VNC.getSecTypesAsTable
-- @return Array of tables with <code>name</code> and <code>type</code>. As text they are both.
function VNC:getSecTypesAsTable ()
  local list = {}
  for i, number in ipairs(self.vncsec.types or {}) do
    list[i] = way(SECURITY, number)
  end
  return list
end

--- Chooses a way to log in.
-- @name VNC.sendSecType
-- @param sectype Its number.
-- @return True; or false and a reason.
function VNC:sendSecType (sectype)
  if self.use == 3 then
    return true
  end
  return self.socket:send(string.char(sectype))
end

--- Learns the ways of VeNCrypt, after it was chosen.
-- @name VNC.handshake_vencrypt
-- @return True; or false and a reason.
function VNC:handshake_vencrypt ()
  local version, reason = self:read(2)
  if not version then
    return false, reason
  end
  self.socket:send("\0\2")
  local answer = self:read(2)
  if not answer or string.byte(answer) ~= 0 then
    return false, "the server does not take version 0.2"
  end
  local count = string.byte(answer, 2)
  local list = count > 0 and self:read(count * 4) or ""
  self.vencrypt = { types = {} }
  for pos = 1, #(list or "") - 3, 4 do
    self.vencrypt.types[#self.vencrypt.types + 1] = string.unpack(">I4", list, pos)
  end
  self.vencrypt.count = #self.vencrypt.types
  return true
end

--- The ways of VeNCrypt.
-- @name VNC.getVencryptTypesAsTable
-- @return Array of tables like those of <code>getSecTypesAsTable</code>.
function VNC:getVencryptTypesAsTable ()
  local list = {}
  for i, number in ipairs(self.vencrypt and self.vencrypt.types or {}) do
    list[i] = way(VENCRYPT_SUBTYPES_STR, number)
  end
  return list
end

--- Goes in without logging in, after <code>sendSecType(1)</code>.
-- @name VNC.login_none
-- @return True; or false and a reason.
function VNC:login_none ()
  if self.use < 8 then
    return true
  end
  local result, reason = self:read(4)
  if not result then
    return false, reason
  elseif string.unpack(">I4", result) ~= 0 then
    return false, self:reason()
  end
  return true
end

-- A password as a key: eight bytes, the bits of each in the other order.
local function key_of (password)
  return (string.gsub(string.sub(password .. string.rep("\0", 8), 1, 8), ".", function (char)
    local byte, turned = string.byte(char), 0
    for i = 0, 7 do
      turned = turned | (byte >> i & 1) << (7 - i)
    end
    return string.char(turned)
  end))
end

--- The answer to a challenge (section 7.2.2).
-- @name VNC.encryptVNCDES
-- @param password Password; eight bytes of it count.
-- @param challenge 16 bytes.
-- @return 16 bytes.
function VNC:encryptVNCDES (password, challenge)
  return openssl.encrypt("des-ecb", key_of(password), nil, challenge)
end

--- Goes in with a password (section 7.2.2).
-- @name VNC.login_vncauth
-- @param username Not used.
-- @param password Password.
-- @return True; or false and a reason.
function VNC:login_vncauth (username, password)
  if not have_ssl then
    return false, "there is no cipher"
  end
  local status, reason = self:sendSecType(NUMBERS.VNCAUTH)
  local challenge
  if status then
    challenge, reason = self:read(16)
  end
  if challenge then
    status, reason = self.socket:send(self:encryptVNCDES(password or "", challenge))
  end
  local result
  if challenge and status then
    result, reason = self:read(4)
  end
  if not result then
    return false, reason
  elseif string.unpack(">I4", result) ~= 0 then
    return false, "Authentication failed"
  end
  return true
end

local LOGINS = { { NUMBERS.NONE, "login_none" }, { NUMBERS.VNCAUTH, "login_vncauth" } }

--- Goes in: without a password where the server asks for none, or else with it.
-- @name VNC.login
-- @param username Not used.
-- @param password Password.
-- @param authtype Number of the way. Default: one that the server has.
-- @return True; or false and a reason.
function VNC:login (username, password, authtype)
  for _, known in ipairs(LOGINS) do
    local number, name = known[1], known[2]
    if self:supportsSecType(number) and (not authtype or authtype == number) then
      if number == NUMBERS.NONE then
        local status, reason = self:sendSecType(number)
        if not status then
          return false, reason
        end
      end
      return self[name](self, username, password)
    end
  end
  return false, "the server has no such way to log in, or none that is known"
end

--- Opens the desktop (section 7.3) after logging in.
-- @name VNC.client_init
-- @param shared True to leave others connected.
-- @return True; or false.
-- @return Table with <code>name</code>, <code>width</code>, <code>height</code> and <code>depth</code>; or a
--         reason.
function VNC:client_init (shared)
  self.socket:send(shared and "\1" or "\0")
  local head, reason = self:read(24)
  if not head then
    return false, reason
  end
  local width, height, _, depth, length = string.unpack(">I2I2BBxxxxxxxxxxxxxxI4", head)
  if length > 4096 then
    return false, "the name of the desktop is too long"
  end
  return true, { width = width, height = height, depth = depth, name = length > 0 and self:read(length) or "" }
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(stdnse.tohex(key_of("ab")), "8646000000000000"), "a key")
test_suite:add_test(unittest.equal(#key_of("a long password"), 8), "a long password")
if have_ssl then
  test_suite:add_test(unittest.equal(#VNC:encryptVNCDES("secret", string.rep("A", 16)), 16), "an answer")
end
return _ENV
