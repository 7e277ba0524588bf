local function answer (c)
  local request = c:receive_line()
  repeat
    local line = c:receive_line()
  until not line or line == ""
  if not string.find(request, " / ", 1, true) then
    c:send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    return
  end
  c:send("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>Index of /</title>"
    .. '<a href="pub/">pub/</a> 03-Feb-2026 04:05 -\n<a href="robots.txt">robots.txt</a> 03-Feb-2026 04:05 33\n')
end

test("an index page", {
  script = "../../scripts/http-ls.nse",
  port = "80/tcp open http",
  peer = answer,
  snapshot = true,
})
