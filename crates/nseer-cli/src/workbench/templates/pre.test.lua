-- nseer script test runs these without a network.

test("says the text", {
  args = "{name}.text=hello",
  output = "|_{name}: hello",
})

test("is silent without one", {
  output = false,
})
