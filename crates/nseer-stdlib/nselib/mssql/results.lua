---
-- What a server of SQL answers, for the library <code>mssql</code>: tokens, columns and rows.
--
-- Written from [MS-TDS], sections 2.2.5.4 (types) and 2.2.7 (tokens), for TDS 7.1. Answers are bounded by the messages that
-- they come in; where one ends too early, an error is raised that <code>read</code> catches.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name mssql.results

local datetime = require "datetime"
local math = require "math"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unicode = require "unicode"
local error, ipairs, pcall, select, tostring = error, ipairs, pcall, select, tostring

_ENV = stdnse.module("mssql.results", stdnse.seeall)

--- Types of columns, by name.
-- @class table
-- @name DataTypes
DataTypes = {
  SQLTEXT = 0x23, GUIDTYPE = 0x24, SYBINTN = 0x26, SYBINT2 = 0x34, SYBINT4 = 0x38, SYBDATETIME = 0x3d,
  NTEXTTYPE = 0x63, BITNTYPE = 0x68, DECIMALNTYPE = 0x6a, NUMERICNTYPE = 0x6c, FLTNTYPE = 0x6d, MONEYNTYPE = 0x6e,
  SYBDATETIMN = 0x6f, XSYBVARBINARY = 0xa5, XSYBVARCHAR = 0xa7, BIGBINARYTYPE = 0xad, BIGCHARTYPE = 0xaf,
  XSYBNVARCHAR = 0xe7, SQLNCHAR = 0xef,
}

--- Tokens, by name.
-- @class table
-- @name TokenType
TokenType = {
  ReturnStatus = 0x79, TDS7Results = 0x81, OrderBy = 0xa9, ErrorMessage = 0xaa, InformationMessage = 0xab,
  LoginAcknowledgement = 0xad, Row = 0xd1, EnvironmentChange = 0xe3, NTLMSSP_CHALLENGE = 0xed, Done = 0xfd,
  DoneProc = 0xfe, DoneInProc = 0xff,
}

-- Two words of a text of UTF-16.
local function wide (bytes)
  return unicode.utf16to8(bytes)
end

-- A text with its count of characters in front.
local function counted (data, at, format)
  local count
  count, at = string.unpack(format, data, at)
  local text
  text, at = string.unpack("c" .. count * 2, data, at)
  return wide(text), at
end

-- Days since 1900 and parts of a day, as one text.
local function date_text (days, seconds)
  local stamp = (days - 25567) * 86400 + seconds
  return (string.gsub(datetime.format_timestamp(stamp, 0), "[T+].*$", function (rest)
    return " " .. string.sub(rest, 2, 9)
  end))
end

local function money (value)
  return string.format("%.4f", value / 10000)
end

