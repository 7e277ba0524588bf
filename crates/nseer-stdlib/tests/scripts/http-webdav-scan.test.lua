-- RFC 4918, section 9.1.
local function dav (c)
  local request = c:receive_line()
  repeat
    local line = c:receive_line()
  until not line or line == ""
  if string.find(request, "^OPTIONS") then
    c:send("HTTP/1.1 200 OK\r\nDAV: 1,2\r\nDAV: <http://apache.org/dav/propset/fs/1>\r\nServer: Apache\r\n"
      .. "Allow: OPTIONS,GET,PROPFIND\r\nContent-Length: 0\r\n\r\n")
  else
    c:send("HTTP/1.1 207 Multi-Status\r\nContent-Type: text/xml\r\n\r\n<D:multistatus xmlns:D='DAV:'><D:response>"
      .. "<D:href>/dav/</D:href></D:response><D:response><D:href>http://10.1.2.3/dav/notes</D:href></D:response>"
      .. "</D:multistatus>")
  end
end

test("the entries of a folder", {
  script = "../../scripts/http-webdav-scan.nse",
  port = "80/tcp open http",
  peer = dav,
  snapshot = true,
})
