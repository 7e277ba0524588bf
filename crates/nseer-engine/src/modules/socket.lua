-- The parts of the socket methods that call back into scripts. Between these functions and the
-- script is a C function.
local receive, saved, save, limit, check, blame = ...
local error, type, find = error, type, string.find

-- Reads until `matcher` finds a delimiter in what was read. The matcher first sees the rest of the
-- last call. What was read by a call that fails is lost; the rest of the last call is not.
return function(...)
  local wrong, text = check(...)
  if wrong then
    return blame(wrong, text)
  end
  local socket, matcher, keep = ...
  if type(matcher) == "string" then
    local pattern = matcher
    matcher = function(buffer)
      return find(buffer, pattern)
    end
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
