-- A small agent: RFC 3416, section 4.2.2, over a table of names and values in their order.
local function ber (tag, data)
  return string.char(tag) .. (#data < 128 and string.char(#data) or string.pack(">BI2", 0x82, #data)) .. data
end

local function read (data, at)
  local length, start = string.byte(data, at + 1), at + 2
  if length > 128 then
    length, start = string.unpack(">I" .. length - 128, data, start), start + length - 128
  end
  return string.sub(data, start, start + length - 1), start + length
end

-- The encoding of an object's name below 1.3.
local function oid (text)
  local out = "\x2b"
  for part in string.gmatch(text, "%d+") do
    local number, bytes = math.tointeger(part), ""
    repeat
      bytes = string.char(number & 127 | (bytes == "" and 0 or 128)) .. bytes
      number = number >> 7
    until number == 0
    out = out .. bytes
  end
  return out
end

local function agent (rows)
  local names = {}
  for i, row in ipairs(rows) do
    names[i] = oid(row[1])
  end
  local function after (name, exact)
    for i, known in ipairs(names) do
      if exact and known == name or not exact and known > name then
        return ber(0x30, ber(6, known) .. rows[i][2])
      end
    end
    return ber(0x30, ber(6, name) .. (exact and "\x81\0" or "\x82\0"))
  end
  return function (c)
    while true do
      local message = read(c:receive(), 1)
      local version, community, pdu, kind, at
      version, at = read(message, 1)
      community, at = read(message, at)
      kind = string.byte(message, at)
      pdu = read(message, at)
      local id, more = read(pdu, 1)
      _, more = read(pdu, more)
      _, more = read(pdu, more)
      local name = read(read(read(pdu, more), 1), 1)
      c:send(ber(0x30, ber(2, version) .. ber(4, community) .. ber(0xa2, ber(2, id) .. "\2\1\0\2\1\0"
        .. ber(0x30, after(name, kind == 0xa0)))))
    end
  end
end

local function int (number) return ber(2, string.pack(">I4", number)) end
local function text (words) return ber(4, words) end
local function address (a, b, c, d) return ber(0x40, string.char(a, b, c, d)) end

test("an interface with an address (RFC 1213)", {
  script = "../../scripts/snmp-interfaces.nse",
  port = "161/udp open snmp",
  peer = agent({
    { ".6.1.2.1.2.2.1.1.1", int(1) },
    { ".6.1.2.1.2.2.1.2.1", text("lo") },
    { ".6.1.2.1.2.2.1.3.1", int(24) },
    { ".6.1.2.1.2.2.1.5.1", ber(0x42, string.pack(">I4", 10000000)) },
    { ".6.1.2.1.2.2.1.6.1", text("\0\0\x5e\0\x53\1") },
    { ".6.1.2.1.2.2.1.8.1", int(1) },
    { ".6.1.2.1.2.2.1.10.1", ber(0x41, string.pack(">I4", 4096)) },
    { ".6.1.2.1.2.2.1.16.1", ber(0x41, string.pack(">I4", 2048)) },
    { ".6.1.2.1.4.20.1.1.127.0.0.1", address(127, 0, 0, 1) },
    { ".6.1.2.1.4.20.1.2.127.0.0.1", int(1) },
    { ".6.1.2.1.4.20.1.3.127.0.0.1", address(255, 0, 0, 0) },
  }),
  snapshot = true,
})

test("one connection and one listener (RFC 4022 and RFC 1213)", {
  script = "../../scripts/snmp-netstat.nse",
  port = "161/udp open snmp",
  peer = agent({
    { ".6.1.2.1.6.13.1.1.127.0.0.1.22.127.0.0.1.50000", int(5) },
    { ".6.1.2.1.6.13.1.2.127.0.0.1.22.127.0.0.1.50000", address(127, 0, 0, 1) },
    { ".6.1.2.1.6.13.1.3.127.0.0.1.22.127.0.0.1.50000", int(22) },
    { ".6.1.2.1.6.13.1.4.127.0.0.1.22.127.0.0.1.50000", address(127, 0, 0, 1) },
    { ".6.1.2.1.6.13.1.5.127.0.0.1.22.127.0.0.1.50000", int(50000) },
    { ".6.1.2.1.7.5.1.1.0.0.0.0.161", address(0, 0, 0, 0) },
    { ".6.1.2.1.7.5.1.2.0.0.0.0.161", int(161) },
  }),
  snapshot = true,
})

test("two processes (RFC 2790, section 4.6)", {
  script = "../../scripts/snmp-processes.nse",
  port = "161/udp open snmp",
  peer = agent({
    { ".6.1.2.1.25.4.2.1.1.1", int(1) },
    { ".6.1.2.1.25.4.2.1.1.20", int(20) },
    { ".6.1.2.1.25.4.2.1.2.1", text("init") },
    { ".6.1.2.1.25.4.2.1.2.20", text("sshd") },
    { ".6.1.2.1.25.4.2.1.4.1", text("/sbin/init") },
    { ".6.1.2.1.25.4.2.1.4.20", text("/usr/sbin/sshd") },
    { ".6.1.2.1.25.4.2.1.5.1", text("") },
    { ".6.1.2.1.25.4.2.1.5.20", text("-D") },
  }),
  snapshot = true,
})

test("two programs (RFC 2790, section 4.7)", {
  script = "../../scripts/snmp-win32-software.nse",
  port = "161/udp open snmp",
  peer = agent({
    { ".6.1.2.1.25.6.3.1.2.1", text("Warbler 2.1") },
    { ".6.1.2.1.25.6.3.1.2.2", text("Wren 1.0") },
    { ".6.1.2.1.25.6.3.1.5.1", text("\x07\xe9\x0b\x1a\x0a\x00\x00\x00") },
    { ".6.1.2.1.25.6.3.1.5.2", text("\x07\xe9\x01\x02\x03\x04\x05\x00") },
  }),
  snapshot = true,
})
