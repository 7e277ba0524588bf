---
-- Logging in with SCRAM, where neither side sends the password.
--
-- Written from RFC 5802, sections 3 and 5, and RFC 7677. Names and passwords are taken as they are: characters outside
-- of ASCII are not prepared with SASLprep.
--
-- @usage
-- local client = scram.Client:new("user", "password", "sha256")
-- send(client:first())
-- local final = client:final(receive())
-- send(final)
-- local is_so = client:is_server(receive())
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name scram

local base64 = require "base64"
local math = require "math"
local openssl = require "openssl"
local rand = require "rand"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"
local pcall, setmetatable, tonumber = pcall, setmetatable, tonumber

_ENV = stdnse.module("scram", stdnse.seeall)

-- A server that wants more rounds than this is not answered; they would take minutes.
local MAX_ROUNDS = 100000

-- Bytes of what is random in our nonce.
local NONCE = 18

-- No channel is bound to (section 7, gs2-header), and the same in Base64.
local HEADER, HEADER_64 = "n,,", "biws"

-- How the bytes of a digest are read as numbers, so that many can be combined at once.
local LAYOUT = { [20] = ">I8I8I4", [32] = ">I8I8I8I8" }

local function xor (one, other)
  local layout = LAYOUT[#one]
  local left, right = { string.unpack(layout, one) }, { string.unpack(layout, other) }
  for at = 1, #left - 1 do
    left[at] = left[at] ~ right[at]
  end
  return string.pack(layout, table.unpack(left, 1, #left - 1))
end

-- Hi() of section 2.2.
local function stretched (algorithm, password, salt, rounds)
  local hmac, unpack = openssl.hmac, string.unpack
  local last = hmac(algorithm, password, salt .. "\0\0\0\1")
  local layout = LAYOUT[#last]
  local a, b, c, d = unpack(layout, last)
  -- The fourth is a position where the digest is of three numbers.
  d = #last == 32 and d or 0
  for _ = 2, rounds do
    last = hmac(algorithm, password, last)
    local e, f, g, h = unpack(layout, last)
    a, b, c, d = a ~ e, b ~ f, c ~ g, d ~ h
  end
  if #last == 32 then
    return string.pack(layout, a, b, c, d)
  end
  return string.pack(layout, a, b, c)
end

--- The client's side of one login.
-- @class table
-- @name Client
Client = {}
Client.__index = Client

--- Makes one.
-- @name Client:new
-- @param username The user.
-- @param password The password.
-- @param algorithm <code>sha1</code> or <code>sha256</code>. Default: <code>sha256</code>.
-- @param nonce Text that no login had before, without commas. Default: a random one.
-- @return The client.
function Client:new (username, password, algorithm, nonce)
  return setmetatable({
    username = username, password = password, algorithm = algorithm or "sha256",
    nonce = nonce or base64.enc(rand.random_string(NONCE)),
  }, self)
end

--- What the client says first.
-- @name Client:first
-- @return Text.
function Client:first ()
  local name = string.gsub(string.gsub(self.username, "=", "=3D"), ",", "=2C")
  self.bare = "n=" .. name .. ",r=" .. self.nonce
  return HEADER .. self.bare
end

--- What it says to the server's first words.
-- @name Client:final
-- @param said What the server said.
-- @return Text; nil if the server's words cannot be answered.
-- @return A reason.
function Client:final (said)
  local nonce, salt, rounds = string.match(said, "^r=([^,]+),s=([%w+/]+=*),i=(%d+)")
  rounds = math.tointeger(tonumber(rounds or ""))
  local known
  if nonce then
    known, salt = pcall(base64.dec, salt)
  end
  if not known or not rounds or rounds < 1 or salt == "" then
    return nil, "the server's words are none of SCRAM"
  elseif #nonce <= #self.nonce or string.sub(nonce, 1, #self.nonce) ~= self.nonce then
    return nil, "the server answers somebody else"
  elseif rounds > MAX_ROUNDS then
    return nil, "the server wants " .. rounds .. " rounds"
  end
  local salted = stretched(self.algorithm, self.password, salt, rounds)
  local key = openssl.hmac(self.algorithm, salted, "Client Key")
  local without = "c=" .. HEADER_64 .. ",r=" .. nonce
  local all = self.bare .. "," .. said .. "," .. without
  self.signature = openssl.hmac(self.algorithm, openssl.hmac(self.algorithm, salted, "Server Key"), all)
  local ours = openssl.hmac(self.algorithm, openssl.digest(self.algorithm, key), all)
  return without .. ",p=" .. base64.enc(xor(key, ours))
end

--- Whether the server knows the password too.
-- @name Client:is_server
-- @param said The server's last words.
-- @return True or false.
function Client:is_server (said)
  local signature = string.match(said, "^v=([%w+/]+=*)")
  return self.signature ~= nil and signature == base64.enc(self.signature)
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()

-- The example of RFC 7677, section 3.
local client = Client:new("user", "pencil", "sha256", "rOprNGfwEbeRWgbNEkqO")
local theirs = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
test_suite:add_test(unittest.equal(client:first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"), "the first words")
test_suite:add_test(unittest.equal(client:final(theirs),
  "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="),
  "the proof")
test_suite:add_test(unittest.is_true(client:is_server("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")), "the server's proof")
test_suite:add_test(unittest.is_false(client:is_server("e=invalid-proof")), "no proof")
test_suite:add_test(unittest.is_nil((client:final("r=somebody,s=QSXCR+Q6sek8bf92,i=4096"))), "another nonce")
test_suite:add_test(unittest.is_nil((client:final("r=rOprNGfwEbeRWgbNEkqO,s=QSXCR+Q6sek8bf92,i=4096"))), "no nonce of the server")
test_suite:add_test(unittest.is_nil((client:final("r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=99999999"))), "absurd rounds")
test_suite:add_test(unittest.is_nil((client:final("\255\255"))), "garbage")
-- The example of RFC 5802, section 5.
client = Client:new("user", "pencil", "sha1", "fyko+d2lbbFgONRv9qkxdawL")
client:first()
test_suite:add_test(unittest.equal(client:final("r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"),
  "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="), "the proof with SHA-1")
test_suite:add_test(unittest.equal(Client:new("a,b=", "x", "sha1", "N"):first(), "n,,n=a=2Cb=3D,r=N"), "a name with a comma")
return _ENV
