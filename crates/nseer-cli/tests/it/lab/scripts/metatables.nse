---
-- Tells what a script sees of the engine's objects.
local debug = require "debug"
local io = require "io"
local lfs = require "lfs"
local lpeg = require "lpeg"
local openssl = require "openssl"
local string = require "string"
local table = require "table"
local zlib = require "zlib"

description = "Tells what can be seen of objects."
categories = {"safe"}

prerule = function() return true end

-- A self-signed certificate.
local DER = ([[
3082016e30820113a0030201020214362a73a2995d1290b77f2298a19f52f0b3b9cbb7300a06082a8648ce3d04030230
0c310a300806035504030c0178301e170d3236313132363038303532305a170d3336313132333038303532305a300c31
0a300806035504030c01783059301306072a8648ce3d020106082a8648ce3d03010703420004236c341a68be8f2a2b4b
a85b6afa2c14e274a4540276f3513cc59e02cf63ed80228ebd91fa45b1faaf1caf2c226fbb8e1f3344b40bec438b1564
12855f2efeaea3533051301d0603551d0e041604144ed23990d9e16cabe312aaca86ecb487b0261df6301f0603551d23
0418301680144ed23990d9e16cabe312aaca86ecb487b0261df6300f0603551d130101ff040530030101ff300a06082a
8648ce3d0403020349003046022100f02879a57106a0fc6c953ed777680904681d6bc0030fd41be40824a821a320e102
2100dec2a6d35554d15d46a5998a7e95c29d35910de585ae2f553b112c0b3d36ae0f
]]):gsub("%s", ""):gsub("%x%x", function(byte)
  return string.char(tonumber(byte, 16))
end)

local function tell(name, ...)
  local values = table.pack(...)
  for i = 1, values.n do
    values[i] = tostring(values[i]):gsub("0x%x+", "ADDRESS")
  end
  nmap.log_write("stdout", ("told: %s: %s"):format(name, table.concat(values, " ")))
end

local function show(name, object)
  local first, second = getmetatable(object), getmetatable(object)
  tell(name .. " metatable", type(first), rawequal(first, second))
  if type(first) == "table" then
    local keys = {}
    for key, value in next, first do
      -- The destructor is not for scripts, and 7.93 does not have the other one.
      if key ~= "__gc" and key ~= "tompi" then
        keys[#keys + 1] = tostring(key) .. " " .. type(value)
      end
    end
    table.sort(keys)
    tell(name .. " fields", table.concat(keys, ", "))
    tell(name .. " metatable of it", getmetatable(first))
  end
  tell(name .. " text", object)
  tell(name .. " type", type(object), io.type(object))
  tell(name .. " equal", object == object, object == {})
  tell(name .. " setmetatable", pcall(setmetatable, object, {}))
  tell(name .. " unknown field", pcall(function() return object.nosuch end))
  tell(name .. " place", pcall(function() return object[1] end))
  tell(name .. " new field", pcall(function() object.x = 1 end))
  tell(name .. " call", pcall(function() return object() end))
  tell(name .. " concatenation", pcall(function() return object .. "x" end))
  tell(name .. " order", pcall(function() return object < object end))
end

action = function()
  local socket, dnet = nmap.new_socket(), nmap.new_dnet()
  show("socket", socket)
  show("dnet", dnet)
  show("number", openssl.bignum_dec2bn "5")
  show("pattern", lpeg.P(1))
  local _, directory = lfs.dir("/")
  show("directory", directory)
  show("inflating stream", zlib.inflate("abc"))
  show("deflating stream", zlib.deflate(function() end))
  local certificate = nmap.socket.parse_ssl_certificate(DER)
  show("certificate", certificate)
  tell("field by metatable", getmetatable(certificate).__index(certificate, "pubkey").type)
  tell("field of nothing", pcall(getmetatable(certificate).__index))
  tell("no such digest", pcall(certificate.digest, certificate, "nope"))
  tell("text by metatable", pcall(getmetatable(zlib.inflate("abc")).__tostring, {}))
  -- Neither program breaks by what scripts can get at.
  local seen = debug.getmetatable(socket)
  tell("by debug", type(seen))
  tell("still a socket", socket:close())
end
