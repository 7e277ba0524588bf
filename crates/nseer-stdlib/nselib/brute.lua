---
-- Guessing logins, for scripts that a user chose for that.
--
-- A script brings a driver: a class with <code>new(self, host, port, options)</code>, and methods
-- <code>connect</code>, <code>login(user, password)</code> and <code>disconnect</code>, and possibly <code>check</code>,
-- which gives false and a reason where guessing makes no sense. The engine calls them from several threads, each with
-- a driver of its own. <code>login</code> gives true and an account, or false and an <code>Error</code>, which may say
-- that the guess is to be repeated, or that all guessing is to end.
--
-- @usage
-- local engine = brute.Engine:new(Driver, host, port)
-- engine.options.script_name = SCRIPT_NAME
-- local status, result = engine:start()
-- return result
-- @args brute.mode <code>user</code> (for each name all passwords), <code>pass</code> (for each password all names) or
--       <code>creds</code> (pairs of a file). Default: <code>pass</code>.
-- @args brute.credfile File with pairs, <code>name/password</code>, one a line.
-- @args brute.firstonly If given, the first login that works ends it.
-- @args brute.guesses How many passwords are tried for a name at most.
-- @args brute.delay How long a thread waits between two guesses, such as <code>3s</code>.
-- @args brute.retries How often a guess is repeated after a broken connection. Default: 2.
-- @args brute.threads How many threads there are at most. Default: 5.
-- @args brute.emptypass If given, an empty password is tried for each name.
-- @args brute.useraspass False to not try each name as its own password.
-- @args brute.unique False to try a pair again that occurs twice.
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name brute

local creds = require "creds"
local io = require "io"
local iterators = require "brute.iterators"
local math = require "math"
local nmap = require "nmap"
local os = require "os"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("brute", stdnse.seeall)

--- Iterators over pairs of a name and a password.
-- @class table
-- @name Iterators
Iterators = iterators

--- A login that works, as drivers give it.
-- @class table
-- @name Account
Account = creds.Account

--- Iterator over names, as of <code>unpwdb</code>.
-- @return The iterator.
function usernames_iterator () return iterators.usernames() end

--- Iterator over passwords, as of <code>unpwdb</code>.
-- @return The iterator.
function passwords_iterator () return iterators.passwords() end

-- What drivers hold: a table, to which they may add what they like, in front of a socket.
local Socket = {
  __index = function (self, name)
    local socket = rawget(self, "socket")
    local method = socket[name]
    if type(method) ~= "function" then
      return method
    end
    return function (_, ...)
      return method(socket, ...)
    end
  end,
}

--- Makes a socket for a driver.
-- @param ... As for <code>nmap.new_socket</code>.
-- @return The socket.
function new_socket (...)
  return setmetatable({ socket = nmap.new_socket(...) }, Socket)
end

--
-- Options
--

--- Options of an engine: <code>mode</code>, <code>firstonly</code>, <code>passonly</code>, <code>max_guesses</code>,
-- <code>delay</code>, <code>max_retries</code>, <code>emptypass</code>, <code>useraspass</code>, <code>nostore</code>,
-- <code>script_name</code>, <code>title</code>.
-- @class table
-- @name Options
Options = {}
Options.__index = Options

--- Reads a flag.
-- @name Options.checkBoolArg
-- @param arg Name of the script argument.
-- @param default What counts if it is not given.
-- @return True or false.
function Options.checkBoolArg (arg, default)
  local given = stdnse.get_script_args(arg)
  if given == nil then
    return default
  end
  return not (given == "false" or given == "0" or given == "no")
end

