---
-- The part of <code>tls</code> that has the numbers of the protocol. Scripts reach it through
-- <code>tls</code>.
--
-- From IANA's registries "Transport Layer Security (TLS) Parameters" and "TLS Extensions", as defined in
-- RFC 6101, 5246, 8446 and the documents that these registries name. Groups that RFC 8422 and RFC 8446 call
-- <code>x25519</code> and <code>x448</code> have the prefix <code>ecdh_</code> here.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name tls

local string = require "string"
local tonumber = tonumber

local registry = {}

-- Reads "name number" pairs, so that the tables below stay readable.
local function numbers (text)
  local t = {}
  for name, number in string.gmatch(text, "(%S+) (%d+)") do
    t[name] = tonumber(number)
  end
  return t
end

--- Versions of the protocol, as the number on the wire.
-- @class table
-- @name PROTOCOLS
registry.PROTOCOLS = {
  ["SSLv3"] = 0x0300, ["TLSv1.0"] = 0x0301, ["TLSv1.1"] = 0x0302, ["TLSv1.2"] = 0x0303,
  ["TLSv1.3"] = 0x0304,
}

--- The highest version that this library knows.
-- @class field
-- @name HIGHEST_PROTOCOL
registry.HIGHEST_PROTOCOL = "TLSv1.3"

--- Bytes before the payload of each record.
-- @class field
-- @name TLS_RECORD_HEADER_LENGTH
registry.TLS_RECORD_HEADER_LENGTH = 5

--- Content types of records.
-- @class table
-- @name TLS_CONTENTTYPE_REGISTRY
registry.TLS_CONTENTTYPE_REGISTRY = numbers [[
  change_cipher_spec 20  alert 21  handshake 22  application_data 23  heartbeat 24  tls12_cid 25  ACK 26
]]

--- Levels of alerts.
-- @class table
-- @name TLS_ALERT_LEVELS
registry.TLS_ALERT_LEVELS = numbers "warning 1  fatal 2"

--- Descriptions of alerts.
-- @class table
-- @name TLS_ALERT_REGISTRY
registry.TLS_ALERT_REGISTRY = numbers [[
  close_notify 0  unexpected_message 10  bad_record_mac 20  decryption_failed 21  record_overflow 22
  decompression_failure 30  handshake_failure 40  no_certificate 41  bad_certificate 42
  unsupported_certificate 43  certificate_revoked 44  certificate_expired 45  certificate_unknown 46
  illegal_parameter 47  unknown_ca 48  access_denied 49  decode_error 50  decrypt_error 51
  too_many_cids_requested 52  export_restriction 60  protocol_version 70  insufficient_security 71
  internal_error 80  inappropriate_fallback 86  user_canceled 90  no_renegotiation 100
  missing_extension 109  unsupported_extension 110  certificate_unobtainable 111  unrecognized_name 112
  bad_certificate_status_response 113  bad_certificate_hash_value 114  unknown_psk_identity 115
  certificate_required 116  no_application_protocol 120
]]

--- Types of handshake messages.
-- @class table
-- @name TLS_HANDSHAKETYPE_REGISTRY
registry.TLS_HANDSHAKETYPE_REGISTRY = numbers [[
  hello_request 0  client_hello 1  server_hello 2  hello_verify_request 3  NewSessionTicket 4
  end_of_early_data 5  hello_retry_request 6  encrypted_extensions 8  request_connection_id 9
  new_connection_id 10  certificate 11  server_key_exchange 12  certificate_request 13
  server_hello_done 14  certificate_verify 15  client_key_exchange 16  client_certificate_request 17
  finished 20  certificate_url 21  certificate_status 22  supplemental_data 23  key_update 24
  compressed_certificate 25  ekt_key 26  next_protocol 67  message_hash 254
]]

--- Methods of compression (RFC 3749, RFC 3943).
-- @class table
-- @name COMPRESSORS
registry.COMPRESSORS = numbers "NULL 0  DEFLATE 1  LZS 64"

--- Supported groups, which began as elliptic curves.
-- @class table
-- @name ELLIPTIC_CURVES
registry.ELLIPTIC_CURVES = numbers [[
  sect163k1 1  sect163r1 2  sect163r2 3  sect193r1 4  sect193r2 5  sect233k1 6  sect233r1 7  sect239k1 8
  sect283k1 9  sect283r1 10  sect409k1 11  sect409r1 12  sect571k1 13  sect571r1 14  secp160k1 15
  secp160r1 16  secp160r2 17  secp192k1 18  secp192r1 19  secp224k1 20  secp224r1 21  secp256k1 22
  secp256r1 23  secp384r1 24  secp521r1 25  brainpoolP256r1 26  brainpoolP384r1 27  brainpoolP512r1 28
  ecdh_x25519 29  ecdh_x448 30  brainpoolP256r1tls13 31  brainpoolP384r1tls13 32
  brainpoolP512r1tls13 33  GC256A 34  GC256B 35  GC256C 36  GC256D 37  GC512A 38  GC512B 39  GC512C 40
  curveSM2 41  ffdhe2048 256  ffdhe3072 257  ffdhe4096 258  ffdhe6144 259  ffdhe8192 260
  X25519MLKEM768 4588  SecP256r1MLKEM768 4587  SecP384r1MLKEM1024 4589
  arbitrary_explicit_prime_curves 65281  arbitrary_explicit_char2_curves 65282
]]

