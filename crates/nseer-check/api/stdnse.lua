---@meta
-- What the engine itself adds to the library stdnse, and what the library leaves to it.

---@class stdnse
stdnse = {}

---Starts another thread of the running script.
---@param f fun(...: any)
---@param ... any
---@return thread worker
---@return fun(): string, any info What became of it.
function stdnse.new_thread(f, ...) end

---The coroutine that the running thread began with.
---@return thread
function stdnse.base() end

---@return string id
function stdnse.gettid() end

---@return boolean
function stdnse.isworker() end

---As `require`, but a script whose library is missing is left out instead of ending the run.
---@param name string
---@return any module
function stdnse.silent_require(name) end
