---@meta
-- The native module lpeg: parsing expression grammars.

---Parsing expression grammars.
---@class lpeg
lpeg = {}

---@param ... any
---@return any pattern
function lpeg.P(...) end

---@param ... any
---@return any pattern
function lpeg.B(...) end

---@param ... any
---@return any pattern
function lpeg.C(...) end

---@param ... any
---@return any pattern
function lpeg.Cs(...) end

---@param ... any
---@return any pattern
function lpeg.Ct(...) end

---@param ... any
---@return any pattern
function lpeg.Cp(...) end

---@param ... any
---@return any pattern
function lpeg.Cc(...) end

---@param ... any
---@return any pattern
function lpeg.Cb(...) end

---@param ... any
---@return any pattern
function lpeg.Carg(...) end

---@param ... any
---@return any pattern
function lpeg.Cg(...) end

---@param ... any
---@return any pattern
function lpeg.Cf(...) end

---@param ... any
---@return any pattern
function lpeg.Cmt(...) end

---@param ... any
---@return any pattern
function lpeg.R(...) end

---@param ... any
---@return any pattern
function lpeg.S(...) end

---@param ... any
---@return any pattern
function lpeg.V(...) end

---Matches, and gives the captures or the position after the match.
---@param pattern any
---@param subject string
---@param init? integer
---@return any ...
function lpeg.match(pattern, subject, init) end

---@param value any
---@return string?
function lpeg.type(value) end

---@return string
function lpeg.version() end

---@param table? table
---@return table
function lpeg.locale(table) end

---@param max integer
function lpeg.setmaxstack(max) end

---@param pattern any
function lpeg.ptree(pattern) end

---@param pattern any
function lpeg.pcode(pattern) end

return lpeg
