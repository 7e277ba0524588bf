local math = require "math"
local stdnse = require "stdnse"
local string = require "string"
local tls = require "tls"
local tlsprobe = require "tlsprobe"

description = [[
Tells whether a TLS server staples: whether it sends, with its certificate, the authority's word that the
certificate was not revoked (RFC 6066, section 8, and RFC 6960).

TLS 1.2 is asked, where the answer is not encrypted. Signatures are not checked.
]]

---
-- @usage nseer -p 443 --script tls-ocsp-stapling <target>
-- @output
-- 443/tcp open  https
-- | tls-ocsp-stapling:
-- |   stapled: true
-- |   response: successful
-- |   certificate: good
-- |   thisUpdate: 2026-11-26T00:00:00
-- |_  nextUpdate: 2026-12-03T00:00:00
-- @xmloutput
-- <elem key="stapled">true</elem>
-- <elem key="response">successful</elem>
-- <elem key="certificate">good</elem>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = tlsprobe.portrule

-- RFC 6960, section 4.2.1.
local RESPONSES = {
  [0] = "successful", "malformedRequest", "internalError", "tryLater", nil, "sigRequired", "unauthorized",
}
local STATES = { [0x80] = "good", [0xA1] = "revoked", [0x81] = "revoked", [0x82] = "unknown", [0xA2] = "unknown" }

-- Type 1 is OCSP; no responders and no extensions are named.
local REQUEST = string.pack(">BI2I2", 1, 0, 0)

-- The DER element at `pos`: its tag, first and last byte of its contents. Nil if it does not fit.
local function element (data, pos, stop)
  if pos + 1 > stop then
    return nil
  end
  local tag, length = string.byte(data, pos, pos + 1)
  local first = pos + 2
  if length >= 0x80 then
    local count = length & 0x7F
    if count == 0 or count > 4 or first + count - 1 > stop then
      return nil
    end
    length = string.unpack(">I" .. count, data, first)
    first = first + count
  end
  if first + length - 1 > stop then
    return nil
  end
  return tag, first, first + length - 1
end

-- Goes into the elements of a path: each step is how many elements to pass over, and the tag to find there.
local function descend (data, path)
  local first, last, tag = 1, #data, nil
  for _, step in ipairs(path) do
    local pos = first
    for _ = 1, step[1] do
      local _, _, stop = element(data, pos, last)
      if not stop then
        return nil
      end
      pos = stop + 1
    end
    tag, first, last = element(data, pos, last)
    if not tag or step[2] and tag ~= step[2] then
      return nil
    end
  end
  return first, last
end

local SEQUENCE, OCTETS, ENUMERATED, TIME = 0x30, 0x04, 0x0A, 0x18

local function time_in (data, first, last)
  local year, month, day, hour, min, sec =
    string.match(string.sub(data, first, last), "^(%d%d%d%d)(%d%d)(%d%d)(%d%d)(%d%d)(%d%d)")
  return year and string.format("%s-%s-%sT%s:%s:%s", year, month, day, hour, min, sec)
end

-- Skips the optional version in front of a ResponseData. Gives the position of the responses.
local function responses_at (data, first, last)
  local pos = first
  for _ = 1, 4 do
    local tag, inside, stop = element(data, pos, last)
    if not tag then
      return nil
    elseif tag == SEQUENCE then
      return inside, stop
    end
    pos = stop + 1
  end
end

local function basic_response (out, data)
  local first, last = descend(data, {{0, SEQUENCE}, {0, SEQUENCE}})
  local inside, stop = responses_at(data, first or 1, last or 0)
  local tag
  -- The first SingleResponse: which certificate, its state, two times.
  tag, inside, stop = element(data, inside or 1, stop or 0)
  local _, _, after = element(data, inside or 1, tag and stop or 0)
  if not after or not stop then
    return
  end
  local state, _, ending = element(data, after + 1, stop)
  out.certificate = STATES[state]
  local kind, from, to = element(data, (ending or stop) + 1, stop)
  if kind == TIME then
    out.thisUpdate = time_in(data, from, to)
    kind, from, to = element(data, to + 1, stop)
  end
  if kind == 0xA0 then
    kind, from, to = element(data, from, to)
    out.nextUpdate = kind == TIME and time_in(data, from, to) or nil
  end
end

local function describe (out, data)
  local first, last = descend(data, {{0, SEQUENCE}, {0, ENUMERATED}})
  if not first or last ~= first then
    return
  end
  out.response = RESPONSES[string.byte(data, first)] or "unknown"
  -- ResponseBytes: the kind of response and its bytes.
  first, last = descend(data, {{0, SEQUENCE}, {1, 0xA0}, {0, SEQUENCE}, {1, OCTETS}})
  if first then
    basic_response(out, string.sub(data, first, last))
  end
end

action = function (host, port)
  local answer, why = tlsprobe.hello(host, port, {
    protocol = "TLSv1.2",
    extensions = { status_request = tls.EXTENSION_HELPERS.status_request(REQUEST) },
  })
  if not (answer and answer.hello) then
    stdnse.debug1("no ServerHello: %s", answer and answer.alert or why)
    return nil
  end
  local out = stdnse.output_table()
  local status = answer.certificate_status and answer.certificate_status.data
  out.stapled = status ~= nil
  -- Type 1 and the length of the response in three bytes.
  if status and #status >= 4 and string.byte(status) == 1 then
    local length = string.unpack(">I3", status, 2)
    describe(out, string.sub(status, 5, math.min(#status, 4 + length)))
  end
  return out
end
