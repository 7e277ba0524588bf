-- Asks a web server for its page over TLS and shows the status line and the certificate's name.
description = [[Shows the status line of a web server that speaks TLS.]]
author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"safe"}

portrule = function(host, port)
  return port.state == "open" and port.protocol == "tcp"
end

action = function(host, port)
  local socket = nmap.new_socket()
  local try = nmap.new_try(function() socket:close() end)
  try(socket:connect(host, port, "ssl"))
  try(socket:send("GET / HTTP/1.0\r\n\r\n"))
  local answer = try(socket:receive_lines(1))
  local certificate = socket:get_ssl_certificate()
  socket:close()
  return {answer:match("^[^\r\n]*"), certificate.subject.commonName}
end
