---
-- EAP over LANs: which ways to authenticate a switch or access point accepts.
--
-- Written from RFC 3748 (sections 4, 5 and 6.2) and IEEE 802.1X-2004 (section 7). Frames go to the group address of
-- authenticators, so the interface must be one of Ethernet and the user privileged.
--
-- @usage
-- eap.send_start(interface)
-- local packet = eap.parse(frame)
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name eap

local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"

_ENV = stdnse.module("eap", stdnse.seeall)

local AUTHENTICATORS = "\x01\x80\xc2\0\0\3"
local ETHERTYPE, VERSION = 0x888e, 2
local FRAME_HEAD, EAPOL_HEAD, EAP_HEAD = 14, 4, 4

--- Kinds of packets over LANs, by name (IEEE 802.1X, section 7.5.4).
-- @class table
-- @name eapol_t
eapol_t = { PACKET = 0, START = 1, LOGOFF = 2, KEY = 3, ASF = 4 }

--- Names of kinds of packets over LANs.
-- @class table
-- @name eapol_str
eapol_str = { [0] = "EAP Packet", "EAPOL Start", "EAPOL Logoff", "EAPOL Key", "EAPOL Encapsulated ASF Alert" }

--- Codes by name (RFC 3748, section 4, and RFC 6696).
-- @class table
-- @name code_t
code_t = { REQUEST = 1, RESPONSE = 2, SUCCESS = 3, FAILURE = 4, INITIATE = 5, FINISH = 6 }

--- Names of codes.
-- @class table
-- @name code_str
code_str = { "Request", "Response", "Success", "Failure", "Initiate", "Finish" }

--- Methods by name, those that are used here.
-- @class table
-- @name eap_t
eap_t = { IDENTITY = 1, NAK = 3, MD5 = 4, TLS = 13, TTLS = 21, PEAP = 25, MSCHAP = 29 }

--- Names of methods, as IANA registers them.
-- @class table
-- @name eap_str
eap_str = {
  [0] = "Reserved", "Identity", "Notification", "Legacy Nak", "MD5-Challenge", "One-Time Password (OTP)",
  "Generic Token Card (GTC)", "Allocated", "Allocated", "RSA Public Key Authentication", "DSS Unilateral", "KEA",
  "KEA-VALIDATE", "EAP-TLS", "Defender Token (AXENT)", "RSA Security SecurID EAP", "Arcot Systems EAP", "EAP-Cisco Wireless",
  "GSM Subscriber Identity Modules (EAP-SIM)", "SRP-SHA1", "Unassigned", "EAP-TTLS", "Remote Access Service",
  "EAP-AKA Authentication", "EAP-3Com Wireless", "PEAP", "MS-EAP-Authentication", "Mutual Authentication w/Key Exchange (MAKE)",
  "CRYPTOCard", "EAP-MSCHAP-V2", "DynamID", "Rob EAP", "Protected One-Time Password", "MS-Authentication-TLV", "SentriNET",
  "EAP-Actiontec Wireless", "Cogent Systems Biometrics Authentication EAP", "AirFortress EAP", "EAP-HTTP Digest",
  "SecureSuite EAP", "DeviceConnect EAP", "EAP-SPEKE", "EAP-MOBAC", "EAP-FAST", "ZoneLabs EAP (ZLXEAP)", "EAP-Link", "EAP-PAX",
  "EAP-PSK", "EAP-SAKE", "EAP-IKEv2", "EAP-AKA'", "EAP-GPSK", "EAP-pwd", "EAP-EKE Version 1", "EAP Method Type for PT-EAP",
  "TEAP", [254] = "Reserved for the Expanded Type", [255] = "Experimental",
}

-- A frame with a packet.
local function frame_of (mac, kind, body)
  return string.pack(">c6c6I2BBs2", AUTHENTICATORS, mac, ETHERTYPE, VERSION, kind, body)
end

