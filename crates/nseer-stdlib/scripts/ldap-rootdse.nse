local comm = require "comm"
local ldap = require "ldap"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"

description = [[
Shows what a directory server says of itself: naming contexts, versions, controls, extensions and ways to log in.
]]

---
-- Reads the root of the directory (RFC 4512, section 5.1), as anybody may.
--
-- @usage nseer -p 389 --script ldap-rootdse <target>
-- @output
-- 389/tcp open  ldap
-- | ldap-rootdse:
-- | LDAP Results
-- |   <ROOT>
-- |       namingContexts: dc=example,dc=org
-- |_      supportedLDAPVersion: 3

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}
dependencies = {"ldap-brute"}

portrule = shortport.port_or_service({389, 636}, {"ldap", "ldapssl", "ldaps"}, {"tcp", "udp"})

local ATTRIBUTES = {
  "_domainControllerFunctionality", "configurationNamingContext", "currentTime", "defaultNamingContext", "dnsHostName",
  "_domainFunctionality", "dsServiceName", "forestFunctionality", "highestCommittedUSN", "isGlobalCatalogReady",
  "isSynchronized", "ldapServiceName", "namingContexts", "rootDomainNamingContext", "schemaNamingContext",
  "serverName", "subschemaSubentry", "supportedCapabilities", "supportedControl", "supportedExtension",
  "supportedLDAPPolicies", "supportedLDAPVersion", "supportedSASLMechanisms",
  "vendorName", "vendorVersion",
}

local function search (host, port)
  local params = {
    baseObject = "", scope = ldap.SCOPE.base, derefPolicy = ldap.DEREFPOLICY.default, attributes = ATTRIBUTES,
  }
  if port.protocol == "udp" then
    return ldap.udpSearchRequest(host, port, params)
  end
  -- The first connection only finds out whether TLS is spoken.
  local socket, reason = comm.tryssl(host, port, "", {})
  if not socket then
    return false, reason
  end
  socket:set_timeout(stdnse.get_timeout(host, 10000))
  -- Who may not even bind without a name may read the root all the same.
  ldap.bindRequest(socket, { version = 3, username = "", password = "" })
  local status, entries = ldap.searchRequest(socket, params)
  ldap.unbindRequest(socket)
  socket:close()
  return status, entries
end

action = function (host, port)
  local status, entries = search(host, port)
  if not status or #entries == 0 then
    stdnse.debug1("%s", status and "no entry" or entries)
    return nil
  end
  local name = ldap.extractAttribute(entries, "dnsHostName")
  if name and port.protocol == "tcp" then
    port.version.hostname = name[1]
    nmap.set_port_version(host, port)
  end
  return "\nLDAP Results" .. stdnse.format_output(true, ldap.searchResultToTable(entries))
end
