description = "Gives bytes that no document likes, in every place where a script can put some."
author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"safe"}

local odd = "\0\1\27[31m\127\128\255 <&>\"' ]]> --> ?> \r\n\t\u{fffe}"

prerule = function() return true end
hostrule = prerule
portrule = prerule
postrule = prerule

action = function()
  return {odd, [odd] = {odd, {}, x = odd}, empty = ""}
end
