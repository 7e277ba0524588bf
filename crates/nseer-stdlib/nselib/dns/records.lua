---
-- Names and records of DNS messages, for the library <code>dns</code>: bytes and fields, no questions.
--
-- Written from RFC 1035, sections 3 and 4.1, and the documents that <code>dns</code> names.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name dns.records

local base32 = require "base32"
local ipOps = require "ipOps"
local ipairs, pairs = ipairs, pairs
local stdnse = require "stdnse"
local select = select
local string = require "string"
local table = require "table"

local records = {}

--- Numbers of record types, from IANA's registry.
-- @class table
-- @name types
records.types = {
  A = 1, NS = 2, CNAME = 5, SOA = 6, PTR = 12, HINFO = 13, MX = 15, TXT = 16, AAAA = 28, SRV = 33, NAPTR = 35,
  DNAME = 39, OPT = 41, DS = 43, SSHFP = 44, RRSIG = 46, NSEC = 47, DNSKEY = 48, NSEC3 = 50, NSEC3PARAM = 51,
  TLSA = 52, SVCB = 64, HTTPS = 65, SPF = 99, AXFR = 252, ANY = 255, CAA = 257,
}

local TYPES = records.types

-- Bits of the header's second word (RFC 1035, section 4.1.1); opcode and response code bit by bit.
local FLAGS = {
  QR = 0x8000, OC1 = 0x4000, OC2 = 0x2000, OC3 = 0x1000, OC4 = 0x0800, AA = 0x0400, TC = 0x0200, RD = 0x0100,
  RA = 0x0080, AD = 0x0020, CD = 0x0010, RC1 = 8, RC2 = 4, RC3 = 2, RC4 = 1,
}

--- The header's flags as a number.
-- @param flags Table of names that are set.
-- @return 16 bits.
function records.flag_bits (flags)
  local bits = 0
  for name, bit in pairs(FLAGS) do
    bits = flags[name] and bits | bit or bits
  end
  return bits
end

--- The header's flags as names.
-- @param bits 16 bits.
-- @return Table in which those that are set are true.
function records.flag_names (bits)
  local flags = {}
  for name, bit in pairs(FLAGS) do
    if bits & bit ~= 0 then
      flags[name] = true
    end
  end
  return flags
end

