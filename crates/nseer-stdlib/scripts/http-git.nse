local http = require "http"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Looks for Git repositories that a web server gives away, and shows what is in them at a glance.

A directory <code>.git</code> below a published folder holds the history of its files, with settings and names of
people. Only a few small files of it are read: the description, the message of the last commit, and the addresses of
other repositories (gitrepository-layout(5), git-config(1)). Passwords in these addresses are not hidden.
]]

---
-- @usage
-- nseer --script http-git --script-args http-git.root=/blog/ <target>
-- @args http-git.root Folder in which the repository is looked for. Default: <code>/</code>.
-- @output
-- 80/tcp open  http
-- | http-git:
-- |   198.51.100.7:80/.git/
-- |     Git repository found!
-- |     Repository description: Shop
-- |     Last commit message: First version
-- |     Remotes:
-- |_      https://git.example.org/shop.git
-- @xmloutput
-- <table key="198.51.100.7:80/.git/">
--   <table key="remotes">
--     <elem>https://git.example.org/shop.git</elem>
--   </table>
--   <elem key="repository-description">Shop</elem>
-- </table>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "safe", "vuln"}

portrule = shortport.http

-- Files of interest, below the folder of the repository.
local FILES = {".gitignore", ".git/COMMIT_EDITMSG", ".git/config", ".git/description", ".git/info/exclude"}

-- Bytes of a text that are shown.
local LONGEST = 1000

local function ask (host, port, path)
  return http.get(host, port, path, {redirect_ok = false, max_body_size = 65536, truncated_ok = true})
end

-- A file HEAD names a branch or a commit.
local function is_head (response)
  local body = response.body or ""
  return response.status == 200
    and (string.find(body, "^ref: refs/%S+%s*$") or string.find(body, "^%x+%s*$") and #body >= 40)
end

-- The text of a file without the lines that git itself puts there; nil if nothing is left.
local function own_text (body)
  local lines = {}
  for line in string.gmatch(body, "[^\n]+") do
    if not string.find(line, "^#") then
      lines[#lines + 1] = line
    end
  end
  local text = string.sub(table.concat(lines, "\n"), 1, LONGEST)
  return string.find(text, "%S") and text or nil
end

local function remotes_of (config)
  local remotes = {}
  for address in string.gmatch(config, "\n%s*url%s*=%s*([^\r\n]+)") do
    remotes[#remotes + 1] = address
  end
  return #remotes > 0 and remotes or nil
end

local function read_repository (host, port, root)
  local found, bodies = {}, {}
  for _, name in ipairs(FILES) do
    local response = ask(host, port, root .. name)
    found[name] = response.status == 200
    bodies[name] = found[name] and response.body or ""
  end
  local repository = stdnse.output_table()
  repository.remotes = remotes_of("\n" .. bodies[".git/config"])
  repository["files-found"] = found
  local message = own_text(bodies[".git/COMMIT_EDITMSG"])
  repository["last-commit-message"] = message and message .. "\n"
  local text = bodies[".git/description"]
  if string.find(text, "%S") and not string.find(text, "^Unnamed repository;") then
    repository["repository-description"] = string.sub(text, 1, LONGEST)
  end
  return repository
end

local function one_line (text)
  return (string.gsub(text, "%s*\n", " "))
end

local function text_of (name, repository)
  local lines = {"", "  " .. name, "    Git repository found!"}
  local function add (label, text)
    if text then
      lines[#lines + 1] = "    " .. label .. ": " .. one_line(text)
    end
  end
  add("Repository description", repository["repository-description"])
  add("Last commit message", repository["last-commit-message"])
  if repository.remotes then
    lines[#lines + 1] = "    Remotes:"
    for _, address in ipairs(repository.remotes) do
      lines[#lines + 1] = "      " .. address
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

action = function (host, port)
  local root = stdnse.get_script_args("http-git.root") or "/"
  root = string.match(root, "/$") and root or root .. "/"
  if not is_head(ask(host, port, root .. ".git/HEAD")) then
    return nil
  end
  local repository = read_repository(host, port, root)
  local name = stdnse.get_hostname(host) .. ":" .. port.number .. root .. ".git/"
  local out = stdnse.output_table()
  out[name] = repository
  return out, text_of(name, repository)
end
