test("the nodes", {
  script = "../../scripts/epmd-info.nse",
  port = "4369/tcp open epmd",
  peer = function (c)
    c:expect("\0\1n")
    c:send("\0\0\x11\x11name rabbit at port 25672\n")
  end,
  snapshot = true,
})
