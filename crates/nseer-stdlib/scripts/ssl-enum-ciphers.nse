local math = require "math"
local nmap = require "nmap"
local sslcert = require "sslcert"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local tls = require "tls"
local tlsprobe = require "tlsprobe"

description = [[
Lists the versions of TLS and SSL that a server speaks, and the cipher suites of each, with grades.

The server is offered all suites and picks one; that one is taken away, and so on until it picks none. A grade
from A to F is given as the first SSL Server Rating Guide of SSL Labs (2009) does for key exchange and cipher;
the version is not graded. Versions and suites that should not be in use any more are named in warnings.

Every suite of a version costs one connection.
]]

---
-- @usage nseer --script ssl-enum-ciphers -p 443 <target>
-- @output
-- 443/tcp open  https
-- | ssl-enum-ciphers:
-- |   TLSv1.2:
-- |     ciphers:
-- |       TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 (secp256r1) - A
-- |       TLS_RSA_WITH_AES_128_CBC_SHA (rsa 2048) - A
-- |     compressors:
-- |       NULL
-- |     cipher preference: server
-- |_  least strength: A
-- @xmloutput
-- <table key="TLSv1.2">
-- <table key="ciphers">
-- <table>
-- <elem key="name">TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256</elem>
-- <elem key="kex_info">secp256r1</elem>
-- <elem key="strength">A</elem>
-- </table>
-- </table>
-- </table>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "intrusive"}

portrule = tlsprobe.portrule

local VERSIONS = {"SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"}

-- Where a hello with many suites gets no answer, smaller ones are tried, down to this size.
local SMALLEST_OFFER = 40

--
-- Asking
--

-- How a connection ends when a server stumbles over a hello.
local NO_ANSWER = {EOF = true, ERROR = true, TIMEOUT = true}

-- Alerts that say that there is nothing to be had.
local FINAL = {handshake_failure = true, protocol_version = true, insufficient_security = true}

-- The suites that make sense in a version, in a fixed order.
local function suites_of (version)
  local names = {}
  for name in pairs(tls.CIPHERS) do
    local info = tls.cipher_info(name)
    local fits = info.tls13ok and (version == "TLSv1.3" or not info.tls13only)
    if version ~= "TLSv1.3" and not info.tls13only or version == "TLSv1.3" and fits then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return names
end

