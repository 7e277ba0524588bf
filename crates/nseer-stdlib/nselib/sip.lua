---
-- SIP: asking a server what it can do, and logging in to it.
--
-- Written from RFC 3261, sections 7, 8.1, 10, 11 and 22. Answers are bounded; answers to challenges are in
-- <code>sip.auth</code>, who talks to whom in <code>sip.data</code>.
--
-- @args sip.timeout How long to wait for an answer. Default: 7 seconds.
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name sip

local auth = require "sip.auth"
local people = require "sip.data"
local deadline = require "deadline"
local nmap = require "nmap"
local rand = require "rand"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("sip", stdnse.seeall)

--- Names of methods.
-- @class table
-- @name Method
Method = { ACK = "ACK", INVITE = "INVITE", OPTIONS = "OPTIONS", REGISTER = "REGISTER" }

--- Codes of answers (RFC 3261, section 21).
-- @class table
-- @name Error
Error = {
  TRYING = 100, RING = 180, OK = 200, UNAUTHORIZED = 401, FORBIDDEN = 403, NOTFOUND = 404,
  PROXY_AUTH_REQUIRED = 407, TIMEOUT = 408, BUSY = 486, DECLINE = 603,
}

local MAX_HEADERS = 0x10000

SessionData, SipAuth = people.SessionData, auth.SipAuth

--- A request.
-- @class table
-- @name Request
Request = {}
Request.__index = Request

--- Makes a request.
-- @name Request.new
-- @param method One of <code>Method</code>.
-- @param proto <code>tcp</code> or <code>udp</code>.
-- @return The request.
function Request:new (method, proto)
  return setmetatable({
    method = method, protocol = string.upper(proto or "udp"), headers = {}, cseq = 1, max_forwards = 70, expires = nil,
    ua = "nseer", content = "",
  }, self)
end

