-- RFC 1002, section 4.2.18.
local function name (text, suffix, flags)
  return text .. string.rep(" ", 15 - #text) .. string.pack(">BI2", suffix, flags)
end

test("the names of a file server", {
  script = "../../scripts/nbstat.nse",
  port = "137/udp open netbios-ns",
  peer = function (c)
    local question = c:receive()
    local names = name("FILES", 0, 0x0400) .. name("WORKGROUP", 0, 0x8400) .. name("FILES", 0x20, 0x0400)
    local data = "\3" .. names .. "\0\0\x5e\0\x53\1" .. string.rep("\0", 40)
    c:send(string.sub(question, 1, 2) .. "\x84\0\0\0\0\1\0\0\0\0" .. string.sub(question, 13, 46)
      .. "\0\x21\0\1\0\0\0\0" .. string.pack(">s2", data))
  end,
  snapshot = true,
})
