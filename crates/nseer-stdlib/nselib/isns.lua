---
-- iSNS: which portals and nodes of iSCSI a name server knows.
--
-- Written from RFC 4171, sections 5.1 to 5.7 and 6.
--
-- @usage
-- local helper = isns.Helper:new(host, port)
-- local status = helper:connect()
-- local status, portals = helper:listPortals()
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name isns

local deadline = require "deadline"
local framereader = require "framereader"
local ipOps = require "ipOps"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"
local ipairs, select, setmetatable, tostring = ipairs, select, setmetatable, tostring

_ENV = stdnse.module("isns", stdnse.seeall)

local HEAD, MAX_PDU, MAX_PDUS = 12, 0xffff, 64
local TIMEOUT = 5000

-- Flags (section 5.1.4): from a client, first and last of its messages.
local CLIENT, LAST, FIRST = 0x8000, 0x0800, 0x0400

-- Who asks: control nodes are told of everything (section 5.6.1). A text ends in a zero and fills words (section 5.6.5.1).
local SOURCE = "iqn.control.nseer\0\0\0"

--- Kinds of nodes (section 6.4.2), a bit each.
-- @class table
-- @name iSCSI
iSCSI = { NodeType = { TARGET = 1, INITIATOR = 2, CONTROL = 4 } }

--- The head of a message (section 5.1).
-- @class table
-- @name Header
Header = { VERSION = 1 }
Header.__index = Header

--- Makes one.
-- @name Header.new
-- @param func_id Number of the function.
-- @param pdu_len Bytes that follow.
-- @param flags Flags.
-- @param trans_id Number that the answer repeats.
-- @param seq_id Number of the part, from 0 on.
-- @return The head; <code>tostring</code> gives its bytes.
function Header:new (func_id, pdu_len, flags, trans_id, seq_id)
  return setmetatable({ ver = Header.VERSION, func_id = func_id, pdu_len = pdu_len, flags = flags, trans_id = trans_id,
    seq_id = seq_id }, self)
end

--- Reads one.
-- @name Header.parse
-- @param data Bytes.
-- @return The head; nil if it is none.
function Header.parse (data)
  if #data < HEAD then
    return nil
  end
  local ver, func_id, pdu_len, flags, trans_id, seq_id = string.unpack(">I2I2I2I2I2I2", data)
  if ver ~= Header.VERSION then
    return nil
  end
  return Header:new(func_id, pdu_len, flags, trans_id, seq_id)
end

Header.__tostring = function (self)
  return string.pack(">I2I2I2I2I2I2", self.ver, self.func_id, self.pdu_len, self.flags, self.trans_id, self.seq_id)
end

--- One attribute: its tag and value (section 5.6.5).
-- @class table
-- @name Attribute
Attribute = {
  -- Tags of what is asked for here (section 6.1).
  Tag = {
    ISNS_TAG_DELIMITER = 0, ISNS_TAG_ENTITY_IDENTIFIER = 1, ISNS_TAG_ENTITY_PROTOCOL = 2, ISNS_TAG_MGMT_IP_ADDRESS = 3,
    ISNS_TAG_TIMESTAMP = 4, ISNS_TAG_PROTOCOL_VERSION_RANGE = 5, ISNS_TAG_REGISTRATION_PERIOD = 6, ISNS_TAG_ENTITY_INDEX = 7,
    ISNS_TAG_PORTAL_IP_ADDRESS = 16, ISNS_TAG_PORTAL_TCP_UDP_PORT = 17, ISNS_TAG_PORTAL_SYMBOLIC_NAME = 18,
    ISNS_TAG_ESI_INTERVAL = 19, ISNS_TAG_ESI_PORT = 20, ISNS_TAG_PORTAL_INDEX = 22, ISNS_TAG_SCN_PORT = 23,
    ISNS_TAG_ISCSI_NAME = 32, ISNS_TAG_ISCSI_NODE_TYPE = 33, ISNS_TAG_ISCSI_ALIAS = 34, ISNS_TAG_ISCSI_SCN_BITMAP = 35,
    ISNS_TAG_ISCSI_NODE_INDEX = 36, ISNS_TAG_ISCSI_AUTHMETHOD = 42, ISNS_TAG_PG_ISCSI_NAME = 48,
    ISNS_TAG_PG_PORTAL_IP_ADDR = 49, ISNS_TAG_PG_PORTAL_TCP_UDP_PORT = 50, ISNS_TAG_PG_TAG = 51,
  },
}
Attribute.__index = Attribute

