local function answer (c)
  repeat
    local line = c:receive_line()
  until not line or line == ""
  c:send("HTTP/1.0 302 Found\r\nLocation: http://10.1.2.3/images/\r\nContent-Length: 0\r\n\r\n")
end

test("a redirect to a private network", {
  script = "../../scripts/http-internal-ip-disclosure.nse",
  port = "80/tcp open http",
  peer = answer,
  snapshot = true,
})
