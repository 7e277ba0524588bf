---
-- Whether a host passes connections on for anybody: as HTTP proxy, or as SOCKS proxy of version 4 or 5.
--
-- Written from RFC 9110, sections 9.3 and 15, RFC 9112, section 3.2.2, RFC 1928, and the description of SOCKS version 4
-- of its author. Names are resolved here, so that one answer means one host for all kinds of proxies.
--
-- @usage
-- local is_open, answer = proxy.test_get(host, port, "http", "http://www.example.org/", "www.example.org")
-- @args proxy.url Address that is asked for.
-- @args proxy.pattern Pattern that is in the page at this address.
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name proxy

local deadline = require "deadline"
local dns = require "dns"
local ipOps = require "ipOps"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"
local tonumber, type = tonumber, type

_ENV = stdnse.module("proxy", stdnse.seeall)

local TIMEOUT = 10000
local MAX_ANSWER = 256 * 1024

-- The port that a proxy is asked to connect to, where the address names none.
local PORT = 80

--- What the user says to ask for.
-- @return The address; false if none is given.
-- @return The pattern; false if none is given.
function return_args ()
  return stdnse.get_script_args("proxy.url") or false, stdnse.get_script_args("proxy.pattern") or false
end

-- The four bytes of a host of IPv4; nil and a reason.
local function address_of (hostname)
  local bytes = ipOps.ip_to_str(hostname)
  if not bytes then
    local status, address = dns.query(hostname, { dtype = "A" })
    bytes = status and ipOps.ip_to_str(address) or nil
  end
  if not bytes or #bytes ~= 4 then
    return nil, "the name has no address"
  end
  return bytes
end

--- Asks a SOCKS proxy to connect to a host.
-- @param socket Connected socket.
-- @param version 4 or 5.
-- @param hostname Name or address of the host.
-- @return True if the proxy has connected; otherwise false.
-- @return A reason.
function socksHandshake (socket, version, hostname)
  local address, reason = address_of(hostname)
  if not address then
    return false, reason
  end
  if version == 4 then
    local status, answer = socket:send(string.pack(">BBI2c4z", 4, 1, PORT, address, ""))
    if status then
      status, answer = socket:receive_bytes(8)
    end
    if not status then
      return false, answer
    end
    return string.sub(answer, 1, 2) == "\0\x5a", "the proxy does not connect"
  end
  local status, answer = socket:send("\5\1\0")
  if status then
    status, answer = socket:receive_bytes(2)
  end
  if not status or string.sub(answer, 1, 2) ~= "\5\0" then
    return false, status and "the proxy wants a login" or answer
  end
  status, answer = socket:send(string.pack(">BBBBc4I2", 5, 1, 0, 1, address, PORT))
  if status then
    status, answer = socket:receive_bytes(10)
  end
  if not status then
    return false, answer
  end
  return string.sub(answer, 1, 2) == "\5\0", "the proxy does not connect"
end

--- Connects to a proxy, and through it where it is one of SOCKS.
-- @param host Host table of the proxy.
-- @param port Port table of the proxy.
-- @param proxyType <code>http</code>, <code>socks4</code> or <code>socks5</code>.
-- @param hostname Whom a SOCKS proxy is asked for.
-- @return True, or false.
-- @return Socket; or a reason.
function connectProxy (host, port, proxyType, hostname)
  local socket = nmap.new_socket()
  socket:set_timeout(TIMEOUT)
  local status, reason = socket:connect(host, port)
  local version = string.match(proxyType, "^socks([45])$")
  if status and version then
    status, reason = socksHandshake(socket, tonumber(version), hostname)
  end
  if not status then
    socket:close()
    return false, reason
  end
  return true, socket
end

-- Statuses of answers that come from behind the proxy, as a whole page or as the way to one.
local function has_good_status (answer)
  local status = tonumber(string.match(answer, "^HTTP/%d%.?%d? (%d%d%d)") or "")
  return status == 200 or status == 301 or status == 302
end

-- All that the proxy sends until it closes, within bounds.
local function read_all (socket)
  local receive = deadline.receiver(socket, TIMEOUT)
  local data = ""
  while #data < MAX_ANSWER do
    local status, more = receive()
    if not status then
      break
    end
    data = data .. more
  end
  return data
end

-- Sends a request. Whether it is answered well, the answer, and whether its status alone is good.
local function asked (host, port, proxyType, hostname, request, pattern)
  local status, socket = connectProxy(host, port, proxyType, hostname)
  if not status then
    return false, socket
  end
  local sent, reason = socket:send(request)
  local answer = sent and read_all(socket) or ""
  socket:close()
  if answer == "" then
    return false, sent and "the proxy says nothing" or reason
  end
  local is_good = has_good_status(answer)
  if not pattern then
    return is_good, answer, nil
  end
  return string.find(answer, pattern) ~= nil, answer, is_good
