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

local SUITES = { "\0\x2f", "\0\x35" }

test("two suites of version 1.2, in the order of the server", {
  script = "../../scripts/ssl-enum-ciphers.nse",
  port = "443/tcp open https",
  peer = function (c)
    local hello = client_hello(c)
    -- Version, random, session, and then the suites.
    local session = string.byte(hello, 39)
    local offered = string.unpack(">s2", hello, 40 + session)
    local is_12 = string.sub(hello, 5, 6) == "\3\3" and not string.find(hello, "\0\x2b\0\3\2", 40, true)
    for _, suite in ipairs(SUITES) do
      for at = 1, #offered, 2 do
        if is_12 and string.sub(offered, at, at + 1) == suite then
          c:send(handshake(2, "\3\3" .. string.rep("R", 32) .. "\0" .. suite .. "\0") .. handshake(14, ""))
          c:receive()
          return
        end
      end
    end
    c:send(record(21, "\2\40"))
  end,
  snapshot = true,
})

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
