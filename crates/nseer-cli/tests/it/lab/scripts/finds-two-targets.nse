description = [[Finds two targets before the scan.]]
author = "nseer"
license = "MIT OR Apache-2.0"
categories = {"safe"}

prerule = function() return true end

action = function()
  nmap.add_targets("127.0.0.2", "127.0.0.3")
end
