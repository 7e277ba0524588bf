local function answer (c)
  repeat
    local line = c:receive_line()
  until not line or line == ""
  c:send("HTTP/1.1 200 OK\r\nX-Powered-By: PHP/8.2.7\r\nContent-Length: 0\r\n\r\n")
end

test("PHP tells its version", {
  script = "../../scripts/http-php-version.nse",
  port = "80/tcp open http",
  peer = answer,
  snapshot = true,
})
