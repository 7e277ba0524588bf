---
-- Strings that grow: pieces are collected and joined once.
--
-- A buffer is an array of its pieces. The operator <code>..</code> adds to it and gives it back;
-- <code>tostring</code> joins the pieces with newlines between them. The functions are there as methods, too.
--
-- @usage
-- local buffer = strbuf.new("first")
-- buffer = buffer .. "second" .. "third"
-- print(buffer:dump(", "))
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name strbuf

local stdnse = require "stdnse"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("strbuf", stdnse.seeall)

local Buffer = {}
Buffer.__index = Buffer

--- Joins the pieces.
-- @param sbuf The buffer.
-- @param sep What goes between two pieces. Default: nothing.
-- @param i Number of the first piece. Default: 1.
-- @param j Number of the last piece. Default: the last one.
-- @return The string.
function dump (sbuf, sep, i, j)
  return table.concat(sbuf, sep, i, j)
end

--- Joins the pieces with newlines between them. <code>tostring</code> does the same.
-- @param sbuf The buffer.
-- @return The string.
function tostring (sbuf)
  return table.concat(sbuf, "\n")
end

--- Takes all pieces out.
-- @param sbuf The buffer.
function clear (sbuf)
  for i = #sbuf, 1, -1 do
    sbuf[i] = nil
  end
end

--- Compares two buffers by their pieces. The operator <code>==</code> does the same.
-- @param sbuf1 One.
-- @param sbuf2 The other.
-- @return True if they have the same pieces, otherwise false.
function eqbuf (sbuf1, sbuf2)
  if #sbuf1 ~= #sbuf2 then
    return false
  end
  local are_equal = true
  for i, piece in ipairs(sbuf1) do
    are_equal = are_equal and piece == sbuf2[i]
  end
  return are_equal
end

--- Adds a piece, or all pieces of another buffer. The operator <code>..</code> does the same.
-- @param sbuf The buffer.
-- @param s String, number or buffer.
-- @return The buffer.
function concatbuf (sbuf, s)
  if getmetatable(sbuf) ~= Buffer then
    error("only to a buffer can be added, not to a " .. type(sbuf), 2)
  elseif getmetatable(s) == Buffer then
    table.move(s, 1, #s, #sbuf + 1, sbuf)
  elseif type(s) == "string" or type(s) == "number" then
    sbuf[#sbuf + 1] = s
  else
    error("a " .. type(s) .. " cannot be added to a buffer", 2)
  end
  return sbuf
end

Buffer.__concat = concatbuf
Buffer.__tostring = tostring
Buffer.__eq = eqbuf
Buffer.clear, Buffer.concatbuf, Buffer.dump, Buffer.eqbuf, Buffer.tostring = clear, concatbuf, dump, eqbuf, tostring

--- Makes a buffer.
-- @param ... Its first pieces.
-- @return The buffer.
function new (...)
  return setmetatable({ ... }, Buffer)
end

Buffer.new = new

if not unittest.testing() then return _ENV end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(dump(new("a", 1, "c"), ","), "a,1,c"), "dump")
test_suite:add_test(unittest.equal(dump(new("a", "b", "c"), ",", 2, 3), "b,c"), "dump, part")
test_suite:add_test(unittest.equal(tostring(new("a") .. "b"), "a\nb"), "adding and text")
test_suite:add_test(unittest.equal(dump(new("a") .. new("b", "c")), "abc"), "adding a buffer")
test_suite:add_test(unittest.is_true(new("a", "b") == new("a", "b")), "equal")
test_suite:add_test(unittest.is_false(new("ab") == new("a", "b")), "equal by pieces")
test_suite:add_test(unittest.is_false((pcall(concatbuf, new(), {}))), "a table cannot be added")
do
  local buffer = new("a", "b")
  clear(buffer)
  test_suite:add_test(unittest.length_is(buffer, 0), "clear")
end
do
  local buffer = new("c"):concatbuf("d")
  buffer:concatbuf(buffer.new("e"))
  test_suite:add_test(unittest.equal(buffer:tostring(), "c\nd\ne"), "methods that add and join")
  test_suite:add_test(unittest.is_true(buffer:eqbuf(new("c", "d", "e"))), "a method that compares")
  test_suite:add_test(unittest.is_false(buffer:eqbuf(new("c", "d"))), "a method that tells apart")
end

return _ENV
