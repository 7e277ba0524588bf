---
-- The tests of <code>http</code>: what can be tested without a server.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name http

local authentication = require "http.authentication"
local message = require "http.message"
local nmap = require "nmap"
local redirects = require "http.redirects"
local requests = require "http.requests"
local string = require "string"
local unittest = require "unittest"
local ipairs, pairs, tostring = ipairs, pairs, tostring

local tests = {}

-- A response read from a server that sends these pieces and then closes.
local function read_pieces (pieces, method, options, limit)
  local socket = { at = 0 }
  function socket.receive (self)
    self.at = self.at + 1
    if not pieces[self.at] then
      return nil, "EOF"
    end
    return true, pieces[self.at]
  end
  local reader = message.reader(socket, "", nmap.clock_ms() + 60000)
  return message.read(reader, method or "GET", options or {}, limit or 1000), reader
end

-- The same with one byte at a time.
local function read_bytes (text, ...)
  local bytes = {}
  for i = 1, #text do
    bytes[i] = string.sub(text, i, i)
  end
  return read_pieces(bytes, ...)
end

local function add_bodies (suite)
  local cases = {
    { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more", "hello" },
    { "HTTP/1.0 200 OK\n\nall of it", "all of it" },
    {
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nT: x\r\n\r\n",
      "abc0123456789",
    },
    { "HTTP/1.1 204 No Content\r\n\r\nnever a body", "" },
    { "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok" },
    { "HTTP/1.1 200 OK\r\nContent-Length: nonsense\r\n\r\nto the end", "to the end" },
    { "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "" },
  }
  for _, case in ipairs(cases) do
    suite:add_test(unittest.equal(read_pieces({ case[1] }).body, case[2]), "body, at once: " .. case[2])
    suite:add_test(unittest.equal(read_bytes(case[1]).body, case[2]), "body, in bytes: " .. case[2])
  end
  local head = read_pieces({ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" }, "HEAD")
  suite:add_test(unittest.equal(head.body, ""), "no body after HEAD")
  local gzip = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"
    .. "\31\139\8\0\0\0\0\0\0\3\203\72\205\201\201\87\40\207\47\202\73\1\0\133\17\74\13\11\0\0\0"
  local response = read_pieces({ gzip })
  suite:add_test(unittest.equal(response.body, "hello world"), "gzip")
  suite:add_test(unittest.table_equal(response.decoded, { "gzip" }), "what was decoded")
  response = read_pieces({ (string.gsub(gzip, "gzip\r", "br\r")) })
  suite:add_test(unittest.table_equal(response.undecoded, { "br" }), "what was not decoded")
end

local function add_failures (suite)
  local cases = {
    "", "220 mail.example ESMTP\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b",
    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\nx",
    "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nx" .. string.rep("y", 2000),
    "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" .. string.rep("y", 2000),
    "HTTP/1.1 200 OK\r\n\r\n" .. string.rep("y", 2000),
    "HTTP/1.1 200 OK\r\n" .. string.rep("A: " .. string.rep("x", 1000) .. "\r\n", 200) .. "\r\n",
    string.rep("x", 40000),
  }
  for i, text in ipairs(cases) do
    suite:add_test(unittest.is_nil(read_pieces({ text }).status), "no response " .. i)
  end
  local long = "HTTP/1.1 200 OK\r\n\r\n" .. string.rep("y", 2000)
  local cut = read_pieces({ long }, "GET", { truncated_ok = true })
  suite:add_test(unittest.equal(#cut.body, 1000), "a body is cut")
  suite:add_test(unittest.is_true(cut.truncated), "and says so")
  suite:add_test(unittest.equal(#read_pieces({ long }).incomplete.body, 1000), "what had arrived")
end

local function add_headers (suite)
  local response = read_bytes("HTTP/1.1 200 OK\r\nServer: a\r\nX-Y:  b c \r\nx-y: d\r\nFold: one\r\n  two\r\n"
    .. "Set-Cookie: s=1; Path=/; HttpOnly\r\nSet-Cookie: t=\"2\"\r\nContent-Length: 0\r\n\r\n")
  suite:add_test(unittest.equal(response.header["x-y"], "b c, d"), "fields of one name")
  suite:add_test(unittest.equal(response.header.fold, "one two"), "folded field")
  suite:add_test(unittest.equal(response.rawheader[1], "Server: a"), "lines of the header")
  suite:add_test(unittest.equal(response.rawheader[5], "  two"), "folded as it came")
  suite:add_test(unittest.equal(response.rawheader[#response.rawheader], ""), "the last line is empty")
  suite:add_test(unittest.identical(response.cookies, {
    { name = "s", value = "1", path = "/", httponly = "" }, { name = "t", value = '"2"' },
  }), "cookies")
  suite:add_test(unittest.equal(response["status-line"], "HTTP/1.1 200 OK\r\n"), "status line")
  suite:add_test(unittest.equal(response.version, "1.1"), "version")
  suite:add_test(unittest.is_true(message.stays_open(response)), "stays open")
  suite:add_test(unittest.is_nil(message.parse_set_cookie("=x")), "cookie without a name")
end

local function add_logins (suite, http)
  local parse = http.parse_www_authenticate
  suite:add_test(unittest.identical(parse('Basic realm="x y", Digest realm="a\\"b", nonce=abc,qop="auth"'), {
    { scheme = "Basic", params = { realm = "x y" } },
    { scheme = "Digest", params = { realm = 'a"b', nonce = "abc", qop = "auth" } },
  }), "challenges")
  suite:add_test(unittest.identical(parse("NTLM, Negotiate"), {
    { scheme = "NTLM", params = {} }, { scheme = "Negotiate", params = {} },
  }), "challenges without parameters")
  suite:add_test(unittest.identical(parse(""), {}), "no challenge")
  suite:add_test(unittest.identical(parse('Basic realm="x" charset="UTF-8"'), {
    { scheme = "Basic", params = { realm = "x", charset = "UTF-8" } },
  }), "a comma is missing")
  for _, wrong in ipairs { "Basic realm=", 'Basic realm="x', "Basic realm=a b=c", "(x)" } do
    suite:add_test(unittest.is_nil(parse(wrong)), "not a challenge: " .. wrong)
  end
  -- The examples of RFC 7616, section 3.9.1.
  local params = parse('Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, '
    .. 'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
    .. 'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"')[1].params
  local auth = { username = "Mufasa", password = "Circle of Life" }
  local cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
  for algorithm, answer in pairs {
    MD5 = "8ca523f5e9506fed4657c9700eebdbec",
    ["SHA-256"] = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
  } do
    params.algorithm = algorithm
    local value = authentication.digest(params, "GET", "/dir/index.html", auth, cnonce)
    suite:add_test(unittest.not_nil(string.find(value, answer, 1, true)), "Digest with " .. algorithm)
  end
end

local function add_dates (suite, http)
  local date = { year = 1994, month = 11, day = 6, hour = 8, min = 49, sec = 37, isdst = false }
  for _, text in ipairs {
    "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
  } do
    suite:add_test(unittest.identical(http.parse_date(text), date), text)
  end
  suite:add_test(unittest.is_nil(http.parse_date("06 Nov 1994 08:49:37 +0200")), "not a date of HTTP")
end

local function add_pages (suite, http)
  local page = "<p><FORM action='/x' METHOD=Post><input name=a type=text value=\"v w\"><input type=submit>"
    .. "<textarea name=\"t\"></textarea></form><form id=f><INPUT name=b>"
  local forms = http.grab_forms(page)
  suite:add_test(unittest.length_is(forms, 2), "forms")
  suite:add_test(unittest.identical(http.parse_form(forms[1]), {
    action = "/x", method = "post",
    fields = { { name = "a", type = "text", value = "v w" }, { name = "t", type = "textarea" } },
  }), "a form")
  local half = { id = "f", fields = { { name = "b" } } }
  suite:add_test(unittest.identical(http.parse_form(forms[2]), half), "half a form")
  suite:add_test(unittest.equal(string.match("x<BODY a=b>y", http.tag_pattern("body")), "<BODY a=b>"), "a tag")
  suite:add_test(unittest.is_nil(string.match("<bodyx>", http.tag_pattern("body"))), "another tag")
  suite:add_test(unittest.equal(string.match("</Body >", http.tag_pattern("body", true)), "</Body >"), "a closing tag")
  local one, two = http.clean_404("No /abc.html at 10:11:12"), http.clean_404("No /xyz.html at 20:21:22")
  suite:add_test(unittest.equal(one, two), "two pages that do not exist")
  suite:add_test(unittest.not_equal(one, http.clean_404("Welcome")), "a page that does")
  local found = { ["status-line"] = "HTTP/1.1 200 OK", rawheader = { "Server: Apache" }, body = "Hello World" }
  local contains = { http.response_contains(found, "server: (%w+)") }
  suite:add_test(unittest.identical(contains, { true, { "apache" } }), "contains")
  suite:add_test(unittest.is_false((http.response_contains(found, "hello", true))), "does not contain")
  for _, case in ipairs {
    { { status = 200 }, 404, nil, false, true }, { { status = 404 }, 404, nil, true, false },
    { { status = 302 }, 404, nil, false, false }, { { status = 302 }, 404, nil, true, true },
    { {}, 404, nil, true, false }, { { status = 302 }, 302, nil, true, false },
    { { status = 200, body = "x" }, 200, http.clean_404("x"), true, false },
    { { status = 200, body = "x" }, 200, http.clean_404("y"), true, true },
  } do
    local exists = http.page_exists(case[1], case[2], case[3], "/", case[4])
    suite:add_test(unittest.equal(exists, case[5]), "page_exists with " .. tostring(case[1].status))
  end
  local status = http.get_status_string { ["status-line"] = "HTTP/1.1 404 Not Found\r\n" }
  suite:add_test(unittest.equal(status, "404 Not Found"), "status")
end

local function add_redirects (suite, http)
  local host = { ip = "192.0.2.1", name = "www.example.org" }
  local function target (location, port)
    return http.parse_redirect(host, port or 80, "/a/b", { status = 301, header = { location = location } })
  end
  suite:add_test(unittest.equal(target("c?d=e").path, "/a/c?d=e"), "next to the page")
  suite:add_test(unittest.equal(target("/x").host, "www.example.org"), "on the server")
  suite:add_test(unittest.equal(target("https://x.example").port, 443), "elsewhere")
  suite:add_test(unittest.equal(target("https://x.example").path, "/"), "without a path")
  suite:add_test(unittest.is_nil(target("")), "nowhere")
  local rule = redirects.redirect_ok(host, 80)
  suite:add_test(unittest.is_true(rule(target("http://example.org/"))), "same host without www")
  suite:add_test(unittest.is_false(rule(target("http://example.org/"))), "in a circle")
  suite:add_test(unittest.is_false(rule(target("http://example.com/x"))), "other host")
  suite:add_test(unittest.is_false(rule(target("https://www.example.org/x"))), "other port")
  suite:add_test(unittest.is_false(rule(target("http://me@www.example.org/x"))), "with a user")
end

local function add_requests (suite)
  local host = { ip = "192.0.2.1", targetname = "example.org" }
  local text = requests.build(host, 8080, "POST", "/x", {
    header = { ["user-agent"] = "me" }, content = { a = "1 2" }, auth = { username = "u", password = "p" },
    cookies = { { name = "c", value = "d", path = "/" }, { name = "e", value = "f", path = "/other" } },
  })
  local head = string.match(text, "^[^\r]*\r\n[^\r]*")
  suite:add_test(unittest.equal(head, "POST /x HTTP/1.1\r\nHost: example.org:8080"), "head")
  for _, line in ipairs { "user-agent: me", "Cookie: c=d", "Authorization: Basic dTpw", "Content-Length: 7" } do
    suite:add_test(unittest.not_nil(string.find(text, "\r\n" .. line .. "\r\n", 1, true)), line)
  end
  suite:add_test(unittest.is_nil(string.find(text, "User-Agent", 1, true)), "a field is given once")
  suite:add_test(unittest.equal(string.match(text, "\r\n\r\n(.*)$"), "a=1%202"), "content")
end

--- The suite for the library `http`.
function tests.suite (http)
  local suite = unittest.TestSuite:new()
  add_bodies(suite)
  add_failures(suite)
  add_headers(suite)
  add_logins(suite, http)
  add_dates(suite, http)
  add_pages(suite, http)
  add_redirects(suite, http)
  add_requests(suite)
  return suite
end

return tests
