---
-- The XML service of Citrix servers: which servers, farms and published applications it knows.
--
-- Written from what such services are asked and answer on the wire: documents of <code>NFuse.dtd</code>, which are posted
-- to one page of a web server.
--
-- @usage
-- local status, xml = citrixxml.request_appdata(host, port, { ServerType = "all" })
-- local applications = status and citrixxml.parse_appdata_response(xml)
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name citrixxml

local http = require "http"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"
local ipairs, tonumber, tostring, type = ipairs, tonumber, tostring, type

_ENV = stdnse.module("citrixxml", stdnse.seeall)

local PAGE = "/scripts/WPnBr.dll"
local PROLOGUE = '<?xml version="1.0" encoding="ISO-8859-1"?>\n<!DOCTYPE NFuseProtocol SYSTEM "NFuse.dtd">\n'

-- What is taken out of one answer.
local MAX_ITEMS = 10000

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }

local function escaped (text)
  return (string.gsub(tostring(text), "[&<>]", ENTITIES))
end

-- An element for each value; none for nil.
local function elements (name, values)
  local parts = {}
  for at, value in ipairs(type(values) == "table" and values or { values }) do
    parts[at] = "<" .. name .. ">" .. escaped(value) .. "</" .. name .. ">"
  end
  return table.concat(parts)
end

local function document (version, name, body)
  return PROLOGUE .. '<NFuseProtocol version="' .. version .. '"><' .. name .. ">" .. body .. "</" .. name .. "></NFuseProtocol>\n"
end

--- Replaces the numbers that stand for characters in a document.
-- @param xmldata The document.
-- @return The document with the characters. Named entities stay as they are.
function decode_xml_document (xmldata)
  return (string.gsub(xmldata, "&#(%d+);", function (digits)
    local number = #digits <= 8 and tonumber(digits)
    return number and number < 256 and string.char(number) or nil
  end))
end

--- Sends a document.
-- @param host Host table.
-- @param port Port table.
-- @param xmldata The document.
-- @return True; false where there is no answer of the service.
-- @return The document of the answer; or what is wrong.
function send_citrix_xml_request (host, port, xmldata)
  local response = http.post(host, port, PAGE, { header = { ["Content-Type"] = "text/xml" } }, nil, xmldata)
  if response.status ~= 200 or not response.body then
    return false, "no XML service: " .. (response["status-line"] or "no answer")
  end
  return true, decode_xml_document(response.body)
end

--- Asks what the protocol is like.
-- @param host Host table.
-- @param port Port table.
-- @param params Table with <code>ServerAddress</code>, optional.
-- @return As <code>send_citrix_xml_request</code>.
function request_protocol_info (host, port, params)
  return send_citrix_xml_request(host, port,
    document("1.1", "RequestProtocolInfo", elements("ServerAddress", params and params.ServerAddress)))
end

--- Asks what the service can do.
-- @param host Host table.
-- @param port Port table.
-- @return As <code>send_citrix_xml_request</code>.
function request_capabilities (host, port)
  return send_citrix_xml_request(host, port, document("1.1", "RequestCapabilities", ""))
end

-- The kinds of servers and clients that are asked for.
local function kinds_of (params, server, client)
  return elements("ServerType", params and params.ServerType or server)
    .. elements("ClientType", params and params.ClientType or client)
end

--- Asks for the servers.
-- @param host Host table.
-- @param port Port table.
-- @param params Table with <code>ServerType</code> and <code>ClientType</code>, each an array of names, optional.
-- @return As <code>send_citrix_xml_request</code>.
function request_server_data (host, port, params)
  return send_citrix_xml_request(host, port, document("1.1", "RequestServerData", kinds_of(params, "all", "all")))
end

--- Asks for the farms.
-- @param host Host table.
-- @param port Port table.
-- @return As <code>send_citrix_xml_request</code>.
function request_server_farm_data (host, port)
  return send_citrix_xml_request(host, port, document("1.1", "RequestServerFarmData", ""))
end

--- Asks for the published applications.
-- @param host Host table.
-- @param port Port table.
-- @param params Table with <code>ServerType</code>, <code>ClientType</code>, <code>DesiredDetails</code> (each an array of
--        names) and <code>AppFolder</code>, all optional.
-- @return As <code>send_citrix_xml_request</code>.
function request_appdata (host, port, params)
  local body = '<Scope traverse="onelevel" />' .. kinds_of(params, "all", "ica30")
    .. elements("DesiredDetails", params and params.DesiredDetails) .. elements("AppFolder", params and params.AppFolder)
  return send_citrix_xml_request(host, port, document("5.0", "RequestAppData", body))
end

-- A login, as requests carry it.
local function credentials_of (params)
  local login = params and params.Credentials or {}
  local body = elements("UserName", login.UserName)
  if login.Password then
    body = body .. '<Password encoding="cleartext">' .. escaped(login.Password) .. "</Password>"
  end
  if login.Domain then
    body = body .. '<Domain type="NT">' .. escaped(login.Domain) .. "</Domain>"
  end
  return "<Credentials>" .. body .. "</Credentials>"
end

--- Asks whether a login is good.
-- @param host Host table.
-- @param port Port table.
-- @param params Table with <code>Credentials</code>, a table with <code>Domain</code>, <code>Password</code> and
--        <code>UserName</code>.
-- @return As <code>send_citrix_xml_request</code>.
function request_validate_credentials (host, port, params)
  return send_citrix_xml_request(host, port, document("5.0", "RequestValidateCredentials", credentials_of(params)))
end

