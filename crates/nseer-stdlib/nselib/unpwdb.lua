---
-- Names and passwords to try, for scripts that a user lets guess.
--
-- Lists come from files that the user names, or else from the data directory, or else from a short list of defaults
-- that devices are delivered with. An iterator is a function that gives the next entry, and nil at the end;
-- called with <code>"reset"</code> it begins anew.
--
-- @args userdb File with names, one a line.
-- @args passdb File with passwords, one a line.
-- @args unpwdb.userlimit How many names are given at most. Default: no limit.
-- @args unpwdb.passlimit How many passwords are given at most. Default: no limit.
-- @args unpwdb.timelimit For how long an iterator gives entries, such as <code>10m</code>; 0 for no limit. Default:
--       10 minutes; with <code>-T4</code> 5, with <code>-T5</code> 3.
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name unpwdb

local defaults = require "data.logins"
local io = require "io"
local math = require "math"
local nmap = require "nmap"
local os = require "os"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"

_ENV = stdnse.module("unpwdb", stdnse.seeall)

local TIME_LIMITS = { [4] = 300, [5] = 180 }

--- For how long iterators give entries.
-- @return Seconds; nil for no limit. Nil as well if the argument cannot be read.
-- @return What is wrong with the argument, if anything.
function timelimit ()
  local given = stdnse.get_script_args("unpwdb.timelimit")
  if given then
    local seconds, reason = stdnse.parse_timespec(given)
    if not seconds then
      return nil, reason
    end
    return seconds ~= 0 and seconds or nil
  end
  return TIME_LIMITS[nmap.timing_level()] or 600
end

--- Makes an iterator of an array.
-- @param table Array.
-- @return The iterator.
function table_iterator (table)
  local at = 0
  return function (command)
    if command == "reset" then
      at = 0
      return nil
    end
    at = at + 1
    return table[at]
  end
end

--- Makes an iterator of two, one after the other.
-- @param iter1 The first.
-- @param iter2 The second.
-- @return The iterator.
function concat_iterators (iter1, iter2)
  local is_first = true
  return function (command)
    if command == "reset" then
      iter1 "reset"
      iter2 "reset"
      is_first = true
      return nil
    end
    local value = is_first and iter1() or nil
    if value == nil then
      is_first = false
      value = iter2()
    end
    return value
  end
end

--- Makes an iterator that leaves entries out.
-- @param iterator Iterator.
-- @param filter Function of an entry; entries stay for which it gives true.
-- @return The iterator.
function filter_iterator (iterator, filter)
  return function (command)
    if command == "reset" then
      return iterator "reset"
    end
    local value
    repeat
      value = iterator()
    until value == nil or filter(value)
    return value
  end
end

--- Makes an iterator that ends early.
-- @param iterator Iterator.
-- @param time_limit Seconds after which it ends; nil or 0 for no such limit.
-- @param count_limit Entries after which it ends; nil or 0 for no such limit.
-- @param label What the entries are, for the message about the end, optional.
-- @return The iterator.
function limited_iterator (iterator, time_limit, count_limit, label)
  local start, count = os.time(), 0
  label = label or "entries"
  return function (command)
    if command == "reset" then
      count = 0
      return iterator "reset"
    elseif (count_limit or 0) > 0 and count >= count_limit then
      stdnse.debug1("%s: the limit of %d is reached", label, count_limit)
      return nil
    elseif (time_limit or 0) > 0 and os.time() - start > time_limit then
      stdnse.debug1("%s: the limit of %g seconds is reached", label, time_limit)
      return nil
    end
    count = count + 1
    return iterator()
  end
end

-- The entries of a file: one a line, without those that are comments of the list.
local function read_list (path)
  local file, reason = io.open(path)
  if not file then
    return nil, reason
  end
  local entries = {}
  for line in file:lines() do
    line = string.gsub(line, "\r$", "")
    if not string.find(line, "^#!comment:") then
      entries[#entries + 1] = line
    end
  end
  file:close()
  return entries
end

-- The list that an argument names, or that of the data directory, or ours.
local function list_for (argument, file, own)
  local given = stdnse.get_script_args(argument)
  if given then
    return read_list(nmap.fetchfile(given) or given)
  end
  local path = nmap.fetchfile("nselib/data/" .. file)
  if path then
    return read_list(path)
  end
  return own
end

local function limited (entries, reason, time_limit, count_limit, argument, label)
  if not entries then
    return false, reason
  end
  local given = math.tointeger(tonumber(stdnse.get_script_args(argument)))
  local time = time_limit
  if not time then
    local failure
    time, failure = timelimit()
    if failure then
      return false, failure
    end
  end
  count_limit = given and given > 0 and given or count_limit
  return true, limited_iterator(table_iterator(entries), time ~= 0 and time or nil, count_limit, label)
end

--- Iterator over names.
-- @param time_limit Seconds, optional; the default is that of <code>timelimit</code>.
-- @param count_limit Number of names, optional.
-- @return True; false if there is no list.
-- @return The iterator; or what went wrong.
function usernames (time_limit, count_limit)
  local entries, reason = list_for("userdb", "usernames.lst", defaults.usernames)
  return limited(entries, reason, time_limit, count_limit, "unpwdb.userlimit", "usernames")
end

--- Iterator over passwords.
-- @param time_limit Seconds, optional; the default is that of <code>timelimit</code>.
-- @param count_limit Number of passwords, optional.
-- @return True; false if there is no list.
-- @return The iterator; or what went wrong.
function passwords (time_limit, count_limit)
  local entries, reason = list_for("passdb", "passwords.lst", defaults.passwords)
  return limited(entries, reason, time_limit, count_limit, "unpwdb.passlimit", "passwords")
end

if not unittest.testing() then return _ENV end

test_suite = unittest.TestSuite:new()
-- All entries of an iterator, twice.
local function all (iterator)
  local entries = {}
  for _ = 1, 2 do
    for entry in iterator do
      entries[#entries + 1] = entry
    end
    iterator "reset"
  end
  return entries
end
local one, two = table_iterator({ 1, 2 }), table_iterator({ 3 })
test_suite:add_test(unittest.table_equal(all(one), { 1, 2, 1, 2 }), "an array")
test_suite:add_test(unittest.table_equal(all(concat_iterators(one, two)), { 1, 2, 3, 1, 2, 3 }), "two iterators")
local odd = filter_iterator(table_iterator({ 1, 2, 3 }), function (n) return n % 2 == 1 end)
test_suite:add_test(unittest.table_equal(all(odd), { 1, 3, 1, 3 }), "a filter")
test_suite:add_test(unittest.table_equal(all(limited_iterator(one, nil, 1, "x")), { 1, 1 }), "a limit")
test_suite:add_test(unittest.is_true((usernames())), "names")
test_suite:add_test(unittest.type_is("string", select(2, passwords())()), "passwords")

return _ENV
