-- RFC 5246, sections 6.2 and 7.4: records and handshakes.
local function record (kind, data)
  return string.char(kind) .. "\3\3" .. string.pack(">s2", data)
end

local function handshake (kind, data)
  return record(22, string.char(kind) .. string.pack(">s3", data))
end

-- The handshake of the client's first record.
local function client_hello (c)
  local head = c:receive_bytes(5)
  return c:receive_bytes((string.unpack(">I2", head, 4)))
end

test("two protocols", {
  script = "../../scripts/tls-nextprotoneg.nse",
  port = "443/tcp open https",
  peer = function (c)
    client_hello(c)
    local announced = string.pack(">I2s2", 13172, "\6spdy/3\8http/1.1")
    c:send(handshake(2, "\3\3" .. string.rep("R", 32) .. "\0\0\x2f\0" .. string.pack(">s2", announced)))
    c:receive()
  end,
  snapshot = true,
})
