-- Reads the first line and says something back, one call of a socket after the other.
description = [[Shows the first line.]]
author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"safe"}

portrule = function(host, port)
  return port.state == "open"
end

action = function(host, port)
  local socket = nmap.new_socket()
  local try = nmap.new_try(function() socket:close() end)
  try(socket:connect(host, port))
  local line = try(socket:receive_lines(1))
  try(socket:send("\0\1\2 and bytes that are no text \255\254\253\252\r\n"))
  socket:close()
  return line
end
