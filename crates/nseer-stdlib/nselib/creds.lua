---
-- Logins that were found or given, shared among scripts.
--
-- They are kept in <code>nmap.registry.creds</code>. Users give some with script arguments:
-- <code>creds.http="anna:secret"</code> for a service, <code>creds.global="anna:secret"</code> for all.
--
-- @usage
-- local found = creds.Credentials:new(SCRIPT_NAME, host, port)
-- found:add("anna", "secret", creds.State.VALID)
-- return found:getTable()
-- @args creds.global Logins for all services, <code>name:password</code>, several with commas in braces.
-- @args creds.[service] The same for one service.
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name creds

local io = require "io"
local nmap = require "nmap"
local outlib = require "outlib"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("creds", stdnse.seeall)

--- What is known of a login; bits of a number.
-- @class table
-- @name State
State = {
  LOCKED = 1, VALID = 2, DISABLED = 4, CHANGEPW = 8, PARAM = 16, EXPIRED = 32, TIME_RESTRICTED = 64,
  HOST_RESTRICTED = 128, LOCKED_VALID = 256, DISABLED_VALID = 512, HASHED = 1024,
}

--- The states in words.
-- @class table
-- @name StateMsg
StateMsg = {
  [State.LOCKED] = "Account is locked",
  [State.VALID] = "Valid credentials",
  [State.DISABLED] = "Account is disabled",
  [State.CHANGEPW] = "Valid credentials, but a new password is wanted",
  [State.PARAM] = "Credentials given by script arguments",
  [State.EXPIRED] = "Valid credentials, but the account has expired",
  [State.TIME_RESTRICTED] = "Valid credentials, not at this time",
  [State.HOST_RESTRICTED] = "Valid credentials, not from this host",
  [State.LOCKED_VALID] = "Valid credentials, but the account is locked",
  [State.DISABLED_VALID] = "Valid credentials, but the account is disabled",
  [State.HASHED] = "Hash of a password",
}

--- In place of a tag: logins of all scripts.
-- @class table
-- @name ALL_DATA
ALL_DATA = {}

--- A login for output. As text it is <code>name:password - state</code>.
-- @class table
-- @name Account
Account = {}
Account.__index = Account

--- Makes a login.
-- @name Account.new
-- @param username The name, optional.
-- @param password The password, optional.
-- @param state One of <code>State</code>, or a text.
-- @return The login, a table with <code>username</code>, <code>password</code> and <code>state</code> (a text).
function Account:new (username, password, state)
  return setmetatable({ username = username, password = password, state = StateMsg[state] or state }, self)
end

Account.__tostring = function (self)
  local password = self.password
  if password == nil or password == "" then
    password = "<empty>"
  end
  local name = self.username and self.username .. ":" or ""
  return string.format("%s%s - %s", name, password, self.state or "")
end

-- Orders logins by name and password.
Account.__lt = function (a, b)
  local left, right = a.username or "", b.username or ""
  if left ~= right then
    return left < right
  end
  return (a.password or "") < (b.password or "")
end

--- Where logins are kept.
-- @class table
-- @name RegStorage
RegStorage = {}
RegStorage.__index = RegStorage

--- Makes a view of what is kept, without a filter.
-- @name RegStorage.new
-- @return The view.
function RegStorage:new ()
  nmap.registry.creds = nmap.registry.creds or {}
  return setmetatable({ filter = {} }, self)
end

--- Adds a login, unless it is known.
-- @name RegStorage.add
-- @param tags Array of tags.
-- @param host Host table, or nil for any.
-- @param port Port number, or nil for any.
-- @param service Name of the service, or nil for any.
-- @param user The name.
-- @param pass The password.
-- @param state One of <code>State</code>.
function RegStorage:add (tags, host, port, service, user, pass, state)
  for _, known in ipairs(nmap.registry.creds) do
    if known.user == user and known.pass == pass and known.port == port and known.service == service
        and (known.host and known.host.ip) == (host and host.ip) then
      known.state = state
      return
    end
  end
  table.insert(nmap.registry.creds, {
    tags = tags, host = host and { ip = host.ip }, port = port, service = service, user = user, pass = pass,
    state = state,
  })
