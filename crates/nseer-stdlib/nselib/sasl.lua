---
-- Answers for the SASL mechanisms PLAIN, LOGIN, CRAM-MD5 and DIGEST-MD5.
--
-- Written from RFC 4616 (PLAIN), draft-murchison-sasl-login (LOGIN), RFC 2195 (CRAM-MD5) and RFC 2831
-- (DIGEST-MD5). Nothing is encoded in base64 here; that is the protocol's business.
--
-- @usage
-- local helper = sasl.Helper:new("CRAM-MD5")
-- local answer = helper:encode("user", "password", challenge)
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name sasl

local openssl = require "openssl"
local rand = require "rand"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("sasl", stdnse.seeall)

--- The answer of PLAIN.
-- @param username Name of the user.
-- @param password The password.
-- @return The answer.
function plain_enc (username, password)
  return username .. "\0" .. username .. "\0" .. password
end

--- The answer of CRAM-MD5.
-- @param username Name of the user.
-- @param password The password.
-- @param challenge What the server sent.
-- @return The answer.
function cram_md5_enc (username, password, challenge)
  return username .. " " .. stdnse.tohex(openssl.hmac("MD5", password, challenge))
end

--- An exchange by DIGEST-MD5.
-- @class table
-- @name DigestMD5
DigestMD5 = {}
DigestMD5.__index = DigestMD5

--- Begins one.
-- @name DigestMD5.new
-- @param chall What the server sent.
-- @param username Name of the user.
-- @param password The password.
-- @param method Method of HTTP, or nil for other protocols (<code>AUTHENTICATE</code>).
-- @param uri What is asked for, such as <code>imap/host</code>.
-- @param service Name of the service, such as <code>smtp</code>.
-- @param realm Realm, where the challenge has none.
-- @return The exchange.
function DigestMD5:new (chall, username, password, method, uri, service, realm)
  local exchange = setmetatable({
    chall = chall, username = username, password = password, method = method or "AUTHENTICATE",
    uri = uri, service = service, realm = realm,
  }, self)
  exchange:parseChallenge()
  return exchange
end

--- Reads the challenge into <code>challnvs</code>, values by name.
-- @name DigestMD5.parseChallenge
function DigestMD5:parseChallenge ()
  self.challnvs = {}
  for name, value in string.gmatch(self.chall, '([%w-]+)%s*=%s*"([^"]*)"') do
    self.challnvs[string.lower(name)] = value
  end
  for name, value in string.gmatch("," .. self.chall, '[, ]([%w-]+)%s*=%s*([^",%s]+)') do
    local key = string.lower(name)
    self.challnvs[key] = self.challnvs[key] or value
  end
end

local function hex_md5 (text)
  return stdnse.tohex(openssl.md5(text))
end

--- Computes the answer (RFC 2831, section 2.1.2.1).
-- @name DigestMD5.calcDigest
-- @return The answer.
function DigestMD5:calcDigest ()
  local nonce = self.challnvs.nonce or ""
  local realm = self.challnvs.realm or self.realm or ""
  local cnonce = stdnse.tohex(rand.random_string(16))
  local qop, nc = "auth", "00000001"
  local uri = self.uri or (self.service or "") .. "/" .. realm
  local secret = openssl.md5(self.username .. ":" .. realm .. ":" .. self.password)
  local a1 = secret .. ":" .. nonce .. ":" .. cnonce
  local digest = hex_md5(table.concat(
    {hex_md5(a1), nonce, nc, cnonce, qop, hex_md5(self.method .. ":" .. uri)}, ":"))
  return string.format('username="%s",realm="%s",nonce="%s",cnonce="%s",nc=%s,qop=%s,digest-uri="%s",'
    .. 'response=%s,charset=utf-8', self.username, realm, nonce, cnonce, nc, qop, uri, digest)
end

--- The answer of DIGEST-MD5.
-- @param username Name of the user.
-- @param password The password.
-- @param challenge What the server sent.
-- @param service Name of the service, such as <code>imap</code>.
-- @param uri What is asked for, such as <code>imap/host</code>.
-- @return The answer.
function digest_md5_enc (username, password, challenge, service, uri)
  return DigestMD5:new(challenge, username, password, nil, uri, service):calcDigest()
end

local MECHANISMS = {
  PLAIN = plain_enc,
  ["CRAM-MD5"] = cram_md5_enc,
  ["DIGEST-MD5"] = digest_md5_enc,
  LOGIN = function (username, password)
    return username, password
  end,
}

--- Tells whether a mechanism is known here.
-- @param mechanism Name of the mechanism.
-- @return The function that computes its answer; nil if it is not known.
-- @return What is wrong.
function check_mechanism (mechanism)
  local encode = MECHANISMS[string.upper(mechanism or "")]
  if encode then
    return encode
  end
  return nil, "the mechanism " .. tostring(mechanism) .. " is not known"
end

--- A mechanism and what to do with its answers.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes one.
-- @name Helper.new
-- @param mechanism Name of the mechanism, optional.
-- @param callback Function in place of the mechanism's own, optional.
-- @return The helper.
function Helper:new (mechanism, callback)
  local helper = setmetatable({}, self)
  if mechanism then
    helper:set_mechanism(mechanism)
  end
  if callback then
    helper:set_callback(callback)
  end
  return helper
end

--- Chooses the mechanism.
-- @name Helper.set_mechanism
-- @param mechanism Name of the mechanism.
-- @return True if it is known, otherwise nil.
-- @return What is wrong.
function Helper:set_mechanism (mechanism)
  self.mechanism = nil
  local encode, why = check_mechanism(mechanism)
  if not encode then
    return nil, why
  end
  self.mechanism, self.callback = string.upper(mechanism), encode
  return true
end

--- Gives the mechanism.
-- @name Helper.get_mechanism
-- @return Its name; nil if none was chosen.
function Helper:get_mechanism ()
  return self.mechanism
end

--- Puts a function in place of the mechanism's own.
-- @name Helper.set_callback
-- @param callback The function.
function Helper:set_callback (callback)
  self.callback = callback
end

--- Takes the mechanism's own function again.
-- @name Helper.reset_callback
function Helper:reset_callback ()
  self.callback = self.mechanism and MECHANISMS[self.mechanism] or nil
end

--- Forgets mechanism and function.
-- @name Helper.reset
function Helper:reset ()
  self.mechanism, self.callback = nil, nil
end

--- Computes the answer.
-- @name Helper.encode
-- @param ... What the mechanism needs: user, password, and the challenge where there is one.
-- @return The answer; nil if no mechanism was chosen.
function Helper:encode (...)
  return self.callback and self.callback(...)
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()

test_suite:add_test(unittest.equal(plain_enc("tim", "tanstaaftanstaaf"), "tim\0tim\0tanstaaftanstaaf"), "RFC 4616")
test_suite:add_test(unittest.equal(
  cram_md5_enc("tim", "tanstaaftanstaaf", "<1896.697170952@postoffice.reston.mci.net>"),
  "tim b913a602c7eda7a495b4e6e7334d3890"), "the example of RFC 2195")
local digest = DigestMD5:new('realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",qop="auth",algorithm=md5-sess',
  "chris", "secret", nil, "imap/elwood.innosoft.com")
test_suite:add_test(unittest.equal(digest.challnvs.nonce, "OA6MG9tEQGm2hh"), "a quoted value of a challenge")
test_suite:add_test(unittest.equal(digest.challnvs.algorithm, "md5-sess"), "a bare one")
test_suite:add_test(unittest.is_nil((check_mechanism("GSSAPI"))), "a mechanism that is not known")

return _ENV
