-- MS-RDPBCGR, section 2.2.1.2, and MS-CSSP, section 2.2.1: the server takes CredSSP, and answers with a challenge of NTLM.
local function wide (text)
  return (string.gsub(text, ".", "%0\0"))
end

local function challenge ()
  local values = ""
  for _, pair in ipairs { { 2, wide("LAB") }, { 1, wide("WEB01") }, { 4, wide("lab.test") }, { 3, wide("web01.lab.test") },
    { 5, wide("lab.test") }, { 7, string.pack("<i8", (1764131400 + 11644473600) * 10000000) } } do
    values = values .. string.pack("<I2s2", pair[1], pair[2])
  end
  values = values .. "\0\0\0\0"
  local target = wide("LAB")
  return "NTLMSSP\0" .. string.pack("<I4I2I2I4I4c8c8I2I2I4BBI2xxxB", 2, #target, #target, 56, 0xe28a8215, "12345678", "",
    #values, #values, 56 + #target, 10, 0, 20348, 15) .. target .. values
end

local function wrapped (kind, value)
  return string.char(kind, 0x82) .. string.pack(">s2", value)
end

local function server (answer)
  return function (c)
    local request = c:receive()
    -- TLS and CredSSP are wanted; CredSSP is taken.
    if string.sub(request, -4) ~= "\3\0\0\0" then
      return
    end
    c:send("\3\0\0\x13\x0e\xd0\0\0\x12\x34\0\2\0\8\0\2\0\0\0")
    c:start_tls()
    local first = c:receive()
    if string.find(first, "NTLMSSP\0\1\0\0\0", 1, true) then
      c:send(answer())
    end
  end
end

test("a challenge of NTLM", {
  script = "../../scripts/rdp-ntlm-info.nse",
  port = "3389/tcp open ms-wbt-server",
  time = 1764131400,
  peer = server(function ()
    local token = wrapped(0x30, wrapped(0xa0, wrapped(0x04, challenge())))
    return wrapped(0x30, "\xa0\3\2\1\6" .. wrapped(0xa1, wrapped(0x30, token)))
  end),
  snapshot = true,
})

test("a length that cannot be", {
  script = "../../scripts/rdp-ntlm-info.nse",
  port = "3389/tcp open ms-wbt-server",
  peer = server(function () return "\x30\x84\xff\xff\xff\xff" .. challenge() end),
  snapshot = true,
})

test("who closes at once", {
  script = "../../scripts/rdp-ntlm-info.nse",
  port = "3389/tcp open ms-wbt-server",
  peer = function () end,
  output = false,
})