end

--- Limits what <code>getAll</code> gives.
-- @name RegStorage.setFilter
-- @param host Host table, or nil for all hosts.
-- @param port Port table, or nil for all ports.
-- @param state Sum of states of which one must fit, or nil for all.
function RegStorage:setFilter (host, port, state)
  self.filter = { host = host, port = port, state = state }
end

local function fits (entry, filter)
  local host, port, state = filter.host, filter.port, filter.state
  if host and entry.host and entry.host.ip ~= host.ip then
    return false
  elseif port and entry.port and entry.port ~= port.number then
    return false
  elseif port and entry.service and port.service and not entry.port and entry.service ~= port.service then
    return false
  end
  return not state or entry.state & state ~= 0
end

--- Gives the logins that fit the filter.
-- @name RegStorage.getAll
-- @return Iterator over tables with <code>user</code>, <code>pass</code>, <code>state</code>, <code>host</code>,
--         <code>port</code>, <code>service</code>, <code>tags</code>.
function RegStorage:getAll ()
  local at = 0
  return function ()
    while true do
      at = at + 1
      local entry = nmap.registry.creds[at]
      if not entry or fits(entry, self.filter) then
        return entry
      end
    end
  end
end

--- The logins of a script, for a host and a port.
-- @class table
-- @name Credentials
Credentials = {}
Credentials.__index = Credentials

