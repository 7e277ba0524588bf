-- RFC 1035, section 4.1: the question comes back with RA set and one address.
test("a server that asks others", {
  script = "../../scripts/dns-recursion.nse",
  port = "53/udp open domain",
  peer = function (c)
    local question = c:receive()
    local name = string.sub(question, 13)
    c:send(string.sub(question, 1, 2) .. "\x81\x80\0\1\0\1\0\0\0\0" .. name
      .. "\xc0\x0c\0\1\0\1\0\0\0\60\0\4\192\0\2\1")
  end,
  output = "|_dns-recursion: Recursion appears to be enabled",
})

test("a server that refuses", {
  script = "../../scripts/dns-recursion.nse",
  port = "53/udp open domain",
  peer = function (c)
    local question = c:receive()
    c:send(string.sub(question, 1, 2) .. "\x81\x05\0\1\0\0\0\0\0\0" .. string.sub(question, 13))
  end,
  output = false,
})
