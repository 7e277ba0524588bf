---
-- A small server of TFTP that takes files, for scripts that make a host send one.
--
-- Written from RFC 1350. Files are kept in memory; their number and sizes are bounded. The server listens at port 69, for as
-- long as somebody waits for a file.
--
-- @usage
-- tftp.start()
-- -- Make the host send its file, then:
-- local status, file = tftp.waitFile("config", 10)
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name tftp

local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"
local pairs, setmetatable = pairs, setmetatable

_ENV = stdnse.module("tftp", stdnse.seeall)

--- Kinds of packets (RFC 1350, section 5).
-- @class table
-- @name OpCode
OpCode = { RRQ = 1, WRQ = 2, DATA = 3, ACK = 4, ERROR = 5 }

local PORT = 69
local BLOCK, MAX_BLOCKS, MAX_TRANSFERS = 512, 4096, 32
-- How long the server waits for somebody to wait for a file, and for one packet, in milliseconds.
local IDLE, TICK = 30000, 500

--- A file that came.
-- @class table
-- @name File
File = {}
File.__index = File

--- Makes one.
-- @name File:new
-- @param filename Its name.
-- @param content What is in it.
-- @param sender Address of the host that sent it.
-- @return The file.
function File:new (filename, content, sender)
  return setmetatable({ name = filename, content = content, sender = sender }, self)
end

--- What is in it.
-- @name File:getContent
-- @return Bytes.
function File:getContent () return self.content end

--- Says what is in it.
-- @name File:setContent
-- @param content Bytes.
function File:setContent (content) self.content = content end

--- Its name.
-- @name File:getName
-- @return Text.
function File:getName () return self.name end

--- Says its name.
-- @name File:setName
-- @param name Text.
function File:setName (name) self.name = name end

--- Who sent it.
-- @name File:getSender
-- @return Address.
function File:getSender () return self.sender end

--- Says who sent it.
-- @name File:setSender
-- @param sender Address.
function File:setSender (sender) self.sender = sender end

local function ack_of (block)
  return string.pack(">I2I2", OpCode.ACK, block & 0xffff)
end

local function error_of (code, message)
  return string.pack(">I2I2z", OpCode.ERROR, code, message)
end

-- What is sent back for a packet. Files that are whole become entries of <code>files</code>.
local function answer_to (data, sender, transfers, files)
  if #data < 4 then
    return nil
  end
  local opcode, block = string.unpack(">I2I2", data)
  local transfer = transfers[sender]
  if opcode == OpCode.WRQ then
    local name, mode = string.match(data, "^..([^%z]+)%z([^%z]+)%z")
    local count = 0
    for _ in pairs(transfers) do
      count = count + 1
    end
    if not name or #name > 255 or count >= MAX_TRANSFERS and not transfer then
      return error_of(0, "not now")
    end
    transfers[sender] = { name = name, mode = string.lower(mode), blocks = {} }
    return ack_of(0)
  elseif opcode == OpCode.DATA then
    if not transfer then
      return error_of(5, "no transfer")
    end
    local last = #transfer.blocks
    -- A block that came before is only acknowledged again.
    if block == (last + 1 & 0xffff) then
      if last >= MAX_BLOCKS then
        transfers[sender] = nil
        return error_of(3, "too long")
      end
      transfer.blocks[last + 1] = string.sub(data, 5, 4 + BLOCK)
      if #data < 4 + BLOCK then
        files[transfer.name] = File:new(transfer.name, table.concat(transfer.blocks), string.match(sender, "^(.*) "))
        transfers[sender] = nil
      end
    end
    return ack_of(block)
  elseif opcode == OpCode.ERROR then
    transfers[sender] = nil
    return nil
  end
  return error_of(4, "files are only taken")
end

local function server ()
  local mine = nmap.registry.tftp
  local condvar = nmap.condvar(mine)
  local socket = nmap.new_socket("udp")
  mine.running = socket:bind(nil, PORT)
  local transfers = {}
  while mine.running and (mine.waiting > 0 or nmap.clock_ms() < mine.ends) do
    socket:set_timeout(TICK)
    local status, data = socket:receive()
    local is_known, _, _, host, port
    if status then
      is_known, _, _, host, port = socket:get_info()
    elseif data ~= "TIMEOUT" then
      mine.running = false
    end
    local answer = is_known and answer_to(data, host .. " " .. port, transfers, mine.files)
    if answer then
      socket:sendto(host, port, answer)
    end
    condvar "broadcast"
  end
  socket:close()
  mine.running = false
  condvar "broadcast"
end

--- Starts the server, if there is none.
function start ()
  local mine = nmap.registry.tftp or { files = {}, waiting = 0 }
  nmap.registry.tftp = mine
  mine.ends = nmap.clock_ms() + IDLE
  if not mine.running then
    mine.running = true
    stdnse.new_thread(server)
  end
end

--- Waits for a file.
-- @param filename Its name.
-- @param timeout How long, in seconds. Default: 10.
-- @return True if it came; otherwise false.
-- @return <code>File</code>; or a reason.
function waitFile (filename, timeout)
  local mine = nmap.registry.tftp
  if not mine then
    return false, "the server was not started"
  end
  local condvar = nmap.condvar(mine)
  local ends = nmap.clock_ms() + (timeout or 10) * 1000
  mine.waiting = mine.waiting + 1
  while mine.running and not mine.files[filename] and nmap.clock_ms() < ends do
    condvar "wait"
  end
  mine.waiting = mine.waiting - 1
  local file = mine.files[filename]
  mine.ends = nmap.clock_ms()
  return file ~= nil, file or mine.running and "TIMEOUT" or "the server ended"
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local transfers, files = {}, {}
local function sent (data)
  return answer_to(data, "192.0.2.1 5000", transfers, files)
end
test_suite:add_test(unittest.equal(sent("\0\2conf\0octet\0"), "\0\4\0\0"), "a file begins")
test_suite:add_test(unittest.equal(sent("\0\3\0\1" .. string.rep("a", 512)), "\0\4\0\1"), "a block")
test_suite:add_test(unittest.equal(sent("\0\3\0\1" .. string.rep("a", 512)), "\0\4\0\1"), "a block again")
test_suite:add_test(unittest.equal(sent("\0\3\0\2end"), "\0\4\0\2"), "the last block")
test_suite:add_test(unittest.equal(files.conf and files.conf:getContent(), string.rep("a", 512) .. "end"), "a whole file")
test_suite:add_test(unittest.equal(files.conf and files.conf:getSender(), "192.0.2.1"), "who sent it")
test_suite:add_test(unittest.equal(string.sub(sent("\0\3\0\1x"), 1, 4), "\0\5\0\5"), "a block of no file")
test_suite:add_test(unittest.equal(string.sub(sent("\0\1conf\0octet\0"), 1, 4), "\0\5\0\4"), "who asks for a file")
test_suite:add_test(unittest.equal(string.sub(sent("\0\2noend"), 1, 4), "\0\5\0\0"), "a name without end")
test_suite:add_test(unittest.is_nil(sent("\0")), "half a packet")
for i = 1, 100 do
  answer_to("\0\2f\0octet\0", "192.0.2.2 " .. i, transfers, files)
end
local count = 0
for _ in pairs(transfers) do
  count = count + 1
end
test_suite:add_test(unittest.equal(count, MAX_TRANSFERS), "transfers without end")
return _ENV
