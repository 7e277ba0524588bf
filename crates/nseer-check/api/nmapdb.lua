---@meta
-- The native module nmapdb: names of services, protocols and vendors.

---Tables of names and numbers.
---@class nmapdb
nmapdb = {}

---Who made a device, by its MAC address.
---@param mac string
---@return string? vendor
function nmapdb.mac2corp(mac) end

---@param port integer
---@param proto "tcp"|"udp"|"sctp"
---@return string? name
function nmapdb.getservbyport(port, proto) end

---@param number integer
---@return string? name
function nmapdb.getprotbynum(number) end

---@param name string
---@return integer? number
function nmapdb.getprotbyname(name) end

return nmapdb
