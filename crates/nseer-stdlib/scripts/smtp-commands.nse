local shortport = require "shortport"
local smtp = require "smtp"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Lists what a mail server can do: its extensions (EHLO, RFC 5321) and what it says to HELP.
]]

---
-- @usage nseer -p 25,465,587 --script smtp-commands <target>
-- @args smtp.domain Name to say in EHLO. Default: <code>nseer.invalid</code>.
-- @output
-- 25/tcp open  smtp
-- |_smtp-commands: mail.example, PIPELINING, SIZE 10240000, STARTTLS, 8BITMIME

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service({25, 465, 587}, {"smtp", "smtps", "submission", "submissions"})

-- The lines of an answer without their codes.
local function texts_of (reply)
  local texts = {}
  for line in string.gmatch(reply, "[^\r\n]+") do
    local text = string.match(line, "^%d%d%d[ -]?(.-)%s*$") or line
    if text ~= "" then
      texts[#texts + 1] = text
    end
  end
  return texts
end

action = function (host, port)
  local socket, greeting = smtp.connect(host, port, { ssl = true, request_timeout = 6000, recv_before = true, lines = 1 })
  if not socket then
    stdnse.debug1("%s", tostring(greeting))
    return nil
  end
  local status, reply = smtp.ehlo(socket, smtp.get_domain(host))
  if not status then
    socket:close()
    stdnse.debug1("%s", reply)
    return nil
  end
  local lines = {}
  lines[1] = table.concat(texts_of(reply), ", ")
  status, reply = smtp.help(socket)
  if status and string.find(reply, "^21[14]") then
    lines[2] = " " .. table.concat(texts_of(reply), " ")
  end
  -- Some libraries hang up themselves where a server does not know HELP.
  pcall(smtp.quit, socket)
  return table.concat(lines, "\n")
end
