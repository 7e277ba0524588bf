-- nseer script test runs these without a network. To write down a conversation with a real server:
-- nseer script test --record HOST:{number} {name}.nse

test("shows the first line", {
  port = "{number}/tcp open {service}",
  peer = function(c)
    c:send("hello\r\nand more\r\n")
  end,
  output = "|_{name}: hello",
})

test("is silent where the service is", {
  port = "{number}/tcp open {service}",
  peer = function(c)
    c:wait(60)
  end,
  output = false,
})
