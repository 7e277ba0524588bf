---@meta
-- The native module zlib: compressed data.

---Compressed data.
---@class zlib
zlib = {}

---@return string
function zlib.version() end

---The start value, or the sum with more data.
---@param sum? number
---@param data? string
---@return number
function zlib.adler32(sum, data) end

---The start value, or the sum with more data.
---@param sum? number
---@param data? string
---@return number
function zlib.crc32(sum, data) end

---@param data string
---@param level? integer
---@param method? integer
---@param window_bits? integer
---@param memory_level? integer
---@param strategy? integer
---@return string? data
---@return number status
function zlib.compress(data, level, method, window_bits, memory_level, strategy) end

---At most limit bytes (10 MiB).
---@param data string
---@param window_bits? integer
---@param limit? integer
---@return string
function zlib.decompress(data, window_bits, limit) end

---A stream that decompresses what it reads.
---@param source string|function|table|userdata
---@param window_bits? integer
---@param dictionary? string
---@return table stream
function zlib.inflate(source, window_bits, dictionary) end

---A stream that compresses what is written to it.
---@param sink function|table|userdata
---@param level? integer
---@param method? integer
---@param window_bits? integer
---@param memory_level? integer
---@param strategy? integer
---@param dictionary? string
---@return table stream
function zlib.deflate(sink, level, method, window_bits, memory_level, strategy, dictionary) end

return zlib
