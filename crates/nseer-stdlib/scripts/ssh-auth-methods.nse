local libssh2_util = require "libssh2-utility"
local rand = require "rand"
local shortport = require "shortport"
local stdnse = require "stdnse"

description = [[
Lists how a user may log in to an SSH server.

The server is asked with the method <code>none</code> (RFC 4252, section 5.2), which shows what it would take
instead. Nothing is tried.
]]

---
-- @usage
-- nseer -p 22 --script ssh-auth-methods <target>
-- nseer -p 22 --script ssh-auth-methods --script-args ssh.user=root <target>
-- @args ssh.user Name of the user to ask for. Default: a random one.
-- @output
-- 22/tcp open  ssh
-- | ssh-auth-methods:
-- |   Supported authentication methods:
-- |     publickey
-- |_    password
-- @xmloutput
-- <table key="Supported authentication methods">
-- <elem>publickey</elem>
-- <elem>password</elem>
-- </table>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"auth", "safe", "discovery"}

portrule = shortport.ssh

action = function (host, port)
  local user = stdnse.get_script_args({"ssh.user", "ssh-auth-methods.user"})
  user = user or rand.random_alpha and rand.random_alpha(7) or "nobody"
  local connection = libssh2_util.SSHConnection:new()
  local status, why = connection:connect_pcall(host, port)
  if not status then
    stdnse.debug1("%s", tostring(why))
    return nil
  end
  local asked, methods = pcall(connection.list, connection, user)
  connection:disconnect()
  local out = stdnse.output_table()
  if asked and type(methods) == "table" then
    out["Supported authentication methods"] = methods
  elseif asked and methods == "none_auth" then
    out["Supported authentication methods"] = {"none_auth"}
  else
    stdnse.debug1("the server did not say: %s", tostring(methods))
    return nil
  end
  return out
end
