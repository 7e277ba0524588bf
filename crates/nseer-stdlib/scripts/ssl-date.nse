local datetime = require "datetime"
local os = require "os"
local stdnse = require "stdnse"
local string = require "string"
local tlsprobe = require "tlsprobe"

description = [[
Reads the clock of a TLS server from its hello.

The first four of the random bytes in a ServerHello used to be the time (RFC 5246, section 7.4.1.2). Servers of
today send random bytes only, which the script says too. It asks twice: bytes that are a time go on by about
as much as the scanner's own clock does.
]]

---
-- @usage nseer --script ssl-date -p 443 <target>
-- @output
-- 443/tcp open  https
-- |_ssl-date: 2026-03-01T09:30:12+00:00; +4s from scanner time.
-- @xmloutput
-- <elem key="date">2026-03-01T09:30:12+00:00</elem>
-- <elem key="delta">4.0</elem>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "safe", "discovery"}

portrule = tlsprobe.portrule

-- Seconds by which a clock may be off in one question and not in the next.
local TOLERANCE = 10

-- In TLS 1.3 all 32 bytes are random (RFC 8446, section 4.1.3).
local RANDOM = "TLS randomness does not represent time"

local function says_hello (answer)
  return answer and answer.hello and answer.hello.time
end

-- The time in a server's hello, and ours.
local function ask (host, port)
  local answer, why = tlsprobe.hello(host, port, {protocol = "TLSv1.2", last = "server_hello"})
  if says_hello(answer) then
    return answer.hello.time, os.time()
  end
  stdnse.debug1("no ServerHello: %s", answer and answer.alert or why)
  return nil, answer and answer.alert
end

action = function (host, port)
  local first, before = ask(host, port)
  if not first then
    local answer = before and tlsprobe.hello(host, port, {protocol = "TLSv1.3", last = "server_hello"})
    return says_hello(answer) and stdnse.output_table() or nil, says_hello(answer) and RANDOM or nil
  end
  local second, now = ask(host, port)
  if not second then
    return nil
  end
  local passed = (second - first) - (now - before)
  if passed < -TOLERANCE or passed > TOLERANCE then
    return stdnse.output_table(), RANDOM
  end
  local delta = second - now
  datetime.record_skew(host, second, now)
  local out = stdnse.output_table()
  out.date = datetime.format_timestamp(second, 0)
  out.delta = delta + 0.0
  local words = delta == 0 and "0s" or string.format("%+ds", delta)
  return out, string.format("%s; %s from scanner time.", out.date, words)
end
