local deadline = require "deadline"
local math = require "math"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local tab = require "tab"
local table = require "table"

description = [[
Shows what a GKrellM server monitors: system, memory, load, networks and mounts.

Written from what gkrellmd sends to a client that says its version.
]]

---
-- @usage nseer -p 19150 --script gkrellm-info <target>
-- @output
-- 19150/tcp open  gkrellm
-- | gkrellm-info:
-- |   Hostname: server
-- |   System: Linux 6.1.0
-- |   Version: gkrellmd 2.3.11
-- |   Uptime: 6h48m00s
-- |   Processes: Processes 770, Load 1.06, Users 0
-- |   Memory: Total 24106M, Free 22875M
-- |   Network
-- |     Interface  Received  Transmitted
-- |     lo         2M        2M
-- |   Mounts
-- |     Mount point  Fs type  Size     Available
-- |_    /            ext4     258020M  54220M

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service(19150, "gkrellm")

local MAX_READS, MAX_BYTES = 200, 256 * 1024

local MEBIBYTE = 1024 * 1024

local function fetch (host, port)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host))
  local text, receive = "", deadline.receiver(socket)
  local status = socket:connect(host, port, "tcp") and socket:send("gkrellm 2.3.11\n")
  for _ = 1, status and MAX_READS or 0 do
    local more
    status, more = receive()
    if not status then
      break
    end
    text = text .. more
    if string.find(text, "</initial_update>", 1, true) or #text > MAX_BYTES then
      break
    end
  end
  socket:close()
  return string.find(text, "<gkrellmd_setup>", 1, true) and text or nil
end

-- The lines of each section, by its name.
local function sections_of (text)
  local sections, current = {}, nil
  for line in string.gmatch(text, "[^\r\n]+") do
    local name = string.match(line, "^<([%w_]+)>$")
    if name then
      current = {}
      sections[name] = current
    elseif current and line ~= ".clear" then
      current[#current + 1] = line
    end
  end
  return sections
end

local function mebibytes (bytes)
  return string.format("%dM", math.ceil((tonumber(bytes) or 0) / MEBIBYTE))
end

local function first (sections, name)
  return sections[name] and sections[name][1]
end

local function uptime (minutes)
  minutes = math.tointeger(tonumber(minutes))
  return minutes and string.format("%dh%02dm00s", minutes // 60, minutes % 60)
end

-- A table of columns, each row indented.
local function grid (rows)
  local t = tab.new()
  for _, row in ipairs(rows) do
    tab.addrow(t, table.unpack(row))
  end
  local lines = {}
  for line in string.gmatch(tab.dump(t), "[^\n]+") do
    lines[#lines + 1] = "    " .. line
  end
  return lines
end

local function networks (sections)
  local rows = {{"Interface", "Received", "Transmitted"}}
  for _, line in ipairs(sections.net or {}) do
    local name, received, sent = string.match(line, "^(%S+) (%d+) (%d+)$")
    if name then
      rows[#rows + 1] = {name, mebibytes(received), mebibytes(sent)}
    end
  end
  return #rows > 1 and grid(rows)
end

local function mounts (sections)
  local rows = {{"Mount point", "Fs type", "Size", "Available"}}
  for _, line in ipairs(sections.fs_mounts or {}) do
    -- Blocks: all, those that users may fill, all that are free, and the size of one.
    local path, kind, blocks, available, size = string.match(line, "^(%S+) %S+ (%S+) (%d+) (%d+) %d+ (%d+)$")
    if path then
      rows[#rows + 1] = {path, kind, mebibytes(blocks * size), mebibytes(available * size)}
    end
  end
  return #rows > 1 and grid(rows)
end

action = function (host, port)
  local text = fetch(host, port)
  if not text then
    return nil
  end
  local sections = sections_of(text)
  local lines = {}
  local function line (label, value)
    if value then
      lines[#lines + 1] = "  " .. label .. ": " .. value
    end
  end
  line("Hostname", first(sections, "hostname"))
  line("System", first(sections, "sysname"))
  line("Version", first(sections, "version"))
  line("Uptime", uptime(first(sections, "uptime")))
  local processes, load, users = string.match(first(sections, "proc") or "", "^(%d+) %d+ %d+ ([%d.]+) (%d+)$")
  line("Processes", processes and string.format("Processes %s, Load %s, Users %s", processes, load, users))
  local total, used = string.match(first(sections, "mem") or "", "^(%d+) (%d+)")
  line("Memory", total and string.format("Total %s, Free %s", mebibytes(total), mebibytes(total - used)))
  for _, part in ipairs({{"Network", networks(sections)}, {"Mounts", mounts(sections)}}) do
    if part[2] then
      lines[#lines + 1] = "  " .. part[1]
      table.move(part[2], 1, #part[2], #lines + 1, lines)
    end
  end
  return #lines > 0 and "\n" .. table.concat(lines, "\n") or nil
end
