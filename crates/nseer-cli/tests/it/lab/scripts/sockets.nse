description = [[Tells what the methods of TCP sockets give in every state that a socket can be in.]]
categories = {"safe"}

prerule = function() return true end

local HOST = "127.0.0.1"

local function show(value)
  local text = tostring(value)
  return type(value) == "number" and math.type(value) or (text:gsub("%c", "."))
end

local function tell(what, ...)
  local values = table.pack(...)
  for i = 1, values.n do values[i] = show(values[i]) end
  nmap.log_write("stdout", ("told: %s: %s"):format(what, table.concat(values, ", ")))
end

local function try(what, f, ...)
  tell(what, pcall(f, ...))
end

local METHODS = {
  {"send", "x"}, {"receive"}, {"receive_lines", 1}, {"receive_bytes", 1}, {"receive_buf", "\n", true},
  {"reconnect_ssl"}, {"sendto", HOST, 7001, "x"}, {"get_ssl_certificate"}, {"get_info"},
}

-- Every method on sockets that `open` makes.
local function every(state, open)
  for _, call in ipairs(METHODS) do
    local socket = open()
    -- The local end of a connection that failed is not kept.
    local only = call[1] == "get_info" and not state:find "^%l+$" and 2 or 9
    local got = table.pack(pcall(socket[call[1]], socket, table.unpack(call, 2)))
    tell(state .. " " .. call[1], table.unpack(got, 1, math.min(got.n, only)))
    tell(state .. " close", socket:close())
  end
end

local function connected(port, protocol)
  return function()
    local socket = nmap.new_socket()
    socket:set_timeout(200)
    tell("connect", socket:connect(HOST, port, protocol))
    return socket
  end
end

action = function()
  every("new", nmap.new_socket)
  every("refused one", connected(7999))
  every("refused ssl", connected(7999, "ssl"))
  every("not tls", connected(7001, "ssl"))
  every("silent ssl", connected(7002, "ssl"))
  every("silent", connected(7002))
  local socket = nmap.new_socket()
  try("method", function() return socket:send("x") end)
  try("method cert", function() return socket:get_ssl_certificate() end)
  for _, port in ipairs {{number = "7001"}, {number = 7001.0}, {}, {number = 7001, protocol = "sctp"}} do
    try("port", socket.connect, socket, HOST, port)
  end
  for _, ms in ipairs {"1000", 10.5, -1, 0 / 0, math.huge, 1e300} do
    try("set_timeout", socket.set_timeout, socket, ms)
  end
  try("bind", socket.bind, socket, HOST, 99999)
  try("bind", socket.bind, socket, "no number", 0)
  local udp = nmap.new_socket("udp")
  try("sendto", udp.sendto, udp, "no.such.name.invalid", 1, "x")
  -- Functions that look for a delimiter.
  local finders = {
    error = function() error("not found", 0) end,
    order = function() return 5, 2 end,
    beyond = function() return 1, 200 end,
    strings = function() return "1", "1" end,
    one = function() return 1 end,
    waits = function() coroutine.yield() end,
  }
  for _, name in ipairs {"error", "order", "beyond", "strings", "one", "waits"} do
    local s = connected(7001)()
    try("finder " .. name, s.receive_buf, s, finders[name], true)
  end
  local s = connected(7001)()
  try("pattern", s.receive_buf, s, "[", true)
  try("no pattern", s.receive_buf, s, "", true)
  try("bytes", s.receive_bytes, s, 3)
end