-- An answer to a request.
local function response_of (id, method, data)
  return string.pack(">BBI2B", code_t.RESPONSE, id, EAP_HEAD + 1 + #data, method) .. data
end

local function send (iface, kind, body)
  local ethernet = nmap.new_dnet()
  ethernet:ethernet_open(iface.device)
  ethernet:ethernet_send(frame_of(iface.mac, kind, body))
  ethernet:ethernet_close()
end

--- Asks authenticators to begin.
-- @param iface Table of the interface, as <code>nmap.get_interface_info</code> gives it.
function send_start (iface)
  send(iface, eapol_t.START, "")
end

--- Answers who is there.
-- @param iface Table of the interface.
-- @param id Number of the request.
-- @param identity The name to give.
function send_identity_response (iface, id, identity)
  send(iface, eapol_t.PACKET, response_of(id, eap_t.IDENTITY, identity))
end

--- Refuses a method and asks for another.
-- @param iface Table of the interface.
-- @param id Number of the request.
-- @param auth Number of the method to use.
function send_nak_response (iface, id, auth)
  send(iface, eapol_t.PACKET, response_of(id, eap_t.NAK, string.char(auth)))
end

--- Reads a frame.
-- @param packet The frame from its Ethernet header on.
-- @return Table with <code>version</code>, <code>type</code>, <code>length</code> and <code>eap</code>, which for packets of
--         EAP has <code>code</code>, <code>id</code>, <code>length</code>, <code>type</code> and <code>body</code>, a table
--         with <code>identity</code> where that is told. <code>mac_src</code> is the address that the frame goes to and
--         <code>mac_dst</code> whom it comes from, as scripts expect; both also as hexadecimal text with <code>_str</code>.
--         Nil if it is none.
function parse (packet)
  if #packet < FRAME_HEAD + EAPOL_HEAD then
    return nil
  end
  local out, ethertype = {}, nil
  out.mac_src, out.mac_dst, ethertype, out.version, out.type, out.length = string.unpack(">c6c6I2BBI2", packet)
  if ethertype ~= ETHERTYPE then
    return nil
  end
  out.ether_type, out.eap = ethertype, { body = {} }
  out.mac_src_str, out.mac_dst_str = stdnse.tohex(out.mac_src), stdnse.tohex(out.mac_dst)
  local body = string.sub(packet, FRAME_HEAD + EAPOL_HEAD + 1, FRAME_HEAD + EAPOL_HEAD + out.length)
  if out.type ~= eapol_t.PACKET then
    return out
  elseif #body < EAP_HEAD then
    return nil
  end
  local eap = out.eap
  eap.code, eap.id, eap.length = string.unpack(">BBI2", body)
  if eap.length < EAP_HEAD or eap.length > #body then
    return nil
  elseif eap.length > EAP_HEAD then
    eap.type = string.byte(body, EAP_HEAD + 1)
    if eap.type == eap_t.IDENTITY then
      eap.body.identity = string.sub(body, EAP_HEAD + 2, eap.length)
    end
  end
  return out
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local mac = "\2\0\0\0\0\1"
test_suite:add_test(unittest.equal(frame_of(mac, eapol_t.START, ""), AUTHENTICATORS .. mac .. "\x88\x8e\2\1\0\0"), "a start")
local frame = frame_of(mac, eapol_t.PACKET, response_of(7, eap_t.IDENTITY, "user"))
local read = parse(frame .. string.rep("\0", 20))
test_suite:add_test(unittest.identical(read.eap, { code = 2, id = 7, length = 9, type = 1, body = { identity = "user" } }), "an identity, padded")
test_suite:add_test(unittest.equal(parse(frame_of(mac, eapol_t.PACKET, "\4\1\0\4")).eap.code, code_t.FAILURE), "a failure")
test_suite:add_test(unittest.is_nil(parse(string.sub(frame, 1, -2))), "cut off")
test_suite:add_test(unittest.is_nil(parse(frame_of(mac, eapol_t.PACKET, "\1\1\xff\xff\1"))), "an absurd length")
test_suite:add_test(unittest.is_nil(parse(frame_of(mac, eapol_t.PACKET, "\1\1\0\3"))), "less than its own head")
test_suite:add_test(unittest.is_nil(parse("\0")), "no frame")
test_suite:add_test(unittest.equal(eap_str[eap_t.MSCHAP], "EAP-MSCHAP-V2"), "names stand at their numbers")
return _ENV
