local http = require "http"
local shortport = require "shortport"
local slaxml = require "slaxml"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Finds web servers that speak WebDAV (RFC 4918), and shows what they offer.

The server is asked with <code>OPTIONS</code>, and with <code>PROPFIND</code> for the entries of one folder. Addresses
of private networks in its answer are shown apart, because they tell of the network behind the server.
]]

---
-- @usage
-- nseer --script http-webdav-scan --script-args http-webdav-scan.path=/dav/ <target>
-- @args http-webdav-scan.path Folder to ask for. Default: <code>/</code>.
-- @output
-- 80/tcp open  http
-- | http-webdav-scan:
-- |   WebDAV type: Apache DAV
-- |   Allowed Methods: OPTIONS,GET,HEAD,POST,DELETE,TRACE,PROPFIND,PROPPATCH,COPY,MOVE,LOCK,UNLOCK
-- |   Server Type: Apache
-- |   Server Date: Thu, 26 Nov 2026 10:11:12 GMT
-- |   Directory Listing:
-- |     /dav/
-- |_    /dav/notes.txt
-- @xmloutput
-- <elem key="WebDAV type">Apache DAV</elem>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.http

-- Entries that are shown.
local MOST = 50

-- The kind of WebDAV, from the fields of its answer.
local function kind_of (header)
  local dav, server = header.dav or "", string.lower(header.server or "")
  if string.find(string.lower(header["x-dav-powered-by"] or ""), "sabredav", 1, true) then
    return "SabreDAV"
  elseif string.find(dav, "<http://apache.org/dav/propset/", 1, true) then
    return "Apache DAV"
  elseif string.find(string.lower(header["ms-author-via"] or ""), "dav", 1, true)
      and string.find(server, "microsoft-iis", 1, true) then
    return "IIS DAV"
  end
  return "Unknown"
end

-- The entries of an answer to PROPFIND.
local function entries_of (xml)
  local entries, is_href = {}, false
  slaxml.parser:new({
    startElement = function (name) is_href = name == "href" end,
    closeElement = function () is_href = false end,
    text = function (text)
      if is_href and #entries < MOST then
        entries[#entries + 1] = string.match(text, "^%s*(.-)%s*$")
      end
    end,
  }):parseSAX(xml)
  return entries
end

-- Addresses of RFC 1918 in a text, each once.
local function private_addresses (text)
  local found, known = {}, {}
  for address in string.gmatch(text, "%f[%d]%d+%.%d+%.%d+%.%d+%f[^%d]") do
    local a, b = string.match(address, "^(%d+)%.(%d+)")
    a, b = tonumber(a), tonumber(b)
    if (a == 10 or a == 192 and b == 168 or a == 172 and b >= 16 and b <= 31) and not known[address] then
      known[address] = true
      found[#found + 1] = address
    end
  end
  return found
end

-- What a browser of folders asks for (RFC 4918, section 9.1).
local QUESTION = '<?xml version="1.0" encoding="utf-8"?>'
  .. '<D:propfind xmlns:D="DAV:"><D:prop><D:resourcetype/><D:displayname/></D:prop></D:propfind>'

local function ask_for_entries (host, port, path)
  return http.generic_request(host, port, "PROPFIND", path, {
    header = {Depth = "1", ["Content-Type"] = "application/xml"}, content = QUESTION, truncated_ok = true,
  })
end

local function is_webdav (header)
  local methods = (header.allow or "") .. "," .. (header.public or "")
  return header.dav ~= nil or string.find(methods, "PROPFIND", 1, true) ~= nil
end

action = function (host, port)
  local path = stdnse.get_script_args("http-webdav-scan.path") or "/"
  local options = http.generic_request(host, port, "OPTIONS", path, {truncated_ok = true})
  if not options.status or options.status >= 400 or not is_webdav(options.header) then
    return nil
  end
  local header, out = options.header, stdnse.output_table()
  out["WebDAV type"] = kind_of(header)
  out["Allowed Methods"] = header.allow
  out["Public Options"] = header.public ~= header.allow and header.public or nil
  out["Server Type"] = header.server
  out["Server Date"] = header.date
  local listing = ask_for_entries(host, port, path)
  if listing.status == 207 then
    local entries = entries_of(listing.body)
    local addresses = private_addresses(listing.body .. " " .. (listing.header.location or ""))
    out["Directory Listing"] = #entries > 0 and entries or nil
    out["Exposed Internal IPs"] = #addresses > 0 and addresses or nil
  end
  return out
end
