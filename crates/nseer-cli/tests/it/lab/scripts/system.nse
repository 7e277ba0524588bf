description = [[Shows what is known of the host's operating system.]]
author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"safe"}

hostrule = function() return true end

local function text(value)
  if type(value) ~= "table" then return tostring(value) end
  local keys, parts = {}, {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  for _, key in ipairs(keys) do parts[#parts + 1] = tostring(key) .. "=" .. text(value[key]) end
  return "{" .. table.concat(parts, " ") .. "}"
end

action = function(host)
  local tests = {}
  for test in (host.os_fp or ""):gmatch "(%w+)%(" do tests[#tests + 1] = test end
  return text(host.os) .. "\n" .. table.concat(tests, " ") .. "\n" .. (host.os_fp or ""):sub(-1):byte()
end
