description = [[Uses sockets in ways that a trace tells of.]]
categories = {"safe"}

prerule = function() return true end

local HOST = "127.0.0.1"

local function use(host, port, protocol, ...)
  local socket = nmap.new_socket("tcp", host:find ":" and "inet6" or "inet")
  socket:set_timeout(200)
  socket:connect(host, port, protocol)
  for _, call in ipairs {...} do
    socket[call[1]](socket, table.unpack(call, 2))
  end
  socket:close()
end

action = function()
  use(HOST, 7001, "tcp", {"receive_lines", 2}, {"send", "text\r\n"})
  use(HOST, 7001, "tcp", {"send", ("\0\1\2\xff"):rep(20)}, {"receive_buf", "\n", true})
  use(HOST, 7002, "tcp", {"receive"}, {"receive_bytes", 3})
  use(HOST, 7999, "tcp", {"receive"})
  use(HOST, 7999, "ssl")
  use(HOST, 7001, "ssl")
  use(HOST, 7002, "ssl")
  use(HOST, 7001, "tcp", {"reconnect_ssl"})
  use("192.0.2.1", 80, "tcp")
  use(HOST, 7999, "udp", {"send", "datagram"}, {"receive"})
  local socket = nmap.new_socket("udp")
  socket:sendto(HOST, 7999, "to nobody")
  socket:close()
end
