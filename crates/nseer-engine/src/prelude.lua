-- The Lua half of the engine: how libraries are found and how a script's thread begins. Runs once
-- in a new state, after the natives are in place.
local host = ...
local find_library = host.find_library
local record_result, acting = host.record_result, host.acting
local report_missing, new_thread, wording = host.report_missing, host.new_thread, host.wording
local load, error, pcall, rawget, rawset, rawequal = load, error, pcall, rawget, rawset, rawequal
local setmetatable, select, type, require = setmetatable, select, type, require
local traceback, getinfo, status = debug.traceback, debug.getinfo, coroutine.status
local loaded, unpack = package.loaded, table.unpack
local find, gsub = string.find, string.gsub

-- Of Lua's own limits it says neither where they were met nor in one line.
local function placed(path, reason)
  if find(reason, "^[^\n]-:%d+: ") then
    return reason
  end
  return path .. ": " .. gsub(reason, "\nstack traceback:.*", "")
end

-- Libraries come from the data directories first.
table.insert(package.searchers, 1, function(name)
  local library, path, reason = find_library(name)
  if reason then
    error(placed(path, reason), 0)
  end
  if not library then
    return path
  end
  return library, path
end)

-- Thrown by a script that can do without itself when a library is missing.
local MISSING = {}

local function silent_require(...)
  local ok, result = pcall(require, ...)
  if not ok then
    -- A library that does without itself has said what it misses.
    if not rawequal(result, MISSING) then
      report_missing(result)
    end
    error(MISSING)
  end
  return result
end

local stdnse = require "stdnse"

local late = {
  silent_require = silent_require,
  base = host.base,
  gettid = host.gettid,
  getid = host.getid,
  getinfo = host.getinfo,
  gethostport = host.gethostport,
  isworker = host.isworker,
}

function late.new_thread(f, ...)
  if type(f) ~= "function" then
    error("function expected", 2)
  end
  local co, failure = new_thread(f, ...)
  return co, function()
    return status(co), failure()
  end
end

for name, value in pairs(late) do
  rawset(stdnse, name, value)
end

-- Why a script does not compile. What is said of the script alone does not speak of what was put around it.
local function refusal(path, reason, source)
  local _, own = load(source, "@" .. path, "t")
  return placed(path, own or reason)
end

local meta = { __index = _G }

-- The fields that a script is likely to set are named, so that the table has room for them at once.
local function environment(path, id, rule)
  return setmetatable({
    SCRIPT_PATH = path,
    SCRIPT_NAME = id,
    SCRIPT_TYPE = rule,
    description = nil,
    author = nil,
    license = nil,
    categories = nil,
    dependencies = nil,
    hostrule = nil,
    portrule = nil,
    action = nil,
  }, meta)
end

-- Runs the top level once to see what the script is. Gives the environment; or false where the
-- script can do without itself; or nil and the error.
local function look(chunk, path, id)
  local env = environment(path, id)
  local co = coroutine.create(chunk(env))
  local ok, reason = coroutine.resume(co)
  if not ok then
    if rawequal(reason, MISSING) then
      return false
    end
    reason = wording(reason)
    return nil, reason, traceback(co, reason)
  end
  if status(co) ~= "dead" then
    return nil, path .. ": the top level yielded; it must not wait"
  end
  return env
end

-- The body of a script's thread: top level, rule, action.
local function main(chunk, path, id, rule, forced, ...)
  local env = environment(path, id, rule)
  chunk(env)()
  if forced or rawget(env, rule)(...) then
    acting()
    -- No tail call: a thread that overstayed in there is stopped at the next instruction.
    record_result(env.action(...))
  end
end

-- Tells of a rule whether it is a function of the library for rules, which looks at nothing but its
-- arguments and talks to nobody.
local function is_plain(rule)
  local library = rawget(loaded, "shortport")
  local sample = type(library) == "table" and rawget(library, "portnumber")
  if type(sample) ~= "function" or rawequal(rule, rawget(library, "ssl")) then
    return false
  end
  return getinfo(rule, "S").source == getinfo(sample, "S").source
end

-- Gives what each rule says; nil for one that fails, which does so again in its script's thread.
local function scout(rules, ...)
  local answers, count = {}, #rules
  for i = 1, count do
    local ok, answer = pcall(rules[i], ...)
    if ok then
      answers[i] = not not answer
    end
  end
  return unpack(answers, 1, count)
end

-- From here on a misspelt global is an error.
require "strict"(_G)

return { refusal = refusal, look = look, main = main, is_plain = is_plain, scout = scout }
