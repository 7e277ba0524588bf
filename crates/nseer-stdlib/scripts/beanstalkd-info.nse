local linereader = require "linereader"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Shows what a beanstalkd work queue says of itself: version, machine, tubes, and how many jobs wait in it.

The protocol has no login: whoever gets an answer here may read, add and delete jobs.
]]

---
-- Asks <code>stats</code> and <code>list-tubes</code> of the beanstalk protocol, version 1.12.
--
-- @usage nseer -p 11300 --script beanstalkd-info <target>
-- @output
-- 11300/tcp open  beanstalkd
-- | beanstalkd-info:
-- |   Version: 1.12
-- |   Hostname: queue
-- |   Platform: x86_64
-- |   Uptime: 650 s
-- |   Jobs: 4 ready, 0 reserved, 1 delayed, 2 buried, 17 in all
-- |   Connections: 3 now, 40 in all
-- |   Draining: false
-- |   Tubes:
-- |     default
-- |_    mail

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service(11300, "beanstalkd")

local MAX_LINES, MAX_TUBES = 2000, 100

-- Sends a command; gives the lines of its answer, which are YAML.
local function ask (socket, next_line, command)
  local lines = {}
  local heading = socket:send(command .. "\r\n") and next_line()
  local size = heading and tonumber(string.match(heading, "^OK (%d+)$"))
  while size and size > 0 and #lines < MAX_LINES do
    local line = next_line()
    if not line then
      return nil
    end
    lines[#lines + 1] = line
    size = size - #line - 1
  end
  -- An end of line follows the data, which ends with one itself.
  return size and next_line() and lines
end

local function values_of (lines)
  local values = {}
  for _, line in ipairs(lines) do
    local name, value = string.match(line, "^([%w-]+): (.+)$")
    if name then
      values[name] = string.match(value, '^"(.*)"$') or value
    end
  end
  return values
end

local function tubes_of (lines)
  local tubes = {}
  for _, line in ipairs(lines or {}) do
    local tube = string.match(line, "^%- (.+)$")
    if tube and #tubes == MAX_TUBES then
      tubes[#tubes + 1] = "..."
      break
    end
    tubes[#tubes + 1] = tube
  end
  return tubes
end

local function number (values, name)
  return values[name] or "?"
end

action = function (host, port)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host))
  local stats, tubes
  if socket:connect(host, port) then
    local next_line = linereader.new(socket)
    stats = ask(socket, next_line, "stats")
    tubes = stats and ask(socket, next_line, "list-tubes")
  end
  socket:close()
  if not stats then
    return nil
  end
  local values = values_of(stats)
  if not values["current-jobs-ready"] then
    return nil
  end
  local out = stdnse.output_table()
  out.Version = values.version
  out.Hostname = values.hostname
  out.Platform = values.platform
  out.Uptime = values.uptime and values.uptime .. " s"
  out.Jobs = string.format("%s ready, %s reserved, %s delayed, %s buried, %s in all",
    number(values, "current-jobs-ready"), number(values, "current-jobs-reserved"),
    number(values, "current-jobs-delayed"), number(values, "current-jobs-buried"), number(values, "total-jobs"))
  out.Connections = string.format("%s now, %s in all",
    number(values, "current-connections"), number(values, "total-connections"))
  out.Draining = values.draining
  out.Tubes = tubes_of(tubes)
  return out
end
