---
-- The part of <code>brute</code> that makes pairs of names and passwords. Scripts reach it through
-- <code>brute</code>.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name brute

local string = require "string"
local unpwdb = require "unpwdb"

local iterators = {}

--- Iterator over an array.
function iterators.list (values)
  return unpwdb.table_iterator(values)
end

--- Iterator over one value.
function iterators.single (value)
  return unpwdb.table_iterator({ value })
end

-- An iterator of unpwdb; an empty one if there is no list.
local function of_list (status, iterator)
  return status and iterator or iterators.list({})
end

--- Iterator over names.
function iterators.usernames ()
  return of_list(unpwdb.usernames())
end

--- Iterator over passwords.
function iterators.passwords ()
  return of_list(unpwdb.passwords())
end

--- One after the other.
function iterators.chain (first, second)
  local is_first = true
  return function ()
    if is_first then
      local user, pass = first()
      if user ~= nil then
        return user, pass
      end
      is_first = false
    end
    return second()
  end
end

-- What scripts give as names or passwords: an iterator, or an array.
local function iterator_of (values)
  return type(values) == "table" and iterators.list(values) or values
end

--- Iterator over pairs, for each name all passwords or, with the mode "pass", for each password all names. Both may
--- also be arrays.
function iterators.account_iterator (users, pass, mode)
  users, pass = iterator_of(users), iterator_of(pass)
  local outer, inner = users, pass
  if mode == "pass" then
    outer, inner = pass, users
  end
  local current
  return function ()
    while true do
      if current == nil then
        current = outer()
        if current == nil then
          outer "reset"
          return nil
        end
        inner "reset"
      end
      local value = inner()
      if value ~= nil then
        if mode == "pass" then
          return value, current
        end
        return current, value
      end
      inner "reset"
      current = nil
    end
  end
end

--- For each name all passwords.
function iterators.user_pw_iterator (users, pass)
  return iterators.account_iterator(users, pass, "user")
end

--- For each password all names.
function iterators.pw_user_iterator (users, pass)
  return iterators.account_iterator(users, pass, "pass")
end

--- Each name as its own password, in lower or upper case if that is said.
function iterators.pw_same_as_user_iterator (users, case)
  return function ()
    local user = users()
    if user == nil then
      users "reset"
      return nil
    end
    local change = case == "upper" and string.upper or case == "lower" and string.lower
    return user, change and change(user) or user
  end
end

--- Pairs with passwords in capitals.
function iterators.pw_ucase_iterator (users, passwords, mode)
  local all = iterators.account_iterator(users, passwords, mode)
  return function ()
    local user, pass = all()
    if user ~= nil then
      return user, string.upper(pass)
    end
  end
end

--- Pairs of what a function gives at once.
function iterators.credential_iterator (f)
  return f
end

--- Pairs of the lists of unpwdb.
function iterators.unpwdb_iterator (mode)
  return iterators.account_iterator(iterators.usernames(), iterators.passwords(), mode)
end

return iterators
