-- Answers of GIOP 1.0 in big-endian order (CORBA, part 2, section 9.4).
local function reply (request, body)
  -- The number of the request is behind an empty list of contexts.
  local data = "\0\0\0\0" .. string.sub(request, 17, 20) .. "\0\0\0\0" .. body
  return "GIOP\1\0\0\1" .. string.pack(">I4", #data) .. data
end

local ROOT = "\0\0\0\2T\0\0\0\0\0\0\1\0\0\0\0" .. string.pack(">s4", "\0\1\0\0\0\0\0\4a.b\0\x0a\xf9\0\0\0\0\0\3key")
local NAMES = "\0\0\0\2" .. "\0\0\0\1\0\0\0\8Greeter\0\0\0\0\1\0\0\0\0\0\0\0\0" .. "\0\0\0\1\0\0\0\4Lab\0\0\0\0\1\0\0\0\0\0\0\0\1" .. "\0\0\0\0"

test("the names at the root", {
  script = "../../scripts/giop-info.nse",
  port = "2809/tcp open giop",
  peer = function (c)
    c:send(reply(c:receive(), ROOT))
    c:send(reply(c:receive(), NAMES))
  end,
  snapshot = true,
})

test("more names than there are bytes", {
  script = "../../scripts/giop-info.nse",
  port = "2809/tcp open giop",
  peer = function (c)
    c:send(reply(c:receive(), ROOT))
    c:send(reply(c:receive(), "\xff\xff\xff\xff\0\0\0\1\xff\xff\xff\xff"))
  end,
  output = false,
})
