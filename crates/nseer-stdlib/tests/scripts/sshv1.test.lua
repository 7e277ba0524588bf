local function greets (version)
  return function (c)
    c:send("SSH-" .. version .. "-example\r\n")
  end
end

test("a server that speaks both versions", {
  script = "../../scripts/sshv1.nse",
  port = "22/tcp open ssh",
  peer = greets("1.99"),
  output = "|_sshv1: Server supports SSHv1",
})

test("a server of today", {
  script = "../../scripts/sshv1.nse",
  port = "22/tcp open ssh",
  peer = greets("2.0"),
  output = false,
})
