local PAGES = {
  ["/"] = '<a href="/files/">files</a> <a href="/item.php?id=1">1</a> <a href="/item.php?id=2">2</a> <a href="/old.cgi">old</a>'
    .. ' <a href="/release.1/notes">notes</a> <a href="/a.tar.gz">all</a> <a href="/gone.txt">gone</a>',
  ["/files/"] = '<a href="?C=N;O=D">Name</a> <a href="?C=M;O=A">Modified</a> <a href="one.c++">one</a>',
}

local function answer (c)
  local path, query = string.match(c:receive_line(), "^GET ([^ ?]+)(%S*)")
  repeat
    local line = c:receive_line()
  until not line or line == ""
  local code, header = "200 OK", ""
  if path == "/gone.txt" then
    code = "404 Not Found"
  elseif path == "/old.cgi" then
    code, header = "302 Found", "Location: http://elsewhere.example/x\r\n"
  elseif path == "/item.php" and query == "?id=1" then
    code = "500 Internal Server Error"
  end
  c:send("HTTP/1.1 " .. code .. "\r\nContent-Type: text/html\r\n" .. header .. "\r\n" .. (PAGES[path] or ""))
end

test("a path counts once, however often it is asked, and a redirect away does not", {
  script = "../../scripts/http-sitemap-generator.nse",
  port = "80/tcp open http",
  peer = answer,
  snapshot = true,
})
