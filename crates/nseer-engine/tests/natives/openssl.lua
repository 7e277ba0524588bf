-- Digests, ciphers and random bytes.
--
-- Expected values are those of Nmap 7.93 with OpenSSL 3.0, except where a heading says why not.
return function (check, gives, raises)
  local openssl = require "openssl"
  check("the module is a global too", openssl == _G.openssl, true)

  -- Digests.
  gives([[stdnse.tohex(openssl.md4(""))]], "31d6cfe0d16ae931b73c59d7e0c089c0")
  gives([[stdnse.tohex(openssl.md5("abc"))]], "900150983cd24fb0d6963f7d28e17f72")
  gives([[stdnse.tohex(openssl.md5(12))]], "c20ad4d76fe97759aa27a0c99bff6710")
  gives([[stdnse.tohex(openssl.sha1("abc"))]], "a9993e364706816aba3e25717850c26c9cd0d89d")
  gives([[stdnse.tohex(openssl.ripemd160("abc"))]], "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc")
  gives([[stdnse.tohex(openssl.digest("RSA-SHA1", "x"))]], "11f6ad8ec52a2984abaafd7c3b516503785c2072")
  gives([[stdnse.tohex(openssl.digest("1.3.14.3.2.26", "x"))]], "11f6ad8ec52a2984abaafd7c3b516503785c2072")
  gives([[openssl.digest("md5\0x", "") == openssl.md5("")]], true)
  gives([[openssl.digest("MD5", "\0\255") == openssl.md5("\0\255")]], true)
  gives([[#openssl.digest("whirlpool", ""), #openssl.digest("blake2s256", "")]], 64, 32)
  gives([[stdnse.tohex(openssl.hmac("md5", "", "x"))]], "5a470ef74cd7af75c375be99c6ef771f")
  gives([[stdnse.tohex(openssl.hmac("sha1", "k", "x"))]], "cb00131fcec602a8fc84413a2a70154d8c06a0d2")
  raises([[openssl.digest("nosuch", "")]], "Unknown digest algorithm: nosuch")
  raises([[openssl.hmac("nosuch", "", "")]], "Unknown digest algorithm: nosuch")
  raises([[openssl.hmac("md5")]], "bad argument #2 to 'hmac' (string expected, got no value)")

  -- Ciphers.
  gives([[stdnse.tohex(openssl.encrypt("rc4", "12345", "", "abc"))]], "31575b")
  gives([[stdnse.tohex(openssl.encrypt("DES", "kabcdefg", "01234567", "abcdefgh"))]], "78bf80c9ca219972")
  gives([[stdnse.tohex(openssl.encrypt("DES", "kabcdefg", "01234567", "abc", true))]], "942c9013b817a706")
  gives([[stdnse.tohex(openssl.encrypt("DES", "kabcdefg", "01234567", "", 0))]], "4d86b58053734161")
  gives([[openssl.decrypt("DES", "kabcdefg", "01234567",
    openssl.encrypt("DES", "kabcdefg", "01234567", "abc", true), true)]], "abc")
  gives([[stdnse.tohex(openssl.encrypt("cast5-cbc", "0123456789abcdef", "01234567", "abcdefgh"))]],
    "b262f3697f03e505")
  gives([[stdnse.tohex(openssl.encrypt("bf-cbc", ("k"):rep(100), "01234567", "abcdefgh"))]],
    "622b7a44f68c91d7")
  gives([[stdnse.tohex(openssl.encrypt("aes-128-ctr", "0123456789abcdef", "0123456789abcdef", "abc"))]],
    "13101d")
  gives([[stdnse.tohex(openssl.encrypt("aes-128-gcm", "0123456789abcdef", "0123456789ab", "abc"))]],
    "03206e")
  gives([[stdnse.tohex(openssl.encrypt("aes128-wrap", "0123456789abcdef", "", "0123456789abcdef"))]],
    "2847837ffded109a2bf38be20cec8b59ef740628e0504a72")
  gives([[openssl.encrypt("aes-128-cbc", "0123456789abcdef", nil, "0123456789abcdef") ==
    openssl.encrypt("AES-128-CBC", "0123456789abcdef", ("\0"):rep(16), "0123456789abcdef")]], true)
  raises([[openssl.encrypt("nosuch", "", "", "")]], "Unknown cipher algorithm: nosuch")
  raises([[openssl.encrypt("", "", "", "")]], "Unknown cipher algorithm: ")
  raises([[openssl.encrypt("aes-128-cbc", "0123456789abcdef", "12", "abc")]],
    "Length of iv is 2; should be 16")
  raises([[openssl.encrypt("rc4", "0123456789abcdef", "12", "abc")]], "Length of iv is 2; should be 0")
  raises([[openssl.encrypt("aes-128-cbc", "0123456789abcdef")]],
    "bad argument #4 to 'encrypt' (string expected, got no value)")
  raises([[openssl.encrypt("aes-128-cbc", "0123456789abcdef", {}, "")]],
    "bad argument #3 to 'encrypt' (string expected, got table)")
  raises([[openssl.encrypt("aes-128-cbc", "", "", "abc")]],
    "OpenSSL error: error:03000082:digital envelope routines::invalid key length")
  raises([[openssl.encrypt("aes-128-cbc", "0123456789abcdef", "", "abc")]],
    "OpenSSL error: error:1C80006B:Provider routines::wrong final block length")
  raises([[openssl.decrypt("aes-128-cbc", "0123456789abcdef", "", "0123456789abcdef", true)]],
    "OpenSSL error: error:1C800064:Provider routines::bad decrypt")
  gives([[stdnse.tohex(openssl.DES_string_to_key("abcdefg"))]], "60b0986c462a98ce")
  raises([[openssl.DES_string_to_key("abc")]], "String must have length of 7 bytes.")

  -- Ciphers, unlike Nmap: an empty key makes it read what lies behind the key.
  raises([[openssl.encrypt("rc4", "", "", "abc")]],
    "OpenSSL error: error:03000082:digital envelope routines::invalid key length")

  -- Names.
  gives([[type(openssl.supported_digests()[50]), type(openssl.supported_ciphers()[120])]],
    "string", "string")

  -- Random bytes.
  gives([[openssl.rand_bytes(0), openssl.rand_pseudo_bytes(0)]], "", "")
  gives([[#openssl.rand_bytes(33), #openssl.rand_pseudo_bytes("33")]], 33, 33)
  gives([[openssl.rand_bytes(16) ~= openssl.rand_bytes(16)]], true)
  raises([[openssl.rand_bytes(-1)]], "Couldn't allocate memory.")
  raises([[openssl.rand_bytes(1.5)]],
    "bad argument #1 to 'rand_bytes' (number has no integer representation)")

  -- Random bytes, unlike Nmap: there is a limit.
  raises([[openssl.rand_bytes(1 << 40)]], "Couldn't allocate memory.")
end
