local function answer (c)
  repeat
    local line = c:receive_line()
  until not line or line == ""
  c:send("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM TlRMTVNTUAACAAAABgAGADgAAAAFgomiASNFZ4mrze8AAAAAAAAAAEQARAA+AAAA"
    .. "BgGxHQAAAA9MAEEAQgACAAYATABBAEIAAQAKAFcARQBCADAAMQAEABAAbABhAGIALgB0AGUAcwB0AAMAFAB3AGUAYgAuAGwAYQBiAC4AAAAAAA==\r\n"
    .. "Content-Length: 0\r\nConnection: close\r\n\r\n")
end

test("a challenge of NTLM", {
  script = "../../scripts/http-ntlm-info.nse",
  port = "80/tcp open http",
  peer = answer,
  snapshot = true,
})
