---@meta
-- The module nmap, and the tables and objects that scripts get from the engine.

---What was learned about the round trips to a host, in seconds.
---@class nse.Times
---@field srtt number
---@field rttvar number
---@field timeout number

---A router on the way to a host. A hop that did not answer has no fields.
---@class nse.Hop
---@field ip? string
---@field name? string
---@field srtt? number

---An operating system that a host may run.
---@class nse.Os
---@field name string
---@field classes table[]

---A host, as rules and actions get it.
---@class nse.Host
---@field ip string Its address.
---@field name string The name that reverse DNS gave, or an empty string.
---@field targetname? string The name that the user typed.
---@field reason string Why it counts as up.
---@field reason_ttl integer
---@field directly_connected? boolean
---@field mac_addr? string Six bytes.
---@field mac_addr_next_hop? string
---@field mac_addr_src? string
---@field interface? string
---@field interface_mtu integer
---@field bin_ip string Its address in 4 or 16 bytes.
---@field bin_ip_src? string
---@field times nse.Times
---@field registry table Shared by all scripts that run against this host.
---@field traceroute? nse.Hop[]
---@field os? nse.Os[]
---@field os_fp? string
---@field _Target userdata

---What version detection found out about a port.
---@class nse.Version
---@field name? string
---@field name_confidence number 0 to 10.
---@field product? string
---@field version? string
---@field extrainfo? string
---@field hostname? string
---@field ostype? string
---@field devicetype? string
---@field service_tunnel "none"|"ssl"
---@field service_fp? string
---@field service_dtype "table"|"probed"
---@field cpe string[]

---A port, as portrules and actions get it.
---@class nse.Port
---@field number integer
---@field protocol "tcp"|"udp"|"sctp"
---@field state string `open`, `open|filtered` or `unfiltered`.
---@field service? string
---@field reason string
---@field reason_ttl integer
---@field version nse.Version

---A certificate of a TLS server.
---@class nse.Certificate
---@field subject table<string|table, string>
---@field issuer table<string|table, string>
---@field validity table
---@field pubkey table
---@field extensions? table[]
---@field sig_algorithm string
---@field pem string
local Certificate = {}

---The digest of the certificate.
---@param algorithm string
---@return string? digest Raw bytes.
function Certificate:digest(algorithm) end

---A socket for TCP, UDP or captured packets. What waits gives true and its results, or a false value
---and a text: `TIMEOUT`, `EOF`, `ERROR`.
---@class nse.Socket
local Socket = {}

---Connects. Waits at most as long as the timeout.
---@async
---@param host nse.Host|string
---@param port nse.Port|table|integer|string
---@param proto? "tcp"|"udp"|"ssl"
---@return boolean? status
---@return string? err
function Socket:connect(host, port, proto) end

---Begins TLS on a connection that is open.
---@async
---@return boolean? status
---@return string? err
function Socket:reconnect_ssl() end

---Sends all of the data.
---@async
---@param data string
---@return boolean? status
---@return string? err
function Socket:send(data) end

---Sends a datagram to a peer.
---@async
---@param host nse.Host|string
---@param port nse.Port|integer
---@param data string
---@return boolean? status
---@return string? err
function Socket:sendto(host, port, data) end

---Receives what arrives first.
---@async
---@return boolean? status
---@return string data The data, or what went wrong.
function Socket:receive() end

---Receives at least so many bytes, or what there is when the peer is done.
---@async
---@param bytes integer
---@return boolean? status
---@return string data The data, or what went wrong.
function Socket:receive_bytes(bytes) end

---Receives at least so many lines, or what there is when the peer is done.
---@async
---@param lines integer
---@return boolean? status
---@return string data The data, or what went wrong.
function Socket:receive_lines(lines) end

---Receives up to a delimiter. What follows it is kept for the next call.
---@async
---@param delimiter string|fun(buffer: string): integer?, integer? A pattern, or a function that must not wait.
---@param keep boolean Whether the delimiter is given too.
---@return boolean? status
---@return string data The data, or what went wrong.
function Socket:receive_buf(delimiter, keep) end

---Closes the socket.
---@return boolean status
---@return string? err
function Socket:close() end

---The addresses and ports of both ends.
---@return boolean status
---@return string local_ip
---@return integer local_port
---@return string remote_ip
---@return integer remote_port
function Socket:get_info() end

---How long each operation may wait.
---@param milliseconds number In milliseconds; -1 is forever.
---@return boolean status
function Socket:set_timeout(milliseconds) end

---The address and port to connect from.
---@param address string|nil
---@param port integer|nil
---@return boolean status
---@return string? err
function Socket:bind(address, port) end

---The certificate of the peer of a TLS connection.
---@return nse.Certificate? certificate
function Socket:get_ssl_certificate() end

---Begins to capture packets.
---@param device string
---@param snaplen integer
---@param promiscuous boolean|integer
---@param filter string In the language of pcap-filter(7).
function Socket:pcap_open(device, snaplen, promiscuous, filter) end

---Receives a packet.
---@async
---@return boolean? status
---@return integer|string length The number of bytes, or what went wrong.
---@return string layer2
---@return string layer3
---@return number time Seconds since 1970.
function Socket:pcap_receive() end

---Ends a capture.
---@return boolean status
---@return string? err
function Socket:pcap_close() end

---Sends frames and packets as they are.
---@class nse.Dnet
local Dnet = {}

---Opens an interface for frames.
---@param device string
---@return boolean status
function Dnet:ethernet_open(device) end