--- Encodes a name. Labels are cut to 63 bytes.
-- @param name Name, with or without the last point.
-- @return Bytes.
function records.encode_name (name)
  local parts = {}
  for label in string.gmatch(name, "[^.]+") do
    parts[#parts + 1] = string.pack("s1", string.sub(label, 1, 63))
  end
  return table.concat(parts) .. "\0"
end

--- Reads a name.
-- @param data The whole message.
-- @param pos Position of its first byte.
-- @return The position after it.
-- @return The name without its last point; nil if it cannot be read.
function records.decode_name (data, pos)
  local labels, length, after = {}, 0, nil
  local at = pos
  -- Each step adds a label or follows a pointer; names have at most 255 bytes.
  for _ = 1, 256 do
    local byte = string.byte(data, at)
    if not byte then
      break
    elseif byte == 0 then
      return after or at + 1, table.concat(labels, ".")
    elseif byte >= 0xc0 then
      local low = string.byte(data, at + 1)
      if not low then
        break
      end
      after = after or at + 2
      at = (byte & 0x3f) * 256 + low + 1
    elseif byte >= 0x40 or at + byte > #data or length + byte > 255 then
      break
    else
      labels[#labels + 1] = string.sub(data, at + 1, at + byte)
      length = length + byte + 1
      at = at + byte + 1
    end
  end
  return #data + 1, nil
end

-- The strings of a TXT record.
local function strings_of (data)
  local texts, at = {}, 1
  while at <= #data do
    local length = string.byte(data, at)
    texts[#texts + 1] = string.sub(data, at + 1, at + length)
    at = at + 1 + length
  end
  return texts
end

-- The types that a bitmap names (RFC 4034, section 4.1.2).
local function types_of (data, at)
  local names, by_number = {}, {}
  for name, number in pairs(TYPES) do
    by_number[number] = name
  end
  while at + 1 <= #data do
    local window, length = string.byte(data, at, at + 1)
    for i = 1, length do
      local byte = string.byte(data, at + 1 + i) or 0
      for bit = 0, 7 do
        if byte & 0x80 >> bit ~= 0 then
          local number = window * 256 + (i - 1) * 8 + bit
          names[by_number[number] or number] = true
        end
      end
    end
    at = at + 2 + length
  end
  return names
end

local function name_field (record, data, pos)
  local _, name = records.decode_name(data, pos)
  record.domain = name
end

-- The position of what stands after two names; the names.
local function two_names (data, pos)
  local at, first = records.decode_name(data, pos)
  if not first then
    return nil
  end
  local after, second = records.decode_name(data, at)
  return after, first, second
end

local DECODERS = {
  [TYPES.A] = function (record)
    record.ip = #record.data == 4 and ipOps.str_to_ip(record.data) or nil
  end,
  [TYPES.AAAA] = function (record)
    record.ipv6 = #record.data == 16 and ipOps.str_to_ip(record.data) or nil
  end,
  [TYPES.NS] = name_field, [TYPES.CNAME] = name_field, [TYPES.PTR] = name_field, [TYPES.DNAME] = name_field,
  [TYPES.SOA] = function (record, data, pos)
    local at, mname, rname = two_names(data, pos)
    if rname and at + 19 <= #data then
      local soa = { mname = mname, rname = rname }
      soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum = string.unpack(">I4I4I4I4I4", data, at)
      record.SOA = soa
    end
  end,
  [TYPES.MX] = function (record, data, pos)
    if #record.data >= 3 then
      local _, server = records.decode_name(data, pos + 2)
      record.MX = { pref = string.unpack(">I2", data, pos), server = server }
    end
  end,
  [TYPES.TXT] = function (record)
    record.TXT = { text = strings_of(record.data) }
  end,
  [TYPES.SPF] = function (record)
    record.TXT = { text = strings_of(record.data) }
  end,
  [TYPES.HINFO] = function (record)
    local texts = strings_of(record.data)
    record.HINFO = { cpu = texts[1], os = texts[2] }
  end,
  [TYPES.SRV] = function (record, data, pos)
    if #record.data >= 7 then
      local srv = {}
      srv.prio, srv.weight, srv.port = string.unpack(">I2I2I2", data, pos)
      srv.target = select(2, records.decode_name(data, pos + 6))
      record.SRV = srv
    end
  end,
  [TYPES.SSHFP] = function (record)
    if #record.data > 2 then
      local algorithm, fptype = string.byte(record.data, 1, 2)
      record.SSHFP = { algorithm = algorithm, fptype = fptype, fingerprint = stdnse.tohex(string.sub(record.data, 3)) }
    end
  end,
  [TYPES.NSEC] = function (record, data, pos)
    local at, following = records.decode_name(data, pos)
    if following then
      local bitmap = string.sub(data, at, pos + #record.data - 1)
      record.NSEC = { dname = record.dname, next_dname = following, types = types_of(bitmap, 1) }
    end
  end,
  [TYPES.NSEC3] = function (record)
    local data = record.data
    if #data < 6 then
      return
    end
    local algorithm, flags, iterations, salt_length = string.unpack(">BBI2B", data)
    local salt = string.sub(data, 6, 5 + salt_length)
    local hash_length = string.byte(data, 6 + salt_length) or 0
    local from = 7 + salt_length
    local hash = string.sub(data, from, from + hash_length - 1)
    record.NSEC3 = {
      dname = record.dname, flags = flags, iterations = iterations,
      salt = { bin = salt, hex = stdnse.tohex(salt) },
      hash = { alg = algorithm, bin = hash, hex = stdnse.tohex(hash), base32 = base32.enc(hash, true) },
      types = types_of(data, from + hash_length),
    }
  end,
  -- Here class and time to live have another meaning (RFC 6891, section 6.1.3).
  [TYPES.OPT] = function (record)
    record.OPT = {
      bufsize = record.class, rcode = record.ttl >> 24, version = record.ttl >> 16 & 0xff,
      zflags = record.ttl & 0xffff, data = record.data,
    }
  end,
}

--- Adds the fields that belong to a record's type.
-- @param record Table with <code>dname</code>, <code>dtype</code>, <code>class</code>, <code>ttl</code> and
--        <code>data</code>.
-- @param data The whole message.
-- @param pos Position of the record's data in it.
function records.decode_data (record, data, pos)
  local decode = DECODERS[record.dtype]
  if decode then
    decode(record, data, pos)
  end
end

-- The address of a name among records.
local function address_of (name, list)
  for _, record in ipairs(list or {}) do
    if record.dname == name and (record.ip or record.ipv6) then
      return record.ip or record.ipv6
    end
  end
end

local function domain (record)
  return record.domain
end

local TEXTS = {
  [TYPES.A] = function (record) return record.ip end,
  [TYPES.AAAA] = function (record) return record.ipv6 end,
  [TYPES.NS] = domain, [TYPES.CNAME] = domain, [TYPES.PTR] = domain,
  [TYPES.MX] = function (record, list)
    local mx = record.MX
    if not mx or not mx.server then
      return nil
    end
    local ip = address_of(mx.server, list)
    return mx.pref .. ":" .. mx.server .. (ip and ":" .. ip or "")
  end,
  [TYPES.SRV] = function (record)
    local srv = record.SRV
    return srv and srv.target and string.format("%d:%d:%d:%s", srv.prio, srv.weight, srv.port, srv.target)
  end,
  [TYPES.TXT] = function (record)
    return record.TXT.text[1]
  end,
  [TYPES.NSEC] = function (record)
    return record.NSEC and record.NSEC.next_dname
  end,
}

--- Tells whether records of a type can be said in a few words.
-- @param dtype Number of the type.
-- @return True or false.
function records.has_text (dtype)
  return TEXTS[dtype] ~= nil
end

--- A record in a few words.
-- @param record The record.
-- @param additional The message's further records, where addresses of names may be.
-- @return Text; nil if it has none.
function records.text_of (record, additional)
  local text = TEXTS[record.dtype]
  return text and text(record, additional) or nil
end

return records
