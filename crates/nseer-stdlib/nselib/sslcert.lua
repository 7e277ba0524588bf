---
-- Gets the certificate of a service, with TLS from the first byte on or after the service's own command to
-- begin with it (STARTTLS).
--
-- The commands are those of RFC 3207 (SMTP and LMTP), RFC 2595 (POP3 and IMAP), RFC 4217 (FTP), RFC 4511
-- (LDAP), RFC 4642 (NNTP), RFC 6120 (XMPP), PostgreSQL's and MySQL's protocol manuals, MS-TDS for SQL Server,
-- and the documents of VeNCrypt for VNC; each is in <code>sslcert.starttls</code>.
--
-- @usage
-- portrule = function (host, port)
--   return shortport.ssl(host, port) or sslcert.isPortSupported(port)
--     or sslcert.getPrepareTLSWithoutReconnect(port)
-- end
-- action = function (host, port)
--   local ok, cert = sslcert.getCertificate(host, port)
--   return ok and cert.subject.commonName
-- end
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name sslcert

local nmap = require "nmap"
local starttls = require "sslcert.starttls"
local stdnse = require "stdnse"
local string = require "string"
local tls = require "tls"
local unittest = require "unittest"
local wrapped = require "sslcert.wrapped"

_ENV = stdnse.module("sslcert", stdnse.seeall)

--- Reads a certificate in DER.
-- @class function
-- @name parse_ssl_certificate
-- @param der The bytes.
-- @return Certificate, as <code>socket:get_ssl_certificate</code> gives it; or nil.
parse_ssl_certificate = nmap.socket.parse_ssl_certificate

--- Functions that ask services for TLS.
--
-- For each protocol two: <code>smtp_prepare_tls_without_reconnect(host, port)</code> connects and says what
-- must be said, and gives true and the socket on which TLS begins with the next byte;
-- <code>smtp_prepare_tls(host, port)</code> also begins it. Both give false and a reason if that failed. The
-- protocols are <code>ftp</code>, <code>imap</code>, <code>ldap</code>, <code>lmtp</code>,
-- <code>mysql</code>, <code>nntp</code>, <code>pop3</code>, <code>postgres</code>, <code>smtp</code>,
-- <code>tds</code>, <code>vnc</code> and <code>xmpp</code>.
-- @class table
-- @name StartTLS
StartTLS = {}

--- A socket whose bytes are wrapped in another protocol's packets, with the methods of a socket.
-- @class table
-- @name WrappedSocket
WrappedSocket = wrapped.WrappedSocket

-- Begins TLS on the socket that `prepare` gives.
local function with_reconnect (prepare)
  return function (host, port)
    local status, socket = prepare(host, port)
    if not status then
      return false, socket
    end
    local began, why = socket:reconnect_ssl()
    if not began then
      socket:close()
      return false, "TLS did not begin: " .. tostring(why)
    end
    return true, socket
  end
end

for protocol, prepare in pairs(starttls) do
  StartTLS[protocol .. "_prepare_tls_without_reconnect"] = prepare
  StartTLS[protocol .. "_prepare_tls"] = with_reconnect(prepare)
end

-- TLS inside of packets cannot be begun by the socket.
StartTLS.tds_prepare_tls_without_reconnect = wrapped.tds
StartTLS.tds_prepare_tls = function (host, port)
  return false, "TLS cannot go on after the handshake inside of TDS packets"
end

-- The protocol spoken on a port, by the names of services and by the usual numbers.
local PROTOCOLS = {
  ftp = "ftp", imap = "imap", imap2 = "imap", ldap = "ldap", lmtp = "lmtp", mysql = "mysql", nntp = "nntp",
  pop3 = "pop3", postgresql = "postgres", smtp = "smtp", submission = "smtp",
  ["ms-sql-s"] = "tds", ["ms-sql"] = "tds", vnc = "vnc", ["xmpp"] = "xmpp", ["xmpp-client"] = "xmpp",
  ["xmpp-server"] = "xmpp", jabber = "xmpp",
  [21] = "ftp", [24] = "lmtp", [25] = "smtp", [110] = "pop3", [119] = "nntp", [143] = "imap",
  [389] = "ldap", [587] = "smtp", [1433] = "tds", [2525] = "smtp", [3306] = "mysql", [5222] = "xmpp",
  [5269] = "xmpp", [5432] = "postgres", [5900] = "vnc",
}

local function protocol_of (port)
  if port.protocol ~= "tcp" or port.version and port.version.service_tunnel == "ssl" then
    return nil
  end
  local confidence = port.version and port.version.name_confidence
  if port.service and (PROTOCOLS[port.service] or confidence and confidence > 3) then
    return PROTOCOLS[port.service]
  end
  return PROTOCOLS[port.number]
end

