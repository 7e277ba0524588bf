-- A script that yields where nobody can resume it.
description = [[Yields to the engine.]]
author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"safe"}

portrule = function(host, port)
  return port.state == "open"
end

action = function(host, port)
  coroutine.yield("for whom?")
  return "resumed"
end
