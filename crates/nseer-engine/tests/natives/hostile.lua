-- Every native function with arguments that nobody means: each call gives values or raises an error, and soon.
-- A call that does not end, or a panic, ends the script, and the checks with it.
return function (check)
  local nmap, nmapdb, openssl = require "nmap", require "nmapdb", require "openssl"
  local lfs, lpeg, zlib = require "lfs", require "lpeg", require "zlib"
  local has_ssh, libssh2 = pcall(require, "libssh2")

  -- What waits for as long as it is told, or for somebody else; and what leaves something in the folder.
  local LEFT_OUT = {resolve = true, sleep = true, connect = true, mkdir = true, rmdir = true, link = true, touch = true,
    lock = true, unlock = true, lock_dir = true, chdir = true}
  local ROUNDS = 40

  local seed = 7
  local function random (n)
    seed = (seed * 1103515245 + 12345) & 0x7fffffff
    return (seed >> 8) % n + 1
  end

  local huge = ("x"):rep(1 << 18)
  local closed = nmap.new_socket()
  closed:close()
  local file = io.tmpfile()
  file:close()
  local loop = {}
  loop[1], loop.x = loop, loop
  local evil = setmetatable({}, {
    __index = function () error "index" end,
    __tostring = function () return 5 end,
    __len = function () return -1 end,
    __name = "evil",
  })
  local stream = zlib.inflate "x"
  stream:close()
  local PLAIN = {
    0, -1, 1, 3, 1 << 31, -(1 << 31) - 1, math.maxinteger, math.mininteger, 0/0, 1/0, -1/0, 1.5, 1e300, "", "\0", "x",
    "sha1", "aes-128-cbc", "12", "%s%n\255", huge, true, false, loop, evil, closed, file, stream, select, rawlen,
    coroutine.create(rawlen), {1, 2, {3}}, {ip = "x", number = -1, protocol = evil}, function () error(evil) end,
  }
  local MAKERS = {
    function () return nil end,
    function () return {} end,
    function () return lpeg.P "a" end,
    function () return openssl.bignum_dec2bn "5" end,
    function () return zlib.inflate "x" end,
    function () return zlib.deflate(rawlen) end,
    function () return nmap.new_dnet() end,
    function () return nmap.new_socket() end,
  }

  local function some (count, ...)
    if count == 0 then
      return ...
    end
    local place = random(#PLAIN + #MAKERS)
    if place <= #PLAIN then
      return some(count - 1, PLAIN[place], ...)
    end
    return some(count - 1, MAKERS[place - #PLAIN](), ...)
  end

  local function try (name, f)
    for _ = 1, ROUNDS do
      local ok, reason = pcall(f, some(random(7) - 1))
      if not ok and type(reason) ~= "table" and reason ~= nil then
        check(name, tostring(reason):find "panic", nil)
      end
    end
  end

  local function sorted (fields)
    local names = {}
    for name, value in pairs(fields) do
      if type(value) == "function" and type(name) == "string" and not LEFT_OUT[name] then
        names[#names + 1] = name
      end
    end
    table.sort(names)
    return names
  end

  local modules = {lfs = lfs, libssh2 = has_ssh and libssh2 or nil, lpeg = lpeg, nmap = nmap, nmapdb = nmapdb,
    openssl = openssl, zlib = zlib}
  local functions = 0
  for _, module in ipairs {"lfs", "libssh2", "lpeg", "nmap", "nmapdb", "openssl", "zlib"} do
    for _, name in ipairs(sorted(modules[module] or {})) do
      try(module .. "." .. name, modules[module][name])
      functions = functions + 1
    end
  end
  check("modules have functions", functions > 100, true)

  -- Methods: of an object of their own, and of whatever else.
  for place = 3, #MAKERS do
    local make = MAKERS[place]
    local metatable = getmetatable(make())
    for _, fields in ipairs {metatable, type(metatable.__index) == "table" and metatable.__index or {}} do
      for _, name in ipairs(sorted(fields)) do
        try(name, fields[name])
        try(name, function (...)
          return fields[name](make(), ...)
        end)
      end
    end
  end

  -- Shapes that only grow.
  local function fails (f)
    return (pcall(f))
  end
  check("a pattern of many levels", fails(function ()
    local p = lpeg.P "a"
    for _ = 1, 100000 do
      p = lpeg.C(p)
    end
    return p:match "a"
  end), false)
  for _, count in ipairs {1 << 31, -(1 << 31), math.maxinteger, math.mininteger} do
    check("many repetitions", fails(function () return lpeg.P "a" ^ count end), false)
    fails(function () return lpeg.P(count):match "a" end)
  end
  local bomb = zlib.compress(("\0"):rep(1 << 24))
  check("little becomes much", #zlib.decompress(bomb), 10 << 20)
  local number = openssl.bignum_bin2bn(("\xff"):rep(1 << 16))
  check("a power of large numbers", fails(function () return openssl.bignum_mod_exp(number, number, number) end), false)
  check("a bit far away", fails(function () number:set_bit(math.maxinteger) end), false)
  check("much of what is random", fails(function () return openssl.rand_bytes(math.maxinteger) end), false)
  for length = 0, 40 do
    for _, cipher in ipairs {"des-cbc", "aes-128-gcm", "rc4", "bf-cbc", "des-ede3-cbc"} do
      pcall(openssl.encrypt, cipher, ("k"):rep(length), ("i"):rep(40 - length), "data", length % 2 == 0)
    end
  end
end
