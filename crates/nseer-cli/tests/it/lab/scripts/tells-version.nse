-- Shows what version detection found of a port.
description = [[Shows the fields of port.version.]]
author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"safe"}

portrule = function(host, port)
  return port.state == "open"
end

local FIELDS = {
  "name", "product", "version", "extrainfo", "hostname", "ostype", "devicetype", "service_tunnel",
  "name_confidence", "service_dtype",
}

action = function(host, port)
  local lines = {("service: %s"):format(tostring(port.service))}
  for _, field in ipairs(FIELDS) do
    lines[#lines + 1] = ("%s: %s"):format(field, tostring(port.version[field]))
  end
  for _, cpe in ipairs(port.version.cpe or {}) do
    lines[#lines + 1] = cpe
  end
  local excluded = nmap.port_is_excluded(port.number, port.protocol)
  lines[#lines + 1] = ("excluded: %s, intensity %d"):format(tostring(excluded), nmap.version_intensity())
  return table.concat(lines, "\n")
end
