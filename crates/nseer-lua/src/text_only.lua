-- Takes the loaders of precompiled code and of C libraries away from scripts.
local error, load, loadfile, select, type = error, load, loadfile, select, type
function _G.load(...)
  local chunk, name = ...
  local kind = select("#", ...) == 0 and "no value" or type(chunk)
  if kind == "function" then
    -- A function in C that always has more to give is not stopped by itself.
    local reader = chunk
    chunk = function()
      local piece = reader()
      return piece
    end
  elseif kind ~= "string" and kind ~= "number" then
    error(("bad argument #1 to 'load' (function expected, got %s)"):format(kind), 2)
  end
  if select("#", ...) > 3 then
    return load(chunk, name, "t", (select(4, ...)))
  end
  return load(chunk, name, "t")
end
function _G.loadfile(name, mode, ...)
  if select("#", ...) > 0 then
    return loadfile(name, "t", (...))
  end
  return loadfile(name, "t")
end
function _G.dofile(name)
  local chunk, reason = loadfile(name, "t")
  if not chunk then
    error(reason, 2)
  end
  return chunk()
end
package.cpath = ""
while #package.searchers > 2 do
  table.remove(package.searchers)
end
