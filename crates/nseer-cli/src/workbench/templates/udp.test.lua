-- nseer script test runs these without a network. To write down a conversation with a real server:
-- nseer script test --record HOST:{number}/udp {name}.nse

test("shows the answer", {
  port = "{number}/udp open {service}",
  peer = function(c)
    c:expect("\r\n")
    c:send("hello\r\n")
  end,
  output = "|_{name}: hello",
})

test("is silent where nothing answers", {
  port = "{number}/udp open {service}",
  peer = function(c)
    c:expect("\r\n")
  end,
  output = false,
})
