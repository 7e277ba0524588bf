-- Makes the tables that scripts see from their fields. A constructor that names all fields makes a
-- table of the right size at once, and is one call from outside.
local function host_table(target, registry, ip, name, bin_ip, reason, reason_ttl, targetname,
    directly_connected, interface, interface_mtu, bin_ip_src, mac_addr_src, mac_addr, srtt, rttvar, timeout,
    traceroute, os, os_fp)
  return {
    _Target = target,
    registry = registry,
    ip = ip,
    name = name,
    bin_ip = bin_ip,
    reason = reason,
    reason_ttl = reason_ttl,
    targetname = targetname,
    directly_connected = directly_connected,
    interface = interface,
    interface_mtu = interface_mtu,
    bin_ip_src = bin_ip_src,
    mac_addr_src = mac_addr_src,
    mac_addr = mac_addr,
    mac_addr_next_hop = mac_addr,
    times = { srtt = srtt, rttvar = rttvar, timeout = timeout },
    traceroute = traceroute,
    os = os,
    os_fp = os_fp,
  }
end

local function port_table(number, protocol, state, reason, reason_ttl, name, name_confidence,
    service_dtype, service_tunnel, cpe, product, version, extrainfo, hostname, ostype, devicetype,
    service_fp)
  return {
    number = number,
    protocol = protocol,
    state = state,
    reason = reason,
    reason_ttl = reason_ttl,
    service = name,
    version = {
      name = name,
      name_confidence = name_confidence,
      service_dtype = service_dtype,
      service_tunnel = service_tunnel,
      cpe = cpe or {},
      product = product,
      version = version,
      extrainfo = extrainfo,
      hostname = hostname,
      ostype = ostype,
      devicetype = devicetype,
      service_fp = service_fp,
    },
  }
end

return host_table, port_table
