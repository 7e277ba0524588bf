-- Certificates as objects. Those here were made with the openssl command.
--
-- Expected values are those of Nmap 7.93 with OpenSSL 3.0.
return function (check, gives, raises)
  local socket = require "nmap.socket"
  local stdnse = require "stdnse"

  local function parsed (hex)
    return socket.parse_ssl_certificate((stdnse.fromhex(hex)))
  end

  -- RSA, with extensions and an attribute that has no name.
  local rsa = "308201d33082017da0030201020213178a3f658573c43134465097df8c80a000153c300d06092a864886f70d01010b0500304931" ..
    "0b3009060355040613024445310a3008060355040b0c0141310a3008060355040b0c01423114301206035504030c0b7273612e65" ..
    "78616d706c65310c300a06032a03040c036f6464301e170d3236313132353232353335375a170d3335303231313232353335375a" ..
    "3049310b3009060355040613024445310a3008060355040b0c0141310a3008060355040b0c01423114301206035504030c0b7273" ..
    "612e6578616d706c65310c300a06032a03040c036f6464305c300d06092a864886f70d0101010500034b003048024100aad5ef2a" ..
    "36bd50e0bdbfb728e5463e03c3264234934197a651baf85339bcae05494068819b379455198675054a172569acb91cbb20e1de90" ..
    "13bcc340c19c34290203010001a33e303c300f0603551d130101ff040530030101ff301a0603551d110413301182096c6f63616c" ..
    "686f737487047f000001300d06042a03040504050403010203300d06092a864886f70d01010b050003410023488fa5d88a3c9c12" ..
    "3e3adc3d8624c6a569fff033f5cf279de16d6987d468777ab1e44c3e15ee0e6fda139fb31c10a5e0cc23862bdff2e639e398536b" ..
    "3a4157"
  local cert = parsed(rsa)
  check("type", type(cert), "userdata")
  local subject, odd = {}, nil
  for key, value in pairs(cert.subject) do
    if type(key) == "table" then
      odd = {key, value}
    else
      subject[key] = value
    end
  end
  check("subject", subject, {countryName = "DE", organizationalUnitName = "B", commonName = "rsa.example"})
  check("no name", odd, {{"1", "2", "3", "4"}, "odd"})
  check("validity", cert.validity, {
    notBefore = {year = 2026, month = 11, day = 25, hour = 22, min = 53, sec = 57},
    notAfter = {year = 2035, month = 2, day = 11, hour = 22, min = 53, sec = 57},
  })
  check("key", {cert.pubkey.type, cert.pubkey.bits, cert.pubkey.ecdhparams}, {"rsa", 512, nil})
  check("exponent", {cert.pubkey.exponent:todec(), tostring(cert.pubkey.exponent)}, {"65537", "010001"})
  check("modulus", cert.pubkey.modulus:tohex(), "AAD5EF2A36BD50E0BDBFB728E5463E03C3264234934197A651BAF85339BCAE05494068819B379455" ..
    "198675054A172569ACB91CBB20E1DE9013BCC340C19C3429")
  check("algorithm", cert.sig_algorithm, "sha256WithRSAEncryption")
  check("extensions", cert.extensions, {
    {name = "X509v3 Basic Constraints", value = "CA:TRUE", critical = true},
    {name = "X509v3 Subject Alternative Name", value = "DNS:localhost, IP Address:127.0.0.1"},
    {name = "1.2.3.4.5", error = true},
  })
  check("pem", {cert.pem:match("^.-\n"), cert.pem:match("\n([^\n]+\n)$")},
    {"-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n"})
  check("digest", stdnse.tohex(cert:digest("sha1")), "9064e91a5a558120f41c6be80b53c3796f545f62")
  check("unknown digest", select("#", cert:digest("nosuch")), 0)
  check("other fields", {cert.serial, cert.version, cert[1], cert[nil]}, {})
  check("the same table", rawequal(cert.subject, cert.subject), true)
  check("it cannot be written", (pcall(function () cert.x = 1 end)), false)
  check("what it is", {tostring(cert):match("^SSL_CERT: "), (pcall(cert.digest, "x", "md5")), (pcall(cert.digest, cert))},
    {"SSL_CERT: ", false, false})

  -- Other keys.
  cert = parsed("3082017f30820125a003020102021432ab3fa2fc33b06877969d831a5fa866edfd4a5c300a06082a8648ce3d0403023015311330" ..
    "1106035504030c0a65632e6578616d706c65301e170d3236313132353232353331395a170d3335303231313232353331395a3015" ..
    "3113301106035504030c0a65632e6578616d706c653059301306072a8648ce3d020106082a8648ce3d030107034200040545240e" ..
    "545814ddf0ef188d0212def2b36c041f82e7a12bc56b3ba3ee291c9ed962df30158404f30c474f9b722ea6240c7fffecf764f408" ..
    "bae3d123e7952d6ba3533051301d0603551d0e04160414a0b81268a8cdeb32f4b26a6c8753aca0e678c021301f0603551d230418" ..
    "30168014a0b81268a8cdeb32f4b26a6c8753aca0e678c021300f0603551d130101ff040530030101ff300a06082a8648ce3d0403" ..
    "0203480030450220466a1c6d88a335d4f04d3818f727cf404ddc56d62a1f0a9265d0624781aca79e022100ab445b2081043be750" ..
    "5a7cb55601f4f29aa1c3bd05620cbaaebd1a7b7e4f8271")
  check("curve", cert.pubkey,
    {type = "ec", bits = 256, ecdhparams = {curve_params = {ec_curve_type = "namedcurve", curve = "prime256v1"}}})
  check("its algorithm", cert.sig_algorithm, "ecdsa-with-SHA256")
  cert = parsed("3081e43081970214732e22f39b08a3372bfd0bdbd438714315b105fb300506032b657030153113301106035504030c0a65642e65" ..
    "78616d706c65301e170d3236313132353232353331395a170d3335303231313232353331395a30153113301106035504030c0a65" ..
    "642e6578616d706c65302a300506032b65700321009be31e06dfda0111eba21b09cee45bc0ca2811a9d5693b34d974fefd3070ce" ..
    "ef300506032b6570034100ddfe0d85376d7246a6b41804bca4f1e2b78e1beb9f977861b9a968ccb7c4c3a6572cda5a85ea7053e0" ..
    "2859b6cd4577d4dd2a7061d237a32a7da8bd9ee9e56f09")
  check("a key without details", cert.pubkey, {type = "unknown", bits = 256})
  check("its algorithm", cert.sig_algorithm, "ED25519")

  -- Times, keys and certificates that are none.
  local position = rsa:find("170d", 1, true)
  cert = parsed(rsa:sub(1, position + 7) .. "7a7a" .. rsa:sub(position + 12))
  check("no time", cert.validity.notBefore:gsub("%d", "0"), "00zz00000000Z")
  local last
  position, last = rsa:find("2a864886f70d0101010500034b00", 1, true)
  check("no key", {parsed(rsa:sub(1, last) .. "31" .. rsa:sub(last + 3))},
    {nil, "Error parsing cert: error:03000072:digital envelope routines::decode error"})
  gives([[require "nmap.socket".parse_ssl_certificate("xx")]], nil)
  raises([[select(2, require "nmap.socket".parse_ssl_certificate())]],
    "bad argument #1 to 'parse_ssl_certificate' (string expected, got no value)")
  raises([[select(2, require "nmap.socket".new():get_ssl_certificate())]],
    "calling 'get_ssl_certificate' on bad self (not a SSL socket)")
end
