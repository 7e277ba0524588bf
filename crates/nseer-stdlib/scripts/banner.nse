local comm = require "comm"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Connects to each open TCP port and shows what the service says by itself.

Where nothing is said to a plain connection, the script tries again with TLS; where TLS is likely, it begins
with that. The text is what arrived first, without white space at its ends. Bytes that are not printable ASCII
are shown as <code>\xHH</code>. A long text is cut to two lines; verbosity adds lines.
]]

---
-- @usage
-- nseer --script banner <target>
-- nseer -p- --script banner --script-args banner.timeout=2s,banner.ports=common <target>
-- @args banner.ports The ports to connect to, as numbers and ranges: <code>"21-25,110"</code>. The word
--       <code>common</code> stands for ports of protocols in which the server speaks first. Default: all.
-- @args banner.timeout How long to wait for a connection, such as <code>800ms</code> or <code>3s</code>. The
--       text may take twice as long. Default: 5s.
-- @output
-- 21/tcp open  ftp
-- |_banner: 220 mirror.example FTP server ready
-- 25/tcp open  smtp
-- |_banner: 220 mail.example ESMTP

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

-- Daytime, quote of the day, chargen, FTP, SSH, telnet, SMTP, POP3, NNTP, IMAP, IRC, rsync, MySQL, Sieve, VNC,
-- MPD and their variants with TLS.
local COMMON = "13,17,19,21-23,25,110,119,143,465,563,587,873,990,992-995,2121,2222,2323,2525,3306,4190,"
  .. "5900-5903,6600,6667,6697"

local DEFAULT_TIMEOUT = 5

-- What the portrule asks when the user chose ports; nil if there is nothing to ask.
---@return nil | fun(host: nse.Host, port: nse.Port): boolean
local function chosen_ports ()
  local ports = stdnse.get_script_args("banner.ports")
  if ports == nil then
    return nil
  elseif type(ports) == "table" then
    ports = table.concat(ports, ",")
  end
  local status, rule = pcall(shortport.port_range, ports == "common" and COMMON or tostring(ports))
  if not status then
    error("banner.ports: " .. rule, 0)
  end
  return rule --[[@as function]]
end

local function timeout_ms ()
  local given = stdnse.get_script_args("banner.timeout")
  if given == nil then
    return DEFAULT_TIMEOUT * 1000
  end
  local seconds, reason = stdnse.parse_timespec(given)
  if not seconds or seconds == 0 then
    error("banner.timeout: " .. (reason or "it must be longer than 0"), 0)
  end
  return seconds * 1000
end

local is_chosen, timeout = chosen_ports(), timeout_ms()

portrule = function (host, port)
  return port.protocol == "tcp" and port.state == "open" and (not is_chosen or is_chosen(host, port))
end

-- Columns of a terminal that are left beside the frame of the output.
local WIDTH = 71

local function visible (byte)
  return string.format("\\x%02X", string.byte(byte))
end

-- The text in lines of WIDTH columns; the first one also holds the script's name.
local function laid_out (text, name)
  local lines = 1 + math.max(0, nmap.verbosity() - nmap.debugging())
  local room = lines * WIDTH - #name
  text = string.match(text, "^%s*(.*%S)") or ""
  -- What does not fit need not be made visible; one byte more shows that there was more.
  text = string.sub(text, 1, room + 1)
  if not string.find(text, "^[ -~]*$") then
    text = string.gsub(text, "[^ -~]", visible)
  end
  if #text > room then
    text = string.sub(text, 1, room - 3) .. "..."
  end
  local out = {string.sub(text, 1, WIDTH - #name)}
  for from = WIDTH - #name + 1, #text, WIDTH do
    out[#out + 1] = string.sub(text, from, from + WIDTH - 1)
  end
  return table.concat(out, "\n")
end

action = function (host, port)
  local status, text = comm.get_banner(host, port, {
    -- Who says nothing is asked with TLS too, and all that is not to last longer than twice the time.
    connect_timeout = timeout * 2 // 3, request_timeout = timeout * 2 // 3,
  })
  if not status then
    stdnse.debug1("no banner: %s", text)
    return nil
  end
  text = laid_out(text, SCRIPT_NAME .. ": ")
  return text ~= "" and text or nil
end
