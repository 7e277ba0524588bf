---
-- Hands the bytes of a file to the native modules: the first byte says to which.
description = "Hands hostile bytes to native modules."
categories = {"safe"}

local lpeg = require "lpeg"
local openssl = require "openssl"
local zlib = require "zlib"

prerule = function() return true end

--- Takes bytes from a text, one after another; 0 at its end.
local function taker(text)
  local at = 0
  return function()
    at = at + 1
    return text:byte(at) or 0
  end, function(count)
    local part = text:sub(at + 1, at + count)
    at = at + count
    return part
  end, function()
    return at >= #text
  end
end

local WINDOWS = {15, -15, 31, 47, 0, 8, -8, 16, 32, 12, 63, -1}

local function inflate(byte, take)
  local bits = WINDOWS[byte() % #WINDOWS + 1]
  local way, dictionary = byte(), nil
  if way & 1 == 1 then
    dictionary = take(way >> 4)
  end
  local data = take(1 << 16)
  pcall(zlib.decompress, data, bits, 1 << 20)
  local source = data
  if way & 2 == 2 then
    -- In pieces, and not always text.
    local at = 1
    source = function(size)
      local piece = data:sub(at, at + way)
      at = at + way + 1
      return piece ~= "" and piece or nil
    end
  end
  local made, stream = pcall(zlib.inflate, source, bits, dictionary)
  if not made then
    return
  end
  local formats = {way, "*l", 0, way << 8, "*a"}
  for round = 1, 20 do
    local ok, piece = pcall(stream.read, stream, formats[(way + round) % (4 + (way >> 2 & 1)) + 1])
    if not ok or not piece then
      break
    end
  end
  pcall(function()
    for line in stream:lines() do
      if #line > 1 << 20 then
        break
      end
    end
  end)
  pcall(stream.adler, stream)
  pcall(stream.close, stream)
end

local function deflate(byte, take)
  local settings = {byte() - 3, 8, byte() - 64, byte() % 12, byte() % 6}
  local pieces = {}
  local made, stream = pcall(zlib.deflate, function(piece) pieces[#pieces + 1] = piece end, table.unpack(settings))
  if not made then
    return
  end
  local sent = {}
  for _ = 1, byte() % 8 do
    local piece = take(byte() * 16)
    sent[#sent + 1] = piece
    stream:write(piece)
    pcall(stream.flush, stream, ({"sync", "full", "finish", "x"})[byte() % 4 + 1])
  end
  stream:close()
end

local FUNCTIONS = {
  function(...) return ... end,
  function() return nil end,
  function(a, b) return a, b end,
  function(subject, position) return type(position) == "number" and position + 1 or true end,
  function() return true, "value" end,
  function() error("refused") end,
  {a = "A", b = 2, [1] = true},
  function(...) return select("#", ...) end,
}

local function patterns(byte, take, ended)
  local stack = {lpeg.P(1), lpeg.P "a"}
  local function pop()
    return table.remove(stack) or lpeg.P "b"
  end
  local makers = {
    function() return lpeg.P(take(byte() % 4)) end,
    function() return lpeg.S(take(byte() % 6)) end,
    function() return lpeg.R(take(2), take(2)) end,
    function() return lpeg.P(byte() - 20) end,
    function() return lpeg.P(byte() % 2 == 0) end,
    function() return lpeg.V(byte() % 4 + 1) end,
    function() return pop() * pop() end,
    function() return pop() + pop() end,
    function() return pop() - pop() end,
    function() return pop() ^ (byte() % 9 - 4) end,
    function() return -pop() end,
    function() return #pop() end,
    function() return lpeg.B(pop()) end,
    function() return lpeg.C(pop()) end,
    function() return lpeg.Ct(pop()) end,
    function() return lpeg.Cs(pop()) end,
    function() return lpeg.Cg(pop(), byte() % 2 == 0 and "name" or nil) end,
    function() return lpeg.Cb "name" end,
    function() return lpeg.Cc(1, nil, "x") end,
    function() return lpeg.Cp() end,
    function() return lpeg.Carg(byte() % 4) end,
    function() return lpeg.Cf(pop(), FUNCTIONS[byte() % #FUNCTIONS + 1]) end,
    function() return lpeg.Cmt(pop(), FUNCTIONS[byte() % #FUNCTIONS + 1]) end,
    function() return pop() / FUNCTIONS[byte() % #FUNCTIONS + 1] end,
    function() return pop() / take(byte() % 5) end,
    function() return pop() / (byte() % 4) end,
    function() return lpeg.P {pop(), pop(), pop()} end,
    function() return lpeg.P {"x", x = pop(), pop()} end,
    function() return lpeg.locale().alpha end,
    function() return FUNCTIONS[byte() % #FUNCTIONS + 1] end,
  }
  for _ = 1, byte() do
    if ended() then
      break
    end
    local ok, made = pcall(makers[byte() % #makers + 1])
    stack[#stack + 1] = ok and made or nil
  end
  local subject, start = take(byte()), byte() - 8
  pcall(lpeg.setmaxstack, byte() + 1)
  local pattern = pop()
  pcall(lpeg.match, pattern, subject, start, "extra", {})
  pcall(lpeg.match, pattern, subject)
  pcall(lpeg.type, pattern)
end

local function numbers(byte, take)
  local function number()
    local made, value = pcall(({openssl.bignum_bin2bn, openssl.bignum_dec2bn, openssl.bignum_hex2bn})[byte() % 3 + 1], take(byte()))
    return made and value or openssl.bignum_bin2bn "\5"
  end
  local a, b, c = number(), number(), number()
  pcall(openssl.bignum_add, a, b)
  pcall(openssl.bignum_div, a, b)
  pcall(openssl.bignum_mod_exp, a, b, c)
  for _, name in ipairs {"tobin", "tompi", "todec", "tohex", "num_bits", "is_prime"} do
    pcall(a[name], a)
  end
  pcall(a.set_bit, a, byte() * byte())
  pcall(a.is_bit_set, a, byte() - 3)
end

local ALGORITHMS = {"DES", "RC4", "aes-128-cbc", "bf-cbc", "des-ede3-cbc", "aes-256-gcm", "nosuch", "rc2-40-cbc"}

local function ciphers(byte, take)
  local algorithm = ALGORITHMS[byte() % #ALGORITHMS + 1]
  local key, iv, padding = take(byte()), take(byte() % 20), byte() % 2 == 0
  local data = take(1 << 16)
  pcall(openssl.encrypt, algorithm, key, iv, data, padding)
  pcall(openssl.decrypt, algorithm, key, iv, data, padding)
  pcall(openssl.digest, key, data)
  pcall(openssl.hmac, "sha1", key, data)
  pcall(openssl.DES_string_to_key, key)
end

local function others(byte, take)
  local text = take(1 << 16)
  pcall(nmap.socket.parse_ssl_certificate, text)
  pcall(require("nmapdb").mac2corp, text:sub(1, 6))
  pcall(nmap.mutex(text), text:sub(1, 8))
  pcall(nmap.add_targets, text)
  pcall(nmap.log_write, "stdout", text)
  pcall(nmap.fetchfile, text)
end

--- Lua's own patterns, which are matched by the engine.
local function plain_patterns(byte, take)
  local pattern, replacement, start = take(byte()), take(byte() % 16), byte() - 8
  local subject = take(1 << 16)
  pcall(string.find, subject, pattern, start, start % 3 == 0)
  pcall(string.match, subject, pattern, start)
  pcall(string.gsub, subject, pattern, replacement, start)
  pcall(string.gsub, subject, pattern, FUNCTIONS[start % #FUNCTIONS + 1])
  pcall(function()
    for _ in subject:gmatch(pattern, start) do end
  end)
  pcall(string.rep, pattern, start * byte(), replacement)
end

local MODULES = {inflate, patterns, deflate, numbers, ciphers, others, plain_patterns}

action = function()
  local file = assert(io.open(nmap.registry.args.input, "rb"))
  local input = file:read "a"
  file:close()
  local byte, take, ended = taker(input)
  local module = MODULES[byte() % #MODULES + 1]
  pcall(module, byte, take, ended)
  return "done"
end
