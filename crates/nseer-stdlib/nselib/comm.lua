---
-- Short conversations: connect, say something, read the answer.
--
-- The functions take the same options, in a table. Times are in milliseconds.
-- * <code>bytes</code> - wait for so many bytes; more may be returned, and fewer if the peer is done.
-- * <code>lines</code> - wait for so many lines, in the same way; goes before <code>bytes</code>.
-- * <code>proto</code> - <code>tcp</code>, <code>udp</code> or <code>ssl</code>. Default: the port's, or TCP.
-- * <code>timeout</code> - stands for both of the following.
-- * <code>connect_timeout</code> - time to connect. Default: that of <code>stdnse.get_timeout</code>.
-- * <code>request_timeout</code> - time for a read beyond <code>connect_timeout</code>. Default: 6000.
-- * <code>recv_before</code> - true to read the peer's greeting before anything is sent.
-- * <code>any_af</code> - true to connect to IPv4 and IPv6 alike, whichever the scan is about.
--
-- Without <code>bytes</code> and <code>lines</code>, whatever arrives first is taken.
--
-- @usage
-- local ok, answer = comm.exchange(host, port, "STATUS\r\n", {lines = 1, timeout = 3000})
-- if ok then
--   return answer
-- end
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name comm

local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local tableaux = require "tableaux"

_ENV = stdnse.module("comm", stdnse.seeall)

local REQUEST_TIMEOUT = 6000

local function protocol_of (port, opts)
  return opts.proto or type(port) == "table" and port.protocol or "tcp"
end

-- The socket for a peer of either address family.
local function socket_for (host, transport, opts)
  if not opts.any_af then
    return nmap.new_socket(transport), host
  end
  local address = type(host) == "table" and (host.ip or host.targetname) or host
  if not string.find(address, ":", 1, true) and string.find(address, "[^%d.]") then
    local status, found = nmap.resolve(address, "unspec")
    address = status and found[1] or address
  end
  local family = string.find(address, ":", 1, true) and "inet6" or "inet"
  -- A host table also carries the name that TLS asks for, so it is kept where it says the same.
  local peer = type(host) == "table" and host.ip == address and host or address
  return nmap.new_socket(transport, family), peer
end

local function connect (host, port, proto, opts)
  local connect_timeout = opts.connect_timeout or opts.timeout or stdnse.get_timeout(host)
  local request_timeout = opts.request_timeout or opts.timeout or REQUEST_TIMEOUT
  local socket, peer = socket_for(host, proto == "udp" and "udp" or "tcp", opts)
  socket:set_timeout(connect_timeout)
  local status, reason = socket:connect(peer, port, proto)
  if not status then
    socket:close()
    return nil, "cannot connect: " .. reason
  end
  socket:set_timeout(connect_timeout + request_timeout)
  return socket
end

local function read (socket, opts)
  local status, data
  if opts.lines then
    status, data = socket:receive_lines(opts.lines)
  elseif opts.bytes then
    status, data = socket:receive_bytes(opts.bytes)
  else
    status, data = socket:receive()
  end
  if status then
    return data
  end
  return nil, "nothing was received: " .. data
end

-- Connects with one protocol. Gives the socket, the answer and the greeting; or nil and a reason.
local function converse (host, port, proto, data, opts)
  local socket, reason = connect(host, port, proto, opts)
  if not socket then
    return nil, reason
  end
  local greeting, answer
  if opts.recv_before then
    greeting, reason = read(socket, opts)
  end
  if data and data ~= "" then
    local status, failure = socket:send(data)
    if status then
      answer, reason = read(socket, opts)
    else
      reason = "cannot send: " .. failure
    end
  else
    answer = greeting
  end
  if answer or not (opts.recv_before or data and data ~= "") then
    return socket, answer, greeting
  end
  socket:close()
  return nil, reason, greeting
end

