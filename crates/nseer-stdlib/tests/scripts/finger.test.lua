test("who is there", {
  script = "../../scripts/finger.nse",
  port = "79/tcp open finger",
  peer = function (c)
    c:expect("\r\n")
    c:send("Login     Name       Tty\r\nroot      root       tty1\r\n")
  end,
  snapshot = true,
})
