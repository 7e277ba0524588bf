local amqp = require "amqp"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"

description = [[
Shows what a message broker that speaks AMQP says of itself: product, version, platform, capabilities, and how it
lets clients log in.
]]

---
-- The broker says it in its first message, before anybody logs in (AMQP 0-9-1, method connection.start).
--
-- @usage nseer -p 5672 --script amqp-info <target>
-- @output
-- 5672/tcp open  amqp
-- | amqp-info:
-- |   capabilities:
-- |     publisher_confirms: YES
-- |     basic.nack: YES
-- |   copyright: Copyright (c) 2007-2022 VMware, Inc. or its affiliates.
-- |   platform: Erlang/OTP 25.2.3
-- |   product: RabbitMQ
-- |   version: 3.10.8
-- |   mechanisms: PLAIN AMQPLAIN
-- |_  locales: en_US

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe", "version"}

portrule = shortport.version_port_or_service({5671, 5672}, "amqp", "tcp")

action = function (host, port)
  local broker = amqp.AMQP:new(host, port)
  local status, reason = broker:connect()
  if status then
    status, reason = broker:handshake()
  end
  broker:disconnect()
  if not status then
    stdnse.debug1("%s", reason)
    return nil
  end
  port.version.name = "amqp"
  port.version.product = broker:getServerProduct() or port.version.product
  port.version.version = broker:getServerVersion() or port.version.version
  port.version.extrainfo = broker:getProtocolVersion()
  nmap.set_port_version(host, port)
  if broker.getServerTable then
    return broker:getServerTable()
  end
  -- Other libraries of this name have only the lines.
  return stdnse.format_output(true, broker:getServerProperties())
end
