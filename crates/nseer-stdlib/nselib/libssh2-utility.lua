---
-- A connection to an SSH server, over the native module <code>libssh2</code>.
--
-- Written from the interface of that module.
--
-- @usage
-- local connection = libssh2_util.SSHConnection:new()
-- if connection:connect_pcall(host, port) then
--   local methods = connection:list("root")
--   connection:disconnect()
-- end
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name libssh2-utility

local libssh2 = require "libssh2"
local stdnse = require "stdnse"
local table = require "table"

_ENV = stdnse.module("libssh2-utility", stdnse.seeall)

-- Milliseconds for a server that says nothing, unless the script says otherwise.
local TIMEOUT = 8000

-- Output of a command beyond this is cut off.
local MAX_OUTPUT = 1024 * 1024

--- A connection.
-- @class table
-- @name SSHConnection
SSHConnection = {}
SSHConnection.__index = SSHConnection

--- Makes a connection that is not connected yet.
-- @name SSHConnection.new
-- @return The connection.
function SSHConnection:new ()
  return setmetatable({}, self)
end

--- Connects and agrees on keys. Failure is an error.
-- @name SSHConnection.connect
-- @param host Host table.
-- @param port Port table.
-- @return True.
function SSHConnection:connect (host, port)
  self.session = libssh2.session_open(host, port.number or port, self.timeout or TIMEOUT)
  if self.session and self.timeout then
    libssh2.set_timeout(self.session, self.timeout)
  end
  return self.session and true
end

--- Connects and agrees on keys.
-- @name SSHConnection.connect_pcall
-- @param host Host table.
-- @param port Port table.
-- @return True, or false.
-- @return What went wrong.
function SSHConnection:connect_pcall (host, port)
  local status, result = pcall(self.connect, self, host, port)
  if status and result then
    return true
  end
  return false, result or "the connection failed"
end

--- Runs a command.
-- @name SSHConnection.run_remote
-- @param cmd The command.
-- @return What it printed, cut off after 1 MiB.
function SSHConnection:run_remote (cmd)
  local channel = libssh2.open_channel(self.session)
  libssh2.channel_exec(self.session, channel, cmd)
  libssh2.channel_send_eof(self.session, channel)
  local parts, size = {}, 0
  while not libssh2.channel_eof(channel) and size < MAX_OUTPUT do
    local data = libssh2.channel_read(self.session, channel)
    if not data then
      break
    end
    parts[#parts + 1], size = data, size + #data
  end
  return table.concat(parts)
end

--- Logs in with a password.
-- @name SSHConnection.password_auth
-- @param username Name of the user.
-- @param password The password.
-- @return True if the server lets the user in, otherwise false.
function SSHConnection:password_auth (username, password)
  return libssh2.userauth_password(self.session, username, password) and true or false
end

--- Logs in by keyboard-interactive, with the same answer to each question.
-- @name SSHConnection.interactive_auth
-- @param username Name of the user.
-- @param callback Function that is given user, name, instruction and an array of questions, and gives an array
--                 of answers.
-- @return True if the server lets the user in, otherwise false.
function SSHConnection:interactive_auth (username, callback)
  return libssh2.userauth_keyboard_interactive(self.session, username, callback) and true or false
end

--- Logs in with a key.
-- @name SSHConnection.publickey_auth
-- @param username Name of the user.
-- @param privatekey_file Path of the private key.
-- @param passphrase Passphrase of the key, optional.
-- @return True if the server lets the user in, otherwise false.
function SSHConnection:publickey_auth (username, privatekey_file, passphrase)
  return libssh2.userauth_publickey(self.session, username, privatekey_file, passphrase or "") and true or false
end

--- Asks whether the server would take a key.
-- @name SSHConnection.publickey_canauth
-- @param username Name of the user.
-- @param key The public key, as <code>read_publickey</code> gives it.
-- @return True or false.
function SSHConnection:publickey_canauth (username, key)
  local status, taken = pcall(libssh2.publickey_canauth, self.session, username, key)
  return status and taken and true or false
end

--- Reads a public key from a file.
-- @name SSHConnection.read_publickey
-- @param publickey Path of the file.
-- @return True and the key, or false.
function SSHConnection:read_publickey (publickey)
  local status, key = pcall(libssh2.read_publickey, publickey)
  if status and key then
    return true, key
  end
  return false
end

--- Asks how a user may log in.
-- @name SSHConnection.list
-- @param username Name of the user.
-- @return Array of methods; <code>none_auth</code>, a text, if the server let the user in; false if it did not
--         say.
function SSHConnection:list (username)
  return (libssh2.userauth_list(self.session, username))
end

--- Sets the time for each operation.
-- @name SSHConnection.set_timeout
-- @param ssh_timeout Milliseconds.
function SSHConnection:set_timeout (ssh_timeout)
  self.timeout = ssh_timeout
  if self.session then
    libssh2.set_timeout(self.session, ssh_timeout)
  end
end

--- Ends the connection.
-- @name SSHConnection.disconnect
function SSHConnection:disconnect ()
  if self.session then
    pcall(libssh2.session_close, self.session)
    self.session = nil
  end
end

return _ENV
