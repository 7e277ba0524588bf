-- The Lua half of the scheduler. Runs once in a new state, before anything else.
--
-- TOKEN is the one value that a waiting thread yields; it never leaves this file. DROP tells a
-- suspended thread that it is about to be closed.
local enter, leave, glance = ...
local raw_resume, raw_yield = coroutine.resume, coroutine.yield
local raw_close, raw_status, raw_create = coroutine.close, coroutine.status, coroutine.create
local raw_traceback, isyieldable = debug.traceback, coroutine.isyieldable
local error, rawequal, type, tostring = error, rawequal, type, tostring
local getinfo, next, loaded = debug.getinfo, next, package.loaded

local TOKEN, DROP = {}, {}
local DONE, WAIT = 0, 1
local RETURNED, WAITING, FAILED, STRAY = 0, 1, 2, 3

-- The name of a function as a field of a loaded module, as Lua's own messages look for it.
local function global_name(f)
  for module, fields in next, loaded do
    if type(module) == "string" and type(fields) == "table" then
      for name, value in next, fields do
        if type(name) == "string" and rawequal(value, f) then
          return module == "_G" and name or module .. "." .. name
        end
      end
    end
  end
end

-- Raises the error of argument `n` of the C function that is `level` levels up, in the words of
-- Lua's own functions; where `n` is 0, just `text`.
local function blame(level, n, text)
  if n ~= 0 then
    local called = getinfo(level, "nf")
    if called.namewhat == "method" then
      n = n - 1
    end
    local name = called.name or global_name(called.func) or "?"
    if n == 0 then
      text = ("calling '%s' on bad self (%s)"):format(name, text)
    else
      text = ("bad argument #%d to '%s' (%s)"):format(n, name, text)
    end
  end
  error(text, level + 1)
end

-- What a native call that had to wait gives back. `want` and `got` are request numbers: they
-- differ when somebody else resumed this coroutine.
local function finish(want, got, ok, ...)
  if rawequal(got, DROP) then
    raw_yield(TOKEN)
  end
  if got ~= want then
    error("coroutine resumed while it was waiting", 3)
  end
  if ok then
    return ...
  end
  return blame(2, ...)
end

-- What `glance` said of the request `want`: that it is over already, or that it takes time.
local function glanced(want, status, ...)
  if status == DONE then
    return ...
  elseif status == WAIT then
    return finish(want, raw_yield(TOKEN))
  end
  return blame(2, ...)
end

-- Turns a native's (status, values...) into its values, a wait or an error. Called by the C function
-- around the native, and goes on in tail calls alone, so that this is level 2, and level 3 is the script.
local function settle(status, ...)
  if status == DONE then
    return ...
  elseif status == WAIT then
    -- Where nothing may wait, that is an error, even for what would take no time.
    if not isyieldable() then
      return raw_yield(TOKEN)
    end
    return glanced((...), glance())
  end
  return blame(2, ...)
end

local forward

-- The values with which the scheduler wakes a thread, on their way to the inner coroutine `co`.
local function inward(co, first, ...)
  if rawequal(first, DROP) then
    raw_resume(co, DROP)
    raw_close(co)
    raw_yield(TOKEN)
  end
  enter(co)
  return forward(co, raw_resume(co, first, ...))
end

-- The values that `co` yielded or returned, on their way outward. The token is passed on; a tail
-- call, so that any number of waits costs no stack.
function forward(co, ok, ...)
  leave()
  if ok and rawequal((...), TOKEN) then
    return inward(co, raw_yield(TOKEN))
  end
  return ok, ...
end

function coroutine.resume(co, ...)
  if type(co) ~= "thread" then
    error("bad argument #1 to 'resume' (coroutine expected)", 2)
  end
  enter(co)
  return forward(co, raw_resume(co, ...))
end

local function unwrap(co, ok, ...)
  if ok then
    return ...
  end
  local reason = (...)
  if raw_status(co) == "dead" then
    raw_close(co)
  end
  error(reason, 2)
end

function coroutine.wrap(f)
  if type(f) ~= "function" then
    error("bad argument #1 to 'wrap' (function expected)", 2)
  end
  local co = raw_create(f)
  return function(...)
    enter(co)
    return unwrap(co, forward(co, raw_resume(co, ...)))
  end
end

local function outcome(co, ok, ...)
  if not ok then
    return FAILED, ...
  elseif raw_status(co) == "dead" then
    return RETURNED, ...
  elseif rawequal((...), TOKEN) then
    return WAITING
  end
  return STRAY
end

-- Runs a base thread until it waits or ends.
local function step(co, ...)
  return outcome(co, raw_resume(co, ...))
end

-- Ends a suspended base thread: inner coroutines first, so that their `<close>` variables run.
local function drop(co, waiting)
  if waiting then
    raw_resume(co, DROP)
  end
  raw_close(co)
end

local function traceback(co, reason)
  if type(reason) ~= "string" then
    reason = tostring(reason)
  end
  return raw_traceback(co, reason)
end

return {
  settle = settle,
  blame = function(...)
    return blame(2, ...)
  end,
  step = step,
  drop = drop,
  traceback = traceback,
  raw_create = raw_create,
}
