-- A script that computes without end and never waits for anything.
description = [[Never returns.]]
author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"safe"}

portrule = function(host, port)
  return port.state == "open"
end

action = function(host, port)
  local turns = 0
  while true do
    turns = turns + 1
  end
end
