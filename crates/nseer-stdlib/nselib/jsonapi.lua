---
-- Servers that answer in JSON over HTTP: reading one answer, and showing some of its fields.
--
-- @usage
-- local found = jsonapi.object(host, port, "/version")
-- if found then jsonapi.show(out, found, { { "version", "Version" } }) end
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name jsonapi

local http = require "http"
local json = require "json"
local stdnse = require "stdnse"
local unittest = require "unittest"

_ENV = stdnse.module("jsonapi", stdnse.seeall)

local function read (host, port, path, kind)
  local response = http.get(host, port, path, { redirect_ok = false })
  local status, found = json.parse(response.status == 200 and response.body or "")
  return status and json.typeof(found) == kind and found or nil, response.status
end

--- Reads an object.
-- @param host Host table.
-- @param port Port table.
-- @param path Path on the server.
-- @return Table as from <code>json.parse</code>; nil if the answer is another one.
-- @return The status of the answer.
function object (host, port, path)
  return read(host, port, path, "object")
end

--- Reads an array.
-- @param host Host table.
-- @param port Port table.
-- @param path Path on the server.
-- @return As for <code>object</code>.
-- @return The status of the answer.
function array (host, port, path)
  return read(host, port, path, "array")
end

--- Shows texts, numbers and booleans of an object under other names.
-- @param out Output table that they are put into.
-- @param found The object.
-- @param fields Array of pairs: the name in the object, and that in the output.
function show (out, found, fields)
  for _, row in ipairs(fields) do
    local value = found[row[1]]
    if type(value) == "string" or type(value) == "number" or type(value) == "boolean" then
      out[row[2]] = tostring(value)
    end
  end
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local out = {}
show(out, { a = "x", b = 2, c = {}, d = false }, { { "a", "A" }, { "b", "B" }, { "c", "C" }, { "d", "D" } })
test_suite:add_test(unittest.identical(out, { A = "x", B = "2", D = "false" }), "fields")
return _ENV
