local datetime = require "datetime"
local math = require "math"
local nmap = require "nmap"
local os = require "os"
local sslcert = require "sslcert"
local stdnse = require "stdnse"
local tlsprobe = require "tlsprobe"

description = [[
Tells when the certificate of a TLS server ends, where that is soon or past.

Nothing is shown for a certificate that is valid for longer than the argument says. With <code>-v</code> all are
shown.
]]

---
-- @usage
-- nseer -p 443 --script ssl-cert-expiry <target>
-- nseer -p 443 --script ssl-cert-expiry --script-args ssl-cert-expiry.days=60 <target>
-- @args ssl-cert-expiry.days For how many days a certificate must still be valid. Default: 30.
-- @output
-- 443/tcp open  https
-- | ssl-cert-expiry:
-- |   state: expires soon
-- |   notAfter: 2026-12-01T10:00:00
-- |_  days: 5
-- @xmloutput
-- <elem key="state">expires soon</elem>
-- <elem key="notAfter">2026-12-01T10:00:00</elem>
-- <elem key="days">5</elem>
-- @see ssl-cert.nse

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"safe", "discovery"}

portrule = tlsprobe.portrule

local DAY = 86400

local function days_wanted ()
  local given = stdnse.get_script_args("ssl-cert-expiry.days")
  if given == nil then
    return 30
  end
  local days = tonumber(given)
  if not days or days < 0 then
    error("ssl-cert-expiry.days: '" .. tostring(given) .. "' is not a number of days such as 30", 0)
  end
  return days
end

local limit = days_wanted()

local function timestamp (when)
  return type(when) == "table" and datetime.date_to_timestamp(when, 0) or nil
end

action = function (host, port)
  local status, cert = sslcert.getCertificate(host, port)
  if not status then
    stdnse.debug1("%s", cert)
    return nil
  end
  local first, last = timestamp(cert.validity.notBefore), timestamp(cert.validity.notAfter)
  if not last then
    return nil
  end
  local now = os.time()
  local state = "valid"
  if first and first > now then
    state = "not valid yet"
  elseif last < now then
    state = "expired"
  elseif last - now < limit * DAY then
    state = "expires soon"
  elseif nmap.verbosity() < 2 then
    -- A script that was named on the command line speaks one level louder, so this is -v.
    return nil
  end
  local out = stdnse.output_table()
  out.state = state
  out.notBefore = state == "not valid yet" and datetime.format_timestamp(cert.validity.notBefore) or nil
  out.notAfter = datetime.format_timestamp(cert.validity.notAfter)
  out.days = math.tointeger((last - now) // DAY)
  return out
end