-- The logins that the user gave for a service.
local function given_for (service)
  local logins = {}
  for _, argument in ipairs { "creds." .. (service or ""), "creds.global" } do
    local given = nmap.registry.args and nmap.registry.args[argument]
    for _, text in ipairs(type(given) == "table" and given or { given }) do
      local user, pass = string.match(text, "^([^:]*):(.*)$")
      logins[#logins + 1] = { user = user or text, pass = pass or "" }
    end
  end
  return logins
end

--- Makes a view of logins.
-- @name Credentials.new
-- @param tags Tag, array of tags, or <code>ALL_DATA</code>. A tag is usually the script's name.
-- @param host Host table, or nil for all.
-- @param port Port table, or nil for all.
-- @return The view.
function Credentials:new (tags, host, port)
  local view = setmetatable({ host = host, port = port, storage = RegStorage:new() }, self)
  if tags ~= ALL_DATA then
    view.tags = type(tags) == "table" and tags or { tags }
  end
  for _, login in ipairs(port and given_for(port.service) or {}) do
    view.storage:add(view.tags or {}, host, port.number, port.service, login.user, login.pass, State.PARAM)
  end
  return view
end

--- Adds a login.
-- @name Credentials.add
-- @param user The name, or nil.
-- @param pass The password, or nil.
-- @param state One of <code>State</code>.
function Credentials:add (user, pass, state)
  local port = self.port
  self.storage:add(self.tags or {}, self.host, port and port.number, port and port.service, user, pass, state)
end

local function has_tag (entry, tags)
  if not tags then
    return true
  end
  for _, tag in ipairs(tags) do
    for _, own in ipairs(entry.tags or {}) do
      if own == tag then
        return true
      end
    end
  end
  return entry.state == State.PARAM
end

--- Gives the logins of the view.
-- @name Credentials.getCredentials
-- @param state Sum of states of which one must fit, optional.
-- @return Iterator over tables, as of <code>RegStorage.getAll</code>.
function Credentials:getCredentials (state)
  self.storage:setFilter(self.host, self.port, state)
  local each = self.storage:getAll()
  return function ()
    local entry
    repeat
      entry = each()
    until not entry or has_tag(entry, self.tags)
    return entry
  end
end

local function sorted (accounts)
  table.sort(accounts)
  return accounts
end

-- All logins, by address and by port.
local function by_host (view)
  local hosts = {}
  for entry in view:getCredentials() do
    local ip = entry.host and entry.host.ip or "any host"
    local port = string.format("%s/%s", entry.port or "any port", entry.service or "unknown")
    hosts[ip] = hosts[ip] or {}
    hosts[ip][port] = hosts[ip][port] or {}
    table.insert(hosts[ip][port], Account:new(entry.user, entry.pass, entry.state))
  end
  local addresses = {}
  for ip in pairs(hosts) do
    addresses[#addresses + 1] = ip
  end
  table.sort(addresses)
  return hosts, addresses
end

-- Scripts ask with `next` whether there is anything, hence no output_table.
local function by_port (ports)
  for _, accounts in pairs(ports) do
    sorted(accounts)
  end
  return outlib.sorted_by_key(ports)
end

--- Gives the logins of the view for output.
-- @name Credentials.getTable
-- @return For a view of a port: array of <code>Account</code>. For one of a host: these by
--         <code>port/service</code>. For one of everything: these by address. Nil if there are none.
function Credentials:getTable ()
  local hosts, addresses = by_host(self)
  if #addresses == 0 then
    return nil
  elseif self.host and self.port then
    local accounts = {}
    for _, ports in pairs(hosts) do
      for _, list in pairs(ports) do
        table.move(list, 1, #list, #accounts + 1, accounts)
      end
    end
    return sorted(accounts)
  elseif self.host then
    return by_port(hosts[self.host.ip] or hosts[addresses[1]])
  end
  for _, ip in ipairs(addresses) do
    hosts[ip] = by_port(hosts[ip])
  end
  return outlib.sorted_by_key(hosts)
end

--- Writes the logins of the view to a file.
-- @name Credentials.saveToFile
-- @param filename Path of the file.
-- @param fileformat <code>text</code>, or <code>csv</code> with address, port, service, name, password, state.
-- @return True; false if it could not be written.
-- @return What went wrong, if anything.
function Credentials:saveToFile (filename, fileformat)
  if fileformat ~= "text" and fileformat ~= "csv" then
    return false, "the format is 'text' or 'csv', not '" .. tostring(fileformat) .. "'"
  end
  local file, reason = io.open(filename, "w")
  if not file then
    return false, reason
  end
  for entry in self:getCredentials() do
    local account = Account:new(entry.user, entry.pass, entry.state)
    local fields = { entry.host and entry.host.ip or "", entry.port or "", entry.service or "" }
    if fileformat == "csv" then
      table.move({ account.username or "", account.password or "", account.state or "" }, 1, 3, 4, fields)
      for i, field in ipairs(fields) do
        fields[i] = '"' .. string.gsub(tostring(field), '"', '""') .. '"'
      end
      file:write(table.concat(fields, ","), "\n")
    else
      file:write(string.format("%s:%s (%s) %s\n", fields[1], fields[2], fields[3], tostring(account)))
    end
  end
  file:close()
  return true
end

if not unittest.testing() then return _ENV end

test_suite = unittest.TestSuite:new()
do
  local kept = nmap.registry.creds
  nmap.registry.creds = nil
  local host, port = { ip = "192.0.2.1" }, { number = 80, service = "http" }
  local found = Credentials:new("tag", host, port)
  test_suite:add_test(unittest.is_nil(found:getTable()), "nothing yet")
  found:add("user", "pass", State.VALID)
  found:add("anna", "", State.LOCKED)
  found:add("user", "pass", State.VALID)
  local accounts = found:getTable()
  test_suite:add_test(unittest.length_is(accounts, 2), "logins are kept once")
  test_suite:add_test(unittest.equal(tostring(accounts[1]), "anna:<empty> - Account is locked"), "a login as text")
  test_suite:add_test(unittest.equal(found:getCredentials(State.VALID)().user, "user"), "by state")
  test_suite:add_test(unittest.is_nil(Credentials:new("other", host, port):getTable()), "of another script")
  local other = { ip = "192.0.2.2" }
  test_suite:add_test(unittest.is_nil(Credentials:new("tag", other, port):getTable()), "of another host")
  local everything = Credentials:new(ALL_DATA):getTable()
  test_suite:add_test(unittest.equal(everything["192.0.2.1"]["80/http"][2].password, "pass"), "everything")
  test_suite:add_test(unittest.length_is(Credentials:new(ALL_DATA, host):getTable()["80/http"], 2), "of a host")
  nmap.registry.creds = kept
end

return _ENV
