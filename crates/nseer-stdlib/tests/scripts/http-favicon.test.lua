local function answer (c)
  repeat
    local line = c:receive_line()
  until not line or line == ""
  c:send("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 4\r\n\r\nicon")
end

test("an icon that nobody knows", {
  script = "../../scripts/http-favicon.nse",
  port = "80/tcp open http",
  peer = answer,
  snapshot = true,
})
