---
-- SMB version 1, and connections to servers of any version: agreeing on a dialect and logging in.
--
-- Written from [MS-CIFS], [MS-SMB], and RFC 1002, section 4.3. A connection is a table with the fields that these
-- functions set; <code>stop</code> closes it. Messages are in <code>smb.messages</code>, agreeing and logging in
-- in <code>smb.session</code>, opening, reading and pipes in <code>smb.pipes</code>, files in <code>smb.files</code>, shares
-- in <code>smb.shares</code>, and the functions of all are here too.
--
-- @args smbport The port to use. Default: 445 if it is open, else 139.
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name smb

local datetime = require "datetime"
local files = require "smb.files"
local math = require "math"
local messages = require "smb.messages"
local netbios = require "netbios"
local nmap = require "nmap"
local pipes = require "smb.pipes"
local session = require "smb.session"
local shares = require "smb.shares"
local smb2 = require "smb2"
local smbauth = require "smbauth"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"

_ENV = stdnse.module("smb", stdnse.seeall)

for _, name in ipairs {
  "command_codes", "status_codes", "status_names", "get_status_name", "smb_encode_header", "smb_send", "smb_read",
} do
  _ENV[name] = messages[name]
end

for _, name in ipairs {
  "negotiate_v1", "negotiate_protocol", "start_session", "logoff", "tree_connect", "tree_disconnect",
} do
  _ENV[name] = session[name]
end

for _, name in ipairs { "create_file", "close_file", "read_file", "write_file", "send_transaction_named_pipe" } do
  _ENV[name] = pipes[name]
end

for _, library in ipairs { files, shares } do
  for name, value in pairs(library) do
    if type(value) == "function" then
      _ENV[name] = value
    end
  end
end

local read_message = messages.read_message

--- Notes an account for a host. See <code>smbauth.add_account</code>.
-- @param ... As there.
function add_account (...)
  return smbauth.add_account(...)
end

--- The account to try. See <code>smbauth.get_account</code>.
-- @param host Host table.
-- @return As there.
function get_account (host)
  return smbauth.get_account(host)
end

--- Options that log in with one account.
-- @param username User.
-- @param domain Domain.
-- @param password Password.
-- @param password_hash Hash of the password.
-- @param hash_type Kind of response.
-- @param overrides Table to add them to, optional.
-- @return The table.
function get_overrides (username, domain, password, password_hash, hash_type, overrides)
  overrides = overrides or {}
  overrides.username, overrides.domain, overrides.password = username, domain, password
  overrides.password_hash, overrides.hash_type = password_hash, hash_type
  return overrides
end

--- Options that log in as nobody.
-- @param overrides Table to add them to, optional.
-- @return The table.
function get_overrides_anonymous (overrides)
  return get_overrides("", "", "", nil, "none", overrides)
end

--- The port of a host that SMB is spoken at.
-- @param host Host table.
-- @return 445 or 139, or what the user says; nil if neither is open.
function get_port (host)
  local given = tonumber(stdnse.get_script_args("smbport"))
  if given then
    return given
  end
  for _, number in ipairs { 445, 139 } do
    for _, protocol in ipairs { "tcp" } do
      local port = nmap.get_port_state(host, { number = number, protocol = protocol })
      if port and port.state == "open" then
        return number
      end
    end
  end
end

--- Makes a connection not ask for extended security, so that the server gives its names in a simple way.
-- @param smb Connection.
function disable_extended (smb)
  smb.extended_security = false
end

local function new_state (host, port, socket)
  return {
    host = host, ip = type(host) == "table" and host.ip or host, port = port, socket = socket, uid = 0, tid = 0, mid = 1,
    pid = math.random(64, 0xffff), sequence = -1, extended_security = true,
  }
end

local function connected (host, port)
  local socket = nmap.new_socket()
  socket:set_timeout(5000)
  local status, reason = socket:connect(host, port, "tcp")
  if not status then
    socket:close()
    return nil, reason
  end
  return socket
end

--- Connects to port 445 or any other where SMB is spoken at once.
-- @param host Host table.
-- @param port Number of the port.
-- @return True; or false.
-- @return Connected socket; or a reason.
function start_raw (host, port)
  local socket, reason = connected(host, port)
  return socket ~= nil, socket or reason
end