--- Asks for the sessions that a user could go on with.
-- @param host Host table.
-- @param port Port table.
-- @param params Table as for <code>request_validate_credentials</code>.
-- @return As <code>send_citrix_xml_request</code>.
function request_reconnect_session_data (host, port, params)
  return send_citrix_xml_request(host, port, document("5.0", "RequestReconnectSessionData", credentials_of(params)))
end

--- Asks for the address of a server that runs an application.
-- @param host Host table.
-- @param port Port table.
-- @param flags Text of the flags, optional.
-- @param appname Name of the application, optional.
-- @return As <code>send_citrix_xml_request</code>.
function request_address (host, port, flags, appname)
  local body = elements("Flags", flags)
  if appname then
    body = body .. "<Name>" .. elements("AppName", appname) .. "</Name>"
  end
  return send_citrix_xml_request(host, port, document("4.1", "RequestAddress", body))
end

-- The texts inside of all elements of a name.
local function texts_of (xml, name)
  local found = {}
  for text in string.gmatch(xml, "<" .. name .. "%f[%s>][^>]*>(.-)</" .. name .. ">") do
    if #found == MAX_ITEMS then
      break
    end
    found[#found + 1] = text
  end
  return found
end

--- Reads the answer to <code>request_capabilities</code>.
-- @param response The document.
-- @return Array of what the service can do.
function parse_capabilities_response (response)
  return texts_of(response, "CapabilityId")
end

--- Reads the answer to <code>request_server_data</code>.
-- @param xmldata The document.
-- @return Array of names.
function parse_server_data_response (xmldata)
  return texts_of(xmldata, "ServerName")
end

--- Reads the answer to <code>request_server_farm_data</code>.
-- @param response The document.
-- @return Array of names.
function parse_server_farm_data_response (response)
  return texts_of(response, "ServerFarmName")
end

-- Who may use an application: DOMAIN\name for each user or group.
local function names_with_domain (xml, element, name)
  local found = {}
  for at, entry in ipairs(texts_of(xml, element)) do
    local domain = texts_of(entry, "Domain")[1]
    found[at] = (domain and domain .. "\\" or "") .. (texts_of(entry, name)[1] or "")
  end
  return #found > 0 and found or nil
end

--- Reads the answer to <code>request_appdata</code>.
-- @param xmldata The document.
-- @return Array of tables with <code>FName</code>, <code>Settings</code> (the attributes of that element, texts by their
--         names) and <code>AccessList</code>, in which <code>User</code> and <code>Group</code> are arrays of names with
--         their domains.
function parse_appdata_response (xmldata)
  local applications = {}
  for at, entry in ipairs(texts_of(xmldata, "AppData")) do
    local settings, access = {}, texts_of(entry, "AccessList")[1]
    for name, value in string.gmatch(string.match(entry, "<Settings%s([^>]*)>") or "", '([%w_-]+)%s*=%s*"([^"]*)"') do
      settings[name] = value
    end
    applications[at] = {
      FName = texts_of(entry, "FName")[1], Settings = settings,
      AccessList = access and { User = names_with_domain(access, "User", "UserName"),
        Group = names_with_domain(access, "Group", "GroupName") } or {},
    }
  end
  return applications
end

--- Reads the answer to <code>request_validate_credentials</code>.
-- @param xmldata The document.
-- @return Table with <code>ErrorId</code>; without it where the login is good.
function parse_validate_credentials_response (xmldata)
  return { ErrorId = texts_of(xmldata, "ErrorId")[1] }
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(decode_xml_document("a&#0032;b&#46;c&amp;&#999;&#123456789012;"), "a b.c&amp;&#999;&#123456789012;"),
  "characters by number")
test_suite:add_test(unittest.equal(document("1.1", "Q", kinds_of({ ClientType = { "a", "<b>" } }, "all", "ica30")), PROLOGUE
  .. '<NFuseProtocol version="1.1"><Q><ServerType>all</ServerType><ClientType>a</ClientType><ClientType>&lt;b&gt;</ClientType></Q></NFuseProtocol>\n'),
  "a request")
test_suite:add_test(unittest.equal(credentials_of({ Credentials = { Domain = "d", Password = "p&", UserName = "u" } }),
  '<Credentials><UserName>u</UserName><Password encoding="cleartext">p&amp;</Password><Domain type="NT">d</Domain></Credentials>'),
  "a login")
test_suite:add_test(unittest.identical(parse_capabilities_response("<CapabilityId>a-b</CapabilityId>\n<CapabilityId>c</CapabilityId>"),
  { "a-b", "c" }), "what the service can do")
test_suite:add_test(unittest.identical(parse_appdata_response('<AppData><InName>i</InName><FName>F</FName><Details><Settings appisdisabled="false" '
  .. 'appisdesktop="true"><Folder>x</Folder></Settings></Details><AccessList><User><UserName>u</UserName><Domain>d</Domain></User>'
  .. "<Group><GroupName>g</GroupName><Domain>e</Domain></Group></AccessList></AppData><AppData><FName>G</FName></AppData>"), {
    { FName = "F", Settings = { appisdisabled = "false", appisdesktop = "true" }, AccessList = { User = { "d\\u" }, Group = { "e\\g" } } },
    { FName = "G", Settings = {}, AccessList = {} } }), "applications")
test_suite:add_test(unittest.identical(parse_server_data_response("<ServerName>X1</ServerName><ServerNameType>n</ServerNameType>"), { "X1" }),
  "servers")
test_suite:add_test(unittest.equal(parse_validate_credentials_response("<ErrorId>bad</ErrorId>").ErrorId, "bad"), "a bad login")
test_suite:add_test(unittest.identical(parse_appdata_response("<AppData><FName>cut off"), {}), "cut off")
return _ENV
