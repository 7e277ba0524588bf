---
-- Objects of Java as they travel, for the library <code>rmi</code>.
--
-- Written from the Java Object Serialization Specification, chapter 6, and the Java Remote Method Invocation specification,
-- chapter 10. Nothing is made from what comes but descriptions of it. Depth, numbers and lengths are bounded; where the data
-- ends too early or is none, an error is raised.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name rmi.objects

local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local error, ipairs, pairs, setmetatable, tostring, type = error, ipairs, pairs, setmetatable, tostring, type

_ENV = stdnse.module("rmi.objects", stdnse.seeall)

STREAM_MAGIC, STREAM_VERSION = 0xaced, 5

--- Where numbers of references begin.
baseWireHandle = 0x7e0000

--- What begins each thing of a stream.
-- @class table
-- @name TC
TC = {
  TC_NULL = 0x70, TC_REFERENCE = 0x71, TC_CLASSDESC = 0x72, TC_OBJECT = 0x73, TC_STRING = 0x74, TC_ARRAY = 0x75,
  TC_CLASS = 0x76, TC_BLOCKDATA = 0x77, TC_ENDBLOCKDATA = 0x78, TC_RESET = 0x79, TC_BLOCKDATALONG = 0x7a,
  TC_EXCEPTION = 0x7b, TC_LONGSTRING = 0x7c, TC_PROXYCLASSDESC = 0x7d, TC_ENUM = 0x7e, Integer = 0x49, Object = 0x4c,
}

local WRITE_METHOD, SERIALIZABLE, EXTERNALIZABLE, BLOCK_DATA = 1, 2, 4, 8

local MAX_DEPTH, MAX_ITEMS, MAX_TEXT = 48, 5000, 65536

-- Primitive types, as <code>string.unpack</code> has them.
local PRIMITIVES = { B = ">i1", C = ">I2", D = ">d", F = ">f", I = ">i4", J = ">i8", S = ">i2", Z = ">B" }
local SIZES = { B = 1, C = 2, D = 8, F = 4, I = 4, J = 8, S = 2, Z = 1 }

--- A class, or an object of it.
-- @class table
-- @name JavaClass
JavaClass = {}
JavaClass.__index = JavaClass

--- Makes one.
-- @name JavaClass:new
-- @return The class.
function JavaClass:new ()
  return setmetatable({ fields = {}, custom = {} }, self)
end

--- What it is called.
-- @name JavaClass:getName
-- @return The name.
function JavaClass:getName () return self.name end

--- What it extends.
-- @name JavaClass:getSuperClass
-- @return The class; nil if it extends nothing.
function JavaClass:getSuperClass () return self.super end

--- Its fields.
-- @name JavaClass:getFields
-- @return Array of tables with <code>name</code>, <code>type</code>, <code>signature</code> and <code>value</code>.
function JavaClass:getFields () return self.fields end

--- One of its fields.
-- @name JavaClass:getFieldByName
-- @param name Name of the field.
-- @return The field; nil if there is none.
function JavaClass:getFieldByName (name)
  for _, field in ipairs(self.fields) do
    if field.name == name then
      return field
    end
  end
end

--- What it wrote by itself.
-- @name JavaClass:getCustomData
-- @return Array of bytes and objects.
function JavaClass:getCustomData () return self.custom end

-- Where a remote object is, if the data of its class or of one that this extends says so.
local function endpoint (object)
  for _, data in ipairs(object and object.custom or {}) do
    if type(data) == "string" then
      local kind, at = string.match(data, "^..(UnicastRef2?)()")
      if kind then
        at = at + (kind == "UnicastRef2" and 1 or 0)
        if #data >= at + 1 and #data >= at + 5 + string.unpack(">I2", data, at) then
          local host, port = string.unpack(">s2I4", data, at)
          return "@" .. host .. ":" .. port
        end
      end
    end
  end
  return object and endpoint(object.super)
