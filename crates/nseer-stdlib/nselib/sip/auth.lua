---
-- Answers to challenges of SIP servers, for the library <code>sip</code>: digests with MD5.
--
-- Written from RFC 3261, section 22.4, and RFC 2617, section 3.2.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name sip.auth

local rand = require "rand"
local stdnse = require "stdnse"
local string = require "string"
local pcall, require, setmetatable = pcall, require, setmetatable

local have_ssl, openssl = pcall(require, "openssl")

_ENV = stdnse.module("sip.auth", stdnse.seeall)

local function hash (...)
  return stdnse.tohex(openssl.md5((string.gsub(string.rep("%s:", select("#", ...)), ":$", "")):format(...)))
end

--- An answer to a challenge.
-- @class table
-- @name SipAuth
SipAuth = {}
SipAuth.__index = SipAuth

--- Makes one.
-- @name SipAuth.new
-- @param auth The challenge: the value of the header <code>WWW-Authenticate</code> or <code>Proxy-Authenticate</code>.
-- @return The answer, which knows nobody yet.
function SipAuth:new (auth)
  return setmetatable({ auth = auth }, self)
end

--- Says who answers.
-- @name SipAuth.setUsername
-- @param username Name.
function SipAuth:setUsername (username)
  self.username = username
end

--- Says the password.
-- @name SipAuth.setPassword
-- @param password Password.
function SipAuth:setPassword (password)
  self.password = password
end

--- Says which method the answer is for.
-- @name SipAuth.setMethod
-- @param method Name, as <code>REGISTER</code>.
function SipAuth:setMethod (method)
  self.method = method
end

--- Says what is asked for.
-- @name SipAuth.setUri
-- @param uri Address.
function SipAuth:setUri (uri)
  self.uri = uri
end

--- Takes the challenge apart.
-- @name SipAuth.parseChallenge
-- @return True; or false and a reason.
function SipAuth:parseChallenge ()
  if not have_ssl then
    return false, "there is no digest"
  elseif not string.find(self.auth or "", "^[Dd]igest%s") then
    return false, "the server asks for another way to log in"
  end
  local values = {}
  for name, value in string.gmatch(self.auth, '([%w-]+)%s*=%s*"([^"]*)"') do
    values[string.lower(name)] = value
  end
  for name, value in string.gmatch(self.auth, "([%w-]+)%s*=%s*([^%s\",]+)") do
    values[string.lower(name)] = values[string.lower(name)] or value
  end
  if not values.nonce or not values.realm then
    return false, "the challenge is cut off"
  elseif values.algorithm and string.upper(values.algorithm) ~= "MD5" then
    return false, "the server asks for another digest"
  end
  self.challenge = values
  -- Of several words, the one without the body is known here.
  self.qop = values.qop and string.find("," .. values.qop .. ",", ",%s*auth%s*,") and "auth" or nil
  return true
end

--- The digest. Comes after <code>parseChallenge</code>.
-- @name SipAuth.calculateResponse
-- @return 32 digits.
function SipAuth:calculateResponse ()
  local first = hash(self.username, self.challenge.realm, self.password)
  local second = hash(self.method, self.uri)
  if self.qop then
    self.cnonce = self.cnonce or stdnse.tohex(rand.random_string(8))
    return hash(first, self.challenge.nonce, "00000001", self.cnonce, self.qop, second)
  end
  return hash(first, self.challenge.nonce, second)
end

--- The value of the header with the answer.
-- @name SipAuth.createResponse
-- @return Text; nil where there is none.
-- @return A reason.
function SipAuth:createResponse ()
  local status, reason = self:parseChallenge()
  if not status then
    return nil, reason
  end
  local digest = self:calculateResponse()
  local text = string.format('Digest username="%s", realm="%s", nonce="%s", uri="%s", response="%s", algorithm=MD5',
    self.username, self.challenge.realm, self.challenge.nonce, self.uri, digest)
  if self.qop then
    text = text .. string.format(', cnonce="%s", qop=%s, nc=00000001', self.cnonce, self.qop)
  end
  if self.challenge.opaque then
    text = text .. string.format(', opaque="%s"', self.challenge.opaque)
  end
  return text
end

return _ENV