--- Makes options from script arguments.
-- @name Options.new
-- @return The options.
function Options:new ()
  local function number (name)
    return math.tointeger(tonumber(stdnse.get_script_args(name)))
  end
  return setmetatable({
    firstonly = self.checkBoolArg("brute.firstonly", false),
    passonly = self.checkBoolArg("brute.passonly", false),
    emptypass = self.checkBoolArg("brute.emptypass", false),
    useraspass = self.checkBoolArg("brute.useraspass", true),
    unique = self.checkBoolArg("brute.unique", true),
    max_guesses = number("brute.guesses") or 0,
    max_retries = number("brute.retries") or 2,
    threads = number("brute.threads") or 5,
    delay = stdnse.parse_timespec(stdnse.get_script_args("brute.delay")) or 0,
    mode = stdnse.get_script_args("brute.mode") or stdnse.get_script_args("brute.credfile") and "creds" or "pass",
    credfile = stdnse.get_script_args("brute.credfile"),
    nostore = false,
  }, self)
end

--- Sets the mode.
-- @name Options.setMode
-- @param mode <code>user</code>, <code>pass</code> or <code>creds</code>.
-- @return True; false for any other mode.
-- @return What is wrong, if anything.
function Options:setMode (mode)
  if mode ~= "user" and mode ~= "pass" and mode ~= "creds" then
    return false, "brute.mode is 'user', 'pass' or 'creds', not '" .. tostring(mode) .. "'"
  end
  self.mode = mode
  return true
end

--- Sets an option.
-- @name Options.setOption
-- @param param Its name.
-- @param value Its value.
function Options:setOption (param, value)
  self[param] = value
end

--- Sets the title of the result.
-- @name Options.setTitle
-- @param title The title.
function Options:setTitle (title)
  self.title = title
end

--- Why a guess failed; see <code>brute.failure</code>.
-- @class table
-- @name Error
Error = require "brute.failure"

--
-- The engine
--

--- Guesses until there is nothing left to guess.
-- @class table
-- @name Engine
Engine = {}
Engine.__index = Engine

--- Makes an engine.
-- @name Engine.new
-- @param driver The class of drivers.
-- @param host Host table.
-- @param port Port table.
-- @param options What is handed to each driver, optional.
-- @return The engine.
function Engine:new (driver, host, port, options)
  return setmetatable({
    driver = driver, host = host, port = port, driver_options = options, options = Options:new(),
    counter = 0, guesses = {}, accounts = {}, dead = {}, tried = {},
  }, self)
end

--- Sets how many threads there are at most.
-- @name Engine.setMaxThreads
-- @param max The number.
function Engine:setMaxThreads (max)
  self.most_threads = max
end

--- Sets where names come from.
-- @name Engine.setUsernameIterator
-- @param usernameIterator Iterator.
function Engine:setUsernameIterator (usernameIterator)
  self.usernames = usernameIterator
end

--- Sets where passwords come from.
-- @name Engine.setPasswordIterator
-- @param passwordIterator Iterator.
function Engine:setPasswordIterator (passwordIterator)
  self.passwords = passwordIterator
end

