---
-- SSL version 2 as far as the server's hello, for finding servers that still speak it.
--
-- Written from K. Hickman, "The SSL Protocol" (Netscape, 1995), and RFC 6176, which prohibits it.
--
-- @usage
-- local ciphers = sslv2.test_sslv2(host, port)
-- if ciphers then
--   print(table.concat(ciphers, " "))
-- end
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name sslv2

local deadline = require "deadline"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local tlsprobe = require "tlsprobe"
local unittest = require "unittest"

_ENV = stdnse.module("sslv2", stdnse.seeall)

--- Message types.
-- @class table
-- @name SSL_MESSAGE_TYPES
SSL_MESSAGE_TYPES = {
  ERROR = 0, CLIENT_HELLO = 1, CLIENT_MASTER_KEY = 2, CLIENT_FINISHED = 3, SERVER_HELLO = 4,
  SERVER_VERIFY = 5, SERVER_FINISHED = 6, REQUEST_CERTIFICATE = 7, CLIENT_CERTIFICATE = 8,
}

--- Errors that a server may name.
-- @class table
-- @name SSL_ERRORS
SSL_ERRORS = {
  "SSL_PE_NO_CIPHER", "SSL_PE_NO_CERTIFICATE", "SSL_PE_BAD_CERTIFICATE",
  [6] = "SSL_PE_UNSUPPORTED_CERTIFICATE_TYPE",
}

--- Types of certificates.
-- @class table
-- @name SSL_CERT_TYPES
SSL_CERT_TYPES = { X509_CERTIFICATE = 1 }

--- Cipher kinds by their three bytes: name, bytes of the key, and bytes of it that are encrypted.
-- @class table
-- @name SSL_CIPHERS
SSL_CIPHERS = {
  ["\x00\x00\x00"] = { str = "SSL2_NULL_WITH_MD5", key_length = 0, encrypted_key_length = 0 },
  ["\x01\x00\x80"] = { str = "SSL2_RC4_128_WITH_MD5", key_length = 16, encrypted_key_length = 16 },
  ["\x02\x00\x80"] = { str = "SSL2_RC4_128_EXPORT40_WITH_MD5", key_length = 16, encrypted_key_length = 5 },
  ["\x03\x00\x80"] = { str = "SSL2_RC2_128_CBC_WITH_MD5", key_length = 16, encrypted_key_length = 16 },
  ["\x04\x00\x80"] = { str = "SSL2_RC2_128_CBC_EXPORT40_WITH_MD5", key_length = 16, encrypted_key_length = 5 },
  ["\x05\x00\x80"] = { str = "SSL2_IDEA_128_CBC_WITH_MD5", key_length = 16, encrypted_key_length = 16 },
  ["\x06\x00\x40"] = { str = "SSL2_DES_64_CBC_WITH_MD5", key_length = 8, encrypted_key_length = 8 },
  ["\x07\x00\xc0"] = { str = "SSL2_DES_192_EDE3_CBC_WITH_MD5", key_length = 24, encrypted_key_length = 24 },
  ["\x08\x00\x80"] = { str = "SSL2_RC4_64_WITH_MD5", key_length = 16, encrypted_key_length = 8 },
}

--- The three bytes of cipher kinds, by name.
-- @class table
-- @name SSL_CIPHER_CODES
SSL_CIPHER_CODES = {}
for code, cipher in pairs(SSL_CIPHERS) do
  SSL_CIPHER_CODES[cipher.str] = code
end

-- A ServerHello: the message, whether a session was found, type of certificate, version, three lengths.
local HELLO_FIELDS = 11

