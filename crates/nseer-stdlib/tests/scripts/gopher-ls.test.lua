test("the entries of the root", {
  script = "../../scripts/gopher-ls.nse",
  port = "70/tcp open gopher",
  peer = function (c)
    c:expect("\r\n")
    c:send("iWelcome\t\tnull.host\t1\r\n1Papers\t/papers\tgopher.example\t70\r\n"
      .. "0About\t/about.txt\tgopher.example\t70\r\n.\r\n")
  end,
  snapshot = true,
})
