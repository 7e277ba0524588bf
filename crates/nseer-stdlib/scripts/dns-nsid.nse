local dns = require "dns"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Asks a name server who it is: for its identifier among servers of one address, and for its version.
]]

---
-- The identifier is an option of the protocol (RFC 5001); <code>id.server</code> and
-- <code>version.bind</code> are names of the class CHAOS (RFC 4892).
--
-- @usage nseer -sSU -p 53 --script dns-nsid <target>
-- @output
-- 53/udp open  domain
-- | dns-nsid:
-- |   NSID: ams3.example (616d73332e6578616d706c65)
-- |   id.server: ams3.example
-- |_  bind.version: 9.18.1
-- @xmloutput
-- <table key="NSID">
--   <elem key="raw">ams3.example</elem>
--   <elem key="hex">616d73332e6578616d706c65</elem>
-- </table>
-- <elem key="id.server">ams3.example</elem>
-- <elem key="bind.version">9.18.1</elem>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service(53, "domain", {"tcp", "udp"})

local NSID = 3

-- The value of the option, if the answer has it.
local function nsid_of (answer)
  for _, record in ipairs(answer.add) do
    local data, at = record.OPT and record.OPT.data or "", 1
    while at + 3 <= #data do
      local option, length = string.unpack(">I2I2", data, at)
      if option == NSID and length > 0 then
        return string.sub(data, at + 4, at + 3 + length)
      end
      at = at + 4 + length
    end
  end
end

-- The first text of an answer; nil if it has none.
local function text_of (answer)
  for _, record in ipairs(answer.answers) do
    local data = record.dtype == dns.types.TXT and record.data or ""
    if #data > 1 and string.byte(data) < #data then
      return (string.unpack("s1", data))
    end
  end
end

-- What the library says of servers that answer but do not know the name.
local ANSWERED = { ["No Answers"] = true, ["No Such Name"] = true }

local shown = {
  __tostring = function (id) return id.raw .. " (" .. id.hex .. ")" end,
}

action = function (host, port)
  local function ask (name, options)
    options.host, options.port, options.proto = host.ip, port.number, port.protocol
    options.dtype, options.class, options.norecurse = "TXT", options.class or dns.CLASS.CH, true
    return dns.query(name, options)
  end
  local found, any = stdnse.output_table(), false
  local status, answer = ask("id.server", { nsid = true, retPkt = true })
  -- Who did not answer that will not answer the rest either.
  if not status and not ANSWERED[answer] then
    return nil
  end
  if port.protocol == "udp" then
    nmap.set_port_state(host, port, "open")
  end
  local id = status and nsid_of(answer)
  if id then
    found.NSID, any = setmetatable({ raw = id, hex = stdnse.tohex(id) }, shown), true
  end
  local name = status and text_of(answer)
  if name then
    found["id.server"], any = name, true
  end
  status, answer = ask("version.bind", {})
  if status and answer ~= "" then
    found["bind.version"], any = answer, true
  end
  return any and found or nil
end
