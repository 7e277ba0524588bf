---
-- Who talks to whom over SIP, for the library <code>sip</code>.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name sip.data

local stdnse = require "stdnse"
local setmetatable = setmetatable

_ENV = stdnse.module("sip.data", stdnse.seeall)

--- Who talks to whom.
-- @class table
-- @name SessionData
SessionData = {}
SessionData.__index = SessionData

--- Makes one.
-- @name SessionData.new
-- @param o Table, optional.
-- @return The data.
function SessionData:new (o)
  return setmetatable(o or {}, self)
end

--- Says where the client is.
-- @name SessionData.setClient
-- @param host Address.
-- @param port Number of the port.
function SessionData:setClient (host, port)
  self.client = { host = host, port = port }
end

--- Says where the server is.
-- @name SessionData.setServer
-- @param host Address.
-- @param port Number of the port.
function SessionData:setServer (host, port)
  self.server = { host = host, port = port }
end

--- Says who the user is.
-- @name SessionData.setUsername
-- @param user Name.
function SessionData:setUsername (user)
  self.user = user
end

--- Says the user's password.
-- @name SessionData.setPassword
-- @param pass Password.
function SessionData:setPassword (pass)
  self.pass = pass
end

--- The user's password.
-- @name SessionData.getPassword
-- @return Password, or nil.
function SessionData:getPassword ()
  return self.pass
end

--- Says what the user is called.
-- @name SessionData.setName
-- @param name Name that is shown.
function SessionData:setName (name)
  self.name = name
end

--- What the user is called.
-- @name SessionData.getName
-- @return Name, or nil.
function SessionData:getName ()
  return self.name
end

--- Says which domain the user is of.
-- @name SessionData.setDomain
-- @param domain Name.
function SessionData:setDomain (domain)
  self.domain = domain
end

--- Where the client is.
-- @name SessionData.getClient
-- @return Address.
-- @return Number of the port.
function SessionData:getClient ()
  return self.client.host, self.client.port
end

--- Where the server is.
-- @name SessionData.getServer
-- @return Address.
-- @return Number of the port.
function SessionData:getServer ()
  return self.server.host, self.server.port
end

--- Who the user is.
-- @name SessionData.getUsername
-- @return Name, or nil.
function SessionData:getUsername ()
  return self.user
end

--- Which domain the user is of.
-- @name SessionData.getDomain
-- @return Name, or nil.
function SessionData:getDomain ()
  return self.domain
end

return _ENV
