-- Takes the loaders of precompiled code and of C libraries away from scripts.
local error, load, loadfile, select, type = error, load, loadfile, select, type
function _G.load(...)
  local chunk, name = ...
  local kind = select("#", ...) == 0 and "no value" or type(chunk)
  if kind ~= "string" and kind ~= "number" and kind ~= "function" then
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
