---@meta
-- The native module lfs: directories.

---Directories.
---@class lfs
lfs = {}

---Goes through the names in a directory.
---@param path string
---@return fun(): string? iterator
---@return userdata directory
function lfs.dir(path) end

---@param path string
---@return boolean?
---@return string? err
function lfs.mkdir(path) end

---@param path string
---@return boolean?
---@return string? err
function lfs.rmdir(path) end

---@param old string
---@param new string
---@param symbolic? boolean
---@return boolean?
---@return string? err
---@return integer? errno
function lfs.link(old, new, symbolic) end

---@return string
function lfs.get_path_separator() end

return lfs
