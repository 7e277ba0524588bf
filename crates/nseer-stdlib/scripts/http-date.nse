local datetime = require "datetime"
local http = require "http"
local os = require "os"
local shortport = require "shortport"
local stdnse = require "stdnse"

description = [[
Shows the date that a web server puts into its responses, and how far its clock is from the one here.

A server behind a proxy or a cache may have another clock than what answers.
]]

---
-- @usage
-- nseer --script http-date <target>
-- @output
-- 80/tcp open  http
-- |_http-date: Mon, 02 Mar 2026 10:11:12 GMT; +3s from local time.
-- @xmloutput
-- <elem key="date">2026-03-02T10:11:12+00:00</elem>
-- <elem key="delta">3.0</elem>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.http

action = function (host, port)
  -- A remembered response would have an old date.
  local response = http.get(host, port, "/", {redirect_ok = false, no_cache = true, truncated_ok = true})
  local now = os.time()
  local field = response.header.date
  local date = field and http.parse_date(field)
  local timestamp = date and datetime.date_to_timestamp(date)
  if not timestamp then
    return nil
  end
  datetime.record_skew(host, timestamp, now)
  local out = stdnse.output_table()
  out.date = datetime.format_timestamp(timestamp, 0)
  out.delta = timestamp - now + 0.0
  local difference = datetime.format_difftime(date, os.date("!*t", now))
  return out, field .. "; " .. difference .. " from local time."
end
