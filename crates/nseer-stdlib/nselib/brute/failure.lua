---
-- The part of <code>brute</code> that says why a guess failed: a message, and what the engine is to do. Scripts reach
-- it as <code>brute.Error</code>.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name brute

local setmetatable = setmetatable

--- Why a guess failed.
-- @class table
-- @name Error
local Error = {}
Error.__index = Error

--- Makes an error. Unless told otherwise, it means that the login is wrong.
-- @name Error.new
-- @param msg What went wrong.
-- @return The error.
function Error:new (msg)
  return setmetatable({ msg = msg }, self)
end

--- The message.
-- @name Error.getMessage
-- @return The text.
function Error:getMessage () return self.msg end

--- Whether the guess is to be repeated.
-- @name Error.isRetry
-- @return True or false.
function Error:isRetry () return self.retry == true end

--- Says that the guess is to be repeated.
-- @name Error.setRetry
-- @param r True or false.
function Error:setRetry (r) self.retry = r end

--- Whether all guessing is to end.
-- @name Error.isAbort
-- @return True or false.
function Error:isAbort () return self.abort == true end

--- Says that all guessing is to end because of a failure.
-- @name Error.setAbort
-- @param b True or false.
function Error:setAbort (b) self.abort = b end

--- Whether all guessing is done.
-- @name Error.isDone
-- @return True or false.
function Error:isDone () return self.done == true end

--- Says that nothing more can be learned.
-- @name Error.setDone
-- @param b True or false.
function Error:setDone (b) self.done = b end

--- Whether fewer threads are to go on.
-- @name Error.isReduce
-- @return True or false.
function Error:isReduce () return self.reduce == true end

--- Says that the service has too many connections.
-- @name Error.setReduce
-- @param r True or false.
function Error:setReduce (r) self.reduce = r end

--- The name that cannot log in with any password.
-- @name Error.isInvalidAccount
-- @return The name; nil if there is none.
function Error:isInvalidAccount () return self.invalid_account end

--- Says that a name cannot log in with any password.
-- @name Error.setInvalidAccount
-- @param username The name.
function Error:setInvalidAccount (username) self.invalid_account = username end

return Error