--- Connects to port 139, where names come first (RFC 1002, section 4.3.2).
-- @param host Host table.
-- @param port Number of the port.
-- @param name Name of the server, optional. Default: the name that any server has, then those that are known.
-- @return True; or false.
-- @return Connected socket; or a reason.
function start_netbios (host, port, name)
  local names, reason = { name or "*SMBSERVER" }, "the server takes no name"
  for turn = 1, 3 do
    if turn == 2 and not name and type(host) == "table" then
      -- Whoever was refused is asked for its own name first.
      names[2] = select(2, netbios.get_server_name(host))
      names[#names + 1] = host.name and string.match(host.name, "^[^.]+")
    end
    local called, socket = names[turn], nil
    if not called then
      break
    end
    socket, reason = connected(host, port)
    if not socket then
      return false, reason
    end
    local request = netbios.name_encode(called .. string.rep(" ", 15 - #called) .. " ") .. "\0"
      .. netbios.name_encode("NSEER") .. "\0"
    local status, answer = socket:send(string.pack(">BBs2", 0x81, 0, request))
    if status then
      status, answer = read_message(socket)
    end
    if status and string.byte(answer) == 0x82 then
      return true, socket
    end
    socket:close()
    if not status then
      return false, answer
    end
    reason = "the server refuses a session under the name " .. called
  end
  return false, reason
end

--- Connects to a host.
-- @param host Host table.
-- @return True; or false.
-- @return Connection; or a reason.
function start (host)
  local port = get_port(host)
  if not port then
    return false, "neither port 445 nor port 139 is open"
  end
  local status, socket
  if port == 139 then
    status, socket = start_netbios(host, port)
  else
    status, socket = start_raw(host, port)
  end
  if not status then
    return false, socket
  end
  return true, new_state(host, port, socket)
end

--- Closes a connection.
-- @param smb Connection.
-- @return True.
function stop (smb)
  smb.socket:close()
  return true
end

--- Where a connection comes from and goes to.
-- @param host Host table.
-- @return As the socket's <code>get_info</code>.
function get_socket_info (host)
  local status, smb = start(host)
  if not status then
    return false, smb
  end
  local known, lhost, lport, rhost, rport = smb.socket:get_info()
  stop(smb)
  return known, lhost, lport, rhost, rport
end

--- Connects and does the first steps.
-- @param host Host table.
-- @param bool_negotiate_protocol True to agree on a dialect.
-- @param bool_start_session True to log in.
-- @param str_tree_connect Share to open, or nil.
-- @param str_create_file File or pipe to open, or nil.
-- @param bool_disable_extended True to do without extended security.
-- @param overrides Table, optional.
-- @return True; or false.
-- @return Connection; or a reason.
function start_ex (host, bool_negotiate_protocol, bool_start_session, str_tree_connect, str_create_file,
                   bool_disable_extended, overrides)
  local status, smb = start(host)
  if not status then
    return false, smb
  elseif bool_disable_extended then
    disable_extended(smb)
  end
  local reason
  local done = not bool_negotiate_protocol
  if not done then
    done, reason = negotiate_protocol(smb, overrides)
  end
  if done and bool_start_session then
    done, reason = start_session(smb, overrides)
  end
  if done and str_tree_connect then
    done, reason = tree_connect(smb, str_tree_connect, overrides)
  end
  if done and str_create_file then
    done, reason = create_file(smb, str_create_file, overrides)
  end
  if not done then
    stop(smb)
    return false, reason
  end
  return true, smb
end

-- Asks a server for each dialect of version 2 and 3 by itself, with a connection for each. One that is silent is
-- asked once.
-- @param host Host table.
-- @return Array of the connections, closed, to servers that agreed; <code>dialect</code> is the number.
-- @return A reason, if there was no connection at all.
local function agreed_dialects (host)
  local agreed, reached = {}, false
  for _, dialect in ipairs(smb2.dialects()) do
    local status, smb = start(host)
    if not status then
      return agreed, not reached and smb or nil
    end
    reached = true
    local chosen
    status, chosen = smb2.negotiate_v2(smb, { Dialects = { dialect } })
    stop(smb)
    if status and chosen == dialect then
      smb.dialect = dialect
      agreed[#agreed + 1] = smb
    elseif chosen == "TIMEOUT" then
      break
    end
  end
  return agreed
end

--- Asks a server for the dialects that it speaks, with a connection for each.
-- @param host Host table.
-- @param overrides Table, optional.
-- @return True; or false.
-- @return Array of names: <code>NT LM 0.12</code>, then versions 2 and 3 as in
--         <code>smb2.dialect_name</code>; or a reason.
function list_dialects (host, overrides)
  local status, smb = start(host)
  if not status then
    return false, smb
  end
  local names = { negotiate_v1(smb, overrides) and "NT LM 0.12" or nil }
  stop(smb)
  for _, agreed in ipairs((agreed_dialects(host))) do
    names[#names + 1] = smb2.dialect_name(agreed.dialect)
  end
  return true, names
end

-- The names that a server gives before anybody logs in, as it sends them: with a zero at the end.
local function simple_names (host)
  local status, smb = start_ex(host, true, false, nil, nil, true)
  if not status then
    return nil, nil
  end
  stop(smb)
  return smb.server and smb.server .. "\0", smb.domain and smb.domain .. "\0"
end

-- Servers that do not speak version 1 any more still tell their names and build while somebody logs in.
local function get_os_v2 (host)
  local status, smb = start(host)
  if not status then
    return false, smb
  end
  local reason
  status, reason = smb2.negotiate_v2(smb)
  local info
  if status then
    status, info = smb2.challenge_info(smb)
    reason = info
  end
  stop(smb)
  if not status or not info.netbios_computer_name then
    return false, reason or "the server does not tell its name"
  end
  local result = {
    port = smb.port, server = info.netbios_computer_name, fqdn = info.fqdn, domain_dns = info.dns_domain_name,
    forest_dns = info.dns_forest_name, date = smb.date, time = smb.time, timezone = 0, timezone_str = "UTC+0",
  }
  if info.netbios_domain_name ~= info.netbios_computer_name then
    result.domain = info.netbios_domain_name
  end
  if info.os_major_version then
    result.os = string.format("Windows %d.%d Build %d", info.os_major_version, info.os_minor_version, info.os_build)
  end
  return true, result
end

--- What a host tells of its system.
-- @param host Host table.
-- @return True; or false.
-- @return Table with <code>os</code>, <code>lanmanager</code>, <code>server</code>,
--         <code>workgroup</code> or <code>domain</code>, <code>domain_dns</code>, <code>forest_dns</code>,
--         <code>fqdn</code>, <code>date</code>, <code>time</code>, <code>timezone</code> (hours east of UTC),
--         <code>timezone_str</code> and <code>port</code>, as far as they are known; or a reason.
function get_os (host)
  local status, smb = start_ex(host, true, true)
  if not status then
    local reason = smb
    if reason == "TIMEOUT" then
      return false, reason
    end
    status, smb = get_os_v2(host)
    return status, status and smb or reason
  end
  stop(smb)
  local server, group = simple_names(host)
  local result = {
    port = smb.port, os = smb.os, lanmanager = smb.lanmanager, date = smb.date, time = smb.time,
    timezone = smb.timezone, timezone_str = smb.timezone_str, fqdn = smb.fqdn, domain_dns = smb.domain_dns,
    forest_dns = smb.forest_dns, server = server or smb.server,
  }
  -- A member of a domain names the forest that the domain is in.
  result[smb.forest_dns and "domain" or "workgroup"] = group or smb.domain
  return true, result
end

-- Later versions are told apart by their builds, and Samba says that it is one of them.
local VERSIONS = { ["5.0"] = "Windows 2000", ["5.1"] = "Windows XP" }

--- The name of a version of Windows as people know it.
-- @param os Text such as <code>Windows 5.0</code>.
-- @return The name; the text itself if there is none.
function get_windows_version (os)
  return VERSIONS[string.match(os, "^Windows (%d+%.%d+)$") or ""] or os
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(get_windows_version("Windows 5.0"), "Windows 2000"), "a version")
test_suite:add_test(unittest.equal(get_status_name(0xc000006d), "NT_STATUS_LOGON_FAILURE"), "a result")
test_suite:add_test(unittest.equal(get_status_name(1), "NT_STATUS_UNKNOWN (0x00000001)"), "an unknown result")
local state = { tid = 1, uid = 2, pid = 3, mid = 4, extended_security = true }
test_suite:add_test(unittest.equal(#smb_encode_header(state, 0x72), 32), "header")
test_suite:add_test(unittest.equal(state.mid, 5), "messages are counted")

local function entry (name, next_one)
  local wide = string.gsub(name, ".", "%0\0")
  local head = string.pack("<I4I4i8i8i8i8i8i8I4I4I4Bxc24", next_one, 7, 132567987060000000, 1, 2, 3, 6, 4096, 0x80, #wide, 0, 0, "")
  return head .. wide
end
local two = entry("a.txt", #entry("a.txt", 0)) .. entry("b", 0)
local listed, resume = read_entries(two, 2)
test_suite:add_test(unittest.identical(listed[1], { fname = "a.txt", created = "2021-02-03T04:05:06", accessed = 1, write = 2,
  change = 3, eof = 6, alloc_size = 4096, attrs = 0x80 }), "a file")
test_suite:add_test(unittest.equal(listed[2].fname .. resume, "b7"), "the next file, and where it is")
test_suite:add_test(unittest.equal(#read_entries(string.sub(two, 1, -2), 2), 1), "a file that is cut off")
test_suite:add_test(unittest.equal(#read_entries(entry("a", 0xffffffff) .. two, 0xffff), 1), "a place that cannot be")

-- Names that a share lists that answers with these, each with whether it is the last answer.
local function names (options, ...)
  local answers, at, saved = { ... }, 0, pipes.transact
  pipes.transact = function ()
    at = at + 1
    local answer = answers[math.min(at, #answers)]
    local head = string.pack("<I2I2I2I2", answer[2], answer[1], 0, 0)
    return true, { data = answer[3], parameters = at == 1 and "\9\0" .. head or head }
  end
  local found = {}
  for file in find_files({}, "\\*", options) do
    found[#found + 1] = file.fname
  end
  pipes.transact = saved
  return found
end
test_suite:add_test(unittest.identical(names(nil, { 0, 2, two }, { 1, 1, entry("c", 0) }), { "a.txt", "b", "c" }), "files of two answers")
test_suite:add_test(unittest.identical(names({ maxfiles = 1 }, { 0, 2, two }), { "a.txt" }), "one file")
test_suite:add_test(unittest.is_true(#names(nil, { 0, 1, entry("d", 0) }) < 1000), "a list without end")
test_suite:add_test(unittest.identical(names(nil, { 0, 1, "" }), {}), "no file")
return _ENV
