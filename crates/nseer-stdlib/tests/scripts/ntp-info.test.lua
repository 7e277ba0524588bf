-- RFC 5905, section 7.3, and RFC 9327, section 3: the time, and the variables of the server.
test("time and variables", {
  script = "../../scripts/ntp-info.nse",
  port = "123/udp open ntp",
  time = 1764131400,
  peer = function (c)
    local question = c:receive()
    if #question == 48 then
      c:send("\x24\1\0\xec" .. string.rep("\0", 28) .. string.pack(">I4I4", 1764131400 + 2208988800, 0)
        .. string.rep("\0", 8))
    else
      local text = 'version="ntpd 4.2.8p15", system="Linux", leap=0, stratum=3'
      c:send("\x16\x82\0\1\0\0\0\0\0\0" .. string.pack(">s2", text))
    end
  end,
  snapshot = true,
})
