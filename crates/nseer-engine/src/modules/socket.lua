-- The parts of the socket methods that call back into scripts. Between these functions and the
-- script is a C function.
local receive, saved, save, limit = ...
local error, type, find, select = error, type, string.find, select

local function refuse(n, expected, ...)
  local got = select("#", ...) < n and "no value" or type((select(n, ...)))
  error("bad argument #" .. n .. " to 'receive_buf' (" .. expected .. " expected, got " .. got .. ")", 4)
end

-- Reads until `matcher` finds a delimiter in what was read. The matcher first sees the rest of the
-- last call. What was read by a call that fails is lost; the rest of the last call is not.
return function(socket, ...)
  local matcher, keep = ...
  if type(matcher) == "string" then
    local pattern = matcher
    matcher = function(buffer)
      return find(buffer, pattern)
    end
  elseif type(matcher) ~= "function" then
    refuse(1, "function/string", ...)
  end
  if type(keep) ~= "boolean" then
    refuse(2, "boolean", ...)
  end
  local buffer = saved(socket)
  while true do
    local from, to = matcher(buffer)
    if from then
      if type(from) ~= "number" or type(to) ~= "number" or from > to or to > #buffer then
        error("invalid indices for match", 3)
      end
      save(socket, buffer:sub(to + 1))
      return true, buffer:sub(1, keep and to or from - 1)
    end
    if #buffer > limit then
      return nil, "ERROR"
    end
    local ok, data = receive(socket)
    if not ok then
      return ok, data
    end
    buffer = buffer .. data
  end
end