--- Adds a header.
-- @name Request.addHeader
-- @param name Its name.
-- @param value Its value.
function Request:addHeader (name, value)
  self.headers[#self.headers + 1] = name .. ": " .. value
end

--- Says whom the request is for.
-- @name Request.setUri
-- @param uri Address, as in <code>sip:192.0.2.1</code>.
function Request:setUri (uri)
  self.uri = uri
end

--- Says how many proxies may forward it.
-- @name Request.setForwards
-- @param maxfwd How many.
function Request:setForwards (maxfwd)
  self.max_forwards = maxfwd
end

--- Says what makes it.
-- @name Request.setUA
-- @param ua Text.
function Request:setUA (ua)
  self.ua = ua
end

--- Gives it a number.
-- @name Request.setCseq
-- @param seq The number.
function Request:setCseq (seq)
  self.cseq = seq
end

--- Says how long what it asks for holds.
-- @name Request.setExpires
-- @param expires Seconds.
function Request:setExpires (expires)
  self.expires = expires
end

--- Says which session it belongs to.
-- @name Request.setSessionData
-- @param data A <code>SessionData</code>.
function Request:setSessionData (data)
  self.data = data
end

--- The request as text.
-- @name Request.__tostring
-- @return Text.
function Request:__tostring ()
  local data = self.data
  local here, number = data:getClient()
  local server = data:getServer()
  local user, domain = data:getUsername() or "anonymous", data:getDomain() or server
  if string.find(here, ":", 1, true) then
    here = "[" .. here .. "]"
  end
  local lines = {
    self.method .. " " .. self.uri .. " SIP/2.0",
    -- The branch begins as section 8.1.1.7 says.
    string.format("Via: SIP/2.0/%s %s:%d;rport;branch=z9hG4bK%s", self.protocol, here, number, rand.random_alpha(20)),
    "Max-Forwards: " .. self.max_forwards,
    string.format("From: <sip:%s@%s>;tag=%s", user, domain, rand.random_alpha(16)),
    string.format("To: <sip:%s@%s>", user, domain),
    "Call-ID: " .. rand.random_alpha(24),
    "CSeq: " .. self.cseq .. " " .. self.method,
    "User-Agent: " .. self.ua,
    string.format("Contact: <sip:%s@%s:%d>", user, here, number),
    "Accept: application/sdp",
  }
  lines[#lines + 1] = self.expires and "Expires: " .. self.expires or nil
  table.move(self.headers, 1, #self.headers, #lines + 1, lines)
  lines[#lines + 1] = "Content-Length: " .. #self.content
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. self.content
end

--- An answer.
-- @class table
-- @name Response
Response = {}
Response.__index = Response

--- Reads an answer.
-- @name Response.new
-- @param str Text.
-- @return The answer.
function Response:new (str)
  local o = setmetatable({ headers = {}, data = str }, self)
  local first, rest = string.match(str, "^([^\r\n]*)\r?\n(.*)$")
  o.first = first or str
  for line in string.gmatch(rest or "", "([^\r\n]+)\r?\n?") do
    local name, value = string.match(line, "^([^%s:]+)%s*:%s*(.-)%s*$")
    if name then
      o.headers[#o.headers + 1] = { name = string.lower(name), value = value }
    end
  end
  return o
end

--- The code of the answer.
-- @name Response.getErrorCode
-- @return Number; nil if it is no answer of SIP.
function Response:getErrorCode ()
  return tonumber((string.match(self.first, "^SIP/2%.0 (%d%d%d)")))
end

--- The words after the code.
-- @name Response.getErrorMessage
-- @return Text; nil if it is no answer of SIP.
function Response:getErrorMessage ()
  return string.match(self.first, "^SIP/2%.0 %d%d%d (.*)$")
end

--- A header.
-- @name Response.getHeader
-- @param name Its name.
-- @return Its value, several with commas between them; nil if there is none.
function Response:getHeader (name)
  local values = {}
  for _, header in ipairs(self.headers) do
    if header.name == string.lower(name) then
      values[#values + 1] = header.value
    end
  end
  return #values > 0 and table.concat(values, ",") or nil
end

--- The method that the answer is about.
-- @name Response.getMethod
-- @return Its name; nil if it is not known.
function Response:getMethod ()
  return string.match(self:getHeader("CSeq") or "", "%d+%s+(%u+)")
end

--- The number of the request that the answer is about.
-- @name Response.getCSeq
-- @return The number; nil if it is not known.
function Response:getCSeq ()
  return tonumber((string.match(self:getHeader("CSeq") or "", "^(%d+)")))
end

--- A conversation with a server.
-- @class table
-- @name Session
Session = {}
Session.__index = Session

--- Makes one.
-- @name Session.new
-- @param host Host table.
-- @param port Port table.
-- @param sessdata <code>SessionData</code>, optional.
-- @param options Table, optional: <code>timeout</code> in milliseconds.
-- @return The session.
function Session:new (host, port, sessdata, options)
  local seconds = stdnse.parse_timespec(stdnse.get_script_args("sip.timeout") or "7s") or 7
  return setmetatable({
    host = host, port = port, sessdata = sessdata or SessionData:new(),
    timeout = options and options.timeout or seconds * 1000,
  }, self)
end

--- Connects.
-- @name Session.connect
-- @return True; or false and a reason.
function Session:connect ()
  local protocol = self.port.protocol
  self.socket = nmap.new_socket(protocol)
  self.socket:set_timeout(self.timeout)
  local status, reason = self.socket:connect(self.host, self.port, protocol)
  if not status then
    return false, reason
  end
  local known, here, number = self.socket:get_info()
  if not known then
    return false, here
  end
  self.sessdata:setClient(here, number)
  self.sessdata:setServer(self.host.ip, self.port.number)
  return true
end

--- Sends a request and waits for its last answer.
-- @name Session.exch
-- @param request The request.
-- @return True; or false.
-- @return The answer; or a reason.
function Session:exch (request)
  request:setSessionData(self.sessdata)
  local status, data = self.socket:send(tostring(request))
  if not status then
    return false, data
  end
  -- "Trying" and the like come first.
  for _ = 1, 10 do
    if self.port.protocol == "udp" then
      status, data = self.socket:receive()
    else
      status, data = deadline.receive_buf(self.socket, function (buffer)
        local _, last = string.find(buffer, "\r\n\r\n", 1, true)
        if not last and #buffer > MAX_HEADERS then
          last = #buffer
        end
        return last, last
      end, true)
    end
    if not status then
      return false, data
    end
    local response = Response:new(data)
    local code = response:getErrorCode()
    if not code then
      return false, "the answer is none of SIP"
    elseif code >= 200 then
      return true, response
    end
  end
  return false, "the server does not come to an end"
end

--- Asks what the server can do (section 11).
-- @name Session.options
-- @return True; or false.
-- @return The answer; or a reason.
function Session:options ()
  local request = Request:new(Method.OPTIONS, self.port.protocol)
  request:setUri("sip:" .. self.host.ip)
  return self:exch(request)
end

-- Headers of challenges, and of the answers to them.
local CHALLENGES = {
  [Error.UNAUTHORIZED] = { "WWW-Authenticate", "Authorization" },
  [Error.PROXY_AUTH_REQUIRED] = { "Proxy-Authenticate", "Proxy-Authorization" },
}

--- Logs in: registers the user for no time at all (section 10.2.2), so that nothing is kept of it.
-- @name Session.register
-- @param uri Address of the server, optional.
-- @return True; or false.
-- @return The answer; or a reason.
function Session:register (uri)
  uri = uri or "sip:" .. (self.sessdata:getDomain() or self.host.ip)
  local answer_header, answer
  for turn = 1, 2 do
    local request = Request:new(Method.REGISTER, self.port.protocol)
    request:setUri(uri)
    request:setExpires(0)
    request:setCseq(turn)
    if answer then
      request:addHeader(answer_header, answer)
    end
    local status, response = self:exch(request)
    if not status then
      return false, response
    end
    local code = response:getErrorCode()
    local challenge = CHALLENGES[code]
    if code == Error.OK then
      return true, response
    elseif not challenge or answer then
      return false, challenge and "the server does not take the password" or "the server answers with " .. code
    end
    local proof = SipAuth:new(response:getHeader(challenge[1]))
    proof:setUsername(self.sessdata:getUsername() or "")
    proof:setPassword(self.sessdata:getPassword() or "")
    proof:setMethod(Method.REGISTER)
    proof:setUri(uri)
    local reason
    answer_header, answer, reason = challenge[2], proof:createResponse()
    if not answer then
      return false, reason
    end
  end
end

--- Closes the connection.
-- @name Session.close
-- @return True.
function Session:close ()
  return self.socket:close()
end

--- A session in simple words.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes a helper.
-- @name Helper.new
-- @param host Host table.
-- @param port Port table.
-- @param options As for <code>Session.new</code>.
-- @return The helper.
function Helper:new (host, port, options)
  return setmetatable({ session = Session:new(host, port, nil, options) }, self)
end

--- Connects.
-- @name Helper.connect
-- @return True; or false and a reason.
function Helper:connect ()
  return self.session:connect()
end

--- Asks what the server can do.
-- @name Helper.options
-- @return As <code>Session.options</code>.
function Helper:options ()
  return self.session:options()
end

--- Says who logs in.
-- @name Helper.setCredentials
-- @param username Name.
-- @param password Password.
function Helper:setCredentials (username, password)
  self.session.sessdata:setUsername(username)
  self.session.sessdata:setPassword(password)
end

--- Logs in.
-- @name Helper.register
-- @return As <code>Session.register</code>.
function Helper:register ()
  return self.session:register()
end

--- Says which domain the user is of.
-- @name Helper.setDomain
-- @param domain Name.
function Helper:setDomain (domain)
  self.session.sessdata:setDomain(domain)
end

--- Closes the connection.
-- @name Helper.close
-- @return True.
function Helper:close ()
  return self.session:close()
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local response = Response:new("SIP/2.0 200 OK\r\nCSeq: 1 OPTIONS\r\nAllow: INVITE\r\nallow: ACK\r\n\r\n")
test_suite:add_test(unittest.equal(response:getErrorCode(), 200), "code")
test_suite:add_test(unittest.equal(response:getHeader("Allow"), "INVITE,ACK"), "headers")
test_suite:add_test(unittest.equal(response:getMethod(), "OPTIONS"), "method")
test_suite:add_test(unittest.is_nil(Response:new("HTTP/1.1 200 OK"):getErrorCode()), "another protocol")

local known = SipAuth:new('Digest realm="biloxi.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"')
known:setUsername("bob")
known:setPassword("zanzibar")
known:setMethod("REGISTER")
known:setUri("sip:biloxi.com")
test_suite:add_test(unittest.equal(string.match(known:createResponse() or "", 'response="(%x+)"'), "4441045a8075db3ead543693997e2a0e"), "an answer")
test_suite:add_test(unittest.is_nil(SipAuth:new("Basic realm=x"):createResponse() or nil), "another way to log in")
test_suite:add_test(unittest.is_nil(SipAuth:new(nil):createResponse() or nil), "no challenge")
return _ENV