end

local function page_request (method, url, hostname)
  return string.format("%s %s HTTP/1.0\r\nHost: %s\r\n\r\n", method, url, hostname)
end

--- Asks for a page through the proxy.
-- @param host Host table of the proxy.
-- @param port Port table of the proxy.
-- @param proxyType <code>http</code>, <code>socks4</code> or <code>socks5</code>.
-- @param test_url Address of the page.
-- @param hostname Host of the page.
-- @param pattern Pattern that is in the page, optional.
-- @return True if the page came: the pattern is in it, or without one, its status is 200, 301 or 302.
-- @return The answer; or a reason.
-- @return With a pattern: whether the status is one of these.
function test_get (host, port, proxyType, test_url, hostname, pattern)
  return asked(host, port, proxyType, hostname, page_request("GET", test_url, hostname), pattern)
end

--- Asks for the head of a page through the proxy.
-- @param host Host table of the proxy.
-- @param port Port table of the proxy.
-- @param proxyType As for <code>test_get</code>.
-- @param test_url Address of the page.
-- @param hostname Host of the page.
-- @param pattern Pattern that is in the head, optional.
-- @return As <code>test_get</code>.
-- @return As <code>test_get</code>.
-- @return As <code>test_get</code>.
function test_head (host, port, proxyType, test_url, hostname, pattern)
  return asked(host, port, proxyType, hostname, page_request("HEAD", test_url, hostname), pattern)
end

--- Asks the proxy to connect to port 80 of a host (RFC 9110, section 9.3.6).
-- @param host Host table of the proxy.
-- @param port Port table of the proxy.
-- @param proxyType As for <code>test_get</code>.
-- @param hostname The host.
-- @return True if it does.
-- @return The answer; or a reason.
function test_connect (host, port, proxyType, hostname)
  return asked(host, port, proxyType, hostname, string.format("CONNECT %s:%d HTTP/1.0\r\n\r\n", hostname, PORT))
end

--- Whether two answers hold the same page: then the proxy shows one of its own for everything.
-- @param resp1 An answer.
-- @param resp2 Another.
-- @return True if they are equal from <code>&lt;html</code> on.
function redirectCheck (resp1, resp2)
  if type(resp1) ~= "string" or type(resp2) ~= "string" then
    return false
  end
  local first, second = string.match(resp1, "<[hH][tT][mM][lL].*$"), string.match(resp2, "<[hH][tT][mM][lL].*$")
  return first ~= nil and first == second
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.is_true(redirectCheck("a\n<html>x", "b\n<html>x")), "the same page")
test_suite:add_test(unittest.is_false(redirectCheck("a<html>x", "a<html>y")), "another page")
test_suite:add_test(unittest.is_false(redirectCheck("a", "a")), "no page")
test_suite:add_test(unittest.is_true(has_good_status("HTTP/1.1 302 Found\r\n")), "a status from behind")
test_suite:add_test(unittest.is_false(has_good_status("HTTP/1.1 407 No\r\n")), "a status of the proxy")
test_suite:add_test(unittest.is_false(has_good_status("\5\xff")), "another protocol")

local function socket_that_says (...)
  local parts, at = { ... }, 0
  return {
    sent = "",
    send = function (self, data) self.sent = self.sent .. data return true end,
    receive_bytes = function () at = at + 1 return parts[at] ~= nil, parts[at] or "EOF" end,
  }
end
local socks4 = socket_that_says("\0\x5a\0\0\0\0\0\0")
test_suite:add_test(unittest.is_true((socksHandshake(socks4, 4, "192.0.2.1"))), "version 4")
test_suite:add_test(unittest.equal(socks4.sent, "\4\1\0\x50\xc0\0\2\1\0"), "what is sent to version 4")
local socks5 = socket_that_says("\5\0", "\5\0\0\1\0\0\0\0\0\0")
test_suite:add_test(unittest.is_true((socksHandshake(socks5, 5, "192.0.2.1"))), "version 5")
test_suite:add_test(unittest.equal(socks5.sent, "\5\1\0\5\1\0\1\xc0\0\2\1\0\x50"), "what is sent to version 5")
test_suite:add_test(unittest.is_false((socksHandshake(socket_that_says("\5\xff"), 5, "192.0.2.1"))), "a login is wanted")
test_suite:add_test(unittest.is_false((socksHandshake(socket_that_says(), 4, "192.0.2.1"))), "silence")
return _ENV
