---
-- Tells the names in the modules of the engine, and the types of what they stand for.
description = "Tells the names of the engine."
categories = {"safe"}

prerule = function() return true end

local METHODS = {
  ["socket:"] = {
    nmap.new_socket(), "connect", "reconnect_ssl", "send", "sendto", "receive", "receive_bytes", "receive_lines",
    "receive_buf", "close", "get_info", "set_timeout", "bind", "get_ssl_certificate", "pcap_open", "pcap_receive",
    "pcap_close",
  },
  ["dnet:"] = {
    nmap.new_dnet(), "ethernet_open", "ethernet_send", "ethernet_close", "ip_open", "ip_send", "ip_close",
  },
}

action = function()
  local lines = {}
  local function walk(prefix, t, depth)
    for name, value in pairs(t) do
      if type(name) == "string" and name:sub(1, 1) ~= "_" then
        lines[#lines + 1] = ("told: %s%s %s"):format(prefix, name, type(value))
        if type(value) == "table" and depth > 0 then
          walk(prefix .. name .. ".", value, depth - 1)
        end
      end
    end
  end
  for _, module in ipairs {"nmap", "lfs", "lpeg", "openssl", "zlib", "libssh2"} do
    walk(module .. ".", require(module), module == "nmap" and 1 or 0)
  end
  for prefix, list in pairs(METHODS) do
    for index = 2, #list do
      lines[#lines + 1] = ("told: %s%s %s"):format(prefix, list[index], type(list[1][list[index]]))
    end
  end
  for _, line in ipairs(lines) do
    nmap.log_write("stdout", line)
  end
end
