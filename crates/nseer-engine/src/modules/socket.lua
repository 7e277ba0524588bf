-- The parts of the socket methods that call back into scripts. Between these functions and the
-- script is a C function.
local receive, saved, save, limit, check, blame = ...
local error, type, tonumber, pcall = error, type, tonumber, pcall
local find, gsub = string.find, string.gsub

-- Looks for a pattern. An error in it has no position: the caller is none of the script's lines.
local function found(ok, from, to)
  if not ok then
    error(from, 0)
  end
  return from, to
end

-- Asks a function of the script where the delimiter is. Below a C function, since it may not wait.
local function ask(matcher, buffer)
  local from, to
  gsub(".", ".", function()
    from, to = matcher(buffer)
  end)
  return from, to
end

-- Reads until `matcher` finds a delimiter in what was read. The matcher first sees the rest of the
-- last call. What was read by a call that fails is lost; the rest of the last call is not.
return function(...)
  local wrong, text = check(...)
  if wrong then
    return blame(wrong, text)
  end
  local socket, matcher, keep = ...
  local buffer = saved(socket)
  while true do
    local from, to
    if type(matcher) == "string" then
      from, to = found(pcall(find, buffer, matcher))
    else
      from, to = ask(matcher, buffer)
    end
    from, to = tonumber(from), tonumber(to)
    if from and to then
      if from > to or to > #buffer then
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
