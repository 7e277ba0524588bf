local datetime = require "datetime"
local nmap = require "nmap"
local sslcert = require "sslcert"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local tlsprobe = require "tlsprobe"

description = [[
Shows whose certificate a TLS server has.

With verbosity, more is shown: issuer, key, signature, fingerprints; with <code>-vv</code> the certificate itself
in PEM. The structured result always has all of it. Services that begin with TLS on a command of their own
(SMTP, IMAP, POP3, FTP, LDAP, XMPP, PostgreSQL, MySQL and others) are asked in their way.
]]

---
-- @usage nseer --script ssl-cert -p 443 <target>
-- @output
-- 443/tcp open  https
-- | ssl-cert: Subject: commonName=www.example.org/organizationName=Example/countryName=CH
-- | Subject Alternative Name: DNS:www.example.org
-- | Not valid before: 2026-01-31T10:00:00
-- |_Not valid after:  2027-01-31T10:00:00
-- @xmloutput
-- <table key="subject"><elem key="commonName">www.example.org</elem></table>
-- <table key="validity"><elem key="notBefore">2026-01-31T10:00:00</elem></table>
-- @see ssl-cert-expiry.nse

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "safe", "discovery"}

portrule = tlsprobe.portrule

-- The attributes shown first, from the name of the server outwards.
local ATTRIBUTES = {"commonName", "organizationName", "stateOrProvinceName", "countryName"}

local function name_of (attributes)
  local parts = {}
  for _, key in ipairs(ATTRIBUTES) do
    if attributes[key] then
      parts[#parts + 1] = key .. "=" .. attributes[key]
    end
  end
  if #parts > 0 then
    return table.concat(parts, "/")
  end
  for key, value in pairs(attributes) do
    parts[#parts + 1] = (type(key) == "table" and table.concat(key, ".") or key) .. "=" .. value
  end
  table.sort(parts)
  return table.concat(parts, "/")
end

-- The attributes with text keys, in a fixed order.
local function structured_name (attributes)
  local keys, names = {}, {}
  for key in pairs(attributes) do
    local text = type(key) == "table" and table.concat(key, ".") or key
    keys[#keys + 1], names[text] = text, attributes[key]
  end
  table.sort(keys)
  local out = stdnse.output_table()
  for _, key in ipairs(keys) do
    out[key] = names[key]
  end
  return out
end

local function time_of (when)
  return type(when) == "table" and datetime.format_timestamp(when) or when
end

local function structured_key (key)
  local out = stdnse.output_table()
  out.type = key.type
  out.bits = key.bits
  out.modulus = key.modulus and key.modulus:tohex()
  out.exponent = key.exponent and key.exponent:todec()
  local curve = key.ecdhparams and key.ecdhparams.curve_params
  if curve then
    local params = stdnse.output_table()
    params.ec_curve_type = curve.ec_curve_type
    params.curve = curve.curve
    out.ecdhparams = { curve_params = params }
  end
  return out
end

local function structured (cert)
  local out = stdnse.output_table()
  out.subject = structured_name(cert.subject)
  out.issuer = structured_name(cert.issuer)
  out.pubkey = structured_key(cert.pubkey)
  if cert.extensions and #cert.extensions > 0 then
    out.extensions = {}
    for i, extension in ipairs(cert.extensions) do
      local t = stdnse.output_table()
      t.name = extension.name
      t.value = extension.value
      t.critical = extension.critical
      out.extensions[i] = t
    end
  end
  out.sig_algo = cert.sig_algorithm
  out.validity = stdnse.output_table()
  out.validity.notBefore = time_of(cert.validity.notBefore)
  out.validity.notAfter = time_of(cert.validity.notAfter)
  out.md5 = stdnse.tohex(cert:digest("md5"))
  out.sha1 = stdnse.tohex(cert:digest("sha1"))
  out.pem = cert.pem
  return out
end

local function other_names (cert)
  for _, extension in ipairs(cert.extensions or {}) do
    if extension.name == "X509v3 Subject Alternative Name" then
      return extension.value
    end
  end
end

local function text_of (cert, out)
  local verbosity = nmap.verbosity()
  local lines = {"Subject: " .. name_of(cert.subject)}
  local function line (label, value)
    if value then
      lines[#lines + 1] = label .. tostring(value)
    end
  end
  line("Subject Alternative Name: ", other_names(cert))
  if verbosity > 0 then
    line("Issuer: ", name_of(cert.issuer))
    line("Public Key type: ", cert.pubkey.type)
    line("Public Key bits: ", cert.pubkey.bits)
    line("Signature Algorithm: ", cert.sig_algorithm)
  end
  line("Not valid before: ", out.validity.notBefore)
  line("Not valid after:  ", out.validity.notAfter)
  if verbosity > 0 then
    line("MD5:   ", out.md5)
    line("SHA-1: ", out.sha1)
  end
  if verbosity > 1 then
    line("", string.match(cert.pem, "^(.-)\n*$"))
  end
  return table.concat(lines, "\n")
end

action = function (host, port)
  local status, cert = sslcert.getCertificate(host, port)
  if not status then
    stdnse.debug1("%s", cert)
    return nil
  end
  local out = structured(cert)
  return out, text_of(cert, out)
end
