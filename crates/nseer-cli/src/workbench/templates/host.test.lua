-- nseer script test runs these without a network.

test("counts open ports", {
  ports = {"22/tcp open", "25/tcp closed", "80/tcp open"},
  output = "|_{name}: 2 open ports",
})

test("does not run where nothing is open", {
  ports = {"22/tcp closed"},
  output = false,
})