--- Makes one.
-- @name Attribute.new
-- @param tag Its tag.
-- @param val Its bytes.
-- @return The attribute; <code>tostring</code> gives its bytes.
function Attribute:new (tag, val)
  return setmetatable({ tag = tag, val = val or "" }, self)
end

--- Reads the first of some bytes.
-- @name Attribute.parse
-- @param data Bytes.
-- @return The attribute; nil if none is whole.
-- @return Position behind it.
function Attribute.parse (data)
  if #data < 8 then
    return nil
  end
  local tag, length = string.unpack(">I4I4", data)
  if length > #data - 8 then
    return nil
  end
  return Attribute:new(tag, string.sub(data, 9, 8 + length)), 9 + length
end

Attribute.__tostring = function (self)
  return string.pack(">I4s4", self.tag, self.val)
end

--- A list of attributes.
-- @class table
-- @name Attributes
Attributes = {}
Attributes.__index = Attributes

--- Makes an empty one.
-- @name Attributes.new
-- @return The list; <code>tostring</code> gives its bytes.
function Attributes:new ()
  return setmetatable({}, self)
end

--- Adds an attribute.
-- @name Attributes.add
-- @param tag Its tag.
-- @param val Its bytes.
function Attributes:add (tag, val)
  self[#self + 1] = Attribute:new(tag, val)
end

Attributes.__tostring = function (self)
  local parts = {}
  for at, attribute in ipairs(self) do
    parts[at] = tostring(attribute)
  end
  return table.concat(parts)
end

--- A request.
-- @class table
-- @name Request
Request = { FuncId = { DevAttrReg = 1, DevAttrQry = 2, DevGetNext = 3, DevDereg = 4, SCNReg = 5, SCNDereg = 6, SCNEvent = 7,
  SCN = 8, DDReg = 9, DDDereg = 10, DDSReg = 11, DDSDereg = 12, ESI = 13, Heartbeat = 14 } }
Request.__index = Request

--- Makes one.
-- @name Request.new
-- @param func_id Number of the function.
-- @param flags Flags.
-- @param data What it carries, bytes or what <code>tostring</code> makes bytes of.
-- @param auth Block of authentication, optional.
-- @param trans_id Number that the answer repeats.
-- @param seq_id Number of the part. Default: 0.
-- @return The request; <code>tostring</code> gives its bytes.
function Request:new (func_id, flags, data, auth, trans_id, seq_id)
  data = tostring(data)
  return setmetatable({ header = Header:new(func_id, #data, flags, trans_id or 0, seq_id or 0), data = data, auth = auth or "" }, self)
end

Request.__tostring = function (self)
  return tostring(self.header) .. self.data .. self.auth
end

--- An answer.
-- @class table
-- @name Response
Response = { Error = { [0] = "success", "unknown error", "malformed message", "invalid registration", "reserved", "invalid query",
  "source unknown", "source absent", "source not allowed", "no such entry", "version not supported", "internal error", "busy",
  "option unknown", "invalid update", "message not supported", "event refused", "registration of events refused",
  "attribute not implemented", "no domain of switches", "domain of switches not given", "no inquiries", "invalid deregistration",
  "registration not supported" } }
Response.__index = Response

--- Makes an empty one.
-- @name Response.new
-- @return The answer: <code>error</code> is its code, <code>attrs</code> what it brings.
function Response:new ()
  return setmetatable({ attrs = Attributes:new() }, self)
end

-- The attributes of some bytes, added to a list.
local function read_attributes (attrs, data)
  while #attrs < 4096 do
    local attribute, behind = Attribute.parse(data)
    if not attribute then
      break
    end
    attrs[#attrs + 1] = attribute
    data = string.sub(data, behind)
  end
end

--- Reads one.
-- @name Response.parse
-- @param data The message with its head.
-- @return The answer; nil if it is none.
function Response.parse (data)
  local header = Header.parse(data)
  if not header or header.pdu_len < 4 or HEAD + header.pdu_len > #data then
    return nil
  end
  local response = Response:new()
  response.error = string.unpack(">I4", data, HEAD + 1)
  read_attributes(response.attrs, string.sub(data, HEAD + 5, HEAD + header.pdu_len))
  return response
end

--- One connection.
-- @class table
-- @name Session
Session = {}
Session.__index = Session

--- Makes one.
-- @name Session.new
-- @param host Host table.
-- @param port Port table.
-- @return The session.
function Session:new (host, port)
  return setmetatable({ host = host, port = port }, self)
end

--- Connects.
-- @name Session.connect
-- @return True, or false and a reason.
function Session:connect ()
  self.socket = nmap.new_socket()
  self.socket:set_timeout(stdnse.get_timeout(self.host, TIMEOUT))
  return self.socket:connect(self.host, self.port)
end

--- Sends a request.
-- @name Session.send
-- @param req The request.
-- @return True, or false and a reason.
function Session:send (req)
  return self.socket:send(tostring(req))
end

local whole = framereader.new(function (head)
  local header = Header.parse(head)
  return header and header.pdu_len
end, MAX_PDU, HEAD)

--- Receives an answer, all parts of it.
-- @name Session.receive
-- @return True, or false.
-- @return The answer; or what is wrong.
function Session:receive ()
  local response
  for _ = 1, MAX_PDUS do
    local status, data = deadline.receive_buf(self.socket, whole, true, TIMEOUT)
    if not status then
      return false, data
    end
    local header, part = Header.parse(data), Response.parse(data)
    if not part then
      return false, "no answer of the protocol"
    end
    if response then
      -- A later part has no error code: its attributes begin at once.
      read_attributes(response.attrs, string.sub(data, HEAD + 1, HEAD + header.pdu_len))
    else
      response = part
    end
    if header.flags & LAST ~= 0 then
      return true, response
    end
  end
  return false, "an answer without end"
end

--- Ends it.
-- @name Session.close
-- @return As the method <code>close</code> of sockets.
function Session:close ()
  return self.socket:close()
end

--- Asks a name server.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes one.
-- @name Helper.new
-- @param host Host table.
-- @param port Port table.
-- @return The helper.
function Helper:new (host, port)
  return setmetatable({ session = Session:new(host, port), transaction = 0 }, self)
end

--- Connects to the server.
-- @name Helper.connect
-- @return True, or false and a reason.
function Helper:connect ()
  return self.session:connect()
end

-- Asks for some attributes of every object that has the first of them (section 5.6.5.2).
local function query (self, tags)
  local attributes = Attributes:new()
  attributes:add(Attribute.Tag.ISNS_TAG_ISCSI_NAME, SOURCE)
  attributes:add(tags[1], "")
  attributes:add(Attribute.Tag.ISNS_TAG_DELIMITER, "")
  for _, tag in ipairs(tags) do
    attributes:add(tag, "")
  end
  self.transaction = self.transaction + 1 & 0xffff
  local request = Request:new(Request.FuncId.DevAttrQry, CLIENT | LAST | FIRST, attributes, nil, self.transaction)
  local status, response = self.session:send(request)
  if status then
    status, response = self.session:receive()
  end
  if not status then
    return false, response
  elseif response.error ~= 0 then
    return false, Response.Error[response.error] or "error " .. response.error
  end
  return true, response.attrs
end

-- An address of sixteen bytes, in short where it is one of IPv4 (section 6.3.1).
local function address_of (bytes)
  if #bytes ~= 16 then
    return nil
  end
  local is_ipv4 = string.sub(bytes, 1, 12) == string.rep("\0", 10) .. "\xff\xff"
  return ipOps.str_to_ip(is_ipv4 and string.sub(bytes, 13) or bytes)
end

--- Lists the portals.
-- @name Helper.listPortals
-- @return True, or false.
-- @return Array of tables with <code>addr</code>, <code>port</code> and <code>proto</code>; or what is wrong.
function Helper:listPortals ()
  local tags = Attribute.Tag
  local status, attrs = query(self, { tags.ISNS_TAG_PORTAL_IP_ADDRESS, tags.ISNS_TAG_PORTAL_TCP_UDP_PORT })
  if not status then
    return false, attrs
  end
  local portals, addr = {}, nil
  for _, attribute in ipairs(attrs) do
    if attribute.tag == tags.ISNS_TAG_PORTAL_IP_ADDRESS then
      addr = address_of(attribute.val)
    elseif attribute.tag == tags.ISNS_TAG_PORTAL_TCP_UDP_PORT and addr and #attribute.val == 4 then
      -- A bit above the number tells UDP (section 6.3.2).
      local kind, port = string.unpack(">I2I2", attribute.val)
      portals[#portals + 1] = { addr = addr, port = port, proto = kind & 1 ~= 0 and "udp" or "tcp" }
      addr = nil
    end
  end
  return true, portals
end

-- What a node is, in words.
local function kind_of (bits)
  local words = {}
  for _, word in ipairs({ "Target", "Initiator", "Control" }) do
    if bits & iSCSI.NodeType[string.upper(word)] ~= 0 then
      words[#words + 1] = word
    end
  end
  return #words > 0 and table.concat(words, ", ") or "Unknown"
end

--- Lists the nodes of iSCSI.
-- @name Helper.listISCINodes
-- @return True, or false.
-- @return Array of tables with <code>name</code> and <code>type</code>, such as <code>Target</code>; or what is wrong.
function Helper:listISCINodes ()
  local tags = Attribute.Tag
  local status, attrs = query(self, { tags.ISNS_TAG_ISCSI_NAME, tags.ISNS_TAG_ISCSI_NODE_TYPE })
  if not status then
    return false, attrs
  end
  local nodes, name = {}, nil
  for _, attribute in ipairs(attrs) do
    if attribute.tag == tags.ISNS_TAG_ISCSI_NAME then
      name = string.match(attribute.val, "^[^\0]*")
    elseif attribute.tag == tags.ISNS_TAG_ISCSI_NODE_TYPE and name and #attribute.val == 4 then
      nodes[#nodes + 1] = { name = name, type = kind_of(string.unpack(">I4", attribute.val)) }
      name = nil
    end
  end
  return true, nodes
end

--- Ends it.
-- @name Helper.close
-- @return As the method <code>close</code> of sockets.
function Helper:close ()
  return self.session:close()
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(tostring(Request:new(2, 0x8c00, "DD", "", 7, 0)), "\0\1\0\2\0\2\x8c\0\0\7\0\0DD"), "a request")
local iqn, kind = tostring(Attribute:new(32, "iqn.x\0\0\0")), tostring(Attribute:new(33, "\0\0\0\1"))
local function reply (flags, body)
  return tostring(Header:new(0x8002, #body, flags, 1, 0)) .. body
end

-- A server that gives one answer in some parts.
local function server (...)
  local parts, at = { ... }, 0
  local socket = {}
  function socket:send () return true end
  function socket:receive_buf (find)
    at = at + 1
    if not parts[at] then
      return false, "EOF"
    end
    return true, string.sub(parts[at], 1, (select(2, find(parts[at]))))
  end
  local helper = Helper:new({}, {})
  helper.session.socket = socket
  return helper
end

test_suite:add_test(unittest.identical({ server(reply(FIRST | LAST, "\0\0\0\0" .. iqn .. kind)):listISCINodes() },
  { true, { { name = "iqn.x", type = "Target" } } }), "a node")
test_suite:add_test(unittest.identical({ server(reply(FIRST, "\0\0\0\0" .. iqn), reply(LAST, kind)):listISCINodes() },
  { true, { { name = "iqn.x", type = "Target" } } }), "an answer in two parts")
local portal = tostring(Attribute:new(16, string.rep("\0", 10) .. "\xff\xff\10\0\0\1")) .. tostring(Attribute:new(17, "\0\0\x0c\xbc"))
test_suite:add_test(unittest.identical({ server(reply(FIRST | LAST, "\0\0\0\0" .. portal)):listPortals() },
  { true, { { addr = "10.0.0.1", port = 3260, proto = "tcp" } } }), "a portal")
test_suite:add_test(unittest.identical({ server(reply(LAST, "\0\0\0\9")):listPortals() }, { false, "no such entry" }), "an error")
test_suite:add_test(unittest.identical({ server(reply(LAST, "\0\0\0\0\0\0\0\x20\xff\xff\xff\xffa")):listISCINodes() }, { true, {} }),
  "an absurd length")
test_suite:add_test(unittest.is_false((server("\0\2\x80\2\0\0\0\0\0\0\0\0"):listPortals())), "another version")
test_suite:add_test(unittest.is_false((server():listPortals())), "no answer")
test_suite:add_test(unittest.equal(kind_of(3), "Target, Initiator"), "two kinds at once")
test_suite:add_test(unittest.equal(kind_of(0), "Unknown"), "no kind")
return _ENV
