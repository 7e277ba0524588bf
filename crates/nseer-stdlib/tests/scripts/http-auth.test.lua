local function answer (c)
  repeat
    local line = c:receive_line()
  until not line or line == ""
  c:send("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"Staff only\"\r\n"
    .. "WWW-Authenticate: Digest realm=x, nonce=abc\r\nContent-Length: 0\r\n\r\n")
end

test("two ways to log in", {
  script = "../../scripts/http-auth.nse",
  port = "80/tcp open http",
  peer = answer,
  snapshot = true,
})