-- Values of so many bytes, by what they are.
local READ = {
  int = function (bytes)
    return #bytes == 1 and string.byte(bytes) or (string.unpack("<i" .. #bytes, bytes))
  end,
  float = function (bytes)
    return (string.unpack(#bytes == 4 and "<f" or "<d", bytes))
  end,
  money = function (bytes)
    if #bytes == 4 then
      return money(string.unpack("<i4", bytes))
    end
    local high, low = string.unpack("<i4I4", bytes)
    return money(high << 32 | low)
  end,
  date = function (bytes)
    if #bytes == 4 then
      local days, minutes = string.unpack("<I2I2", bytes)
      return date_text(days, minutes * 60)
    end
    local days, ticks = string.unpack("<i4I4", bytes)
    return date_text(days, ticks // 300)
  end,
  decimal = function (bytes, column)
    local value, factor = 0, 1
    for i = 2, #bytes do
      value, factor = value + string.byte(bytes, i) * factor, factor * 256
    end
    value = value / 10 ^ (column.scale or 0)
    return string.format("%." .. math.min(column.scale or 0, 38) .. "f", string.byte(bytes) == 0 and -value or value)
  end,
  guid = function (bytes)
    local a, b, c, d = string.unpack("<I4I2I2c8", bytes)
    return string.format("%08X-%04X-%04X-%s-%s", a, b, c, string.upper(stdnse.tohex(string.sub(d, 1, 2))),
      string.upper(stdnse.tohex(string.sub(d, 3))))
  end,
  bytes = function (bytes) return "0x" .. string.upper(stdnse.tohex(bytes)) end,
  text = function (bytes) return bytes end,
  wide = wide,
}

-- By type: how its length is told (a number: so many bytes always), what it holds, and what else describes it.
local TYPES = {
  [0x30] = { 1, "int" }, [0x32] = { 1, "int" }, [0x34] = { 2, "int" }, [0x38] = { 4, "int" }, [0x7f] = { 8, "int" },
  [0x3a] = { 4, "date" }, [0x3d] = { 8, "date" }, [0x3b] = { 4, "float" }, [0x3e] = { 8, "float" },
  [0x3c] = { 8, "money" }, [0x7a] = { 4, "money" },
  [0x24] = { "B", "guid" }, [0x26] = { "B", "int" }, [0x68] = { "B", "int" }, [0x6d] = { "B", "float" },
  [0x6e] = { "B", "money" }, [0x6f] = { "B", "date" }, [0x6a] = { "B", "decimal" }, [0x6c] = { "B", "decimal" },
  [0xa5] = { "<I2", "bytes" }, [0xad] = { "<I2", "bytes" }, [0xa7] = { "<I2", "text", true },
  [0xaf] = { "<I2", "text", true }, [0xe7] = { "<I2", "wide", true }, [0xef] = { "<I2", "wide", true },
  [0x22] = { "<I4", "bytes" }, [0x23] = { "<I4", "text", true }, [0x63] = { "<I4", "wide", true },
}

-- One column's description.
local function read_column (data, at)
  local column, kind = {}, nil
  column.usertype, column.flags, kind, at = string.unpack("<I2I2B", data, at)
  local known = TYPES[kind]
  if not known then
    error("a column of a type that is not known here", 0)
  end
  column.type = kind
  if known[1] == "B" or known[1] == "<I2" or known[1] == "<I4" then
    column.lts, at = string.unpack(known[1], data, at)
  end
  if known[2] == "decimal" then
    column.precision, column.scale, at = string.unpack("BB", data, at)
  end
  if known[3] then
    at = at + 5
  end
  if known[1] == "<I4" then
    column.table, at = counted(data, at, "<I2")
  end
  column.text, at = counted(data, at, "B")
  return column, at
end

-- One value of a row.
local function read_value (data, at, column)
  local known, bytes = TYPES[column.type], nil
  if known[1] == "<I4" then
    -- A pointer and a time, before large values.
    local length
    length, at = string.unpack("B", data, at)
    if length == 0 then
      return "Null", at
    end
    bytes, at = string.unpack("<s4", data, at + length + 8)
  elseif known[1] == "<I2" then
    local length
    length, at = string.unpack("<I2", data, at)
    if length == 0xffff then
      return "Null", at
    end
    bytes, at = string.unpack("c" .. length, data, at)
  elseif known[1] == "B" then
    bytes, at = string.unpack("s1", data, at)
    if bytes == "" then
      return "Null", at
    end
  else
    bytes, at = string.unpack("c" .. known[1], data, at)
  end
  return READ[known[2]](bytes, column), at
end

-- Tokens: each takes the result that grows, the data and the position behind its number, and gives the position behind it.
local TOKENS = {}

TOKENS[TokenType.ReturnStatus] = function (_, _, at) return at + 4 end

local function skip (_, data, at)
  return select(2, string.unpack("<s2", data, at))
end
TOKENS[TokenType.OrderBy] = skip
TOKENS[TokenType.EnvironmentChange] = skip
TOKENS[TokenType.NTLMSSP_CHALLENGE] = function (result, data, at)
  result.challenge, at = string.unpack("<s2", data, at)
  return at
end
TOKENS[TokenType.LoginAcknowledgement] = function (result, data, at)
  result.is_logged_in = true
  return skip(result, data, at)
end

local function message (data, at)
  local body, behind = string.unpack("<s2", data, at)
  local number, _, class, place = string.unpack("<I4BB", body)
  local text = counted(body, place, "<I2")
  return { errno = number, class = class, error = text }, behind
end
TOKENS[TokenType.ErrorMessage] = function (result, data, at)
  local said
  said, at = message(data, at)
  result.error = result.error or said
  return at
end
TOKENS[TokenType.InformationMessage] = skip

TOKENS[TokenType.TDS7Results] = function (result, data, at)
  local count
  count, at = string.unpack("<I2", data, at)
  local columns = {}
  for i = 1, count == 0xffff and 0 or count do
    columns[i], at = read_column(data, at)
  end
  -- Rows of a second list belong to no column of the first.
  if not result.colinfo then
    result.colinfo = columns
  end
  result.columns = columns
  return at
end

TOKENS[TokenType.Row] = function (result, data, at)
  if not result.columns then
    error("a row without columns", 0)
  end
  local row = {}
  for i, column in ipairs(result.columns) do
    row[i], at = read_value(data, at, column)
  end
  if result.columns == result.colinfo then
    table.insert(result.rows, row)
  end
  return at
end

local function done (_, _, at) return at + 8 end
TOKENS[TokenType.Done], TOKENS[TokenType.DoneProc], TOKENS[TokenType.DoneInProc] = done, done, done

--- Reads an answer.
-- @param data Its bytes.
-- @return Table with <code>rows</code> (array of arrays); <code>colinfo</code> (array of tables with <code>text</code> and
--         <code>type</code>) where there are columns; <code>error</code> (table with <code>errno</code> and
--         <code>error</code>); <code>is_logged_in</code>; <code>challenge</code>. Nil if the bytes are none.
-- @return A reason.
function read (data)
  local result = { rows = {} }
  local status, reason = pcall(function ()
    local at = 1
    while at <= #data do
      local token = string.byte(data, at)
      local take = TOKENS[token]
      if not take then
        error("a token that is not known here: " .. token, 0)
      end
      at = take(result, data, at + 1)
    end
  end)
  if not status then
    return nil, tostring(reason)
  end
  return result
end

return _ENV
