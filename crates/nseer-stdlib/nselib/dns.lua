---
-- Questions to name servers, and what is in their answers.
--
-- Written from RFC 1035, section 4, RFC 6891 (options), RFC 5001 (NSID), RFC 7871 (client subnet), RFC 2782 (SRV),
-- RFC 4034 (NSEC), RFC 5155 (NSEC3), RFC 4255 (SSHFP), RFC 2136 (update) and RFC 6762 (multicast).
--
-- Answers are not trusted: names may point at themselves, lengths may be absurd, and many records may be
-- announced; what cannot be read ends the list of records.
--
-- @usage local status, address = dns.query("www.example.org", {dtype = "A"})
-- @args dns.timeout Milliseconds to wait for an answer. Default: 10000 with <code>-T0</code> to 4000 with
--       <code>-T4</code> and above.
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name dns

local exchange = require "dns.exchange"
local ipOps = require "ipOps"
local math = require "math"
local nmap = require "nmap"
local rand = require "rand"
local records = require "dns.records"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("dns", stdnse.seeall)

--- Numbers of record types.
-- @class table
-- @name types
types = records.types

--- Numbers of classes.
-- @class table
-- @name CLASS
CLASS = { IN = 1, CH = 3, ANY = 255 }

--- How long an answer is waited for, by the timing of the scan.
-- @return Milliseconds.
function get_default_timeout ()
  local given = tonumber(stdnse.get_script_args("dns.timeout"))
  if given then
    return given
  end
  local by_timing = { [0] = 10000, 7000, 5000, 4000, 4000, 4000 }
  return by_timing[nmap.timing_level()] or 4000
end

