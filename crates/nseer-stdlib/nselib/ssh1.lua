---
-- SSH version 1 as far as the host key, and fingerprints of keys of either version.
--
-- Written from T. Ylönen's draft "The SSH (Secure Shell) Remote Login Protocol" (1995); fingerprints from
-- RFC 4716, OpenSSH's ssh-keygen(1), A. Huima's draft "The Bubble Babble Binary Data Encoding" and D. Loss and
-- others, "The drunken bishop" (2009).
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name ssh1

local base64 = require "base64"
local deadline = require "deadline"
local io = require "io"
local math = require "math"
local nmap = require "nmap"
local openssl = require "openssl"
local ssh2 = require "ssh2"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("ssh1", stdnse.seeall)

-- A packet with a host key has about 300 bytes.
local MAX_PACKET = 256 * 1024

local PUBLIC_KEY = 2

--- Tells whether a whole packet of version 1 is in a buffer.
-- @param buffer What was received.
-- @return Bytes of the packet, with its length field and padding; nil if it is not whole yet.
-- @return The same, so that the function can be given to <code>receive_buf</code>.
function check_packet_length (buffer)
  if #buffer < 4 then
    return nil
  end
  local length = string.unpack(">I4", buffer)
  if length > MAX_PACKET then
    return nil
  end
  local whole = 4 + length + 8 - length % 8
  if #buffer >= whole then
    return whole, whole
  end
end

-- The same for a socket's buffer: a packet that is too long ends at once, with what is there of it.
local function packet_end (buffer)
  if #buffer >= 4 and string.unpack(">I4", buffer) > MAX_PACKET then
    return #buffer, #buffer
  end
  return check_packet_length(buffer)
end

--- Receives a packet of version 1.
-- @param socket Connected socket, behind the exchange of versions.
-- @return True, or nil if there was none.
-- @return The packet; or what went wrong.
function receive_ssh_packet (socket)
  return deadline.receive_buf(socket, packet_end, true)
end

-- A number with its bits in front, section "mp-int" of the draft.
local function read_number (data, pos)
  local bits, at = string.unpack(">I2", data, pos)
  local bytes = (bits + 7) // 8
  if #data < at + bytes - 1 then
    return nil
  end
  return openssl.bignum_bin2bn(string.sub(data, at, at + bytes - 1)), at + bytes, bits
end

-- The host key in SSH_SMSG_PUBLIC_KEY: cookie, server key, host key.
local function read_keys (packet)
  local length = string.unpack(">I4", packet)
  local padding = 8 - length % 8
  local pos = 5 + padding
  if #packet < pos or string.byte(packet, pos) ~= PUBLIC_KEY then
    return nil
  end
  pos = pos + 1 + 8 + 4
  local exponent, modulus, bits
  exponent, pos = read_number(packet, pos)
  exponent, pos = exponent and read_number(packet, pos)
  if not exponent then
    return nil
  end
  pos = pos + 4
  exponent, pos = read_number(packet, pos)
  if exponent then
    modulus, _, bits = read_number(packet, pos)
  end
  return exponent, modulus, bits
end

--- Gets the host key of a server that speaks version 1.
-- @param host Host table.
-- @param port Port table.
-- @return Table like that of <code>ssh2.fetch_host_key</code>, with <code>exp</code> and <code>mod</code>; nil if
--         the server does not speak version 1.
function fetch_host_key (host, port)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host))
  local status, data = socket:connect(host, port, "tcp")
  local version = status and ssh2.transport.receive_version(socket)
  if not version or not string.find(version, "^1%.") then
    socket:close()
    return nil
  end
  socket:send("SSH-1.5-nseer\r\n")
  status, data = receive_ssh_packet(socket)
  socket:close()
  local known, exponent, modulus, bits = pcall(read_keys, status and data or "")
  if not known or not modulus then
    return nil
  end
  local number = openssl.bignum_bn2bin(modulus)
  local blob = number .. openssl.bignum_bn2bin(exponent)
  return {
    exp = exponent, mod = modulus, bits = bits, key_type = "rsa1", algorithm = "RSA1", fp_input = blob,
    full_key = string.format("%d %s %s", bits, openssl.bignum_bn2dec(exponent), openssl.bignum_bn2dec(modulus)),
    key = openssl.bignum_bn2dec(modulus), fingerprint = openssl.md5(blob),
    fp_sha256 = openssl.digest("sha256", blob),
  }
end

--
-- Fingerprints
--

--- Writes a fingerprint in hexadecimal.
-- @param fingerprint The digest of the key, raw.
-- @param algorithm Kind of key, such as <code>RSA</code>.
-- @param bits Bits of the key.
-- @return Text such as <code>2048 d41d8cd98f00b204e9800998ecf8427e (RSA)</code>.
function fingerprint_hex (fingerprint, algorithm, bits)
  return string.format("%d %s (%s)", math.tointeger(bits), stdnse.tohex(fingerprint), algorithm)
end

--- Writes a fingerprint in base64, as OpenSSH does today.
-- @param fingerprint The digest of the key, raw.
-- @param hash Name of the digest, such as <code>SHA256</code>.
-- @param algorithm Kind of key.
-- @param bits Bits of the key.
-- @return Text such as <code>256 SHA256:AbC... (ED25519)</code>.
function fingerprint_base64 (fingerprint, hash, algorithm, bits)
  local encoded = string.gsub(base64.enc(fingerprint), "=+$", "")
  return string.format("%d %s:%s (%s)", math.tointeger(bits), hash, encoded, algorithm)
end

local VOWELS, CONSONANTS = "aeiouy", "bcdfghklmnprstvzx"

