-- The messages of stdnse, as they reach nmap.log_write in a script for a host.
--
-- Expected values are those of Nmap 7.93.
return function (check)
  local nmap = require "nmap"
  local stdnse = require "stdnse"
  local table = require "table"

  -- What `f` logs at these levels, "stdout:text" for each message; addresses of threads are X.
  local function logged (debugging, verbosity, f, ...)
    local before = {nmap.debugging, nmap.verbosity, nmap.log_write}
    local lines = {}
    nmap.debugging = function () return debugging end
    nmap.verbosity = function () return verbosity end
    nmap.log_write = function (where, text)
      lines[#lines + 1] = where .. ":" .. text:gsub(" ([MW]):%x+", " %1:X")
    end
    local status, reason = pcall(f, ...)
    nmap.debugging, nmap.verbosity, nmap.log_write = before[1], before[2], before[3]
    return status and table.concat(lines, "\n") or reason:gsub("^.-:%d+: ", "")
  end

  for level = 1, 5 do
    local f = stdnse["debug" .. level]
    check("debug" .. level .. " below its level", logged(level - 1, 9, f, "x %d", 5), "")
    local at_level = level == 1 and "stdout:[runner 127.0.0.1] x 5" or "stdout:[runner M:X 127.0.0.1] x 5"
    check("debug" .. level .. " at its level", logged(level, 0, f, "x %d", 5), at_level)
    check("debug with " .. level, logged(level, 0, stdnse.debug, level, "x %d", 5), at_level)

    f = stdnse["verbose" .. level]
    check("verbose" .. level .. " below its level", logged(9, level - 1, f, "x %d", 5), "")
    at_level = level == 1 and "stdout:[runner] x 5" or "stdout:[runner 127.0.0.1] x 5"
    check("verbose" .. level .. " at its level", logged(0, level, f, "x %d", 5), at_level)
    check("verbose with " .. level, logged(0, level, stdnse.verbose, level, "x %d", 5), at_level)
  end

  check("debug without a level", logged(1, 0, stdnse.debug, "x"), "stdout:[runner 127.0.0.1] x")
  check("debug without a level, quiet", logged(0, 9, stdnse.debug, "x"), "")
  check("debug at level 0", logged(0, 0, stdnse.debug, 0, "x"), "stdout:[runner 127.0.0.1] x")
  check("verbose without a level", logged(0, 1, stdnse.verbose, "x"), "stdout:[runner] x")
  check("verbose at level 0", logged(0, 0, stdnse.verbose, 0, "x"), "stdout:[runner] x")

  check("print_debug", logged(1, 0, stdnse.print_debug, "p %s", "y"), "stdout:p y")
  check("print_debug with a level", logged(2, 0, stdnse.print_debug, 2, "p"), "stdout:p")
  check("print_debug, quiet", logged(1, 9, stdnse.print_debug, 2, "p"), "")
  check("print_verbose", logged(0, 1, stdnse.print_verbose, "p %s", "y"), "stdout:p y")
  check("print_verbose with a level", logged(0, 2, stdnse.print_verbose, 2, "p"), "stdout:p")
  check("print_verbose, quiet", logged(9, 1, stdnse.print_verbose, 2, "p"), "")

  -- A wrong format only matters where the message is shown.
  check("a wrong format, quiet", logged(0, 0, stdnse.debug1, "%d", "x"), "")
  check("a wrong format, shown", logged(1, 0, stdnse.debug1, "%d", "x"),
    "bad argument #2 to 'format' (number expected, got string)")
end
