---
-- Errors that remember what led to them.
--
-- A function that fails because another one failed adds what it was doing. Who debugs (<code>-d</code>) is shown all of
-- these messages.
--
-- @usage
-- local status, reply = oops.raise("cannot ask for the version", comm.exchange(host, port, "VERSION\r\n"))
-- if not status then
--   return oops.output(status, reply)
-- end
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name oops

local nmap = require "nmap"
local stdnse = require "stdnse"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("oops", stdnse.seeall)

local HEADING = "What went wrong:"

local Stack = {}
Stack.__index = Stack

Stack.__tostring = function (self)
  if nmap.debugging() == 0 then
    return HEADING .. " " .. tostring(self[1])
  end
  local lines = {}
  for i, message in ipairs(self) do
    lines[i] = "- " .. tostring(message)
  end
  return HEADING .. "\n" .. table.concat(lines, ":\n")
end

--- Makes an error.
-- @param message What could not be done.
-- @param previous The error that led to it, or a string; optional.
-- @return The error. As text it is for users.
function err (message, previous)
  local stack = setmetatable({ message }, Stack)
  if getmetatable(previous) == Stack then
    table.move(previous, 1, #previous, 2, stack)
  elseif previous ~= nil then
    stack[2] = previous
  end
  return stack
end

--- Passes on what a function gave: unchanged if it succeeded, otherwise with an error made of its message.
-- @param message What could not be done, if it failed.
-- @param status What the function gave first: nil or false if it failed.
-- @param previous What it gave next: the result, or what went wrong.
-- @param ... What else it gave.
-- @return The status.
-- @return The result, and what else there was; or the error.
function raise (message, status, previous, ...)
  if status then
    return status, previous, ...
  end
  return status, err(message, previous)
end

--- Turns the result of a function into that of a script.
-- @param status Nil or false if it failed.
-- @param message The result, or what went wrong.
-- @return The result; or an error, of which the text is shown, and nil unless the user debugs.
function output (status, message)
  if status then
    return message
  elseif nmap.debugging() == 0 then
    return nil
  end
  return getmetatable(message) == Stack and message or err(message)
end

if not unittest.testing() then return _ENV end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.table_equal({ raise("m", true, "result", 3) }, { true, "result", 3 }), "success")
do
  local status, stack = raise("outer", false, err("inner", "cause"))
  test_suite:add_test(unittest.is_false(status), "status of a failure")
  test_suite:add_test(unittest.table_equal(stack, { "outer", "inner", "cause" }), "messages in their order")
  local shown = nmap.debugging() > 0 and stack or nil
  test_suite:add_test(unittest.equal(output(status, stack), shown), "an error is for those who debug")
  test_suite:add_test(unittest.not_nil(string.find(tostring(stack), "outer", 1, true)), "text")
end
test_suite:add_test(unittest.is_nil((raise("m", nil))), "status nil stays nil")
test_suite:add_test(unittest.equal(output(true, "good"), "good"), "output of a result")
test_suite:add_test(unittest.equal(output(false, "bad") ~= nil, nmap.debugging() > 0), "output of a message")

return _ENV
