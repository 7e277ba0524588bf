description = "Fails with a message that no document likes."
author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"safe"}

hostrule = function() return true end

action = function()
  error("\0\255 <&>\"' ?> -- \r\n\27[31m", 0)
end