--- The name servers of this machine, those of the scan's address family first.
-- @param ... An address family, or several, optional.
-- @return Array of addresses.
function get_servers (...)
  local wanted = {}
  for i = 1, select("#", ...) do
    wanted[(select(i, ...))] = true
  end
  local first, others = {}, {}
  for _, server in ipairs(nmap.get_dns_servers() or {}) do
    local family = string.find(server, ":", 1, true) and "inet6" or "inet"
    if not next(wanted) or wanted[family] then
      local list = family == nmap.address_family() and first or others
      list[#list + 1] = server
    end
  end
  return table.move(others, 1, #others, #first + 1, first)
end

--- Makes a packet that asks nothing yet.
-- @return Table with <code>id</code>, <code>flags</code> and lists of what the sections hold.
function newPacket ()
  return {
    id = 1, flags = { RD = true }, questions = {}, zones = {}, updates = {}, answers = {}, auth = {},
    additional = {},
  }
end

local function number_of (dtype)
  return type(dtype) == "string" and types[string.upper(dtype)] or dtype
end

--- Adds a question.
-- @param pkt Packet.
-- @param dname Name.
-- @param dtype Number of a record type, or its name.
-- @param class Number of a class. Default: that of the Internet.
-- @return The packet.
function addQuestion (pkt, dname, dtype, class)
  pkt.questions[#pkt.questions + 1] = { dname = dname, dtype = number_of(dtype), class = class or CLASS.IN }
  return pkt
end

--- Adds the zone of an update.
-- @param pkt Packet.
-- @param dname Name of the zone.
-- @return The packet.
function addZone (pkt, dname)
  pkt.zones[#pkt.zones + 1] = { dname = dname, dtype = types.SOA, class = CLASS.IN }
  return pkt
end

--- Adds a change to an update.
-- @param pkt Packet.
-- @param dname Name.
-- @param dtype Number of a record type, or its name.
-- @param ttl Seconds that the record may be kept.
-- @param data The record's data as bytes.
-- @param class Number of a class. Default: that of the Internet.
-- @return The packet.
function addUpdate (pkt, dname, dtype, ttl, data, class)
  pkt.updates[#pkt.updates + 1] = {
    dname = dname, dtype = number_of(dtype), class = class or CLASS.IN, ttl = ttl, data = data or "",
  }
  return pkt
end

--- Adds options (RFC 6891).
-- @param pkt Packet.
-- @param Z The 16 bits of flags.
-- @param opt Array of tables with <code>type</code> (number of an option) and <code>value</code> (bytes).
function addOPT (pkt, Z, opt)
  local parts = {}
  for i, option in ipairs(opt) do
    parts[i] = string.pack(">I2s2", option.type, option.value)
  end
  pkt.additional[#pkt.additional + 1] = {
    type = types.OPT, class = 4096, ttl = (Z or 0) & 0xffff, rdata = table.concat(parts),
  }
end

--- Asks the server for its identifier (RFC 5001).
-- @param pkt Packet.
-- @param Z The 16 bits of flags.
function addNSID (pkt, Z)
  addOPT(pkt, Z, { { type = 3, value = "" } })
end

--- Asks on behalf of a network (RFC 7871).
-- @param pkt Packet.
-- @param Z The 16 bits of flags.
-- @param subnet Table with <code>family</code> (<code>inet</code> or <code>inet6</code>),
--               <code>address</code> (text or bytes) and <code>mask</code> (bits).
function addClientSubnet (pkt, Z, subnet)
  local bytes = ipOps.ip_to_str(subnet.address) or subnet.address
  local bits = math.max(0, math.min(subnet.mask, #bytes * 8))
  -- Only the bits of the mask are sent, in whole bytes.
  local count = (bits + 7) // 8
  local address = { string.byte(bytes, 1, count) }
  if bits % 8 ~= 0 then
    address[count] = address[count] & (0xff << 8 - bits % 8) & 0xff
  end
  local family = subnet.family == "inet6" and 2 or 1
  local value = string.pack(">I2BB", family, bits, 0) .. string.char(table.unpack(address))
  addOPT(pkt, Z, { { type = 8, value = value } })
end

--- Encodes a packet.
-- @param pkt Packet.
-- @return Bytes.
function encode (pkt)
  local asked = #pkt.zones > 0 and pkt.zones or pkt.questions
  local parts = { string.pack(">I2I2I2I2I2I2", pkt.id, records.flag_bits(pkt.flags), #asked, #pkt.answers,
    #pkt.auth + #pkt.updates, #pkt.additional) }
  for _, question in ipairs(asked) do
    parts[#parts + 1] = records.encode_name(question.dname) .. string.pack(">I2I2", question.dtype, question.class)
  end
  for _, list in ipairs { pkt.answers, pkt.auth, pkt.updates, pkt.additional } do
    for _, record in ipairs(list) do
      parts[#parts + 1] = records.encode_name(record.dname or "") .. string.pack(">I2I2I4s2",
        record.type or record.dtype, record.class, record.ttl or 0, record.rdata or record.data or "")
    end
  end
  return table.concat(parts)
end

--- Reads a name.
-- @param data The whole message.
-- @param pos Position of the name's first byte.
-- @return The position after it.
-- @return The name; nil if it cannot be read.
function decStr (data, pos)
  return records.decode_name(data, pos)
end

local function decode_questions (data, pos, count)
  local list = {}
  while #list < count and pos do
    local name
    pos, name = decStr(data, pos)
    if not name or pos + 3 > #data then
      return list, nil
    end
    local dtype, class
    dtype, class, pos = string.unpack(">I2I2", data, pos)
    list[#list + 1] = { dname = name, dtype = dtype, class = class }
  end
  return list, pos
end

local function decode_records (data, pos, count)
  local list = {}
  while #list < count and pos do
    local name
    pos, name = decStr(data, pos)
    if not name or pos + 9 > #data then
      return list, nil
    end
    local record = { dname = name }
    local length
    record.dtype, record.class, record.ttl, length, pos = string.unpack(">I2I2I4I2", data, pos)
    if pos + length - 1 > #data then
      return list, nil
    end
    record.data = string.sub(data, pos, pos + length - 1)
    records.decode_data(record, data, pos)
    list[#list + 1] = record
    pos = pos + length
  end
  return list, pos
end

--- Decodes a message.
-- @param data Bytes.
-- @return Table with <code>id</code>, <code>flags</code>, <code>questions</code>, <code>answers</code>,
--         <code>auth</code> and <code>add</code>; a record has <code>dname</code>, <code>dtype</code>,
--         <code>class</code>, <code>ttl</code>, <code>data</code> and fields by its type. Nil if there is no
--         whole header.
function decode (data)
  if #data < 12 then
    return nil
  end
  local pkt = {}
  local bits, asked, answers, auth, additional, pos
  pkt.id, bits, asked, answers, auth, additional, pos = string.unpack(">I2I2I2I2I2I2", data)
  pkt.flags = records.flag_names(bits)
  pkt.questions, pos = decode_questions(data, pos, asked)
  pkt.answers, pos = decode_records(data, pos, answers)
  pkt.auth, pos = decode_records(data, pos, auth)
  pkt.add = decode_records(data, pos, additional)
  return pkt
end

local function rcode_of (flags)
  return (flags.RC1 and 8 or 0) + (flags.RC2 and 4 or 0) + (flags.RC3 and 2 or 0) + (flags.RC4 and 1 or 0)
end

local function nice (dtype, list, dec, retAll)
  local texts = {}
  for _, record in ipairs(list) do
    if record.dtype == dtype or dtype == types.ANY then
      local text = records.text_of(record, dec.add)
      if text ~= nil then
        texts[#texts + 1] = text
      end
    end
  end
  if #texts == 0 then
    return nil
  end
  return retAll and texts or texts[1]
end

local function find_nice (dtype, list, dec, retAll)
  if rcode_of(dec.flags) == 3 then
    return false, "No Such Name"
  elseif #list == 0 then
    return false, "No Answers"
  end
  local wanted = number_of(dtype)
  if wanted ~= types.ANY and not records.has_text(wanted) then
    return false, "Records of this type have no text"
  end
  local found = nice(wanted, list, dec, retAll)
  if found == nil then
    return false, "No Answers"
  end
  return true, found
end

--- The answer in a few words.
-- @param dtype Number of the record type that was asked for, or its name.
-- @param dec Message, as <code>decode</code> gives it.
-- @param retAll True for all answers, otherwise the first.
-- @return True if there is one; otherwise false.
-- @return Text, or array of texts: addresses, names, or fields with colons between them. Or a reason.
function findNiceAnswer (dtype, dec, retAll)
  return find_nice(dtype, dec.answers, dec, retAll)
end

--- What the additional section says, in a few words.
-- @param dtype Number of a record type, or its name.
-- @param dec Message, as <code>decode</code> gives it.
-- @param retAll True for all, otherwise the first.
-- @return True if there is one; otherwise false.
-- @return As for <code>findNiceAnswer</code>.
function findNiceAdditional (dtype, dec, retAll)
  return find_nice(dtype, dec.add, dec, retAll)
end

local function question (dname, options)
  local pkt = newPacket()
  pkt.id = options.multiple and 0 or string.unpack(">I2", rand.random_string(2))
  pkt.flags.RD = not options.norecurse or nil
  for name, value in pairs(options.flags or {}) do
    pkt.flags[name] = value
  end
  addQuestion(pkt, dname, options.dtype or "A", options.class)
  if options.nsid then
    addNSID(pkt, options.dnssec and 0x8000 or 0)
  elseif options.subnet then
    addClientSubnet(pkt, options.dnssec and 0x8000 or 0, options.subnet)
  elseif options.dnssec then
    addOPT(pkt, 0x8000, {})
  end
  return pkt
end

local function servers_of (options)
  if type(options.host) == "table" then
    return options.host.ip and { options.host.ip } or options.host
  end
  return options.host and { options.host } or get_servers()
end

local function output_of (answer, options)
  local dec = decode(answer.data)
  if not dec then
    return false, "the answer is no DNS message"
  elseif options.retPkt then
    return true, dec
  end
  return findNiceAnswer(options.dtype or "A", dec, options.retAll)
end

--- Asks name servers a question.
-- @usage dns.query("1.0.0.127.in-addr.arpa", {dtype = "PTR", host = "192.0.2.53", timeout = 2000})
-- @param dname Name.
-- @param options Table, optional:
-- * <code>dtype</code> - record type. Default: <code>A</code>.
-- * <code>host</code>, <code>port</code> - whom to ask. Default: the machine's name servers, port 53.
-- * <code>proto</code> - <code>udp</code> or <code>tcp</code>. Default: UDP, and TCP where an answer was cut.
-- * <code>class</code> - number of a class.
-- * <code>norecurse</code> - true to ask for what the server itself knows.
-- * <code>flags</code> - table of further header flags.
-- * <code>nsid</code>, <code>subnet</code>, <code>dnssec</code> - see <code>addNSID</code> and
--   <code>addClientSubnet</code>; true for signatures (RFC 4035).
-- * <code>retAll</code> - true for all answers in place of the first.
-- * <code>retPkt</code> - true for the whole message, as <code>decode</code> gives it.
-- * <code>multiple</code> - true to collect the answers of all who answer in time.
-- * <code>timeout</code> - milliseconds; <code>sendCount</code> - how often to ask. Default: 2.
-- @return True if there is an answer; otherwise false.
-- @return As <code>findNiceAnswer</code> gives it, or what the options say; or a reason. With
--         <code>multiple</code>, an array of tables with <code>output</code> and <code>peer</code>.
function query (dname, options)
  options = options or {}
  local opts = {
    timeout = options.timeout or get_default_timeout(), sendCount = options.sendCount or 2,
    multiple = options.multiple, proto = options.proto,
  }
  local servers = servers_of(options)
  if #servers == 0 then
    return false, "there is no name server to ask"
  end
  local pkt = question(dname, options)
  local data = encode(pkt)
  local reason
  for _, server in ipairs(servers) do
    local status, answers = exchange(data, server, options.port or 53, opts, pkt.id)
    if status and not options.multiple then
      return output_of(answers[1], options)
    elseif status then
      local outputs = {}
      for _, answer in ipairs(answers) do
        local good, output = output_of(answer, options)
        if good then
          outputs[#outputs + 1] = { output = output, peer = answer.peer }
        end
      end
      return true, outputs
    end
    reason = answers
  end
  return false, reason
end

-- The packet of a change (RFC 2136).
local function packet_of_update (dname, options)
  local dtype = number_of(options.dtype)
  local data = options.data or ""
  if dtype == types.A or dtype == types.AAAA then
    data = ipOps.ip_to_str(data) or data
  elseif dtype == types.CNAME or dtype == types.NS or dtype == types.PTR then
    data = records.encode_name(data)
  end
  local pkt = newPacket()
  pkt.id = string.unpack(">I2", rand.random_string(2))
  -- Opcode 5.
  pkt.flags = { OC2 = true, OC4 = true }
  addZone(pkt, options.zone or string.match(dname, "%.(.*)$") or dname)
  -- Nothing that is kept for no time: all records of the type are to be gone (RFC 2136, section 2.5.2).
  local is_removal = options.data == "" and options.ttl == 0
  addUpdate(pkt, dname, dtype, options.ttl or 86400, is_removal and "" or data, options.class or is_removal and CLASS.ANY)
  return pkt
end

--- Sends a change to a server (RFC 2136).
-- @param dname Name.
-- @param options Table: <code>zone</code>, <code>host</code>, <code>port</code>, <code>dtype</code>,
--        <code>data</code> (bytes, or an address or name for the types A, AAAA, CNAME, NS and PTR),
--        <code>ttl</code>, <code>class</code>. With <code>ttl</code> 0 and empty <code>data</code> the records of the
--        type are removed.
-- @return True if the server says that it was done; otherwise false.
-- @return A reason where nothing was heard.
function update (dname, options)
  local pkt = packet_of_update(dname, options)
  local opts = { timeout = options.timeout or get_default_timeout(), sendCount = 1 }
  local status, answers = exchange(encode(pkt), servers_of(options)[1], options.port or 53, opts, pkt.id)
  if not status then
    return false, answers
  end
  local dec = decode(answers[1].data)
  return dec ~= nil and rcode_of(dec.flags) == 0
end

--- The name under which the name of an address is found.
-- @usage dns.reverse("192.0.2.1")  --> "1.2.0.192.in-addr.arpa"
-- @param ip Address.
-- @return The name; nil if it is no address.
function reverse (ip)
  local bytes = ipOps.ip_to_str(ip)
  if not bytes then
    return nil
  elseif #bytes == 4 then
    return string.format("%d.%d.%d.%d.in-addr.arpa", string.byte(string.reverse(bytes), 1, 4))
  end
  return string.gsub(string.reverse(stdnse.tohex(bytes)), "%x", "%0.") .. "ip6.arpa"
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local removal = packet_of_update("x.example.org", { dtype = "A", data = "", ttl = 0 })
test_suite:add_test(unittest.identical(removal.updates, { { dname = "x.example.org", dtype = types.A, class = CLASS.ANY, ttl = 0, data = "" } }),
  "records of a type are removed")
local change = packet_of_update("x.example.org", { dtype = "A", data = "192.0.2.1" })
test_suite:add_test(unittest.identical({ change.zones[1].dname, change.updates[1].class, change.updates[1].data },
  { "example.org", CLASS.IN, "\xc0\0\2\1" }), "a record is added")
local function answer (dtype, data)
  local dec = decode("\0\7\x84\0\0\0\0\1\0\0\0\0\1a\0" .. string.pack(">I2I2I4s2", dtype, 1, 60, data))
  return dec.answers[1], dec
end
test_suite:add_test(unittest.equal(reverse("192.0.2.1"), "1.2.0.192.in-addr.arpa"), "IPv4 name")
test_suite:add_test(unittest.equal(reverse("::1"), "1." .. string.rep("0.", 31) .. "ip6.arpa"), "IPv6 name")
local asked = newPacket()
asked.id = 7
test_suite:add_test(unittest.equal(encode(addQuestion(asked, "a.b", types.A)),
  "\0\7\1\0\0\1\0\0\0\0\0\0\1a\1b\0\0\1\0\1"), "a question")
test_suite:add_test(unittest.equal(answer(33, "\0\1\0\2\0\80\1h\0").SRV.target, "h"), "SRV")
test_suite:add_test(unittest.equal(answer(28, string.rep("\0", 15) .. "\1").ipv6, "::1"), "AAAA")
test_suite:add_test(unittest.identical(answer(16, "\3abc\2de").TXT.text, { "abc", "de" }), "TXT")
test_suite:add_test(unittest.equal(answer(6, "\1m\0\1r\0" .. string.pack(">I4I4I4I4I4", 1, 2, 3, 4, 5)).SOA.minimum, 5), "SOA")
test_suite:add_test(unittest.identical({ findNiceAnswer("SRV", select(2, answer(33, "\0\1\0\2\0\80\1h\0")), true) },
  { true, { "1:2:80:h" } }), "SRV in words")
test_suite:add_test(unittest.is_nil(decode("abc")), "no header")
test_suite:add_test(unittest.equal(#decode("\0\7\x84\0\0\0\xff\xff\0\0\0\0\xc0\x0c\0\1").answers, 0), "a name that points at itself")
test_suite:add_test(unittest.is_nil(answer(1, "\1\2").ip), "short address")
return _ENV