--- Sends something to a service and reads the answer.
-- @param host Host table, address or name.
-- @param port Port table or number.
-- @param data What to send.
-- @param opts Table of options, optional; see above.
-- @return True if there was an answer, otherwise false.
-- @return The answer; or what went wrong.
function exchange (host, port, data, opts)
  opts = opts or {}
  local socket, reason = connect(host, port, protocol_of(port, opts), opts)
  if not socket then
    return false, reason
  end
  local answer
  local status, failure = socket:send(data)
  if status then
    answer, reason = read(socket, opts)
  else
    reason = "cannot send: " .. failure
  end
  socket:close()
  if answer then
    return true, answer
  end
  return false, reason
end

--- Opens a connection, sends something and reads the answer, and leaves the connection open.
-- @param host Host table, address or name.
-- @param port Port table or number.
-- @param data What to send. Nil or the empty string to send nothing.
-- @param opts Table of options, optional; see above.
-- @return The connected socket; or nil.
-- @return The answer (if nothing was sent: the greeting, if asked for); or what went wrong.
-- @return The greeting, if <code>recv_before</code> was set and there was one.
function opencon (host, port, data, opts)
  opts = opts or {}
  return converse(host, port, protocol_of(port, opts), data, opts)
end

local is_tls_service = shortport.port_or_service(
  shortport.LIKELY_SSL_PORTS, shortport.LIKELY_SSL_SERVICES, {"tcp"}, {"open", "open|filtered"})

-- The protocol to begin with, and the one to try after it.
local function order_of (host, port, opts)
  local proto = protocol_of(port, opts)
  if proto == "ssl" then
    return "ssl", "tcp"
  elseif proto ~= "tcp" then
    return proto, nil
  end
  if not opts.proto then
    local known = type(port) == "table" and port or { number = port, protocol = "tcp", state = "open" }
    local tunnel = known.version and known.version.service_tunnel
    if tunnel == "ssl" or is_tls_service(host, known) then
      return "ssl", "tcp"
    end
  end
  return "tcp", "ssl"
end

--- Opens a connection with or without TLS, whichever works.
--
-- What is more likely for the port is tried first. If there is no connection, or no answer, the other one is
-- tried. For UDP, only UDP is tried.
-- @usage
-- local socket, answer, proto = comm.tryssl(host, port, "HELP\r\n", {lines = 1})
-- @param host Host table, address or name.
-- @param port Port table or number.
-- @param data What to send. Nil or the empty string to send nothing.
-- @param opts Table of options, optional; see above.
-- @return The connected socket; or nil.
-- @return The answer (if nothing was sent: the greeting, if asked for); or what went wrong.
-- @return The protocol that worked: <code>tcp</code>, <code>ssl</code> or <code>udp</code>; <code>none</code>
--         if none did.
-- @return The greeting, if <code>recv_before</code> was set and there was one.
function tryssl (host, port, data, opts)
  opts = opts or {}
  local first, second = order_of(host, port, opts)
  local socket, answer, greeting = converse(host, port, first, data, opts)
  if socket then
    return socket, answer, first, greeting
  end
  if second == "tcp" or second == "ssl" and nmap.have_ssl() then
    socket, answer, greeting = converse(host, port, second, data, opts)
    if socket then
      return socket, answer, second, greeting
    end
  end
  return nil, answer, "none", greeting
end

--- Connects to a service and reads what it says by itself, with or without TLS.
-- @usage local ok, greeting = comm.get_banner(host, port, {lines = 1})
-- @param host Host table, address or name.
-- @param port Port table or number.
-- @param opts Table of options, optional; see above.
-- @return True if the service said something, otherwise false.
-- @return What it said; or what went wrong.
-- @see tryssl
function get_banner (host, port, opts)
  opts = opts and tableaux.shallow_tcopy(opts) or {}
  opts.recv_before = true
  local socket, greeting = tryssl(host, port, nil, opts)
  if socket then
    socket:close()
    return true, greeting
  end
  return false, greeting
end

return _ENV
