---
-- The part of <code>http</code> that has many requests answered over few connections. Scripts reach it through
-- <code>http</code>.
--
-- Written from RFC 9112, section 9.3.2 (pipelining).
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name http

local math = require "math"
local message = require "http.message"
local requests = require "http.requests"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local tonumber = tonumber

local pipeline = {}

local DEFAULT_LIMIT = 40

--- Adds a request to those that <code>pipeline_go</code> sends.
-- @usage
-- local all = http.pipeline_add("/a", nil, nil)
-- all = http.pipeline_add("/b", nil, all, "HEAD")
-- local responses = http.pipeline_go(host, port, all)
-- @param path Path with query.
-- @param options Table of options of the request, optional.
-- @param all_requests What this function gave for the request before; nil for the first one.
-- @param method The method. Default: <code>GET</code>.
-- @return Array of the requests.
function pipeline.pipeline_add (path, options, all_requests, method)
  all_requests = all_requests or {}
  all_requests[#all_requests + 1] = { path = path, options = options or {}, method = method or "GET" }
  return all_requests
end

local function limit ()
  local given = stdnse.get_script_args("http.max-pipeline", "http.pipeline")
  return math.max(1, math.tointeger(tonumber(given)) or DEFAULT_LIMIT)
end

-- Sends `count` requests from `first` on over a connection, with one write, and reads what is answered into
-- `responses`. Gives how many responses came, and whether the connection stays open for more.
local function exchange (line, batch, first, count, responses)
  for i = first, first + count - 1 do
    local request = batch[i]
    local options = requests.checked(request.options)
    local response = message.read(line.reader, request.method, options, requests.body_limit(options))
    if not response.status then
      -- An answer that came in part is one; without any, the request is sent again.
      if response.incomplete then
        responses[i] = response
        return i - first + 1, false
      end
      return i - first, false
    end
    responses[i] = response
    response.ssl = line.proto == "ssl"
    if not message.stays_open(response) then
      return i - first + 1, false
    end
  end
  return count, true
end

-- The text of `count` requests; only the last one of all closes the connection.
local function text_of (host, port, batch, first, count)
  local pieces = {}
  for i = first, first + count - 1 do
    local request = batch[i]
    local options = requests.checked(request.options)
    local connection = i == #batch and "close" or "keep-alive"
    pieces[#pieces + 1] =
      requests.build(host, port, request.method, request.path, options, { { "Connection", connection } })
  end
  return table.concat(pieces)
end

-- How many requests the server wants on one connection.
local function wanted_by (response)
  local most = response and string.match(response.header["keep-alive"] or "", "max=(%d+)")
  return most and math.tointeger(tonumber(most)) or math.huge
end

-- A connection for the batch at `first`; or nil and a reason.
local function open (host, port, batch, first, count)
  local options = requests.checked(batch[first].options)
  local socket, reader, proto = requests.open(host, port, text_of(host, port, batch, first, count), options)
  if not socket then
    return nil, reader
  end
  return { socket = socket, reader = reader, proto = proto, left = math.huge }
end

--- Sends requests, several at once where the server keeps connections open, and one by one where not.
-- @param host Host table, address or name.
-- @param port Port table or number.
-- @param all_requests Array of requests, as <code>pipeline_add</code> gives it.
-- @return Array of the responses, in the order of the requests. If the server stops answering it is shorter; nil
--         if there was no answer at all.
function pipeline.pipeline_go (host, port, all_requests)
  local responses, at, line = {}, 1, nil
  local most, size, failures = limit(), 1, 0
  while all_requests and at <= #all_requests do
    local count = math.min(size, most, #all_requests - at + 1, line and line.left or math.huge)
    local reason
    if line then
      local status
      status, reason = line.socket:send(text_of(host, port, all_requests, at, count))
      if not status then
        line.socket:close()
        line = nil
      end
    end
    if not line then
      line, reason = open(host, port, all_requests, at, count)
    end
    if not line then
      stdnse.debug1("pipeline: %s", reason)
      return #responses > 0 and responses or nil
    end
    line.reader.deadline = requests.deadline(all_requests[at].options or {})
    local got, stays = exchange(line, all_requests, at, count, responses)
    at = at + got
    failures = got == 0 and failures + 1 or 0
    line.left = math.min(line.left, wanted_by(responses[at - 1]))
    if not stays or line.left < 1 then
      line.socket:close()
      line = nil
    end
    if failures >= 2 then
      break
    end
    -- More at a time only if the server answers all of them; the first answer tells nothing of its patience.
    size = stays and most or math.max(1, got)
  end
  if line then
    line.socket:close()
  end
  return (#responses > 0 or not all_requests or #all_requests == 0) and responses or nil
end

--- For older scripts: adds a request. Use <code>pipeline_add</code>.
function pipeline.addPipeline (host, port, path, options, ignored, allReqs, method)
  return pipeline.pipeline_add(path, options, allReqs, method)
end

--- For older scripts: adds a request. Use <code>pipeline_add</code>.
function pipeline.pGet (host, port, path, options, ignored, allReqs)
  return pipeline.pipeline_add(path, options, allReqs, "GET")
end

--- For older scripts: adds a request. Use <code>pipeline_add</code>.
function pipeline.pHead (host, port, path, options, ignored, allReqs)
  return pipeline.pipeline_add(path, options, allReqs, "HEAD")
end

return pipeline
