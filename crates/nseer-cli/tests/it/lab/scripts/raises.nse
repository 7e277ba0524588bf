-- A script whose action fails with an error of its own.
description = [[Raises an error.]]
author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"safe"}

portrule = function(host, port)
  return port.state == "open"
end

action = function(host, port)
  error("raised on purpose")
end
