-- The answer is the version of the service and no output of its own; that it is asked for is the test.
test("the handshake and the command Version", {
  script = "../../scripts/jdwp-version.nse",
  port = "8000/tcp open http-alt",
  peer = function (c)
    c:expect("JDWP-Handshake")
    c:send("JDWP-Handshake")
    c:expect("\0\0\0\11\0\0\0\1\0\1\1")
    local text = "Java Debug Wire Protocol version 17.0"
    c:send(string.pack(">I4I4BI2s4", 15 + #text, 1, 0x80, 0, text))
  end,
  output = false,
})