end

--- What is shown of it.
-- @name JavaClass:toTable
-- @param depth How deep this one is in others, optional.
-- @param is_super True for the part of an object that is a class's which it extends.
-- @return Array of lines and of arrays with <code>name</code>.
function JavaClass:toTable (depth, is_super)
  depth = depth or 0
  local lines = {}
  if self.name then
    lines[#lines + 1] = self.name
  end
  lines[#lines + 1] = not is_super and endpoint(self) or nil
  if self.interfaces and #self.interfaces > 0 then
    lines[#lines + 1] = "implements " .. table.concat(self.interfaces, ", ") .. ", "
  end
  if depth < MAX_DEPTH then
    if self.super then
      local inner = self.super:toTable(depth + 1, true)
      inner.name = "extends"
      lines[#lines + 1] = inner
    end
    local shown = {}
    for _, field in ipairs(self.fields) do
      shown[#shown + 1] = field.signature .. " " .. field.name
      if type(field.value) == "table" and field.value.toTable then
        shown[#shown + 1] = field.value:toTable(depth + 1)
      end
    end
    if #shown > 0 then
      shown.name = "fields"
      lines[#lines + 1] = shown
    end
  end
  return lines
end

JavaClass.__tostring = function (self)
  return tostring(self.name)
end

--- An array.
-- @class table
-- @name JavaArray
JavaArray = {}
JavaArray.__index = JavaArray

--- Makes one.
-- @name JavaArray:new
-- @return The array.
function JavaArray:new ()
  return setmetatable({ values = {} }, self)
end

--- What is in it.
-- @name JavaArray:getValues
-- @return Array.
function JavaArray:getValues () return self.values end

--- What is shown of it.
-- @name JavaArray:toTable
-- @return Array of lines.
function JavaArray:toTable ()
  local lines = {}
  for i, value in ipairs(self.values) do
    lines[i] = tostring(value)
  end
  return lines
end

--- Reads a stream.
-- @class table
-- @name Reader
Reader = {}
Reader.__index = Reader

--- Makes one.
-- @name Reader:new
-- @param take Function that is given a number and gives as many bytes, or raises an error.
-- @return The reader.
function Reader:new (take)
  return setmetatable({ take = take, handles = {}, items = 0, depth = 0 }, self)
end

--- Reads a value of a fixed size.
-- @name Reader:unpack
-- @param format As of <code>string.unpack</code>.
-- @param size How many bytes it has.
-- @return The value.
function Reader:unpack (format, size)
  return (string.unpack(format, self.take(size)))
end

--- Reads a text with its length in two bytes.
-- @name Reader:utf
-- @return The text.
function Reader:utf ()
  return self.take(self:unpack(">I2", 2))
end

local function keep (self, object)
  self.handles[#self.handles + 1] = object
  return object
end

-- What a class wrote by itself, until its end.
local function annotation (self)
  local list = {}
  while true do
    local tag = self:unpack("B", 1)
    if tag == TC.TC_ENDBLOCKDATA then
      return list
    end
    list[#list + 1] = self:object(tag)
  end
end

local READ = {}

READ[TC.TC_NULL] = function () return nil end
READ[TC.TC_RESET] = function (self) self.handles = {} end
READ[TC.TC_BLOCKDATA] = function (self) return self.take(self:unpack("B", 1)) end

READ[TC.TC_BLOCKDATALONG] = function (self)
  local length = self:unpack(">I4", 4)
  return length <= MAX_TEXT and self.take(length) or error("a block that is too long", 0)
end

READ[TC.TC_REFERENCE] = function (self)
  local object = self.handles[self:unpack(">I4", 4) - baseWireHandle + 1]
  return object ~= nil and object or error("a reference to nothing", 0)
end

READ[TC.TC_STRING] = function (self) return keep(self, self:utf()) end

READ[TC.TC_LONGSTRING] = function (self)
  local length = self:unpack(">I8", 8)
  return length >= 0 and length <= MAX_TEXT and keep(self, self.take(length)) or error("a text that is too long", 0)
end

READ[TC.TC_CLASSDESC] = function (self)
  local class = JavaClass:new()
  class.name = self:utf()
  class.serial = self.take(8)
  keep(self, class)
  class.flags = self:unpack("B", 1)
  for i = 1, self:unpack(">I2", 2) do
    local field = { type = self.take(1) }
    field.name = self:utf()
    field.signature = field.type
    if field.type == "L" or field.type == "[" then
      field.signature = self:object()
    elseif not PRIMITIVES[field.type] then
      error("a field of no type", 0)
    end
    class.fields[i] = field
  end
  annotation(self)
  class.super = self:object()
  return class
end

READ[TC.TC_PROXYCLASSDESC] = function (self)
  local class = keep(self, JavaClass:new())
  class.flags, class.interfaces = SERIALIZABLE, {}
  local count = self:unpack(">I4", 4)
  for i = 1, count <= MAX_ITEMS and count or error("too many interfaces", 0) do
    class.interfaces[i] = self:utf()
  end
  annotation(self)
  class.super = self:object()
  return class
end

local function value_of (self, kind)
  local format = PRIMITIVES[kind]
  if format then
    return self:unpack(format, SIZES[kind])
  end
  return self:object()
end

-- The parts of an object, from the class that extends nothing down to its own.
local function class_data (self, class)
  local object = JavaClass:new()
  object.name, object.interfaces, object.flags = class.name, class.interfaces, class.flags
  if type(class.super) == "table" then
    object.super = class_data(self, class.super)
  end
  if class.flags & SERIALIZABLE ~= 0 then
    for i, field in ipairs(class.fields) do
      object.fields[i] = { name = field.name, type = field.type, signature = field.signature,
        value = value_of(self, field.type) }
    end
    if class.flags & WRITE_METHOD ~= 0 then
      object.custom = annotation(self)
    end
  elseif class.flags & EXTERNALIZABLE ~= 0 then
    if class.flags & BLOCK_DATA == 0 then
      error("an object in a form of its own", 0)
    end
    object.custom = annotation(self)
  end
  return object
end

READ[TC.TC_OBJECT] = function (self)
  local class = self:object()
  if type(class) ~= "table" or not class.flags then
    error("an object of no class", 0)
  end
  -- References may be made to an object before it is read.
  local object = keep(self, JavaClass:new())
  for key, value in pairs(class_data(self, class)) do
    object[key] = value
  end
  return object
end

READ[TC.TC_ARRAY] = function (self)
  local class = self:object()
  local array = keep(self, JavaArray:new())
  local kind = type(class) == "table" and class.name and string.sub(class.name, 2, 2) or "L"
  local count = self:unpack(">I4", 4)
  for i = 1, count <= MAX_ITEMS and count or error("an array that is too long", 0) do
    array.values[i] = value_of(self, kind)
  end
  return array
end

READ[TC.TC_ENUM] = function (self)
  self:object()
  local place = #self.handles + 1
  self.handles[place] = false
  local name = self:object()
  self.handles[place] = name
  return name
end

READ[TC.TC_CLASS] = function (self)
  return keep(self, self:object())
end

--- Reads one object.
-- @name Reader:object
-- @param tag What begins it, where that was read already.
-- @return Text, number, <code>JavaClass</code>, <code>JavaArray</code>, or nil.
function Reader:object (tag)
  tag = tag or self:unpack("B", 1)
  self.items, self.depth = self.items + 1, self.depth + 1
  local read = READ[tag]
  if not read or self.items > MAX_ITEMS or self.depth > MAX_DEPTH then
    error(read and "a stream without end" or "a stream that is none", 0)
  end
  local object = read(self)
  self.depth = self.depth - 1
  return object
end

return _ENV
