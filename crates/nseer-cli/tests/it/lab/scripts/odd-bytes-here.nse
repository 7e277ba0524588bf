description = "Gives bytes that no document likes, for open ports and hosts only."
author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"safe"}

local odd = "\0\1\27[31m\127\128\255 <&>\"' ]]> --> ?> \r\n\t\u{fffe}"

hostrule = function() return true end
portrule = function(_, port) return port.state == "open" end

action = function()
  return {here = odd}, odd
end