-- The pairs of a file; or nil and a reason.
local function pairs_of (path)
  local file, reason = io.open(nmap.fetchfile(path) or path)
  if not file then
    return nil, "brute.credfile: " .. reason
  end
  local accounts = {}
  for line in file:lines() do
    local user, pass = string.match(line, "^([^/]*)/(.*)$")
    if user then
      accounts[#accounts + 1] = { user, pass }
    end
  end
  file:close()
  local at = 0
  return function ()
    at = at + 1
    if accounts[at] then
      return accounts[at][1], accounts[at][2]
    end
  end
end

-- The function that gives pairs to guess; or nil and a reason.
local function guesses_of (self)
  local options = self.options
  if self.iterator then
    return self.iterator
  elseif options.mode == "creds" then
    return pairs_of(options.credfile or "")
  elseif options.passonly then
    local passwords = self.passwords or iterators.passwords()
    return function ()
      local password = passwords()
      if password then
        return "", password
      end
    end
  end
  local users, passwords = self.usernames or iterators.usernames(), self.passwords or iterators.passwords()
  local all = iterators.account_iterator(users, passwords, options.mode)
  if options.useraspass then
    all = iterators.chain(iterators.pw_same_as_user_iterator(users), all)
  end
  if options.emptypass then
    all = iterators.chain(iterators.account_iterator(users, iterators.single(""), "user"), all)
  end
  return all
end

--- The next pair that is worth a try; nil at the end.
function Engine:get_next_credential ()
  local options = self.options
  while not self.ended do
    local user, pass = self.next_pair()
    if user == nil then
      return nil
    end
    local key = user .. "\0" .. pass
    local count = self.guesses[user] or 0
    local is_over = options.max_guesses > 0 and count >= options.max_guesses
    if not self.dead[user] and not is_over and not (options.unique and self.tried[key]) then
      self.tried[key] = true
      self.guesses[user] = count + 1
      return user, pass
    end
  end
end

-- Tries one pair with a new driver. Gives what the driver's login gives.
local function attempt (self, user, pass)
  local driver = self.driver:new(self.host, self.port, self.driver_options)
  local status, reason = driver:connect()
  if not status then
    pcall(driver.disconnect, driver)
    if type(reason) == "table" then
      return false, reason
    end
    local failure = Error:new("cannot connect: " .. tostring(reason))
    failure:setRetry(true)
    failure.is_unreachable = true
    return false, failure
  end
  local response
  status, response = driver:login(user, pass)
  driver:disconnect()
  return status, response
end

-- Tries a pair as often as it has to be. What never works counts as a wrong login, except where there is no service
-- any more.
local function guess (self, user, pass)
  local status, response
  for _ = 0, self.options.max_retries do
    status, response = attempt(self, user, pass)
    if status or type(response) ~= "table" or not (response.isRetry and response:isRetry()) then
      break
    end
  end
  if not status and (type(response) ~= "table" or response.is_unreachable) then
    self.ended = true
    self.failure = "no answers any more: " .. (type(response) == "table" and response:getMessage() or tostring(response))
    return false, nil
  end
  return status, response
end

local function note_success (self, account)
  local shown = tostring(account)
  if not self.found[shown] then
    self.found[shown] = true
    self.accounts[#self.accounts + 1] = account
    if not self.options.nostore then
      local known = creds.Credentials:new(self.options.script_name or "brute", self.host, self.port)
      known:add(account.username, account.password, creds.State.VALID)
    end
  end
  self.ended = self.ended or self.options.firstonly
end

-- What one thread does.
local function work (self, condvar)
  for user, pass in function () return self:get_next_credential() end do
    local is_right, status, response = pcall(guess, self, user, pass)
    if not is_right then
      self.ended, self.failure, status = true, tostring(status), false
    end
    self.counter = self.counter + 1
    if status then
      if self.options.passonly and response.username == "" then
        response.username = nil
      end
      note_success(self, response)
      self.dead[user] = user ~= "" or nil
    elseif type(response) == "table" and response.isAbort then
      if response:isAbort() or response:isDone() then
        self.ended, self.failure = true, response:isAbort() and response:getMessage() or self.failure
      end
      local invalid = response:isInvalidAccount()
      if invalid then
        self.dead[invalid] = true
      end
    end
    if self.options.delay > 0 and not self.ended then
      stdnse.sleep(self.options.delay)
    end
  end
  condvar "signal"
end

local function result_of (self, seconds)
  local out = stdnse.output_table()
  table.sort(self.accounts, function (a, b) return tostring(a) < tostring(b) end)
  if #self.accounts > 0 then
    out[self.options.title or "Accounts"] = self.accounts
  else
    out.Accounts = "No login was found"
  end
  out.Statistics = string.format("%d guesses in %d seconds (%.1f a second)",
    self.counter, seconds, self.counter / seconds)
  if self.failure then
    out.ERROR = self.failure
  end
  return out
end

-- Whether any of the threads has not ended.
local function some_work (threads)
  for _, thread in ipairs(threads) do
    if coroutine.status(thread) ~= "dead" then
      return true
    end
  end
  return false
end

-- Asks the driver whether guessing makes sense, where it can tell.
local function check (self)
  local driver = self.driver:new(self.host, self.port, self.driver_options)
  if type(driver.check) ~= "function" then
    return true
  end
  return driver:check()
end

--- Guesses.
-- @name Engine.start
-- @return True; false if it could not begin, or ended because of a failure.
-- @return Table for output; or what went wrong.
function Engine:start ()
  local is_ready, reason = check(self)
  if not is_ready then
    return false, reason
  end
  self.next_pair, reason = guesses_of(self)
  if not self.next_pair then
    return false, reason
  end
  self.found = {}
  local start, threads = os.time(), {}
  local condvar = nmap.condvar(self)
  for _ = 1, math.max(1, math.min(self.most_threads or self.options.threads, self.options.threads)) do
    threads[#threads + 1] = stdnse.new_thread(work, self, condvar)
  end
  while some_work(threads) do
    condvar "wait"
  end
  return self.failure == nil, result_of(self, math.max(os.time() - start, 1))
end

if not unittest.testing() then return _ENV end

test_suite = unittest.TestSuite:new()
do
  local engine = Engine:new({}, {}, {})
  engine.next_pair = iterators.account_iterator(iterators.list({ "a", "b" }), iterators.list({ "x", "y", "x" }), "user")
  engine.options.max_guesses = 2
  local tried = {}
  for user, pass in function () return engine:get_next_credential() end do
    tried[#tried + 1] = user .. pass
    engine.dead.b = true
  end
  test_suite:add_test(unittest.table_equal(tried, { "ax", "ay" }), "pairs worth a try")
  local user, pass = iterators.account_iterator({ "a" }, { "x" }, "pass")()
  test_suite:add_test(unittest.identical({ user, pass }, { "a", "x" }), "arrays of names and passwords")
  local socket = new_socket()
  socket.note = "of the driver"
  test_suite:add_test(unittest.identical({ socket.note, socket.nothing }, { "of the driver" }), "a socket with notes")
  test_suite:add_test(unittest.is_false((socket:send("x"))), "a socket that is not connected")
  test_suite:add_test(unittest.is_false((Options:new():setMode("all"))), "unknown mode")
  local failure = Error:new("m")
  test_suite:add_test(unittest.is_false(failure:isRetry()), "an error means a wrong login")
  failure:setRetry(true)
  test_suite:add_test(unittest.is_true(failure:isRetry()), "an error that is worth another try")
end
do
  -- A server that knows one login, and breaks each first connection.
  local broken = false
  local Driver = {}
  function Driver:new () return setmetatable({}, { __index = self }) end
  function Driver:connect () broken = not broken return not broken, "broken" end
  function Driver:disconnect () end
  function Driver:login (user, pass)
    if user == "b" and pass == "y" then
      return true, Account:new(user, pass, creds.State.VALID)
    end
    return false, Error:new("wrong")
  end
  local engine = Engine:new(Driver, { ip = "192.0.2.1" }, { number = 1, service = "x" })
  engine.options.nostore, engine.found = true, {}
  local users, passwords = iterators.list({ "a", "b", "c" }), iterators.list({ "x", "y" })
  engine.next_pair = iterators.account_iterator(users, passwords, "pass")
  work(engine, function () end)
  test_suite:add_test(unittest.length_is(engine.accounts, 1), "one login works")
  test_suite:add_test(unittest.equal(engine.accounts[1].username, "b"), "which one")
  test_suite:add_test(unittest.equal(engine.counter, 6), "guesses")
  function Driver:check () return false, "no such page" end
  test_suite:add_test(unittest.identical({ engine:start() }, { false, "no such page" }), "a driver that sees no sense in it")
  Driver.check, Driver.login = nil, function () return false, "broken" end
  engine.next_pair, engine.ended = iterators.account_iterator(users, passwords, "pass"), nil
  engine.tried, engine.counter = {}, 0
  work(engine, function () end)
  test_suite:add_test(unittest.equal(engine.counter, 1), "one guess at a service that breaks down")
  test_suite:add_test(unittest.equal(engine.failure, "no answers any more: broken"), "why it ended")
end

return _ENV
