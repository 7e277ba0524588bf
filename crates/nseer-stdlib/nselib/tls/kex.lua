---
-- The part of <code>tls</code> that knows key exchanges: what each is like, and how to read the server's part
-- of it. Scripts reach it through <code>tls</code>.
--
-- From RFC 5246 (section 7.4.3), RFC 8422, RFC 4279, RFC 5489, RFC 5054, RFC 2246 (export) and RFC 8446
-- (section 4.2.8). Everything here takes bytes from a stranger: a message that is too short gives nil.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name tls

local math = require "math"
local registry = require "tls.registry"
local string = require "string"
local ipairs, next, pcall, tonumber = ipairs, next, pcall, tonumber

local kex = {}

local CURVE_NAMES = {}
for name, number in next, registry.ELLIPTIC_CURVES do
  CURVE_NAMES[number] = name
end

-- Bits of a group: what its name says, and the two that have no number of bits in their names.
local function bits_of_group (name)
  if name == "curveSM2" then
    return 256
  end
  local bits = tonumber(string.match(name, "%d+"))
  return bits == 25519 and 256 or bits
end

-- Bits of a big-endian number.
local function bits_of (bytes)
  local first = string.find(bytes, "[^\0]")
  if not first then
    return 0
  end
  local top = string.byte(bytes, first)
  local bits = (#bytes - first) * 8
  while top > 0 do
    top, bits = top >> 1, bits + 1
  end
  return bits
end

local function signature (blob, pos, protocol)
  local signed = {}
  if protocol == "TLSv1.2" then
    signed.hash_algorithm, signed.signature_algorithm, signed.signature, pos =
      string.unpack(">BBs2", blob, pos)
  else
    signed.signature, pos = string.unpack(">s2", blob, pos)
  end
  return signed, pos
end

local function dh_params (blob, pos)
  local p, g, y, after = string.unpack(">s2s2s2", blob, pos)
  return { dhparams = { p = p, g = g, y = y }, strength = bits_of(p) }, after
end

local function named_group (number)
  local curve = CURVE_NAMES[number] or string.format("UNKNOWN(%d)", number)
  return curve, CURVE_NAMES[number] and bits_of_group(curve)
end

local function explicit_prime (blob, pos)
  local prime = {}
  prime.prime_p, prime.a, prime.b, prime.base, prime.order, prime.cofactor, pos =
    string.unpack(">s1s1s1s1s1s1", blob, pos)
  return { ec_curve_type = "explicit_prime", prime = prime }, bits_of(prime.order), pos
end

local function explicit_char2 (blob, pos)
  local char2 = {}
  local basis
  char2.m, basis, pos = string.unpack(">I2B", blob, pos)
  if basis == 1 then
    char2.basis = {}
    char2.basis.k, pos = string.unpack(">s1", blob, pos)
  elseif basis == 2 then
    char2.basis = {}
    char2.basis.k1, char2.basis.k2, char2.basis.k3, pos = string.unpack(">s1s1s1", blob, pos)
  else
    return nil
  end
  char2.a, char2.b, char2.base, char2.order, char2.cofactor, pos =
    string.unpack(">s1s1s1s1s1", blob, pos)
  return { ec_curve_type = "explicit_char2", char2 = char2 }, char2.m, pos
end

local function ec_params (blob, pos)
  local kind, params, strength
  kind, pos = string.unpack("B", blob, pos)
  if kind == 3 then
    local number
    number, pos = string.unpack(">I2", blob, pos)
    local curve, bits = named_group(number)
    params, strength = { ec_curve_type = "namedcurve", curve = curve }, bits
  elseif kind == 1 then
    params, strength, pos = explicit_prime(blob, pos)
  elseif kind == 2 then
    params, strength, pos = explicit_char2(blob, pos)
  end
  if not params then
    return nil
  end
  local public
  public, pos = string.unpack(">s1", blob, pos)
  return { ecdhparams = { curve_params = params, public = public }, strength = strength }, pos
end

local function rsa_params (blob, pos)
  local modulus, exponent, after = string.unpack(">s2s2", blob, pos)
  return { rsa = { modulus = modulus, exponent = exponent }, strength = bits_of(modulus) }, after
end

local function srp_params (blob, pos)
  local N, g, s, B, after = string.unpack(">s2s2s1s2", blob, pos)
  return { srp = { N = N, g = g, s = s, B = B }, strength = bits_of(N) }, after
end

-- Makes a reader that gives nil for a message that ends too early.
local function guarded (read)
  return function (blob, protocol)
    local status, params = pcall(read, blob, protocol)
    return status and params or nil
  end
end

local function signed (params)
  return guarded(function (blob, protocol)
    local t, pos = params(blob, 1)
    if t then
      t.signed = signature(blob, pos, protocol)
    end
    return t
  end)
end

local function unsigned (params)
  return guarded(function (blob)
    return (params(blob, 1))
  end)
end

-- With a hint about the key before the parameters (RFC 4279, section 2).
local function hinted (params)
  return guarded(function (blob)
    local hint, pos = string.unpack(">s2", blob)
    local t = params and (params(blob, pos)) or {}
    t.psk_identity_hint = hint
    return t
  end)
end

-- The extension key_share of a ServerHello or HelloRetryRequest.
local key_share = guarded(function (blob)
  local curve, bits = named_group((string.unpack(">I2", blob)))
  return {
    ecdhparams = { curve_params = { ec_curve_type = "namedcurve", curve = curve } },
    strength = bits,
    type = string.find(curve, "^ffdhe") and "dh" or "ec",
  }
end)

--- What each key exchange is like.
--
-- Fields: <code>pubkey</code>, the kind of key that the certificate must have; <code>anon</code>, nobody
-- proves who they are; <code>export</code>, weakened for the export rules of the 1990s; <code>pfs</code>,
-- forward secrecy; <code>type</code>, the kind of parameters that the server sends;
-- <code>server_key_exchange</code>, the function that reads them; <code>tls13ok</code> and
-- <code>tls13only</code>.
-- @class table
-- @name KEX_ALGORITHMS
kex.KEX_ALGORITHMS = {
  NULL = {anon = true},
  RSA = {pubkey = "rsa"},
  RSA_FIPS = {pubkey = "rsa"},
  RSA_EXPORT = {pubkey = "rsa", export = true, type = "rsa", server_key_exchange = signed(rsa_params)},
  RSA_PSK = {pubkey = "rsa", type = "psk", server_key_exchange = hinted()},
  PSK = {type = "psk", server_key_exchange = hinted()},
  DH_RSA = {pubkey = "dh"},
  DH_DSS = {pubkey = "dh"},
  DH_RSA_EXPORT = {pubkey = "dh", export = true},
  DH_DSS_EXPORT = {pubkey = "dh", export = true},
  DHE_RSA = {pubkey = "rsa", pfs = true, type = "dh", server_key_exchange = signed(dh_params)},
  DHE_PSK = {pfs = true, type = "dh", server_key_exchange = hinted(dh_params)},
  DH_anon = {anon = true, type = "dh", server_key_exchange = unsigned(dh_params)},
  ECDH_RSA = {pubkey = "ec"},
  ECDH_ECDSA = {pubkey = "ec"},
  ECDH_ECNRA = {pubkey = "ec"},
  ECMQV_ECNRA = {pubkey = "ec"},
  ECMQV_ECDSA = {pubkey = "ec", type = "ecmqv", server_key_exchange = signed(ec_params)},
  ECDHE_RSA = {pubkey = "rsa", pfs = true, type = "ec", server_key_exchange = signed(ec_params)},
  ECDHE_PSK = {pfs = true, type = "ec", server_key_exchange = hinted(ec_params)},
  ECDH_anon = {anon = true, type = "ec", server_key_exchange = unsigned(ec_params)},
  SRP_SHA = {pfs = true, type = "srp", server_key_exchange = unsigned(srp_params)},
  SRP_SHA_RSA = {pubkey = "rsa", pfs = true, type = "srp", server_key_exchange = signed(srp_params)},
  KRB5 = {},
  KRB5_EXPORT = {export = true},
  FORTEZZA_KEA = {},
  GOSTR341001 = {},
  GOSTR341094 = {},
  GOSTR341112_256 = {},
  ECCPWD = {tls13ok = true, tls13only = false},
  AKE = {pfs = true, tls13ok = true, tls13only = true, server_key_exchange = key_share},
}

-- The same exchange with another kind of key, with less of it, or under another name.
local function variant (name, of, changes)
  local t = {}
  for field, value in next, kex.KEX_ALGORITHMS[of] do
    t[field] = value
  end
  for field, value in next, changes do
    t[field] = value
  end
  kex.KEX_ALGORITHMS[name] = t
end

variant("RSA_EXPORT1024", "RSA_EXPORT", {})
variant("DHE_DSS", "DHE_RSA", {pubkey = "dsa"})
variant("DHE_RSA_EXPORT", "DHE_RSA", {export = true})
variant("DHE_DSS_EXPORT", "DHE_DSS", {export = true})
variant("DHE_DSS_EXPORT1024", "DHE_DSS_EXPORT", {})
variant("DH_anon_EXPORT", "DH_anon", {export = true})
variant("PSK_DHE", "DHE_PSK", {})
variant("ECDHE_ECDSA", "ECDHE_RSA", {pubkey = "ec"})
variant("ECDH_anon_EXPORT", "ECDH_anon", {export = true})
variant("SRP_SHA_DSS", "SRP_SHA_RSA", {pubkey = "dsa"})

local NOTHING = {}

--- Goes through the fields of a key exchange.
-- @param name Name of the key exchange; an unknown one has no fields.
-- @return What a generic <code>for</code> wants.
function kex.pairs (name)
  return next, name and kex.KEX_ALGORITHMS[name] or NOTHING
end

-- Bits of an RSA key, and of a curve of the same strength (NIST SP 800-57 part 1, table 2).
local EQUIVALENT = {{512, 15360}, {384, 7680}, {256, 3072}, {224, 2048}, {160, 1024}}

--- Says how long an RSA key would be that is as hard to break.
-- @param ktype Kind of key: <code>rsa</code>, <code>dsa</code>, <code>dh</code> or <code>ec</code>.
-- @param bits Its length in bits.
-- @return Bits of an RSA key; nil for another kind of key.
function kex.rsa_equiv (ktype, bits)
  if ktype == "rsa" or ktype == "dsa" or ktype == "dh" then
    return bits
  elseif ktype ~= "ec" then
    return nil
  end
  for _, step in ipairs(EQUIVALENT) do
    if bits >= step[1] then
      return step[2]
    end
  end
  return math.max(512, bits * 6)
end

return kex
