-- stdnse.make_buffer, on sockets that are made up here.
--
-- Expected values are those of Nmap 7.93, except where a heading says why not.
return function (check)
  local stdnse = require "stdnse"

  -- A socket from which these pieces can be received, and then nothing.
  local function socket_of (...)
    local pieces, at = {...}, 0
    return {
      receive = function ()
        at = at + 1
        if pieces[at] then
          return true, pieces[at]
        end
        return nil, "EOF"
      end,
    }
  end

  -- What a buffer gives until it gives nothing, and then twice more.
  local function read_all (read)
    local pieces = {}
    while true do
      local piece, reason = read()
      if piece == nil then
        local again, why = read()
        return pieces, {piece, reason}, {again, why}
      end
      pieces[#pieces + 1] = piece
    end
  end

  local function check_pieces (name, separator, received, want)
    local pieces, last, again = read_all(stdnse.make_buffer(socket_of(table.unpack(received)), separator))
    check(name, pieces, want)
    check(name .. ", then", {last, again}, {{nil, "EOF"}, {nil, "EOF"}})
  end

  check_pieces("whole lines", "\n", {"l1\nl2\n", "l3\n"}, {"l1", "l2", "l3"})
  check_pieces("a rest", "\r?\n", {"220 a\r\n220 b\n\r\nend"}, {"220 a", "220 b", "", "end"})
  check_pieces("pieces of lines", "\n", {"pa", "rt1", "\npart2", "\n"}, {"part1", "part2"})
  check_pieces("a separator in two pieces", "ing", {"clos", "i", "ng banner\r\n"}, {"clos", " banner\r\n"})
  check_pieces("empty pieces", ",", {",,a,"}, {"", "", "a"})
  check_pieces("nothing", "\n", {}, {})
  check_pieces("no separator", "\n", {"abc", "def"}, {"abcdef"})
  check_pieces("a capture", "(,)", {"a,b,"}, {"a", "b"})

  -- Version 7.93 does not know the third parameter; later ones do.
  local pieces = read_all(stdnse.make_buffer(socket_of("b\nc\n"), "\n", "x\na"))
  check("what was read before", pieces, {"x", "ab", "c"})

  -- Unlike Nmap: a separator that matches nothing is no endless loop.
  local status, reason = pcall(stdnse.make_buffer(socket_of("abc"), "%d*"))
  check("a separator that matches nothing", {status, (reason:gsub("^.-:%d+: ", ""))},
    {false, "the separator matches the empty string"})
end
