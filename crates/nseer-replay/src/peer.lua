-- What a scripted peer holds of its connection, and how a file of tests names its tests. Runs before
-- the file, and gives the function that opens a connection.
local note = ...
local create, yield = coroutine.create, coroutine.yield
local setmetatable, type, error = setmetatable, type, error

local Connection = {}
Connection.__index = Connection

local function text(value, what)
  if type(value) ~= "string" then
    error(what .. " takes a string", 3)
  end
  return value
end

-- Sends bytes, or one datagram.
function Connection:send(data)
  yield("send", text(data, "send"))
end

-- Whatever comes next: at least one byte, or one datagram.
function Connection:receive()
  if self.buffer ~= "" then
    local data = self.buffer
    self.buffer = ""
    return data
  end
  return yield("receive")
end

-- Exactly n bytes.
function Connection:receive_bytes(n)
  while #self.buffer < n do
    self.buffer = self.buffer .. yield("receive")
  end
  local data = self.buffer:sub(1, n)
  self.buffer = self.buffer:sub(n + 1)
  return data
end

-- One line, without its end.
function Connection:receive_line()
  while true do
    local line, rest = self.buffer:match("^([^\n]-)\r?\n(.*)$")
    if line then
      self.buffer = rest
      return line
    end
    self.buffer = self.buffer .. yield("receive")
  end
end

-- Exactly these bytes; anything else fails the test.
function Connection:expect(data)
  text(data, "expect")
  while #self.buffer < #data do
    if data:sub(1, #self.buffer) ~= self.buffer then
      break
    end
    self.buffer = self.buffer .. yield("receive", data, self.buffer)
  end
  if self.buffer:sub(1, #data) ~= data then
    yield("mismatch", data, self.buffer)
  end
  self.buffer = self.buffer:sub(#data + 1)
end

-- Lets time pass.
function Connection:wait(seconds)
  if type(seconds) ~= "number" or not (seconds >= 0 and seconds < 1e7) then
    error("wait takes a number of seconds", 2)
  end
  yield("wait", seconds)
end

-- Speaks TLS from now on, once the script does.
function Connection:start_tls()
  yield("tls")
end

-- Closes the connection; the peer ends here.
function Connection:close()
  yield("close")
end

-- Breaks the connection off; the peer ends here.
function Connection:reset()
  yield("reset")
end

function test(name, what)
  if type(name) ~= "string" or type(what) ~= "table" then
    error('a test is written as: test("what it shows", {…})', 2)
  end
  note(name, what, debug_line())
end

-- Gives a coroutine in which `peer` serves a new connection.
return function(peer)
  return create(function()
    peer(setmetatable({buffer = ""}, Connection))
  end)
end
