-- A script that is not Lua: the `if` of line 3 has no `then`, which shows on line 4.
description = [[Does not load.]]
if true
end
