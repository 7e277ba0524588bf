-- What scripts see of the metatables of the engine's objects. The real ones hold functions that
-- trust their argument, so not even `debug.getmetatable` gives them; it gives what `getmetatable` does.
-- Objects of Lua's own library show theirs, whose functions check.
local raw, getmetatable, type = debug.getmetatable, getmetatable, type

function debug.getmetatable(...)
  local value = ...
  if type(value) == "userdata" then
    return getmetatable(value)
  end
  return raw(...)
end

return raw
