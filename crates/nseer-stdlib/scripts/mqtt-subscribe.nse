local mqtt = require "mqtt"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Connects to an MQTT server without a login, listens for a few seconds, and shows the last message of each topic.
]]

---
-- See the library <code>mqtt</code>. Nothing is published.
--
-- @usage nseer -p 1883 --script mqtt-subscribe <target>
-- @args mqtt-subscribe.username User. Default: none.
-- @args mqtt-subscribe.password Password. Default: none.
-- @args mqtt-subscribe.topic Topics to listen for. Default: all, and those of the server itself.
-- @args mqtt-subscribe.listen-time How long to listen. Default: <code>5s</code>.
-- @args mqtt-subscribe.listen-msgs How many messages are enough. Default: 100; 0 for any number.
-- @output
-- 1883/tcp open  mqtt
-- | mqtt-subscribe:
-- |   Topics and their most recent payloads:
-- |     $SYS/broker/uptime: 42 seconds
-- |_    $SYS/broker/version: mosquitto version 2.0.11

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe", "version"}

portrule = shortport.version_port_or_service({1883, 8883}, {"mqtt", "secure-mqtt"}, "tcp")

local MAX_TOPICS = 1000

local function filters ()
  local topics = stdnse.get_script_args("mqtt-subscribe.topic") or { "$SYS/#", "#" }
  local list = {}
  for i, topic in ipairs(type(topics) == "table" and topics or { topics }) do
    list[i] = { filter = topic, qos = 0 }
  end
  return list
end

-- Listens. Payloads by topics; how many topics there are.
local function listen (helper)
  local seconds = stdnse.parse_timespec(stdnse.get_script_args("mqtt-subscribe.listen-time") or "5s") or 5
  local enough = tonumber(stdnse.get_script_args("mqtt-subscribe.listen-msgs")) or 100
  local ends = nmap.clock_ms() + seconds * 1000
  local payloads, topics, messages = stdnse.output_table(), 0, 0
  while topics < MAX_TOPICS and (enough == 0 or messages < enough) and nmap.clock_ms() < ends do
    local status, packet = helper:receive({ "PUBLISH" }, ends - nmap.clock_ms())
    if not status then
      break
    end
    topics = payloads[packet.topic] and topics or topics + 1
    payloads[packet.topic] = string.sub(packet.payload, 1, 500)
    messages = messages + 1
  end
  return payloads, topics
end

action = function (host, port)
  local user, password = stdnse.get_script_args("mqtt-subscribe.username", "mqtt-subscribe.password")
  local helper = mqtt.Helper:new(host, port)
  local status, answer = helper:connect({ username = user, password = password })
  if not status then
    stdnse.debug1("%s", answer)
    return nil
  end
  port.version.name = "mqtt"
  nmap.set_port_version(host, port, "hardmatched")
  local out = stdnse.output_table()
  if not answer.accepted then
    helper:close()
    out.ERROR = "Connection rejected: " .. answer.reason
    return out
  end
  status, answer = helper:request("SUBSCRIBE", { filters = filters() }, "SUBACK")
  local payloads, topics = listen(helper)
  helper:close()
  if topics > 0 then
    out["Topics and their most recent payloads"] = payloads
  else
    out.ERROR = "Everybody may connect and subscribe, but no message came"
  end
  return status and out or nil
end
