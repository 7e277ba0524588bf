local comm = require "comm"
local irc = require "irc"
local linereader = require "linereader"
local math = require "math"
local nmap = require "nmap"
local rand = require "rand"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Asks an IRC server what it is and how many are there (RFC 2812).

The script registers under a random name, reads the numbers that every user gets, asks for version and uptime,
and leaves again. It joins no channel.
]]

---
-- @usage nseer -p 6667,6697 --script irc-info <target>
-- @output
-- 6667/tcp open  irc
-- | irc-info:
-- |   server: irc.example.org
-- |   version: ngIRCd-26.1. irc.example.org
-- |   servers: 1
-- |   ops: 2
-- |   chans: 2
-- |   users: 17
-- |   lservers: 0
-- |   lusers: 17
-- |   uptime: 3 days, 1:02:03
-- |   source host: 192.0.2.1
-- |_  source ident: nseer
-- @xmloutput
-- <elem key="server">irc.example.org</elem>
-- <elem key="users">17</elem>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = irc.portrule

-- A server may look up name and ident of a client before it says a word.
local PATIENCE = 12

-- Lines of greeting and message of the day.
local MAX_LINES, MAX_LINE = 2000, 8192

-- What to take from each reply, by its number. Gets the table of results, the words and the text.
local REPLIES = {
  ["001"] = function (out, _, text)
    local ident, host = string.match(text, "[^%s!]+!([^%s@]+)@(%S+)")
    out["source host"], out["source ident"] = host, ident
    -- A tilde says that nobody answered for the name (no ident server).
    if ident and string.sub(ident, 1, 1) == "~" then
      out["source ident"] = "NONE or BLOCKED"
    end
  end,
  ["242"] = function (out, _, text)
    out.uptime = string.match(text, "[Uu][Pp]:?%s+(.-)%s*$") or text
  end,
  ["251"] = function (out, _, text)
    local users, hidden, servers = string.match(text, "(%d+) users? and (%d+) %a+ on (%d+) server")
    if users then
      local more = string.find(text, "invisible") and tonumber(hidden) or 0
      out.users, out.servers = tostring(math.tointeger(users + more)), servers
    end
  end,
  ["252"] = function (out, words) out.ops = string.match(words, "%s(%d+)$") end,
  ["254"] = function (out, words) out.chans = string.match(words, "%s(%d+)$") end,
  ["255"] = function (out, _, text)
    out.lusers, out.lservers = string.match(text, "(%d+) %a+.-(%d+) server")
  end,
  ["351"] = function (out, words, text)
    -- Our name, version and server, and then a comment that nobody needs.
    out.version = string.match(words, "^%S+%s+(.*)$") or text
  end,
}

-- Reads lines until one of the numbers in `last` comes; answers PING. Gives false when the connection ends.
local function listen (socket, next_line, out, last)
  local ends = nmap.clock_ms() + PATIENCE * 1000
  for _ = 1, MAX_LINES do
    local line = next_line()
    if not line or nmap.clock_ms() > ends then
      return false
    end
    local token = string.match(line, "^PING :?(.*)$")
    if token then
      socket:send("PONG :" .. token .. "\r\n")
    elseif string.find(line, "^ERROR") then
      stdnse.debug1("the server says: %s", line)
      return false
    end
    local server, number, words = string.match(line, "^:(%S+) (%d%d%d) (.*)$")
    if number then
      out.server = out.server or server
      local take = REPLIES[number]
      if take then
        -- Words, and behind " :" a text with blanks.
        local before, text = string.match(words, "^(.-) :(.*)$")
        take(out, before or words, text or words)
      end
      if last[number] then
        return true
      end
    end
  end
  return false
end

local ORDER = {
  "server", "version", "servers", "ops", "chans", "users", "lservers", "lusers", "uptime", "source host",
  "source ident",
}

action = function (host, port)
  local nick = "n" .. rand.random_string(7, "abcdefghijklmnopqrstuvwxyz")
  local hello = string.format("USER nseer 0 * :nseer\r\nNICK %s\r\n", nick)
  local socket, answer = comm.tryssl(host, port, hello, { request_timeout = 6000 })
  if not socket then
    stdnse.debug1("%s", tostring(answer))
    return nil
  end
  socket:set_timeout(PATIENCE * 1000)
  local found = {}
  local next_line = linereader.new(socket, answer, MAX_LINE)
  -- The end of the message of the day, or that there is none.
  if listen(socket, next_line, found, {["376"] = true, ["422"] = true}) then
    socket:send("LUSERS\r\nVERSION\r\nSTATS u\r\n")
    -- The end of the statistics, or a refusal.
    listen(socket, next_line, found, {["219"] = true, ["481"] = true, ["461"] = true, ["263"] = true})
    socket:send("QUIT :done\r\n")
  end
  socket:close()
  local out = stdnse.output_table()
  for _, key in ipairs(ORDER) do
    out[key] = found[key]
  end
  return #out > 1 and out or nil
end
