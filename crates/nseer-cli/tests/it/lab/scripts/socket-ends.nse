local table = require "table"

description = [[Tells what is known of the ends of sockets, what calls without their arguments say, and what a second connect takes for granted.]]
categories = {"safe"}

prerule = function() return true end

local HOST = "127.0.0.1"

-- Ports that the system chose differ.
local function show(value)
  if type(value) == "number" then
    return value > 30000 and "its choice" or tostring(value)
  end
  return (tostring(value):gsub("%c", "."))
end

local function tell(what, ...)
  local values = table.pack(...)
  for i = 1, values.n do values[i] = show(values[i]) end
  nmap.log_write("stdout", ("told: %s: %s"):format(what, table.concat(values, ", ")))
end

local function call(socket, name, ...)
  return pcall(socket[name], socket, ...)
end

-- Every way to a socket, and its name.
local function ways()
  local function open(kind, ...)
    local connects = table.pack(...)
    return function()
      local socket = nmap.new_socket(kind)
      socket:set_timeout(200)
      for i = 1, connects.n do
        call(socket, table.unpack(connects[i]))
      end
      return socket
    end
  end
  local refused, talks = {"connect", HOST, 7999}, {"connect", HOST, 7001}
  return {
    {"new", open()},
    {"refused", open(nil, refused)},
    {"refused tls", open(nil, {"connect", HOST, 7999, "ssl"})},
    {"refused and closed", open(nil, refused, {"close"})},
    {"no way", open(nil, {"connect", "192.0.2.1", 80})},
    {"silent tls", open(nil, {"connect", HOST, 7002, "ssl"})},
    {"talks", open(nil, talks)},
    {"closed twice", open(nil, talks, {"close"}, {"close"})},
    {"connected twice", open(nil, talks, {"connect", HOST, 7002})},
    {"failed to begin tls", open(nil, talks, {"reconnect_ssl"})},
    {"sent elsewhere", open(nil, talks, {"sendto", "127.0.0.2", 7003, "x"})},
    {"refused, sent elsewhere", open(nil, refused, {"sendto", "127.0.0.2", 7003, "x"})},
    {"datagrams", open("udp")},
    {"datagrams, sent", open("udp", {"sendto", HOST, 7003, "x"})},
    {"datagrams, connected", open(nil, {"connect", HOST, 7003, "udp"})},
    {"datagrams, closed", open(nil, {"connect", HOST, 7003, "udp"}, {"close"}, {"set_timeout", 200})},
    {"datagrams of that kind, closed", open("udp", {"connect", HOST, 7003}, {"close"}, {"set_timeout", 200})},
    {"stream of the kind for datagrams", open("udp", {"connect", HOST, 7001, "tcp"})},
    {"tls of the kind for datagrams", open("udp", {"connect", HOST, 7999, "ssl"})},
  }
end

local CALLS = {
  {"get_info"}, {"receive"}, {"receive_lines"}, {"receive_bytes", {}}, {"receive_buf"}, {"send"}, {"sendto"},
  {"sendto", HOST}, {"get_ssl_certificate"}, {"pcap_receive"}, {"connect", HOST, 7001}, {"connect", HOST, 7999},
  {"bind", HOST, -1}, {"close"},
}

action = function()
  for _, way in ipairs(ways()) do
    for _, c in ipairs(CALLS) do
      local socket = way[2]()
      local what = ("%s: %s, %d"):format(way[1], c[1], #c)
      tell(what, call(socket, table.unpack(c)))
      tell(what .. ", ends", call(socket, "get_info"))
      tell(what .. ", close", call(socket, "close"))
      tell(what .. ", close again", call(socket, "close"))
    end
  end
end
