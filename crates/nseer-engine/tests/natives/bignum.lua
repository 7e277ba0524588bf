-- Numbers of any size.
--
-- Expected values are those of Nmap 7.93 with OpenSSL 3.0, except where a heading says why not.
return function (check, gives, raises)
  local openssl = require "openssl"
  local function number (text)
    return openssl.bignum_dec2bn(text)
  end

  -- From text and back.
  for text, want in pairs {["12abc"] = "0C", ["-5"] = "-05", ["-0"] = "0", ["-"] = "0", [" 5"] = "0", ["+5"] = "0",
      ["007"] = "07", ["--7"] = "0", ["12\0003"] = "0C", [""] = "0", ["511"] = "01FF"} do
    check(text, tostring(number(text)), want)
  end
  for text, want in pairs {["-5"] = "-05", ["-0"] = "0", ["aBcg"] = "0ABC", ["0000"] = "0", ["0x12"] = "0"} do
    check("hexadecimal " .. text, tostring(openssl.bignum_hex2bn(text)), want)
  end
  gives([[tostring(openssl.bignum_dec2bn(77))]], "4D")
  gives([[openssl.bignum_bn2dec(openssl.bignum_bin2bn("\1\0"))]], "256")
  gives([[openssl.bignum_bn2hex(openssl.bignum_bin2bn("\1\0"))]], "0100")
  gives([[openssl.bignum_bn2bin(openssl.bignum_bin2bn("\0\0\1\0"))]], "\1\0")
  gives([[openssl.bignum_bn2bin(openssl.bignum_bin2bn(""))]], "")
  gives([[openssl.bignum_bn2bin(openssl.bignum_dec2bn("-300"))]], "\1,")
  gives([[openssl.bignum_num_bits(openssl.bignum_dec2bn("-300"))]], 9)
  gives([[openssl.bignum_num_bytes(openssl.bignum_dec2bn("-300"))]], 2)

  -- Bits.
  local n = number "0"
  check("set_bit gives nothing", select("#", openssl.bignum_set_bit(n, 9)), 0)
  check("methods", {n:num_bits(), n:num_bytes(), n:tobin(), n:todec(), n:tohex(), n:is_bit_set(9), n:is_bit_set(-1)},
    {10, 2, "\2\0", "512", "0200", true, false})
  n:set_bit(-1)
  n:clear_bit(99)
  n:clear_bit(9)
  check("cleared", {tostring(n), n:num_bits(), n:tobin()}, {"0", 0, ""})
  check("no other fields", n.foo, nil)

  -- Arithmetic.
  check("sum", openssl.bignum_add(number "5", number "-7"):todec(), "-2")
  local quotient, remainder = openssl.bignum_div(number "-7", number "2")
  check("division", {quotient:todec(), remainder:todec()}, {"-3", "-1"})
  quotient, remainder = openssl.bignum_div(number "-7", number "0")
  check("division by zero", {quotient:todec(), remainder:todec()}, {"0", "0"})
  for text, want in pairs {["2 10 1000"] = "24", ["-2 3 7"] = "6", ["2 -3 7"] = "1", ["2 3 0"] = "0", ["0 0 5"] = "1"} do
    local a, p, m = text:match("(%S+) (%S+) (%S+)")
    check(text, openssl.bignum_mod_exp(number(a), number(p), number(m)):todec(), want)
  end
  check("equal numbers are not equal", number "5" == number "5", false)

  -- Primes.
  for text, want in pairs {["23"] = {true, true}, ["13"] = {false, true}, ["9"] = {false, false}, ["5"] = {true, true},
      ["2"] = {false, true}, ["-7"] = {false, false}} do
    check("safe prime " .. text, {openssl.bignum_is_safe_prime(number(text))}, want)
    check("prime " .. text, number(text):is_prime(), want[2])
  end
  -- The group of RFC 2409, section 6.2.
  local group = openssl.bignum_hex2bn("FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514" ..
    "A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" ..
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF")
  check("a large safe prime", {group:is_safe_prime()}, {true, true})

  -- Random numbers.
  check("no bits", {tostring(openssl.bignum_rand(0)), tostring(openssl.bignum_pseudo_rand(-1))}, {"0", "0"})
  check("some bits", openssl.bignum_rand(20):num_bits() <= 20, true)
  check("many bits", openssl.bignum_pseudo_rand(1000):num_bits() > 900, true)

  -- Misuse.
  raises([[openssl.bignum_bn2hex("x")]], "bad argument #1 to 'bignum_bn2hex' (BIGNUM expected, got string)")
  raises([[openssl.bignum_add(openssl.bignum_dec2bn("5"))]],
    "bad argument #2 to 'bignum_add' (BIGNUM expected, got no value)")
  raises([[openssl.bignum_dec2bn("5").tohex("x")]], "bad argument #1 to 'tohex' (BIGNUM expected, got string)")
  raises([[openssl.bignum_set_bit(openssl.bignum_dec2bn("5"))]],
    "bad argument #2 to 'bignum_set_bit' (number expected, got no value)")
  raises([[openssl.bignum_dec2bn("5"):set_bit("x")]],
    "bad argument #1 to 'set_bit' (number expected, got string)")
  raises([[openssl.bignum_rand()]], "bad argument #1 to 'bignum_rand' (number expected, got no value)")
  local b = number "5"
  check("no arithmetic", (pcall(function () return b + b end)), false)
  check("it is named", select(2, pcall(function () return b + b end)):match("attempt.- value"),
    "attempt to perform arithmetic on a BIGNUM value")

  -- Unlike Nmap 7.93, which has no such function; the format is that of RFC 4251, section 5.
  check("mpi", {number "128":tompi(), openssl.bignum_bn2mpi(number "0"), openssl.bignum_bn2mpi(number "-128")},
    {"\0\0\0\2\0\x80", "\0\0\0\0", "\0\0\0\2\x80\x80"})

  -- Unlike Nmap: what would take too long is refused.
  raises([[openssl.bignum_set_bit(openssl.bignum_dec2bn("5"), 1 << 40)]], "too large: at most 1048576 bits")
  raises([[openssl.bignum_bin2bn(("x"):rep(2000)):is_prime()]], "too large: at most 8192 bits")
end
