---
-- Logs in as the owner of a server of PostgreSQL, and shows how and with what success.
description = [[Logs in to PostgreSQL.]]
author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"auth"}

local nmap = require "nmap"
local pgsql = require "pgsql"
local shortport = require "shortport"
local stdnse = require "stdnse"

portrule = shortport.portnumber(5432)

action = function (host, port)
  local password = stdnse.get_script_args("password")
  local socket = nmap.new_socket()
  assert(socket:connect(host, port))
  local status, answer = pgsql.v3.sendStartup(socket, "postgres", "postgres")
  if not status then
    return "no start: " .. tostring(answer)
  end
  local way = answer.authtype == pgsql.AuthenticationType.SASL and "SASL" or "type " .. answer.authtype
  local is_in, result = pgsql.v3.loginRequest(socket, answer, "postgres", password, answer.salt)
  socket:close()
  if is_in and result.success then
    return way .. ": let in by version " .. tostring(result.parameters.server_version)
  end
  return way .. ": refused: " .. tostring(result)
end
