---
-- The part of <code>http</code> about logging in. Scripts reach it through <code>http</code>.
--
-- Written from RFC 9110, section 11 (challenges), RFC 7617 (Basic) and RFC 7616 (Digest).
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name http

local base64 = require "base64"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local have_openssl, openssl = pcall(require, "openssl")
local ipairs = ipairs

local authentication = {}

local TOKEN = "[%w!#$%%&'*+.^_`|~-]+"

-- A token or a quoted string at `at`. Gives it and where the next thing begins; or nil.
local function value_at (text, at)
  if string.sub(text, at, at) ~= '"' then
    local token, after = string.match(text, "^(" .. TOKEN .. ")()", at)
    return token, after
  end
  local pieces, from = {}, at + 1
  while true do
    local piece, mark, after = string.match(text, '^([^"\\]*)(["\\])()', from)
    if not piece then
      return nil
    end
    pieces[#pieces + 1] = piece
    if mark == '"' then
      return table.concat(pieces), after
    end
    pieces[#pieces + 1] = string.sub(text, after, after)
    from = after + 1
  end
end

-- The parameters from `at` on, into `params`. Gives where the next challenge begins; nil if it is no list.
local function params_at (text, at, params)
  while true do
    at = string.match(text, "^[%s,]*()", at)
    local name, after = string.match(text, "^(" .. TOKEN .. ")%s*=%s*()", at)
    if not name then
      return at
    end
    local value
    value, at = value_at(text, after)
    if not value then
      return nil
    end
    params[string.lower(name)] = value
    -- There should be a comma, which some servers leave out after a quoted string.
    local is_quoted = string.sub(text, at - 1, at - 1) == '"'
    if not string.find(text, is_quoted and "^[%s,]" or "^%s*,", at) and string.find(text, "%S", at) then
      return nil
    end
  end
end

--- Reads the challenges of a <code>WWW-Authenticate</code> field.
-- @usage
-- local challenges = http.parse_www_authenticate(response.header["www-authenticate"])
-- -- {{scheme = "Basic", params = {realm = "staff"}}}
-- @param s Value of the field.
-- @return Array of tables with <code>scheme</code> and <code>params</code>, a table with names in lower case;
--         nil if it cannot be read.
function authentication.parse_www_authenticate (s)
  local challenges, at = {}, string.match(s, "^[%s,]*()")
  while at <= #s do
    local scheme, after = string.match(s, "^(" .. TOKEN .. ")%s*()", at)
    if not scheme then
      return nil
    end
    local challenge = { scheme = scheme, params = {} }
    challenges[#challenges + 1] = challenge
    at = params_at(s, after, challenge.params)
    -- A scheme without parameters ends at a comma, so the next one is separated from it.
    if not at then
      return nil
    end
  end
  return challenges
end

--- The value of an `Authorization` field for Basic.
function authentication.basic (username, password)
  return "Basic " .. base64.enc((username or "") .. ":" .. (password or ""))
end

local function md5 (text)
  return stdnse.tohex(openssl.md5(text))
end

local function sha256 (text)
  return stdnse.tohex(openssl.digest("sha256", text))
end

local HASHES = { ["md5"] = md5, ["md5-sess"] = md5, ["sha-256"] = sha256, ["sha-256-sess"] = sha256 }

--- The first Digest challenge that can be answered; nil if there is none.
function authentication.digest_challenge (field)
  for _, challenge in ipairs(field and authentication.parse_www_authenticate(field) or {}) do
    local params = challenge.params
    if have_openssl and string.lower(challenge.scheme) == "digest" and params.realm and params.nonce
        and HASHES[string.lower(params.algorithm or "md5")] then
      return params
    end
  end
end

--- The value of an `Authorization` field for Digest (RFC 7616, section 3.4).
function authentication.digest (params, method, uri, auth, cnonce)
  local algorithm = string.lower(params.algorithm or "md5")
  local hash = HASHES[algorithm]
  local username, password = auth.username or "", auth.password or ""
  cnonce = cnonce or stdnse.tohex(nmap.get_random_bytes(8))
  local count = "00000001"
  local secret = hash(username .. ":" .. params.realm .. ":" .. password)
  if string.find(algorithm, "-sess", 1, true) then
    secret = hash(secret .. ":" .. params.nonce .. ":" .. cnonce)
  end
  local request = hash(method .. ":" .. uri)
  local has_qop = string.find(string.lower("," .. (params.qop or "") .. ","), "[,%s]auth[,%s]") ~= nil
  local response
  if has_qop then
    response = hash(table.concat({ secret, params.nonce, count, cnonce, "auth", request }, ":"))
  else
    response = hash(secret .. ":" .. params.nonce .. ":" .. request)
  end
  local function quoted (text)
    return '"' .. string.gsub(text, '["\\]', "\\%0") .. '"'
  end
  local fields = {
    "username=" .. quoted(username), "realm=" .. quoted(params.realm), "nonce=" .. quoted(params.nonce),
    "uri=" .. quoted(uri), 'response="' .. response .. '"',
  }
  if params.algorithm then
    fields[#fields + 1] = "algorithm=" .. params.algorithm
  end
  if params.opaque then
    fields[#fields + 1] = "opaque=" .. quoted(params.opaque)
  end
  if has_qop then
    fields[#fields + 1] = 'qop=auth, nc=' .. count .. ', cnonce="' .. cnonce .. '"'
  end
  return "Digest " .. table.concat(fields, ", ")
end

return authentication
