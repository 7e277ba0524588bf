local deadline = require "deadline"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Shows what a Git daemon gives to anybody: version, branches and tags of a repository, or why it gives none.

A daemon has no list of its repositories, so that their paths have to be known or guessed.
]]

---
-- Begins to fetch and goes no further than the advertisement of references (gitprotocol-pack(5)).
--
-- @args git-refs.path Path of the repository, or several in a list. Default: <code>/</code>.
--
-- @usage nseer -p 9418 --script git-refs --script-args git-refs.path=/project.git <target>
-- @output
-- 9418/tcp open  git
-- | git-refs:
-- |   /project.git:
-- |     Agent: git/2.47.3
-- |     Object format: sha1
-- |     HEAD: refs/heads/main
-- |     References:
-- |       refs/heads/main: 6f1d0c5b0f7e4f8f8a8c2a6f4b4e4d1d2c3b4a59
-- |       refs/heads/next: 0b7a1f0e3c2d4b5a69788766554433221100ffee
-- |_      refs/tags/v1.0: 1122334455667788990011223344556677889900

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service(9418, "git")

local MAX_SHOWN, MAX_LINES, MAX_PATHS = 20, 10000, 20

-- The next packet line: its text, false where the list ends, nil and a reason where nothing comes.
local function packet (receive_bytes)
  local status, size = receive_bytes(4)
  size = status and tonumber(string.match(size, "^%x%x%x%x$") or "x", 16)
  if size == 0 then
    return false
  elseif not size or size < 4 then
    return nil, "no answer in packet lines"
  elseif size == 4 then
    return ""
  end
  local data
  status, data = receive_bytes(size - 4)
  return status and string.gsub(data, "\n$", "") or nil
end

-- Takes bytes off what comes, as many as are asked for.
local function reader (socket)
  local buffer, receive = "", deadline.receiver(socket)
  return function (size)
    while #buffer < size do
      local status, more = receive()
      if not status then
        return false
      end
      buffer = buffer .. more
    end
    local data = string.sub(buffer, 1, size)
    buffer = string.sub(buffer, size + 1)
    return true, data
  end
end

-- What the first line says behind its reference.
local function capabilities (out, words)
  out.Agent = string.match(words, "agent=(%S+)")
  out["Object format"] = string.match(words, "object%-format=(%S+)")
  out.HEAD = string.match(words, "symref=HEAD:(%S+)")
end

-- What the daemon says of one repository.
local function advertisement (receive_bytes)
  local out, references, count = stdnse.output_table(), stdnse.output_table(), 0
  for at = 1, MAX_LINES do
    local line = packet(receive_bytes)
    if not line then
      -- An advertisement that breaks off tells nothing for sure.
      if line == false and count > MAX_SHOWN then
        references["more"] = tostring(count - MAX_SHOWN)
      end
      return line == false and at > 1 and out or nil
    end
    local why = string.match(line, "^ERR (.+)")
    if why then
      return why
    end
    local id, name, words = string.match(line, "^(%x+) ([^%z]+)%z?(.*)$")
    if not id then
      return nil
    elseif at == 1 then
      capabilities(out, words)
    end
    -- A repository without references has one that is none; HEAD and what a tag points at are no more of them.
    if name ~= "capabilities^{}" and name ~= "HEAD" and not string.find(name, "^{}", 1, true) then
      count = count + 1
      if count <= MAX_SHOWN then
        references[name] = id
      end
    end
    out.References = count == 0 and "none" or references
  end
  return nil
end

local function ask (host, port, path)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host))
  local request = string.format("git-upload-pack %s\0host=%s\0", path, stdnse.get_hostname(host))
  local status = socket:connect(host, port) and socket:send(string.format("%04x%s", #request + 4, request))
  local said = status and advertisement(reader(socket))
  if type(said) == "table" then
    -- Nothing is wanted.
    socket:send("0000")
  end
  socket:close()
  return said
end

action = function (host, port)
  local paths = stdnse.get_script_args("git-refs.path") or "/"
  if type(paths) ~= "table" then
    paths = {paths}
  end
  local out, is_git = stdnse.output_table(), false
  for at = 1, math.min(#paths, MAX_PATHS) do
    local path = string.sub("/" .. string.gsub(paths[at], "^/", ""), 1, 4000)
    local said = ask(host, port, path)
    if said then
      out[path], is_git = said, true
    end
  end
  return is_git and out or nil
end
