---
-- One hello and the server's answer to it: what scripts need that ask a TLS server what it would agree to.
--
-- STARTTLS is done where the service needs it. A handshake is never finished; of TLS 1.3 only the ServerHello
-- is seen, since the rest is encrypted.
--
-- @usage
-- local answer, why = tlsprobe.hello(host, port, {protocol = "TLSv1.2"})
-- if answer then
--   print(answer.hello.cipher)
-- end
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name tlsprobe

local nmap = require "nmap"
local shortport = require "shortport"
local sslcert = require "sslcert"
local stdnse = require "stdnse"
local string = require "string"
local tableaux = require "tableaux"
local tls = require "tls"
local unittest = require "unittest"

_ENV = stdnse.module("tlsprobe", stdnse.seeall)

-- More records than this before the end of the server's part, and it is no TLS server.
local MAX_RECORDS = 100

--- Rule for ports with TLS, from the first byte on or after a command.
-- @param host Host table.
-- @param port Port table.
-- @return True or false.
function portrule (host, port)
  return shortport.ssl(host, port) or sslcert.getPrepareTLSWithoutReconnect(port) ~= nil
end

--- Connects to where the next byte is TLS.
-- @param host Host table.
-- @param port Port table.
-- @return Socket; or nil.
-- @return What went wrong.
function connect (host, port)
  local prepare = sslcert.getPrepareTLSWithoutReconnect(port)
  local status, socket
  if prepare then
    status, socket = prepare(host, port)
    return status and socket or nil, socket
  end
  socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host))
  local why
  status, why = socket:connect(host, port, "tcp")
  if status then
    return socket
  end
  socket:close()
  return nil, why
end

-- Takes a record into the answer. True when there is nothing more to wait for.
local function take (answer, record, last)
  for _, message in ipairs(record.body) do
    if record.type == "alert" then
      -- A warning says that a name is not known, and the handshake goes on.
      if message.level ~= "warning" or message.description == "close_notify" then
        answer.alert = message.description or "unknown"
        return true
      end
    elseif record.type == "handshake" then
      answer[message.type] = message
      if message.type == "server_hello" then
        answer.hello = message
      end
      if message.type == last or message.type == "server_hello_done"
        or message.type == "server_hello" and message.protocol == "TLSv1.3" then
        return true
      end
    end
  end
  return false
end

--- Reads the server's part of a handshake.
-- @param socket Socket to which a hello was sent.
-- @param last Name of the message that is enough. Default: <code>server_hello_done</code>.
-- @return Table with <code>hello</code> (the ServerHello), <code>alert</code> (description, if the server sent
--         one), and each message by its type. It may be empty.
-- @return What ended it, if that was the connection.
function read (socket, last)
  local answer, buffer, pos, fragment = {}, "", 1, nil
  for _ = 1, MAX_RECORDS do
    local status, why, record
    status, buffer, why = tls.record_buffer(socket, buffer, pos)
    if not status then
      return answer, why or "ERROR"
    end
    pos, record = tls.record_read(buffer, pos, fragment)
    if not record then
      return answer, "this is not TLS"
    end
    fragment = record.type == "handshake" and record.fragment or nil
    if take(answer, record, last) then
      return answer
    end
    buffer, pos = string.sub(buffer, pos), 1
  end
  return answer, "too many records"
end

-- Groups to offer: those that servers know, the usual ones first.
local GROUPS = {
  "secp256r1", "secp384r1", "secp521r1", "ecdh_x25519", "ffdhe2048", "ecdh_x448", "ffdhe3072", "ffdhe4096",
  "secp224r1", "secp192r1", "secp256k1", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1",
}

-- What is offered before TLS 1.3 where a script names no suites, so that servers of today take something, whatever a
-- library offers by itself.
local SUITES = {
  "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
  "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
  "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_DHE_RSA_WITH_AES_256_CBC_SHA",
  "TLS_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_256_CBC_SHA",
  "TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_RSA_WITH_RC4_128_SHA",
  "TLS_RSA_WITH_RC4_128_MD5",
}

-- Adds to extensions what servers want to know: whom is it for, and which curves may they use.
local function complete (extensions, host, protocol)
  if protocol == "SSLv3" then
    return
  end
  local name = tls.servername(host)
  if name then
    extensions.server_name = extensions.server_name or tls.EXTENSION_HELPERS.server_name(name)
  end
  extensions.elliptic_curves = extensions.elliptic_curves or tls.EXTENSION_HELPERS.elliptic_curves(GROUPS)
  extensions.ec_point_formats = extensions.ec_point_formats
    or tls.EXTENSION_HELPERS.ec_point_formats({"uncompressed"})
end

--- Sends a hello and reads the answer.
--
-- The name of the server is asked for where it is known, and groups are offered.
-- @param host Host table.
-- @param port Port table.
-- @param options Table for <code>tls.client_hello</code>, with <code>last</code> for <code>read</code>.
-- @return Table as of <code>read</code>; nil if there was no connection.
-- @return What ended it, if that was the connection.
function hello (host, port, options)
  local socket, why = connect(host, port)
  if not socket then
    return nil, why
  end
  local t = tableaux.shallow_tcopy(options)
  t.extensions = tableaux.shallow_tcopy(options.extensions or {})
  t.last = nil
  t.ciphers = options.ciphers or options.protocol ~= "TLSv1.3" and SUITES or nil
  complete(t.extensions, host, options.protocol)
  local answer, ending
  if socket:send(tls.client_hello(t)) then
    answer, ending = read(socket, options.last)
  else
    answer, ending = {}, "the hello could not be sent"
  end
  socket:close()
  return answer, ending
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()

local function socket_that_says (data)
  return { receive_bytes = function ()
    local all = data
    data = ""
    return all ~= "", all ~= "" and all or "EOF"
  end }
end
local alert = string.pack(">BI2s2", 21, 0x0301, "\2\40")
local refused = read(socket_that_says(alert))
test_suite:add_test(unittest.equal(refused.alert, "handshake_failure"), "an alert ends it")
local _, why = read(socket_that_says("220 mail.example ESMTP\r\n"))
test_suite:add_test(unittest.not_nil(why), "a greeting is not TLS")
local done = string.pack(">BI2s2", 22, 0x0301, "\14\0\0\0")
local warned = read(socket_that_says(string.pack(">BI2s2", 21, 0x0301, "\1\112") .. done))
test_suite:add_test(unittest.not_nil(warned.server_hello_done), "a warning does not")

return _ENV
