local ipp = require "ipp"
local shortport = require "shortport"
local stdnse = require "stdnse"

description = [[
Lists the printers of a CUPS print server: where they are, what they are, and how many jobs wait.
]]

---
-- @usage nseer -p 631 --script cups-info <target>
-- @output
-- 631/tcp open  ipp
-- | cups-info:
-- |   Office
-- |     DNS-SD Name: Office @ print
-- |     Location: Second floor
-- |     Model: Local Raw Printer
-- |     State: Idle
-- |_    Queue: 0 print jobs
-- @xmloutput
-- <table key="Office">
--   <elem key="DNS-SD Name">Office @ print</elem>
--   <elem key="Location">Second floor</elem>
--   <elem key="Model">Local Raw Printer</elem>
--   <elem key="State">Idle</elem>
--   <elem key="Queue">0 print jobs</elem>
-- </table>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"safe", "discovery"}

portrule = shortport.port_or_service(631, "ipp", "tcp", "open")

local STATES = { [3] = "Idle", [4] = "Processing", [5] = "Stopped" }

action = function (host, port)
  local helper = ipp.Helper:new(host, port)
  local status, printers = helper:getPrinters()
  if not status then
    stdnse.debug1("%s", printers)
    return nil
  end
  local out, any = stdnse.output_table(), false
  for _, printer in ipairs(printers) do
    if printer.name then
      local entry = stdnse.output_table()
      entry["DNS-SD Name"] = printer.dns_sd_name
      entry.Location = printer.location
      entry.Model = printer.model
      entry.State = STATES[printer.state]
      entry.Queue = (printer.queue_count or 0) .. " print jobs"
      out[printer.name], any = entry, true
    end
  end
  return any and out or nil
end