---Sends a frame.
---@param frame string
---@return boolean status
---@return string? err
function Dnet:ethernet_send(frame) end

---Closes the interface.
---@return boolean status
function Dnet:ethernet_close() end

---Opens a socket for IP packets.
---@return boolean status
function Dnet:ip_open() end

---Sends an IP packet.
---@param packet string
---@param destination? nse.Host|string
---@return boolean status
---@return string? err
function Dnet:ip_send(packet, destination) end

---Closes the socket.
---@return boolean status
function Dnet:ip_close() end

---An interface of the machine.
---@class nse.Interface
---@field device string
---@field shortname string
---@field netmask integer
---@field address string
---@field link string
---@field mac? string
---@field broadcast? string
---@field up "up"|"down"
---@field mtu integer

---@class nse.SocketModule
local SocketModule = {}

---Waits.
---@async
---@param seconds number
function SocketModule.sleep(seconds) end

---Reads a certificate.
---@param der string
---@return nse.Certificate? certificate
function SocketModule.parse_ssl_certificate(der) end

---Makes a socket.
---@param proto? "tcp"|"udp"
---@param family? "inet"|"inet6"
---@return nse.Socket socket
function SocketModule.new(proto, family) end

---How many threads wait to connect.
---@return table stats
function SocketModule.get_stats() end

---@class nse.DnetModule
local DnetModule = {}

---Makes an object that sends frames and packets.
---@return nse.Dnet dnet
function DnetModule.new() end

---An interface by its name.
---@param name string
---@return nse.Interface|boolean interface
---@return string? err
function DnetModule.get_interface_info(name) end

---@class nmap
---@field registry table Shared by all scripts for the whole run; `args` has the script arguments.
---@field socket nse.SocketModule
---@field dnet nse.DnetModule
nmap = {}

---The state of a port, which may not be the one that the script runs against.
---@param host nse.Host|table
---@param port nse.Port|{number: integer, protocol: string}
---@return nse.Port? port Nil if the port was not scanned.
function nmap.get_port_state(host, port) end

---The next port of a host in a state.
---@param host nse.Host|table
---@param previous nse.Port|nil Nil for the first one.
---@param proto "tcp"|"udp"|"sctp"
---@param state string
---@return nse.Port? port
function nmap.get_ports(host, previous, proto, state) end

---Tells the engine the state of a port.
---@param host nse.Host|table
---@param port nse.Port|table
---@param state "open"|"closed"
function nmap.set_port_state(host, port, state) end

---Tells the engine what runs on a port, from `port.version`.
---@param host nse.Host|table
---@param port nse.Port|table
---@param state? "hardmatched"|"softmatched"|"nomatch"|"tcpwrapped"|"incomplete"
function nmap.set_port_version(host, port, state) end

---Whether the probe file leaves a port out.
---@param number integer
---@param proto string
---@return boolean is_excluded
function nmap.port_is_excluded(number, proto) end

---The time in seconds since 1970.
---@return number seconds
function nmap.clock() end

---The time in milliseconds since 1970.
---@return number milliseconds
function nmap.clock_ms() end

---Writes a line.
---@param stream "stdout"|"stderr"
---@param text string
function nmap.log_write(stream, text) end

---Makes a function that ends the script when what it is given begins with a false value.
---@param handler? fun() Called before the script ends; it closes what is open.
---@return fun(status: any, ...: any): ... try
function nmap.new_try(handler) end

---@return integer level
function nmap.verbosity() end

---@return integer level
function nmap.debugging() end

---@return integer intensity 0 to 9.
function nmap.version_intensity() end

---@return boolean
function nmap.have_ssl() end

---The path of a data file.
---@param name string
---@return string? path
function nmap.fetchfile(name) end

---@return integer level 0 to 5.
function nmap.timing_level() end

---Adds targets to the scan. Without arguments: how many wait to be scanned.
---@param ... string
---@return integer count
---@return string? err
function nmap.add_targets(...) end

---@return integer count
function nmap.new_targets_num() end

---@return string[] servers
function nmap.get_dns_servers() end

---@return boolean
function nmap.is_privileged() end

---Looks up a name. Nothing else runs meanwhile.
---@param name string
---@param family? "inet"|"inet6"|"unspec"
---@return boolean status
---@return string[]|string addresses The addresses, or what went wrong.
function nmap.resolve(name, family) end

---@return "inet"|"inet6" family
function nmap.address_family() end

---@return string? device
function nmap.get_interface() end

---@return nse.Interface[]|boolean interfaces
---@return string? err
function nmap.list_interfaces() end

---@param name string
---@return nse.Interface|boolean interface
---@return string? err
function nmap.get_interface_info(name) end

---@return integer ttl
function nmap.get_ttl() end

---@return integer length
function nmap.get_payload_length() end

---@param count integer
---@return string bytes
function nmap.get_random_bytes(count) end

---A lock that all threads share which name the same object.
---@param object any Not nil, a boolean or a number.
---@return fun(operation: "lock"|"trylock"|"done"|"running"): any mutex
function nmap.mutex(object) end

---A condition that threads wait for.
---@param object any Not nil, a boolean or a number.
---@return fun(operation: "wait"|"signal"|"broadcast") condvar
function nmap.condvar(object) end

---Makes a socket.
---@param proto? "tcp"|"udp"
---@param family? "inet"|"inet6"
---@return nse.Socket socket
function nmap.new_socket(proto, family) end

---Makes an object that sends frames and packets.
---@return nse.Dnet dnet
function nmap.new_dnet() end

return nmap
