-- The Lua half of the scheduler. Runs once in a new state, before anything else.
--
-- TOKEN is the one value that a waiting thread yields; it never leaves this file. DROP tells a
-- suspended thread that it is about to be closed.
local enter, leave, stopping, watched, glance = ...
local raw_resume, raw_yield = coroutine.resume, coroutine.yield
local raw_close, raw_status, raw_create = coroutine.close, coroutine.status, coroutine.create
local raw_traceback, isyieldable = debug.traceback, coroutine.isyieldable
local error, rawequal, type, tostring = error, rawequal, type, tostring
local getinfo, next, loaded = debug.getinfo, next, package.loaded
local metatable, rawget, rawset, setmetatable = debug.getmetatable, rawget, rawset, setmetatable

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

local function left(...)
  leave()
  return ...
end

-- Closes a coroutine whose `<close>` variables may compute without end. One that was stopped stays as it
-- is: in its handlers no hook would be called.
local function close(co)
  if stopping() then
    return false
  end
  enter(co)
  return left(raw_close(co))
end

-- The values with which the scheduler wakes a thread, on their way to the inner coroutine `co`.
local function inward(co, first, ...)
  if rawequal(first, DROP) then
    enter(co)
    left(raw_resume(co, DROP))
    close(co)
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
    close(co)
  end
  error(reason, 2)
end

function coroutine.close(co)
  if type(co) ~= "thread" then
    error("bad argument #1 to 'close' (coroutine expected)", 2)
  end
  local status = raw_status(co)
  if status ~= "suspended" and status ~= "dead" then
    error("cannot close a " .. status .. " coroutine", 2)
  end
  return close(co)
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

-- Finalizers. Lua calls them with hooks switched off, so here they run in coroutines of their own. An object that
-- has one is kept by a guard, which is collected together with it, and whose own finalizer comes here.
local guards, late, guard = setmetatable({}, { __mode = "k" }), {}, {}

local function finalize(object)
  local meta = metatable(object)
  local finalizer = type(meta) == "table" and rawget(meta, "__gc")
  if type(finalizer) == "function" and not stopping() then
    local co = raw_create(finalizer)
    enter(co)
    left(raw_resume(co, object))
  end
end

function guard.__gc(self)
  -- Outside of a thread that is watched nothing could stop it.
  if watched() then
    finalize(self.object)
  else
    late[#late + 1] = self.object
  end
end

-- Sets a metatable that has a finalizer; false where the object's present one forbids it.
local function finalized(object, meta)
  local present = metatable(object)
  if present and rawget(present, "__metatable") ~= nil then
    return false
  end
  local finalizer = rawget(meta, "__gc")
  rawset(meta, "__gc", nil)
  setmetatable(object, meta)
  rawset(meta, "__gc", finalizer)
  guards[object] = guards[object] or setmetatable({ object = object }, guard)
  return true
end

-- The message handler that is used for another one. To the error that stops a thread hooks are switched off, so
-- that goes on as it is.
local function guarded(handler)
  return function(...)
    if stopping() then
      return ...
    end
    return handler(...)
  end
end

-- Runs a base thread until it waits or ends.
local function step(co, ...)
  while late[1] do
    local objects = late
    late = {}
    for i = 1, #objects do
      finalize(objects[i])
    end
  end
  return outcome(co, raw_resume(co, ...))
end

-- Ends a suspended base thread: inner coroutines first, so that their `<close>` variables run.
local function drop(co, waiting)
  if waiting then
    raw_resume(co, DROP)
  end
  raw_close(co)
end

-- What an error value says of itself.
local function wording(reason)
  if type(reason) == "string" then
    return reason
  end
  local co = raw_create(tostring)
  enter(co)
  local ok, text = left(raw_resume(co, reason))
  if ok and type(text) == "string" then
    return text
  end
  return "(error object is a " .. type(reason) .. " value)"
end

return {
  settle = settle,
  blame = function(...)
    return blame(2, ...)
  end,
  step = step,
  drop = drop,
  traceback = raw_traceback,
  wording = wording,
  finalized = finalized,
  guarded = guarded,
  raw_create = raw_create,
}
