---@meta
-- The native module openssl: digests, ciphers and big numbers.

---A big number.
---@class nse.Bignum
local Bignum = {}

---@return integer
function Bignum:num_bits() end

---@return integer
function Bignum:num_bytes() end

---Big-endian bytes.
---@return string
function Bignum:tobin() end

---@return string
function Bignum:tompi() end

---@return string
function Bignum:todec() end

---@return string
function Bignum:tohex() end

---Whether it is probably a prime.
---@return boolean
function Bignum:is_prime() end

---Whether it is a prime p, and (p-1)/2 is one too.
---@return boolean safe
function Bignum:is_safe_prime() end

---@param bit integer
---@return boolean
function Bignum:is_bit_set(bit) end

---@param bit integer
function Bignum:set_bit(bit) end

---@param bit integer
function Bignum:clear_bit(bit) end

---Digests, ciphers and big numbers.
---@class openssl
openssl = {}

---From big-endian bytes.
---@param text string
---@return nse.Bignum
function openssl.bignum_bin2bn(text) end

---From decimal digits.
---@param text string
---@return nse.Bignum
function openssl.bignum_dec2bn(text) end

---From hexadecimal digits.
---@param text string
---@return nse.Bignum
function openssl.bignum_hex2bn(text) end

---A random number of at most so many bits.
---@param bits integer
---@return nse.Bignum
function openssl.bignum_rand(bits) end

---A random number of at most so many bits.
---@param bits integer
---@return nse.Bignum
function openssl.bignum_pseudo_rand(bits) end

---@param number nse.Bignum
---@return string
function openssl.bignum_bn2bin(number) end

---@param number nse.Bignum
---@return string
function openssl.bignum_bn2mpi(number) end

---@param number nse.Bignum
---@return string
function openssl.bignum_bn2dec(number) end

---@param number nse.Bignum
---@return string
function openssl.bignum_bn2hex(number) end

---@param number nse.Bignum
---@return integer
function openssl.bignum_num_bits(number) end

---@param number nse.Bignum
---@return integer
function openssl.bignum_num_bytes(number) end

---Changes the number itself.
---@param number nse.Bignum
---@param bit integer
function openssl.bignum_set_bit(number, bit) end

---Changes the number itself.
---@param number nse.Bignum
---@param bit integer
function openssl.bignum_clear_bit(number, bit) end

---@param number nse.Bignum
---@param bit integer
---@return boolean
function openssl.bignum_is_bit_set(number, bit) end

---@param a nse.Bignum
---@param b nse.Bignum
---@return nse.Bignum
function openssl.bignum_add(a, b) end

---@param a nse.Bignum
---@param b nse.Bignum
---@return nse.Bignum quotient
---@return nse.Bignum remainder
function openssl.bignum_div(a, b) end

---@param base nse.Bignum
---@param exponent nse.Bignum
---@param modulus nse.Bignum
---@return nse.Bignum
function openssl.bignum_mod_exp(base, exponent, modulus) end

---@param number nse.Bignum
---@return boolean
function openssl.bignum_is_prime(number) end

---@param number nse.Bignum
---@return boolean safe
---@return boolean prime
function openssl.bignum_is_safe_prime(number) end

---Random bytes.
---@param count integer
---@return string
function openssl.rand_bytes(count) end

---Random bytes.
---@param count integer
---@return string
function openssl.rand_pseudo_bytes(count) end

---The digest as raw bytes.
---@param data string
---@return string digest
function openssl.md4(data) end

---The digest as raw bytes.
---@param data string
---@return string digest
function openssl.md5(data) end

---The digest as raw bytes.
---@param data string
---@return string digest
function openssl.sha1(data) end

---The digest as raw bytes.
---@param data string
---@return string digest
function openssl.ripemd160(data) end

---The digest as raw bytes. An algorithm that is not known raises an error.
---@param algorithm string
---@param data string
---@return string digest
function openssl.digest(algorithm, data) end

---The keyed digest as raw bytes.
---@param algorithm string
---@param key string
---@param data string
---@return string
function openssl.hmac(algorithm, key, data) end

---@return string[]
function openssl.supported_digests() end

---@return string[]
function openssl.supported_ciphers() end

---@param algorithm string
---@param key string
---@param iv string|nil
---@param data string
---@param padding? boolean
---@return string
function openssl.encrypt(algorithm, key, iv, data, padding) end

---@param algorithm string
---@param key string
---@param iv string|nil
---@param data string
---@param padding? boolean
---@return string
function openssl.decrypt(algorithm, key, iv, data, padding) end

---Eight bytes with room for parity, from seven.
---@param text string
---@return string
function openssl.DES_string_to_key(text) end

return openssl
