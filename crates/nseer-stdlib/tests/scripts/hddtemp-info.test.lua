test("a disk", {
  script = "../../scripts/hddtemp-info.nse",
  port = "7634/tcp open hddtemp",
  peer = function (c)
    c:send("|/dev/sda|Warbler 500|31|C|")
  end,
  snapshot = true,
})