local function letter (alphabet, index)
  return string.sub(alphabet, index + 1, index + 1)
end

-- The Bubble Babble encoding of some bytes.
local function bubblebabble (bytes)
  local out, checksum = {"x"}, 1
  local rounds = #bytes // 2
  for round = 0, rounds do
    local first = string.byte(bytes, 2 * round + 1)
    if first then
      out[#out + 1] = letter(VOWELS, ((first >> 6) + checksum) % 6)
        .. letter(CONSONANTS, first >> 2 & 15) .. letter(VOWELS, ((first & 3) + checksum // 6) % 6)
      local second = string.byte(bytes, 2 * round + 2)
      if second then
        out[#out + 1] = letter(CONSONANTS, second >> 4) .. "-" .. letter(CONSONANTS, second & 15)
        checksum = (checksum * 5 + first * 7 + second) % 36
      end
    else
      out[#out + 1] = letter(VOWELS, checksum % 6) .. "x" .. letter(VOWELS, checksum // 6)
    end
  end
  out[#out + 1] = "x"
  return table.concat(out)
end

--- Writes a fingerprint in words that can be spoken.
-- @param fingerprint The digest of the key, raw.
-- @param algorithm Kind of key.
-- @param bits Bits of the key.
-- @return Text such as <code>2048 xigak-nyryk-...-hixox (RSA)</code>.
function fingerprint_bubblebabble (fingerprint, algorithm, bits)
  return string.format("%d %s (%s)", math.tointeger(bits), bubblebabble(fingerprint), algorithm)
end

local WIDTH, HEIGHT = 17, 9
local MARKS = " .o+=*BOX@%&#/^"

--- Draws a fingerprint: where a bishop goes whose way is the digest.
-- @param fingerprint The digest of the key, raw.
-- @param algorithm Kind of key.
-- @param bits Bits of the key.
-- @return Text of eleven lines, with a line break before and after.
function fingerprint_visual (fingerprint, algorithm, bits)
  local visits = {}
  local start = HEIGHT // 2 * WIDTH + WIDTH // 2
  local x, y = WIDTH // 2, HEIGHT // 2
  for i = 1, #fingerprint do
    local byte = string.byte(fingerprint, i)
    for shift = 0, 6, 2 do
      local step = byte >> shift & 3
      x = math.max(0, math.min(WIDTH - 1, x + ((step & 1) == 1 and 1 or -1)))
      y = math.max(0, math.min(HEIGHT - 1, y + ((step & 2) == 2 and 1 or -1)))
      local at = y * WIDTH + x
      visits[at] = (visits[at] or 0) + 1
    end
  end
  local title = string.format("[%4s %4d]", algorithm, math.tointeger(bits))
  local lines = {"\n+--" .. title .. string.rep("-", WIDTH - 2 - #title) .. "+"}
  for row = 0, HEIGHT - 1 do
    local marks = {}
    for column = 0, WIDTH - 1 do
      local at = row * WIDTH + column
      local mark = letter(MARKS, math.min(visits[at] or 0, #MARKS - 1))
      if at == y * WIDTH + x then
        mark = "E"
      elseif at == start then
        mark = "S"
      end
      marks[#marks + 1] = mark
    end
    lines[#lines + 1] = "|" .. table.concat(marks) .. "|"
  end
  lines[#lines + 1] = "+" .. string.rep("-", WIDTH) .. "+\n"
  return table.concat(lines, "\n")
end

--- Reads a file of known hosts, as sshd(8) describes it.
-- @param path Path of the file.
-- @return Array of entries, each an array of the words of a line and, as <code>linenumber</code>, its number;
--         empty if the file cannot be read.
function parse_known_hosts_file (path)
  local entries = {}
  local file = io.open(path, "r")
  if not file then
    return entries
  end
  local number = 0
  for line in file:lines() do
    number = number + 1
    if not string.find(line, "^%s*#") and string.find(line, "%S") then
      local entry = {}
      for word in string.gmatch(line, "%S+") do
        entry[#entry + 1] = word
      end
      entries[#entries + 1] = { entry = entry, linenumber = number }
    end
  end
  file:close()
  return entries
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()

test_suite:add_test(unittest.equal(fingerprint_hex("\1\2\xab", "RSA", 2048), "2048 0102ab (RSA)"), "hexadecimal")
test_suite:add_test(
  unittest.equal(fingerprint_base64("\1\2\xab", "SHA256", "RSA", 2048), "2048 SHA256:AQKr (RSA)"), "base64")
-- The examples of the draft on Bubble Babble.
test_suite:add_test(unittest.equal(bubblebabble(""), "xexax"), "no bytes")
test_suite:add_test(unittest.equal(bubblebabble("1234567890"), "xesef-disof-gytuf-katof-movif-baxux"), "ten bytes")
test_suite:add_test(unittest.equal(bubblebabble("Pineapple"), "xigak-nyryk-humil-bosek-sonax"), "nine bytes")
test_suite:add_test(unittest.is_nil(check_packet_length("\255\255\255\255")), "an absurd length")
local drawn = fingerprint_visual(string.rep("\1\2\xab", 7), "RSA", 2048)
test_suite:add_test(unittest.equal(string.sub(drawn, 2, 22), "+--[ RSA 2048]----+\n|"), "the frame of a drawing")
test_suite:add_test(unittest.equal(select(2, string.gsub(drawn, "\n", "")), 12), "its lines")
local cut = string.pack(">I4", 20) .. string.rep("\0", 4) .. "\2" .. string.rep("\0", 12) .. "\255\255"
test_suite:add_test(unittest.is_nil((read_keys(cut))), "a number longer than the packet")

return _ENV
