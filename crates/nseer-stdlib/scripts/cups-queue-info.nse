local datetime = require "datetime"
local ipp = require "ipp"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local tab = require "tab"

description = [[
Lists the jobs that wait at a CUPS print server, by printer.
]]

---
-- @usage nseer -p 631 --script cups-queue-info <target>
-- @output
-- 631/tcp open  ipp
-- | cups-queue-info:
-- |   Office
-- |     id  time                 state    size (kb)  owner  jobname
-- |_    14  2026-04-26T22:01:19  Pending  1          anna   letter.txt

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"safe", "discovery"}

portrule = shortport.port_or_service(631, "ipp", "tcp", "open")

local function row (rows, job)
  local when = job.time and datetime.format_timestamp(job.time) or ""
  tab.addrow(rows, job.id or "", when, job.state or "", job.size or "", job.owner or "", job.name or "")
end

action = function (host, port)
  local status, jobs = ipp.Helper:new(host, port):getQueueInfo()
  if not status then
    stdnse.debug1("%s", jobs)
    return nil
  end
  local order, by_printer = {}, {}
  for _, job in ipairs(jobs) do
    local name = string.match(job.printer or "", "([^/]+)$") or "unknown"
    if not by_printer[name] then
      by_printer[name] = tab.new()
      tab.addrow(by_printer[name], "id", "time", "state", "size (kb)", "owner", "jobname")
      order[#order + 1] = name
    end
    row(by_printer[name], job)
  end
  if #order == 0 then
    return nil
  end
  local result = {}
  for i, name in ipairs(order) do
    result[i] = { name = name, tab.dump(by_printer[name]) }
  end
  return stdnse.format_output(true, result)
end
