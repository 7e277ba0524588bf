local function answer (c)
  repeat
    local line = c:receive_line()
  until not line or line == ""
  c:send("HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Methods: GET, PUT\r\n"
    .. "Content-Length: 0\r\n\r\n")
end

test("every origin may read and write", {
  script = "../../scripts/http-cors.nse",
  port = "80/tcp open http",
  peer = answer,
  snapshot = true,
})
