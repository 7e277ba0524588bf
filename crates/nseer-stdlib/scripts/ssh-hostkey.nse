local nmap = require "nmap"
local shortport = require "shortport"
local ssh1 = require "ssh1"
local ssh2 = require "ssh2"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Shows the host keys of an SSH server.

Each kind of key is asked for in a connection of its own. After the last host, keys that several hosts share
are named: such hosts are copies of one another, or one machine with several addresses.
]]

---
-- @usage
-- nseer -p 22 --script ssh-hostkey <target>
-- nseer -p 22 --script ssh-hostkey --script-args ssh_hostkey=full <target>
-- nseer -p 22 --script ssh-hostkey --script-args ssh_hostkey='sha256 visual' <target>
-- @args ssh_hostkey How keys are shown; several words with blanks between them: <code>md5</code> (default),
--       <code>sha256</code>, <code>bubble</code>, <code>visual</code>, <code>full</code> (the key itself, also
--       shown with <code>-v</code>), <code>all</code>.
-- @output
-- 22/tcp open  ssh
-- | ssh-hostkey:
-- |   2048 32b21a47c9359b5b8b42f01365987d26 (RSA)
-- |_  256 ef67affc1794f52b0952c3c5ad3dbd77 (ED25519)
-- Post-scan script results:
-- | ssh-hostkey: Possible duplicate hosts
-- | Key 256 ef67affc1794f52b0952c3c5ad3dbd77 (ED25519) used by:
-- |   192.0.2.7
-- |_  192.0.2.8
-- @xmloutput
-- <table>
-- <elem key="key">AAAAC3NzaC1lZDI1NTE5AAAAINctvOt6ieyVVsPkDY4plGJt62e+WECtIgBH6WFWSkJF</elem>
-- <elem key="bits">256</elem>
-- <elem key="fingerprint">ef67affc1794f52b0952c3c5ad3dbd77</elem>
-- <elem key="type">ssh-ed25519</elem>
-- </table>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "safe", "discovery"}

portrule = shortport.ssh

postrule = function ()
  return nmap.registry.sshhostkey ~= nil
end

local KINDS = {
  "ssh-dss", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-ed25519",
}

-- The words of the argument, as a set.
local function formats ()
  local given = stdnse.get_script_args("ssh_hostkey")
  local set = {}
  for word in string.gmatch(type(given) == "string" and string.lower(given) or "md5", "%S+") do
    set[word] = true
  end
  if set.all then
    set.md5, set.sha256, set.bubble, set.visual, set.full = true, true, true, true, true
  end
  -- What is shown when only the key itself was asked for.
  if set.full and not (set.sha256 or set.bubble or set.visual) then
    set.md5 = true
  end
  return set
end

local function lines_of (key, set)
  local lines = {}
  if set.md5 then
    lines[#lines + 1] = ssh1.fingerprint_hex(key.fingerprint, key.algorithm, key.bits)
  end
  if set.sha256 then
    lines[#lines + 1] = ssh1.fingerprint_base64(key.fp_sha256, "SHA256", key.algorithm, key.bits)
  end
  if set.bubble then
    local digest = require("openssl").sha1(key.fp_input)
    lines[#lines + 1] = ssh1.fingerprint_bubblebabble(digest, key.algorithm, key.bits)
  end
  if set.visual then
    lines[#lines + 1] = ssh1.fingerprint_visual(key.fingerprint, key.algorithm, key.bits)
  end
  if set.full or nmap.verbosity() > 1 then
    lines[#lines + 1] = key.full_key
  end
  return lines
end

local function keys_of (host, port)
  local keys = {}
  local old = ssh1.fetch_host_key(host, port)
  keys[#keys + 1] = old
  for _, kind in ipairs(KINDS) do
    keys[#keys + 1] = ssh2.fetch_host_key(host, port, kind)
  end
  return keys
end

local function port_action (host, port)
  local keys, set = keys_of(host, port), formats()
  local out, texts = {}, {}
  for _, key in ipairs(keys) do
    local entry = stdnse.output_table()
    entry.key = key.key
    entry.bits = key.bits
    entry.fingerprint = stdnse.tohex(key.fingerprint)
    entry.type = key.key_type
    out[#out + 1] = entry
    texts[#texts + 1] = table.concat(lines_of(key, set), "\n")
  end
  if #out == 0 then
    return nil
  end
  nmap.registry.sshhostkey = nmap.registry.sshhostkey or {}
  nmap.registry.sshhostkey[host.ip] = keys
  return out, "\n  " .. table.concat(texts, "\n  ")
end

-- The hosts of each key, in a fixed order.
local function shared ()
  local by_key, order = {}, {}
  for address, keys in pairs(nmap.registry.sshhostkey or {}) do
    for _, key in ipairs(keys) do
      local entry = by_key[key.full_key]
      if not entry then
        entry = { key = key, hosts = {} }
        by_key[key.full_key] = entry
        order[#order + 1] = key.full_key
      end
      entry.hosts[#entry.hosts + 1] = address
    end
  end
  table.sort(order)
  return by_key, order
end

local function post_action ()
  local by_key, order = shared()
  local out, lines = {}, {"Possible duplicate hosts"}
  for _, name in ipairs(order) do
    local key, hosts = by_key[name].key, by_key[name].hosts
    if #hosts > 1 then
      table.sort(hosts)
      local fingerprint = stdnse.tohex(key.fingerprint)
      local entry = stdnse.output_table()
      entry.hosts = hosts
      entry.key = stdnse.output_table()
      entry.key.bits = key.bits
      entry.key.fingerprint = fingerprint
      entry.key.type = key.key_type
      out[#out + 1] = entry
      lines[#lines + 1] = string.format("Key %s %s (%s) used by:", key.bits, fingerprint, key.algorithm)
      for _, address in ipairs(hosts) do
        lines[#lines + 1] = "  " .. address
      end
    end
  end
  if #out == 0 then
    return nil
  end
  return out, table.concat(lines, "\n")
end

local ACTIONS = { portrule = port_action, postrule = post_action }

action = function (...)
  return ACTIONS[SCRIPT_TYPE](...)
end
