-- target. With the script argument `newtargets` targets are added, otherwise not.
--
-- Expected values are those of Nmap 7.93, except for the words of refusals.
return function (check)
  local nmap = require "nmap"
  local target = require "target"
  local is_allowed = nmap.registry.args[1] == "newtargets"

  check("ALLOW_NEW_TARGETS", target.ALLOW_NEW_TARGETS, is_allowed)
  if not is_allowed then
    local refusal = {false, "scripts may add targets only with --script-args newtargets"}
    check("asking", {target.add()}, refusal)
    check("adding", {target.add("192.0.2.1", "192.0.2.2")}, refusal)
    return
  end
  check("an empty queue", {target.add()}, {true, 0})
  check("two targets", {target.add("192.0.2.1", "192.0.2.2")}, {true, 2})
end