local function without (names, name)
  local left = {}
  for _, other in ipairs(names) do
    if other ~= name then
      left[#left + 1] = other
    end
  end
  return left
end

-- Whether a smaller offer may get an answer where this one got none.
local function may_be_too_large (offer, answer, why)
  if not answer or #offer <= SMALLEST_OFFER then
    return false
  elseif answer.alert then
    return not FINAL[answer.alert]
  end
  return NO_ANSWER[why] or false
end

-- Calls `found(suite, answer)` for each suite of `offer` that the server takes. Gives false if the server is
-- silent, so that asking on is in vain.
local function ask_all (host, port, version, offer, found)
  while #offer > 0 do
    local answer, why = tlsprobe.hello(host, port, {protocol = version, ciphers = offer})
    local hello = answer and answer.hello
    if not hello then
      if not may_be_too_large(offer, answer, why) then
        return why ~= "TIMEOUT"
      end
      -- Perhaps there were too many for it, or one that it stumbles over.
      local size = why == "TIMEOUT" and SMALLEST_OFFER or #offer // 2
      for first = 1, #offer, size do
        local part = table.move(offer, first, math.min(first + size - 1, #offer), 1, {})
        if not ask_all(host, port, version, part, found) then
          return false
        end
      end
      return true
    end
    local left = hello.cipher and without(offer, hello.cipher) or offer
    if hello.protocol ~= version or #left == #offer then
      return true
    end
    found(hello.cipher, answer)
    offer = left
  end
  return true
end

-- The suite that the server picks from `offer`.
local function picked (host, port, version, offer)
  local answer = tlsprobe.hello(host, port, {protocol = version, ciphers = offer, last = "server_hello"})
  return answer and answer.hello and answer.hello.cipher
end

-- "server" or "client"; or "indeterminate" and why. A server that goes by the client's wish picks another
-- suite when the wishes are turned round.
local function preference (host, port, version, order)
  if #order < 2 then
    return "indeterminate", "Too few ciphers supported"
  end
  local reversed = {}
  for at = #order, 1, -1 do
    reversed[#reversed + 1] = order[at]
  end
  local forward, backward = picked(host, port, version, order), picked(host, port, version, reversed)
  if not forward or not backward then
    return "indeterminate", "The server did not answer"
  end
  return forward == backward and "server" or "client"
end

local function compressors (host, port, version, suites)
  ---@type string[]
  local left = {"DEFLATE", "LZS", "NULL"}
  local found = {}
  for _ = 1, #left do
    local answer = tlsprobe.hello(host, port,
      {protocol = version, ciphers = suites, compressors = left, last = "server_hello"})
    local name = answer and answer.hello and answer.hello.compressor
    local rest = name and without(left, name)
    if not name or #rest == #left then
      break
    end
    found[#found + 1] = name
    if name == "NULL" then
      break
    end
    left = rest
  end
  return found
end

--
-- Grading
--

-- Points for a key exchange with this many bits of RSA.
local function kex_points (bits)
  if bits < 512 then
    return 20
  elseif bits < 1024 then
    return 40
  elseif bits < 2048 then
    return 80
  end
  return bits < 4096 and 90 or 100
end

local function cipher_points (bits)
  if bits == 0 then
    return 0
  elseif bits < 128 then
    return 20
  end
  return bits < 256 and 80 or 100
end

local LETTERS = {{80, "A"}, {65, "B"}, {50, "C"}, {35, "D"}, {20, "E"}}

-- The guide gives 30 parts of 100 to the key exchange and 40 to the cipher.
local function letter (kex, cipher)
  local points = (0.3 * kex + 0.4 * cipher) / 0.7
  for _, step in ipairs(LETTERS) do
    -- The sum of two binary fractions may fall just below a whole number.
    if points >= step[1] - 1e-9 then
      return step[2]
    end
  end
  return "F"
end

local function certificate_key (answer)
  local der = answer.certificate and answer.certificate.certificates[1]
  local cert = der and sslcert.parse_ssl_certificate(der)
  return cert and cert.pubkey, cert
end

-- The server's own parameters in words, and their worth in bits of RSA.
local function parameters (info, answer, version)
  if not info.server_key_exchange then
    return nil
  end
  local data = answer.server_key_exchange and answer.server_key_exchange.data
  if version == "TLSv1.3" then
    data = answer.hello.extensions and answer.hello.extensions.key_share
  end
  local read = data and info.server_key_exchange(data, version)
  if not read or not read.strength then
    return nil
  end
  local kind = info.type or read.type
  local curve = read.ecdhparams and read.ecdhparams.curve_params.curve
  local words = curve or string.format("%s %d", kind, read.strength)
  return words, tls.rsa_equiv(kind, read.strength)
end

-- Warnings of a suite, as far as they follow from its name and key.
local function warn (warnings, info, version, kex_info, kex_bits, key_bits)
  if info.anon then
    warnings["Anonymous key exchange, score capped at F"] = true
  end
  if info.export then
    warnings["Export key exchange, weakened on purpose"] = true
  end
  if info.block_size == 64 then
    warnings["Blocks of 64 bits: " .. info.cipher .. " (SWEET32)"] = true
  end
  if info.cipher == "RC4" then
    warnings["RC4 is broken and prohibited (RFC 7465)"] = true
  end
  if info.cipher == "NULL" then
    warnings["No encryption at all"] = true
  end
  if info.hash == "MD5" then
    warnings["MD5 protects the integrity of messages"] = true
  end
  if version == "SSLv3" and info.mode == "CBC" then
    warnings["CBC in SSLv3 (POODLE, CVE-2014-3566)"] = true
  end
  if kex_bits and key_bits and kex_bits < key_bits then
    warnings[string.format("Key exchange (%s) weaker than certificate key", kex_info)] = true
  end
end

local SHOWN = { __tostring = function (entry)
  if entry.kex_info then
    return string.format("%s (%s) - %s", entry.name, entry.kex_info, entry.strength)
  end
  return entry.name .. " - " .. entry.strength
end }

local function graded (name, answer, version, warnings)
  local info = tls.cipher_info(name)
  local entry = { name = name }
  local key, cert = certificate_key(answer)
  local key_bits = key and info.pubkey and key.bits and tls.rsa_equiv(key.type, key.bits)
  local words, bits = parameters(info, answer, version)
  if not words and key_bits then
    words, bits = string.format("%s %d", key.type, key.bits), key_bits
  end
  entry.kex_info = words
  warn(warnings, info, version, words, bits, key_bits)
  if cert and cert.sig_algorithm and string.find(string.lower(cert.sig_algorithm), "md[25]") then
    warnings["Certificate signed with MD5, score capped at F"] = true
    entry.strength = "F"
  elseif cert and cert.sig_algorithm and string.find(string.lower(cert.sig_algorithm), "sha1") then
    warnings["Certificate signed with SHA-1"] = true
  end
  local strength = bits and key_bits and math.min(bits, key_bits) or bits
  if info.anon or info.cipher == "NULL" then
    entry.strength = "F"
  elseif not entry.strength and strength and info.size then
    entry.strength = letter(info.export and 40 or kex_points(strength), cipher_points(info.size))
  end
  entry.strength = entry.strength or "unknown"
  return setmetatable(entry, SHOWN)
end

-- An output table cannot have a text of its own, so the order of the keys is kept by hand.
SHOWN.__pairs = function (entry)
  local order, at = {"name", "kex_info", "strength"}, 0
  return function ()
    while at < #order do
      at = at + 1
      local value = rawget(entry, order[at])
      if value ~= nil then
        return order[at], value
      end
    end
  end
end

--
-- One version
--

local function examine (host, port, version)
  local order, entries, warnings = {}, {}, {}
  ask_all(host, port, version, suites_of(version), function (name, answer)
    order[#order + 1] = name
    entries[name] = graded(name, answer, version, warnings)
  end)
  if #order == 0 then
    return nil
  end
  local chooser, why = preference(host, port, version, order)
  local out = stdnse.output_table()
  out.ciphers = {}
  if version ~= "TLSv1.3" then
    out.compressors = compressors(host, port, version, order)
  end
  if chooser ~= "server" then
    table.sort(order)
  end
  for i, name in ipairs(order) do
    out.ciphers[i] = entries[name]
  end
  out["cipher preference"] = chooser
  out["cipher preference error"] = why
  local texts = {}
  for text in pairs(warnings) do
    texts[#texts + 1] = text
  end
  table.sort(texts)
  if #texts > 0 then
    out.warnings = texts
  end
  return out
end

local function least (out)
  local worst
  for _, version in ipairs(VERSIONS) do
    for _, entry in ipairs(out[version] and out[version].ciphers or {}) do
      if entry.strength ~= "unknown" and (not worst or entry.strength > worst) then
        worst = entry.strength
      end
    end
  end
  return worst or "unknown"
end

action = function (host, port)
  local found, running = {}, 0
  local done = nmap.condvar(found)
  for _, version in ipairs(VERSIONS) do
    running = running + 1
    stdnse.new_thread(function ()
      local ended = nmap.condvar(found)
      local status, result = pcall(examine, host, port, version)
      if status then
        found[version] = result
      else
        stdnse.debug1("%s: %s", version, tostring(result))
      end
      running = running - 1
      ended("signal")
    end)
  end
  while running > 0 do
    done("wait")
  end
  local out = stdnse.output_table()
  for _, version in ipairs(VERSIONS) do
    out[version] = found[version]
  end
  if #out == 0 then
    return nil
  end
  out["least strength"] = least(out)
  return out
end
