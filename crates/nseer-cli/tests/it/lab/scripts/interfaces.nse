---
-- Tells what is known of the machine's interfaces.
description = "Tells the interfaces."
categories = {"safe"}

prerule = function() return true end

local lines = {}

local function tell(what, record)
  for name, value in pairs(record) do
    local text = tostring(value):gsub("[^ -~]", function(c) return ("\\x%02X"):format(c:byte()) end)
    lines[#lines + 1] = ("told: %s %s = %s %s"):format(what, name, math.type(value) or type(value), text)
  end
end

-- The kernel lists addresses of IPv6 in no order of its own, so the lines are sorted.
action = function()
  for _, record in ipairs(nmap.list_interfaces()) do
    tell(("%s %s"):format(record.device, record.address), record)
  end
  for _, name in ipairs {"lo", "near", "bare", "none0"} do
    local found, why = nmap.get_interface_info(name)
    tell(name, found or {why = why})
  end
  table.sort(lines)
  for _, line in ipairs(lines) do
    nmap.log_write("stdout", line)
  end
end
