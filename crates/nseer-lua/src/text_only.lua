-- Takes the loaders of precompiled code and of C libraries away from scripts.
local load, loadfile, select = load, loadfile, select
function _G.load(chunk, name, mode, ...)
  if select("#", ...) > 0 then
    return load(chunk, name, "t", (...))
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