--- Gives the function that begins TLS on a port by its own command.
-- @param port Port table.
-- @return Function of <code>StartTLS</code> that gives true and a socket with TLS; nil if no such command is
--         known for the port.
function isPortSupported (port)
  local protocol = protocol_of(port)
  return protocol and StartTLS[protocol .. "_prepare_tls"]
end

--- Gives the function that asks for TLS on a port and leaves the handshake to the caller.
-- @param port Port table.
-- @return Function of <code>StartTLS</code> that gives true and a socket without TLS yet; nil if no such
--         command is known for the port.
function getPrepareTLSWithoutReconnect (port)
  local protocol = protocol_of(port)
  return protocol and StartTLS[protocol .. "_prepare_tls_without_reconnect"]
end

--
-- Certificates
--

-- The system's TLS library shakes hands.
local function by_library (host, port)
  local starter = isPortSupported(port)
  local status, socket
  if starter then
    status, socket = starter(host, port)
  else
    socket = nmap.new_socket()
    socket:set_timeout(stdnse.get_timeout(host))
    status = socket:connect(host, port, "ssl")
  end
  if not status then
    if not starter then
      socket:close()
    end
    return nil
  end
  local cert = socket:get_ssl_certificate()
  socket:close()
  return cert
end

local function plain_socket (host, port)
  local prepare = getPrepareTLSWithoutReconnect(port)
  if prepare then
    return prepare(host, port)
  end
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host))
  local status, why = socket:connect(host, port, "tcp")
  if not status then
    socket:close()
    return false, why
  end
  return true, socket
end

-- No server sends so many records before its certificate.
local MAX_RECORDS = 64

-- The first certificate in the server's handshake.
local function first_certificate (socket)
  local buffer, pos, fragment = "", 1, nil
  for _ = 1, MAX_RECORDS do
    local status, record
    status, buffer = tls.record_buffer(socket, buffer, pos)
    if not status then
      return nil
    end
    pos, record = tls.record_read(buffer, pos, fragment)
    if not record or record.type ~= "handshake" then
      return nil
    end
    fragment = record.fragment
    for _, message in ipairs(record.body) do
      if message.type == "certificate" then
        return message.certificates[1]
      end
    end
  end
end

-- Old servers: the certificate is sent in the clear before TLS 1.3, so their part of the handshake is enough.
local function by_hand (host, port, protocol)
  local status, socket = plain_socket(host, port)
  if not status then
    return nil
  end
  local extensions = {}
  local name = tls.servername(host)
  if name and protocol ~= "SSLv3" then
    extensions.server_name = tls.EXTENSION_HELPERS.server_name(name)
  end
  local der
  if socket:send(tls.client_hello({protocol = protocol, extensions = extensions})) then
    der = first_certificate(socket)
  end
  socket:close()
  return der and parse_ssl_certificate(der)
end

local function fetch (host, port)
  local cert = by_library(host, port)
  for _, protocol in ipairs({"TLSv1.2", "TLSv1.0", "SSLv3"}) do
    cert = cert or by_hand(host, port, protocol)
  end
  return cert
end

--- Gets the certificate of a service. It is fetched once for each port and kept in
-- <code>host.registry["ssl-cert"]</code>.
-- @param host Host table.
-- @param port Port table.
-- @return True if there is one, otherwise false.
-- @return The certificate; or what went wrong.
function getCertificate (host, port)
  local key = port.number .. "/" .. port.protocol
  local mutex = nmap.mutex("sslcert " .. host.ip .. " " .. key)
  mutex("lock")
  local known = host.registry["ssl-cert"] or {}
  host.registry["ssl-cert"] = known
  -- Who reads what is kept expects certificates: ports without one are noted elsewhere.
  local failed = host.registry["ssl-cert-failed"] or {}
  host.registry["ssl-cert-failed"] = failed
  if not known[key] and not failed[key] then
    known[key] = fetch(host, port)
    failed[key] = not known[key]
  end
  mutex("done")
  if known[key] then
    return true, known[key]
  end
  return false, "no certificate could be had"
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()

local function port_with (number, service, version)
  return { number = number, protocol = "tcp", service = service, version = version }
end
test_suite:add_test(unittest.equal(isPortSupported(port_with(25, "smtp")), StartTLS.smtp_prepare_tls), "mail")
test_suite:add_test(unittest.is_nil(isPortSupported(port_with(443, "https"))), "no command for HTTPS")
test_suite:add_test(
  unittest.is_nil(isPortSupported(port_with(25, "smtp", {service_tunnel = "ssl"}))), "TLS from the first byte on")
test_suite:add_test(
  unittest.equal(getPrepareTLSWithoutReconnect(port_with(2000, "imap")),
    StartTLS.imap_prepare_tls_without_reconnect), "the service counts")
test_suite:add_test(
  unittest.is_nil(isPortSupported(port_with(25, "ssh", {name_confidence = 10}))), "what was probed counts more")

return _ENV
