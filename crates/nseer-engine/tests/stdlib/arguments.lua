-- stdnse.get_script_args, with the arguments that the test gives:
-- a=1,flag,s.q=7,empty="",tab={1,b=2},full.flag,own.both=own,both=shared
--
-- Expected values are those of Nmap 7.93, except where a heading says why not.
return function (_, gives)
  -- By the full name, then by what follows its last dot.
  gives([[stdnse.get_script_args("a")]], "1")
  gives([[stdnse.get_script_args("x.a")]], "1")
  gives([[stdnse.get_script_args("x.y.a")]], "1")
  gives([[stdnse.get_script_args("s.q")]], "7")
  gives([[stdnse.get_script_args("q")]], nil)
  gives([[stdnse.get_script_args("other.q")]], nil)
  gives([[stdnse.get_script_args("A")]], nil)
  gives([[stdnse.get_script_args("own.both")]], "own")
  gives([[stdnse.get_script_args("other.both")]], "shared")
  gives([[stdnse.get_script_args("both")]], "shared")
  gives([[stdnse.get_script_args("")]], nil)
  gives([[stdnse.get_script_args("s.")]], nil)

  -- Without a value, with an empty one, with a table.
  gives([[stdnse.get_script_args("flag")]], 1)
  gives([[stdnse.get_script_args("s.flag")]], 1)
  gives([[stdnse.get_script_args("full.flag")]], 1)
  gives([[stdnse.get_script_args("other.full.flag")]], 1)
  gives([[stdnse.get_script_args("empty")]], "")
  gives([[stdnse.get_script_args("tab")]], {"1", b = "2"})

  -- One value for each parameter, and the first that is there of a list.
  gives([[stdnse.get_script_args()]])
  gives([[stdnse.get_script_args(nil)]], nil)
  gives([[stdnse.get_script_args("none", "none2")]], nil, nil)
  gives([[stdnse.get_script_args("a", "none", "s.q")]], "1", nil, "7")
  gives([[stdnse.get_script_args({})]], nil)
  gives([[stdnse.get_script_args({"none", "a"}, "s.q")]], "1", "7")
  gives([[stdnse.get_script_args({"s.q", "a"}, "none", "a")]], "7", nil, "1")
  gives([[stdnse.get_script_args({"none", "x.none"})]], nil)
  gives([[stdnse.get_script_args({"x.a", "s.q"})]], "1")

  -- Unlike Nmap: a number is a name like others.
  gives([[stdnse.get_script_args(5)]], nil)
end
