-- Servers that answer one datagram with another.

test("a router that answers a search", {
  script = "../../scripts/upnp-info.nse",
  ports = { "1900/udp open upnp", "5000/tcp open" },
  peers = {
    ["1900/udp"] = function (c)
      local search = c:receive()
      if string.find(search, "^M%-SEARCH %* HTTP/1%.1\r\n") and string.find(search, "ssdp:discover", 1, true) then
        c:send("HTTP/1.1 200 OK\r\nEXT:\r\nLOCATION: http://127.0.0.1:5000/rootDesc.xml\r\n"
          .. "SERVER: Linux/5.10 UPnP/1.0 MiniUPnPd/2.2\r\nST: upnp:rootdevice\r\n\r\n")
      end
    end,
    ["5000/tcp"] = function (c)
      repeat
        local line = c:receive_line()
      until not line or line == ""
      local text = "<root><device><friendlyName>Lab router</friendlyName><manufacturer>MiniUPnP</manufacturer>"
        .. "<modelName>Gateway</modelName></device></root>"
      c:send("HTTP/1.1 200 OK\r\nServer: MiniUPnPd/2.2\r\nContent-Length: " .. #text .. "\r\nConnection: close\r\n\r\n" .. text)
    end,
  },
  snapshot = true,
})

test("who says nothing of a device", {
  script = "../../scripts/upnp-info.nse",
  port = "1900/udp open upnp",
  peer = function (c)
    c:send(c:receive())
  end,
  output = false,
})

local ANSWER = '<?xml version="1.0" encoding="utf-8"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" '
  .. 'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">'
  .. "<e:Header><a:MessageID>urn:uuid:6f1d5c0e-83a2-4b97-9e41-0c2d7a58b3f6</a:MessageID></e:Header><e:Body><d:ProbeMatches>"
  .. "<d:ProbeMatch><d:Types>d:Device p:PrintDeviceType</d:Types><d:XAddrs>http://127.0.0.1:5357/printer</d:XAddrs>"
  .. "</d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>"

test("a printer that answers a probe", {
  script = "../../scripts/wsdd-discover.nse",
  port = "3702/udp open|filtered ws-discovery",
  peer = function (c)
    -- The words of 2005 are understood, those of 2009 are not.
    if string.find(c:receive(), "schemas.xmlsoap.org/ws/2005/04/discovery", 1, true) then
      c:send(ANSWER)
    end
  end,
  snapshot = true,
})

test("a display manager", {
  script = "../../scripts/xdmcp-discover.nse",
  port = "177/udp open xdmcp",
  peer = function (c)
    -- A socket that only asks for the scanner's own address says nothing.
    if c:receive() ~= "\0\1\0\2\0\1\0" then
      return
    end
    c:send("\0\1\0\5" .. string.pack(">s2", string.pack(">s2s2s2", "", "lab", "Willing to manage")))
    if string.sub(c:receive(), 1, 4) == "\0\1\0\7" then
      local text = string.pack(">I4s2s2s2s2", 0x2f19, "", "", "MIT-MAGIC-COOKIE-1", "0123456789abcdef")
      c:send("\0\1\0\8" .. string.pack(">s2", text))
    end
  end,
  snapshot = true,
})

test("a display manager that cuts its answers off", {
  script = "../../scripts/xdmcp-discover.nse",
  port = "177/udp open xdmcp",
  peer = function (c)
    c:receive()
    c:send("\0\1\0\5\0\xff\0\xff\xff")
  end,
  output = false,
})

test("the outer address of a router", {
  script = "../../scripts/nat-pmp-info.nse",
  port = "5351/udp open nat-pmp",
  peer = function (c)
    if c:receive() == "\0\0" then
      c:send("\0\x80\0\0\0\0\x0e\x10\xc6\x33\x64\7")
    end
  end,
  output = "| nat-pmp-info: \n|_  WAN IP: 198.51.100.7",
})

test("a router that refuses", {
  script = "../../scripts/nat-pmp-info.nse",
  port = "5351/udp open nat-pmp",
  peer = function (c)
    c:receive()
    c:send("\0\x80\0\2\0\0\x0e\x10\0\0\0\0")
  end,
  output = false,
})

test("how the scanner looks from outside", {
  script = "../../scripts/stun-info.nse",
  port = "3478/udp open stun",
  peer = function (c)
    local request = c:receive()
    -- RFC 5389, section 15.2: the address is hidden by what the request begins with.
    c:send("\1\1\0\x0c" .. string.sub(request, 5, 20) .. "\0\x20\0\8\0\1\xa1\x47\xe1\x12\xa6\x43")
  end,
  output = "| stun-info: \n|_  External IP: 192.0.2.1",
})

test("settings for a network", {
  script = "../../scripts/dhcp-discover.nse",
  port = "67/udp open dhcps",
  peer = function (c)
    local request = c:receive()
    -- DHCPINFORM, and the cookie before it.
    if string.sub(request, 237, 243) == "\x63\x82\x53\x63\x35\1\8" then
      c:send("\2" .. string.sub(request, 2, 240) .. "\x35\1\5\x36\4\xc0\0\2\1\1\4\xff\xff\xff\0\3\4\xc0\0\2\1"
        .. "\6\8\xc0\0\2\1\xc0\0\2\2\x0f\x0cexample.test\xff")
    end
  end,
  snapshot = true,
})
