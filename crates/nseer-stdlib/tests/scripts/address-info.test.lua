test("the card behind an address", {
  script = "../../scripts/address-info.nse",
  host = "fe80::200:5eff:fe00:5301",
  port = 22,
  snapshot = true,
})

test("an IPv4 address says nothing", {
  script = "../../scripts/address-info.nse",
  port = 22,
  output = false,
})