--- Puts a payload into a record.
-- @param payload The payload.
-- @param pad_length Bytes of padding at its end, which it already has; 0 for none.
-- @return The record.
function ssl_record (payload, pad_length)
  if not pad_length or pad_length == 0 then
    return string.pack(">I2", 0x8000 | #payload) .. payload
  end
  return string.pack(">I2B", #payload, pad_length) .. payload
end

--- Writes a ClientHello.
-- @param ciphers Array of names of cipher kinds.
-- @return The record.
function client_hello (ciphers)
  local codes = {}
  for i, name in ipairs(ciphers) do
    codes[i] = SSL_CIPHER_CODES[name]
  end
  local list = table.concat(codes)
  return ssl_record(string.pack(">BI2I2I2I2", SSL_MESSAGE_TYPES.CLIENT_HELLO, 2, #list, 0, 16)
    .. list .. nmap.get_random_bytes(16), 0)
end

--- Writes a ClientMasterKey.
-- @param cipher_name Name of the cipher kind.
-- @param clear_key The part of the key in the clear.
-- @param encrypted_key The part that is encrypted.
-- @param key_arg Initialisation vector.
-- @return The record.
function client_master_secret (cipher_name, clear_key, encrypted_key, key_arg)
  return ssl_record(string.pack("B", SSL_MESSAGE_TYPES.CLIENT_MASTER_KEY) .. SSL_CIPHER_CODES[cipher_name]
    .. string.pack(">I2I2I2", #clear_key, #encrypted_key, #key_arg) .. clear_key .. encrypted_key .. key_arg, 0)
end

-- Header of the record at `i`: bytes of the header, of the payload, of padding. Nil if it is not there yet.
local function header_at (buffer, i)
  if #buffer < i + 1 then
    return nil
  end
  local length = string.unpack(">I2", buffer, i)
  if length & 0x8000 ~= 0 then
    return 2, length & 0x7FFF, 0
  elseif #buffer < i + 2 then
    return nil
  end
  return 3, length & 0x3FFF, string.byte(buffer, i + 2)
end

-- The fields of a ServerHello; nil if its lengths do not fit.
local function server_hello (payload)
  if #payload < HELLO_FIELDS then
    return nil
  end
  local _, cert_type, _, cert_size, list_size, id_size = string.unpack(">BBI2I2I2I2", payload, 2)
  if HELLO_FIELDS + cert_size + list_size + id_size > #payload then
    return nil
  end
  local pos = HELLO_FIELDS + 1
  local body = { cert_type = cert_type, cert = string.sub(payload, pos, pos + cert_size - 1), ciphers = {} }
  pos = pos + cert_size
  for at = pos, pos + list_size - 3, 3 do
    local cipher = SSL_CIPHERS[string.sub(payload, at, at + 2)]
    body.ciphers[#body.ciphers + 1] = cipher and cipher.str
  end
  pos = pos + list_size
  body.connection_id = string.sub(payload, pos, pos + id_size - 1)
  return body
end

--- Reads a record.
-- @param buffer What the server sent.
-- @param i Position of the record. Default: 1.
-- @return Position behind the record; behind the header if it is not whole.
-- @return Table with <code>message_type</code>, <code>record_length</code>, <code>padding_length</code> and
--         <code>body</code>; nil if the record is not whole.
function record_read (buffer, i)
  i = i or 1
  local header, length, padding = header_at(buffer, i)
  if not header then
    return i, nil
  elseif #buffer < i + header + length - 1 or length == 0 then
    return i + header, nil
  end
  local payload = string.sub(buffer, i + header, i + header + length - 1)
  local record = { record_length = length, padding_length = padding, message_type = string.byte(payload) }
  if record.message_type == SSL_MESSAGE_TYPES.SERVER_HELLO then
    record.body = server_hello(payload)
  elseif record.message_type == SSL_MESSAGE_TYPES.ERROR and #payload >= 3 then
    record.body = { error = SSL_ERRORS[string.unpack(">I2", payload, 2)] }
  end
  return i + header + length, record
end

--- Reads from a socket until there is a whole record.
-- @param sock Connected socket.
-- @param buffer What was read before, if anything.
-- @param i Position at which the record begins. Default: 1.
-- @return True, or false if there will be no record.
-- @return The buffer and what was read; or what went wrong.
function record_buffer (sock, buffer, i)
  buffer, i = buffer or "", i or 1
  local receive = deadline.receiver(sock, nil, "receive_bytes")
  while true do
    local header, length = header_at(buffer, i)
    local wanted = header and i + header + length - 1 or i + 2
    if header and #buffer >= wanted then
      return true, buffer
    end
    local status, data = receive(wanted - #buffer)
    if not status then
      return false, data
    end
    buffer = buffer .. data
  end
end

--- Asks a server for SSL version 2.
-- @param host Host table.
-- @param port Port table.
-- @return Array of names of the cipher kinds that it takes, perhaps empty; nil if it does not speak the version.
function test_sslv2 (host, port)
  local socket = tlsprobe.connect(host, port)
  if not socket then
    return nil
  end
  local names = {}
  for name in pairs(SSL_CIPHER_CODES) do
    names[#names + 1] = name
  end
  table.sort(names)
  local record
  if socket:send(client_hello(names)) then
    local status, buffer = record_buffer(socket)
    if status then
      _, record = record_read(buffer)
    end
  end
  socket:close()
  if record and record.message_type == SSL_MESSAGE_TYPES.SERVER_HELLO and record.body then
    return record.body.ciphers
  end
  return nil
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()

local hello = "\4\0\1\0\2" .. string.pack(">I2I2I2", 4, 3, 16) .. "CERT\1\0\x80" .. string.rep("c", 16)
local after, read = record_read(ssl_record(hello, 0))
test_suite:add_test(unittest.equal(after, #hello + 3), "a record is read to its end")
test_suite:add_test(unittest.equal(read.body.ciphers[1], "SSL2_RC4_128_WITH_MD5"), "the cipher kinds")
test_suite:add_test(unittest.equal(read.body.cert, "CERT"), "the certificate")
local _, absurd = record_read(ssl_record("\4\0\1\0\2" .. string.rep("\xff", 12), 0))
test_suite:add_test(unittest.is_nil(absurd.body), "lengths that do not fit")
test_suite:add_test(unittest.is_nil((select(2, record_read("\x80\x20ab")))), "a record cut off")

return _ENV
