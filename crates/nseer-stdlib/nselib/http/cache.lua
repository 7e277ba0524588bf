---
-- The part of <code>http</code> that remembers responses, so that scripts which want the same page ask the server
-- once. Scripts reach it through <code>http</code>.
--
-- Scripts that ask for a page while another one fetches it wait for that one.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name http

local nmap = require "nmap"
local stdnse = require "stdnse"
local tableaux = require "tableaux"
local tonumber = tonumber

local cache = {}

-- What is remembered: entries by their key, and their keys from the oldest on.
local entries, order, oldest, newest = {}, {}, 1, 0
local used = 0

local DEFAULT_SIZE = 1000000

local function capacity ()
  return tonumber(stdnse.get_script_args("http.max-cache-size")) or DEFAULT_SIZE
end

-- A guess at what else an entry takes.
local OVERHEAD = 1000

local function forget_down_to (size)
  while used > size and oldest <= newest do
    local key = order[oldest]
    order[oldest], oldest = nil, oldest + 1
    local entry = entries[key]
    if entry and entry.response then
      used = used - entry.size
      entries[key] = nil
    end
  end
end

local function remember (key, entry, response, without_body)
  if without_body then
    response = tableaux.shallow_tcopy(response)
    response.body, response.rawbody = "", ""
  end
  entry.response, entry.lacks_body = response, without_body
  entry.size = OVERHEAD + #(response.body or "") + #(response.rawbody or "")
  newest = newest + 1
  order[newest] = key
  used = used + entry.size
  forget_down_to(capacity())
end

-- Scripts may change what they are given.
local function copy (response)
  return tableaux.tcopy(response)
end

--- The response for `key`: the one that is remembered, or what `fetch` gives. `bypass` asks anew; `without_body`
-- says that a remembered body is not needed and a new one not to be kept.
function cache.get (key, fetch, bypass, without_body)
  local entry = entries[key] or {}
  entries[key] = entry
  local mutex, asked = nmap.mutex(entry), nmap.clock_ms()
  mutex "lock"
  if entry.failure and entry.failed_at >= asked and not bypass then
    -- Somebody else tried while this one waited.
    mutex "done"
    return copy(entry.failure)
  end
  local response = entry.response
  if response and not bypass and (without_body or not entry.lacks_body) then
    mutex "done"
    return copy(response)
  end
  response = fetch()
  if not response.status then
    entry.failure, entry.failed_at = response, nmap.clock_ms()
  end
  if response.status and not entry.response then
    -- The entry may have been dropped and made anew in the meantime.
    if entries[key] == nil then
      entries[key] = entry
    end
    if entries[key] == entry then
      remember(key, entry, response, without_body)
    end
  elseif not entry.response and entries[key] == entry then
    entries[key] = nil
  end
  mutex "done"
  return copy(response)
end

return cache
