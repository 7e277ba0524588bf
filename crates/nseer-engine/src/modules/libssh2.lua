-- The half of `libssh2` that calls a function of the script: answering a server that asks as it
-- would ask somebody who types. Given the natives that begin it and that send the answers; both
-- give true or false once it is decided, else nil and the next question.
local begin, answer = ...
local pcall, type = pcall, type

-- So often a server may ask; one that goes on would keep the script for ever.
local ROUNDS = 100

return function(session, user, callback)
  local decided, name, instruction, prompts = begin(session, user)
  local failed, reason = false, nil
  for _ = 1, ROUNDS do
    if decided ~= nil then
      break
    end
    local answers = {}
    -- Once the script has failed the server still waits for answers; it gets empty ones.
    if not failed then
      local ok, result = pcall(callback, user, name, instruction, prompts)
      if ok and type(result) == "table" then
        answers = result
      else
        failed, reason = true, result
      end
    end
    decided, name, instruction, prompts = answer(session, answers, #prompts)
  end
  if failed then
    return false, reason
  end
  return decided or false
end
