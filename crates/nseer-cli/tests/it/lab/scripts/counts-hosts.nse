-- Counts hosts in the registry and tells how many there were.
description = "Counts hosts."
categories = {"safe"}

portrule = function() return true end
postrule = function() return true end

action = function(host)
  local registry = nmap.registry
  registry.counted = registry.counted or {}
  if host then
    table.insert(registry.counted, host.ip)
    return nil
  end
  return #registry.counted .. " hosts"
end
