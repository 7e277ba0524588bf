-- Reads from whatever is open until it ends, as a careless script does.
description = [[Reads without bound.]]
author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"safe"}

portrule = function(host, port)
  return port.state == "open" and port.protocol == "tcp"
end

action = function(host, port)
  local socket = nmap.new_socket()
  socket:set_timeout(2000)
  local ok, problem = socket:connect(host, port)
  local count = 0
  while ok do
    local data
    ok, data = socket:receive()
    if ok then
      count = count + #data
    else
      problem = data
    end
  end
  socket:close()
  return ("%s after %s"):format(problem, count > 0 and "data" or "nothing")
end
