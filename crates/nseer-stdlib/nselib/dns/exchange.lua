---
-- Sends messages to name servers and waits for answers, for the library <code>dns</code>: bytes, no fields.
--
-- Written from RFC 1035, section 4.2, RFC 7766 and RFC 6762, section 6.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name dns.exchange

local deadline = require "deadline"
local math = require "math"
local nmap = require "nmap"
local string = require "string"

-- Answers that are taken while several are waited for.
local MAX_ANSWERS = 512

-- The flag in the third byte of a message that was cut.
local TRUNCATED = 2

-- Sends over TCP, where each message has its length in front (RFC 1035, section 4.2.2).
local function exchange_tcp (data, host, port, timeout)
  local socket = nmap.new_socket("tcp")
  socket:set_timeout(timeout)
  local status, answer = socket:connect(host, port, "tcp")
  if status then
    status, answer = socket:send(string.pack(">s2", data))
  end
  local buffer, receive = "", deadline.receiver(socket)
  while status do
    local length = #buffer >= 2 and string.unpack(">I2", buffer)
    if length and #buffer >= length + 2 then
      socket:close()
      return true, { { data = string.sub(buffer, 3, length + 2), peer = host } }
    end
    status, answer = receive()
    buffer = status and buffer .. answer or buffer
  end
  socket:close()
  return false, answer
end

-- Sends over UDP. Answers with another number are passed over.
local function exchange_udp (data, host, port, opts, id)
  local socket = nmap.new_socket("udp")
  local answers = {}
  local reason = "no answer"
  for _ = 1, opts.sendCount do
    socket:set_timeout(opts.timeout)
    local status, failure = socket:sendto(host, port, data)
    if not status then
      reason = failure
      break
    end
    local ends = nmap.clock_ms() + opts.timeout
    while #answers < MAX_ANSWERS do
      local left = ends - nmap.clock_ms()
      if left <= 0 then
        break
      end
      socket:set_timeout(math.max(1, math.floor(left)))
      local answer
      status, answer = socket:receive()
      if not status then
        reason = answer
        break
      end
      local known, _, _, peer = socket:get_info()
      if opts.multiple or #answer >= 2 and string.unpack(">I2", answer) == id then
        answers[#answers + 1] = { data = answer, peer = known and peer or host }
        if not opts.multiple then
          socket:close()
          return true, answers
        end
      end
    end
    if #answers > 0 then
      break
    end
  end
  socket:close()
  return #answers > 0, #answers > 0 and answers or reason
end

--- Sends a message and waits for the answer, or for the answers of all who answer.
-- @param data The message.
-- @param host Address.
-- @param port Number of the port.
-- @param opts Table: <code>timeout</code> in milliseconds, <code>sendCount</code>, <code>multiple</code>,
--        <code>proto</code>.
-- @param id Number of the message.
-- @return True if there is an answer; otherwise false.
-- @return Array of tables with <code>data</code> and <code>peer</code>; or a reason.
local function exchange (data, host, port, opts, id)
  if opts.proto == "tcp" then
    return exchange_tcp(data, host, port, opts.timeout)
  end
  local status, answers = exchange_udp(data, host, port, opts, id)
  -- An answer that was cut is asked for again over TCP (RFC 7766, section 5).
  if status and not opts.multiple then
    local flags = string.byte(answers[1].data, 3)
    if flags and flags & TRUNCATED ~= 0 then
      local whole, again = exchange_tcp(data, host, port, opts.timeout)
      if whole then
        return true, again
      end
    end
  end
  return status, answers
end

return exchange
