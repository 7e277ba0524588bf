test("what the server can do", {
  script = "../../scripts/nntp-capabilities.nse",
  port = "119/tcp open nntp",
  peer = function (c)
    c:send("200 news.example ready\r\n")
    c:expect("CAPABILITIES\r\n")
    c:send("101 list follows\r\nVERSION 2\r\nREADER\r\n.\r\n")
    c:expect("QUIT\r\n")
  end,
  snapshot = true,
})
