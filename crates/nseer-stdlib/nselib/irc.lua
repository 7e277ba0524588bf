---
-- Where IRC servers are found.
--
-- Ports from IANA's registry (RFC 7194) and those that servers ship with.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name irc

local shortport = require "shortport"
local stdnse = require "stdnse"
local unittest = require "unittest"

_ENV = stdnse.module("irc", stdnse.seeall)

--- Rule for ports that are likely to speak IRC, with or without TLS.
-- @class function
-- @name portrule
-- @param host Host table.
-- @param port Port table.
-- @return True or false.
portrule = shortport.port_or_service({6666, 6667, 6679, 6697, 7000, 8067}, {"irc", "ircs", "ircs-u", "ircu"})

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()

local function port_with (number, service)
  return { number = number, protocol = "tcp", state = "open", service = service }
end
test_suite:add_test(unittest.is_true(portrule({}, port_with(6667)) and true), "the usual port")
test_suite:add_test(unittest.is_true(portrule({}, port_with(1234, "irc")) and true), "the service elsewhere")
test_suite:add_test(unittest.is_false(portrule({}, port_with(80, "http")) and true), "another service")

return _ENV
