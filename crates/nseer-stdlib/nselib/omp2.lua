---
-- OpenVAS managers: logging in, and what they are to look at.
--
-- Written from the public description of the OpenVAS Management Protocol, version 2. Answers are bounded.
--
-- @usage
-- local session = omp2.Session:new()
-- session:connect(host, port)
-- if session:authenticate("user", "password") then … end
-- @args omp2.username User to log in as.
-- @args omp2.password The password.
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name omp2

local deadline = require "deadline"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"
local ipairs, setmetatable = ipairs, setmetatable

_ENV = stdnse.module("omp2", stdnse.seeall)

local MAX_ANSWER, MAX_TARGETS = 0x400000, 4096

--- Notes an account for a host.
-- @param host Host table.
-- @param username User.
-- @param password Password.
function add_account (host, username, password)
  local all = nmap.registry.omp2 or {}
  nmap.registry.omp2 = all
  all[host.ip] = all[host.ip] or {}
  for _, account in ipairs(all[host.ip]) do
    if account.username == username and account.password == password then
      return
    end
  end
  all[host.ip][#all[host.ip] + 1] = { username = username, password = password }
end

--- The accounts of a host: the one that the user gives, and those that were noted.
-- @param host Host table.
-- @return Array of tables with <code>username</code> and <code>password</code>; nil if there is none.
function get_accounts (host)
  local username, password = stdnse.get_script_args("omp2.username", "omp2.password")
  local accounts = {}
  if username and password then
    accounts[1] = { username = username, password = password }
  end
  for _, account in ipairs(nmap.registry.omp2 and nmap.registry.omp2[host.ip] or {}) do
    accounts[#accounts + 1] = account
  end
  return #accounts > 0 and accounts or nil
end

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&apos;" }
local CHARACTERS = { amp = "&", lt = "<", gt = ">", quot = '"', apos = "'" }

local function written (text)
  return (string.gsub(text, "[&<>\"']", ENTITIES))
end

local function read (text)
  return (string.gsub(text, "&(%a+);", CHARACTERS))
end

-- The end of an answer: that of its outer element, which may have no content.
local function end_of (name)
  return function (buffer)
    local _, last, close = string.find(buffer, "^%s*<" .. name .. "[^>]-(/?)>")
    if last and close == "" then
      _, last = string.find(buffer, "</" .. name .. ">", last, true)
    end
    if not last and #buffer > MAX_ANSWER then
      last = #buffer
    end
    return last, last
  end
end

local function is_good (answer)
  return string.match(answer, '^%s*<[^>]-status%s*=%s*"2%d%d"') ~= nil
end

-- Targets of an answer. What is inside the elements of others, such as an owner's name, is left out.
local function read_targets (answer)
  local targets, count = stdnse.output_table(), 0
  for body in string.gmatch(answer, "<target%f[%s>][^>]*>(.-)</target>") do
    body = string.gsub(body, "<owner>.-</owner>", "")
    local name, hosts = string.match(body, "<name>(.-)</name>"), string.match(body, "<hosts>(.-)</hosts>")
    count = count + 1
    if name and count <= MAX_TARGETS then
      targets[read(name)] = read(hosts or "")
    end
  end
  return targets, count
end

--- A connection.
-- @class table
-- @name Session
Session = {}
Session.__index = Session

--- Makes one.
-- @name Session:new
-- @param socket A socket to use, optional.
-- @return The connection.
function Session:new (socket)
  return setmetatable({ socket = socket or nmap.new_socket() }, self)
end

--- Connects, with TLS.
-- @name Session:connect
-- @param host Host table.
-- @param port Port table.
-- @return True; or false and a reason.
function Session:connect (host, port)
  self.socket:set_timeout(stdnse.get_timeout(host, 10000))
  return self.socket:connect(host, port, "ssl")
end

--- Closes the connection.
-- @name Session:close
-- @return True.
function Session:close ()
  return self.socket:close()
end

-- Sends a command and reads its answer; nil and a reason.
local function asked (self, command, name)
  local status, answer = self.socket:send(command)
  if status then
    status, answer = deadline.receive_buf(self.socket, end_of(name), true)
  end
  return status and answer or nil, answer
end

--- Logs in.
-- @name Session:authenticate
-- @param username User.
-- @param password Password.
-- @return True; nil and a reason if that is no account.
function Session:authenticate (username, password)
  local answer, reason = asked(self, string.format("<authenticate><credentials><username>%s</username><password>%s</password>"
    .. "</credentials></authenticate>", written(username), written(password)), "authenticate_response")
  if not answer or not is_good(answer) then
    return nil, reason
  end
  return true
end

--- Lists what is to be looked at.
-- @name Session:ls_targets
-- @return Table: name of a target to its hosts; nil if there is none.
function Session:ls_targets ()
  local answer = asked(self, "<get_targets/>", "get_targets_response")
  if not answer or not is_good(answer) then
    return nil
  end
  local targets, count = read_targets(answer)
  return count > 0 and targets or nil
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local TARGETS = '<get_targets_response status="200" status_text="OK"><target id="1"><owner><name>me</name></owner><name>a &amp; b</name>'
  .. '<hosts>192.0.2.1</hosts></target><target id="2"><name>c</name></target></get_targets_response>'
local targets = read_targets(TARGETS)
test_suite:add_test(unittest.equal(targets["a & b"], "192.0.2.1"), "a target")
test_suite:add_test(unittest.equal(targets.c, ""), "a target without hosts")
test_suite:add_test(unittest.equal((end_of("get_targets_response")(TARGETS .. "more")), #TARGETS), "the end of an answer")
test_suite:add_test(unittest.equal((end_of("a_response")('<a_response status="200"/>')), 26), "an answer without content")
test_suite:add_test(unittest.is_nil((end_of("a_response")('<a_response status="200">'))), "an answer that is cut off")
test_suite:add_test(unittest.is_false(is_good('<a_response status="400" status_text="status=200"/>')), "a refusal")
local sent
local session = Session:new { send = function (_, text) sent = text return true end, receive_buf = function ()
  return true, '<authenticate_response status="200"/>'
end }
test_suite:add_test(unittest.is_true(session:authenticate("<me>", "x")), "logging in")
test_suite:add_test(unittest.is_true(string.find(sent, "<username>&lt;me&gt;</username>", 1, true) ~= nil), "a name that is written")
return _ENV
