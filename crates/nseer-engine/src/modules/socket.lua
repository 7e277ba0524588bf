-- The parts of the socket methods that call back into scripts.
local receive, saved, save, limit = ...
local error, type, find, tostring = error, type, string.find, tostring

-- Reads until `matcher` finds a delimiter in what was read. The matcher first sees the rest of the
-- last call. What was read by a call that fails is lost; the rest of the last call is not.
return function(socket, matcher, keep)
  if type(matcher) == "string" or type(matcher) == "number" then
    local pattern = tostring(matcher)
    matcher = function(buffer)
      return find(buffer, pattern)
    end
  elseif type(matcher) ~= "function" then
    error("bad argument #1 to 'receive_buf' (function/string expected, got " .. type(matcher) .. ")", 2)
  end
  if type(keep) ~= "boolean" then
    local got = keep == nil and "no value" or type(keep)
    error("bad argument #2 to 'receive_buf' (boolean expected, got " .. got .. ")", 2)
  end
  local buffer = saved(socket)
  while true do
    local from, to = matcher(buffer)
    if from then
      if type(from) ~= "number" or type(to) ~= "number" or from > to or to > #buffer then
        error("invalid indices for match", 2)
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
