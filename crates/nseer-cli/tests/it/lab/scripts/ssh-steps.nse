-- Does one thing with `libssh2`, named by the argument `case`, and shows what came of it.
local libssh2 = require "libssh2"
local stdnse = require "stdnse"

description = "Uses SSH."
author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = { "safe" }

portrule = function() return true end

local function argument(name)
  return stdnse.get_script_args(name)
end

-- "what: value value", where what failed says so.
local function tried(what, f, ...)
  local results = table.pack(pcall(f, ...))
  local words = { what .. ":" }
  if not results[1] then
    words[2] = "raised"
  end
  for i = 2, results.n do
    local value = results[i]
    if type(value) == "table" then
      value = "{" .. table.concat(value, ",") .. "}"
    end
    words[#words + 1] = tostring(value):gsub("\r", "\\r"):gsub("\n", "\\n")
  end
  return table.concat(words, " ")
end

local function logged_in(host, port)
  local session = libssh2.session_open(host, port.number)
  assert(libssh2.userauth_password(session, argument "user", argument "password"))
  return session
end

local case = {}

function case.open(host, port)
  return { tried("open", libssh2.session_open, host, port.number) }
end

function case.password(host, port)
  local user, password = argument "user", argument "password"
  local session = libssh2.session_open(host, port.number)
  return {
    tried("md5", libssh2.hostkey_hash, session, "md5"),
    tried("pairs", function()
      local hash = libssh2.hostkey_hash(session)
      return #hash, hash:match "^%x%x:" ~= nil, hash == hash:upper()
    end),
    tried("list", libssh2.userauth_list, session, user),
    tried("banner", libssh2.userauth_banner, session),
    tried("early", libssh2.open_channel, session),
    tried("wrong", libssh2.userauth_password, session, user, password .. "x"),
    tried("bytes", libssh2.userauth_password, session, user, "\xff\xfe"),
    tried("right", libssh2.userauth_password, session, user, password),
    tried("again", libssh2.userauth_password, session, user, password),
    tried("close", libssh2.session_close, session),
    tried("closed", libssh2.session_close, session),
    tried("gone", libssh2.open_channel, session),
    tried("misuse", libssh2.userauth_list, {}, user),
  }
end

function case.keys(host, port)
  local user, folder = argument "user", argument "folder"
  local out = {}
  for _, name in ipairs { "ed25519", "rsa", "ecdsa", "stranger" } do
    local session = libssh2.session_open(host, port.number)
    local path = folder .. "/" .. name
    local public = libssh2.read_publickey(path .. ".pub")
    -- Asking does not log in; afterwards the key is used.
    out[#out + 1] = tried(name .. " may", libssh2.publickey_canauth, session, user, public)
    out[#out + 1] = tried(name .. " does", libssh2.userauth_publickey, session, user, path, argument "passphrase")
    libssh2.session_close(session)
  end
  local session = libssh2.session_open(host, port.number)
  out[#out + 1] = tried("wrong passphrase", libssh2.userauth_publickey, session, user, folder .. "/rsa", "no")
  out[#out + 1] = tried("no file", libssh2.userauth_publickey, session, user, folder .. "/none", "")
  out[#out + 1] = tried("no public file", libssh2.read_publickey, folder .. "/none.pub")
  out[#out + 1] = tried("no key", function()
    local ok, reason = pcall(libssh2.publickey_canauth, session, user, "junk")
    return ok, reason:match "Invalid public key"
  end)
  return out
end

function case.command(host, port)
  local session = logged_in(host, port)
  local channel = libssh2.open_channel(session, true)
  local out = {
    tried("exec", libssh2.channel_exec, session, channel, "cat; echo trouble >&2; head -c 5000 /dev/zero"),
    tried("write", libssh2.channel_write, session, channel, "typed"),
    tried("no data", libssh2.channel_write, session, channel, {}),
    tried("read", libssh2.channel_read, session, channel),
    tried("at end", libssh2.channel_eof, channel),
    tried("send eof", libssh2.channel_send_eof, session, channel),
  }
  local count = 0
  while not libssh2.channel_eof(channel) do
    local data = libssh2.channel_read(session, channel)
    assert(not data or #data <= 2048)
    count = count + (data and #data or 0)
  end
  table.insert(out, "rest: " .. count)
  table.insert(out, tried("read", libssh2.channel_read, session, channel))
  table.insert(out, tried("errors", libssh2.channel_read_stderr, session, channel))
  table.insert(out, tried("errors", libssh2.channel_read_stderr, session, channel))
  table.insert(out, tried("once more", libssh2.channel_exec, session, channel, "true"))
  table.insert(out, tried("close", libssh2.channel_close, session, channel))
  local terminal = libssh2.open_channel(session)
  libssh2.channel_exec(session, terminal, "test -t 0 && echo terminal")
  table.insert(out, tried("terminal", libssh2.channel_read, session, terminal))
  local shell = libssh2.open_channel(session, true)
  table.insert(out, tried("odd", libssh2.channel_request, session, shell, "odd"))
  table.insert(out, tried("shell", libssh2.channel_shell, session, shell))
  libssh2.channel_write(session, shell, "echo from $0\n")
  table.insert(out, tried("said", libssh2.channel_read, session, shell))
  libssh2.session_close(session)
  return out
end

-- The command prints nothing, so the time runs out.
case["time-out"] = function(host, port)
  local session = logged_in(host, port)
  local channel = libssh2.open_channel(session, true)
  libssh2.channel_exec(session, channel, "cat")
  libssh2.set_timeout(session, 50)
  return { tried("read", libssh2.channel_read, session, channel) }
end

case["keyboard"] = function(host, port)
  local function login(answers)
    local session = libssh2.session_open(host, port.number)
    return libssh2.userauth_keyboard_interactive(session, argument "user", answers)
  end
  return {
    tried("right", login, function(user, _, _, prompts)
      assert(user == argument "user")
      -- A server may also ask nothing, and wait for no answers.
      local answers = {}
      for i, prompt in ipairs(prompts) do
        answers[i] = assert(prompt:find "assword") and argument "password"
      end
      return answers
    end),
    tried("wrong", login, function() return { "wrong" } end),
    tried("raises", login, function() error("on purpose", 0) end),
  }
end

-- A session ends with the thread that opened it.
case["thread"] = function(host, port)
  local session
  local condition = nmap.condvar(case)
  stdnse.new_thread(function()
    local done = nmap.condvar(case)
    session = libssh2.session_open(host, port.number)
    done "signal"
  end)
  condition "wait"
  -- The other thread has run to its end before this one goes on.
  return { tried("list", libssh2.userauth_list, session, argument "user") }
end

action = function(host, port)
  return case[argument "case"](host, port)
end