--- The groups of a hello that names none.
-- @class table
-- @name DEFAULT_ELLIPTIC_CURVES
registry.DEFAULT_ELLIPTIC_CURVES = {"secp256r1", "secp384r1", "secp521r1", "ecdh_x25519", "ffdhe2048"}

--- Formats of points on a curve.
-- @class table
-- @name EC_POINT_FORMATS
registry.EC_POINT_FORMATS = numbers "uncompressed 0  ansiX962_compressed_prime 1  ansiX962_compressed_char2 2"

--- Hash algorithms of TLS 1.2 (RFC 5246, section 7.4.1.4.1).
-- @class table
-- @name HashAlgorithms
registry.HashAlgorithms = numbers "none 0  md5 1  sha1 2  sha224 3  sha256 4  sha384 5  sha512 6  intrinsic 8"

--- Signature algorithms of TLS 1.2.
-- @class table
-- @name SignatureAlgorithms
registry.SignatureAlgorithms = numbers "anonymous 0  rsa 1  dsa 2  ecdsa 3  ed25519 7  ed448 8"

--- Signature schemes of TLS 1.3.
-- @class table
-- @name SignatureSchemes
registry.SignatureSchemes = numbers [[
  rsa_pkcs1_sha1 513  ecdsa_sha1 515  rsa_pkcs1_sha256 1025  ecdsa_secp256r1_sha256 1027
  rsa_pkcs1_sha384 1281  ecdsa_secp384r1_sha384 1283  rsa_pkcs1_sha512 1537  ecdsa_secp521r1_sha512 1539
  eccsi_sha256 1796  iso_ibs1 1797  iso_ibs2 1798  iso_chinese_ibs 1799  sm2sig_sm3 1800
  gostr34102012_256a 1801  gostr34102012_256b 1802  gostr34102012_256c 1803  gostr34102012_256d 1804
  gostr34102012_512a 1805  gostr34102012_512b 1806  gostr34102012_512c 1807  rsa_pss_rsae_sha256 2052
  rsa_pss_rsae_sha384 2053  rsa_pss_rsae_sha512 2054  ed25519 2055  ed448 2056  rsa_pss_pss_sha256 2057
  rsa_pss_pss_sha384 2058  rsa_pss_pss_sha512 2059  ecdsa_brainpoolP256r1tls13_sha256 2074
  ecdsa_brainpoolP384r1tls13_sha384 2075  ecdsa_brainpoolP512r1tls13_sha512 2076
]]

--- Extensions.
-- @class table
-- @name EXTENSIONS
registry.EXTENSIONS = numbers [[
  server_name 0  max_fragment_length 1  client_certificate_url 2  trusted_ca_keys 3  truncated_hmac 4
  status_request 5  user_mapping 6  client_authz 7  server_authz 8  cert_type 9  elliptic_curves 10
  ec_point_formats 11  srp 12  signature_algorithms 13  signature_algorithms_13 13  use_srtp 14
  heartbeat 15  application_layer_protocol_negotiation 16  status_request_v2 17
  signed_certificate_timestamp 18  client_certificate_type 19  server_certificate_type 20  padding 21
  encrypt_then_mac 22  extended_master_secret 23  token_binding 24  cached_info 25  tls_lts 26
  compress_certificate 27  record_size_limit 28  pwd_protect 29  pwd_clear 30  password_salt 31
  ticket_pinning 32  tls_cert_with_extern_psk 33  delegated_credentials 34  TLMSP 36  TLMSP_proxying 37
  TLMSP_delegate 38  supported_ekt_ciphers 39  pre_shared_key 41  early_data 42  supported_versions 43
  cookie 44  psk_key_exchange_modes 45  certificate_authorities 47  oid_filters 48
  post_handshake_auth 49  signature_algorithms_cert 50  key_share 51  transparency_info 52
  connection_id-deprecated 53  connection_id 54  external_id_hash 55  external_session_id 56
  quic_transport_parameters 57  ticket_request 58  dnssec_chain 59  next_protocol_negotiation 13172
  renegotiation_info 65281
]]
-- The name of RFC 5077.
registry.EXTENSIONS["SessionTicket TLS"] = 35

return registry
