local function answer (c)
  repeat
    local line = c:receive_line()
  until not line or line == ""
  c:send("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n")
end

test("a page that asks for a login", {
  script = "../../scripts/http-auth-finder.nse",
  port = "80/tcp open http",
  peer = answer,
  snapshot = true,
})
