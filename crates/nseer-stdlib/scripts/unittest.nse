local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

description = [[
Runs the self-tests of script libraries.

Nothing is sent anywhere. The script runs only if the argument <code>unittest.run</code> is given, which also
makes libraries prepare their tests. See the library <code>unittest</code> on how to write them.
]]

---
-- @usage
-- nseer --script unittest --script-args unittest.run
-- nseer --script unittest --script-args "unittest.run,unittest.tests={base64,json}"
-- @args unittest.run If given, the tests run.
-- @args unittest.tests The libraries to test. Default: all.
-- @output
-- Pre-scan script results:
-- |_unittest: all 412 tests of 31 libraries passed

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"safe"}

prerule = unittest.testing

-- One array of texts for each library, in a fixed order.
local function report (failed)
  local names = {}
  for name in pairs(failed) do
    names[#names + 1] = name
  end
  table.sort(names)
  local out = stdnse.output_table()
  for _, name in ipairs(names) do
    local texts = {}
    for i, failure in ipairs(failed[name]) do
      texts[i] = failure.description .. ": " .. failure.reason
    end
    out[name] = texts
  end
  return out
end

action = function ()
  local wanted = stdnse.get_script_args("unittest.tests")
  if type(wanted) == "string" then
    wanted = {wanted}
  end
  local failed, suites, tests = unittest.run_tests(wanted)
  if next(failed) then
    return report(failed)
  end
  return string.format("all %d tests of %d libraries passed", tests, suites)
end
