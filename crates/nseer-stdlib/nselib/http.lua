---
-- HTTP for scripts: requests, pages, forms, and pipelines of many requests.
--
-- Written from RFC 9110 and RFC 9112. TLS is used where the port speaks it; both are tried if it is not known.
--
-- Functions that ask for something take a table of options:
-- * <code>timeout</code> - milliseconds for connecting and for each read.
-- * <code>header</code> - table of header fields, which stand in place of the usual ones.
-- * <code>content</code> - the body, a string, or a table that is written like a form.
-- * <code>cookies</code> - array of cookies as a response has them, or the text of the field.
-- * <code>auth</code> - table with <code>username</code> and <code>password</code>, for Basic; with
--   <code>digest = true</code> for Digest.
-- * <code>scheme</code> - <code>http</code> or <code>https</code> if only this one should be tried.
-- * <code>bypass_cache</code> - true to ask the server even if the response is remembered.
-- * <code>no_cache</code> - true to neither look for a remembered response nor remember this one.
-- * <code>no_cache_body</code> - true if the body is not needed later.
-- * <code>max_body_size</code> - bytes of the body that are read at most.
-- * <code>truncated_ok</code> - true to take a longer body cut; otherwise it is a failure.
-- * <code>any_af</code> - true to connect also by an address of the other family.
-- * <code>redirect_ok</code> - false to follow no redirects; true or a number for a limit; or a function of the
--   URL's table that says whether to follow.
--
-- A response is a table:
-- * <code>status</code> - the number; nil if there was no whole response.
-- * <code>status-line</code> - the first line with its end; without a status, what went wrong.
-- * <code>version</code> - such as <code>1.1</code>.
-- * <code>header</code> - table of the fields by their names in lower case. Several of a name are joined.
-- * <code>rawheader</code> - array of the lines of the header, an empty one at the end.
-- * <code>cookies</code> - array of tables with <code>name</code>, <code>value</code> and the attributes.
-- * <code>rawbody</code>, <code>body</code> - the body as it came, and without compression.
-- * <code>decoded</code>, <code>undecoded</code> - arrays of compressions that were undone, and that could not be;
--   only the latter stay in <code>header</code>.
-- * <code>truncated</code> - true if the body was cut.
-- * <code>incomplete</code> - what had arrived of a response that failed, a table like this one.
-- * <code>location</code> - array of URLs that the server redirected to, if it did. The last may be one that was not
--   asked for, as the options forbid it.
-- * <code>ssl</code> - whether TLS was used.
--
-- @args http.host The name of the server in requests. Default: the target's.
-- @args http.max-body-size Bytes of a body that are read. Default: 2097152.
-- @args http.max-cache-size Bytes of responses that are remembered. Default: 1000000.
-- @args http.max-pipeline Requests that are sent without waiting for the response of the first. Default: 40.
-- @args http.truncated-ok If given, bodies that are too long are cut.
-- @args http.useragent The value of the field <code>User-Agent</code>.
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name http

local authentication = require "http.authentication"
local cache = require "http.cache"
local message = require "http.message"
local nmap = require "nmap"
local pages = require "http.pages"
local pipeline_part = require "http.pipeline"
local redirects = require "http.redirects"
local requests = require "http.requests"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"
local url = require "url"

_ENV = stdnse.module("http", stdnse.seeall)

USER_AGENT = requests.USER_AGENT

parse_set_cookie = message.parse_set_cookie
parse_www_authenticate = authentication.parse_www_authenticate
parse_date = pages.parse_date
tag_pattern = pages.tag_pattern
grab_forms = pages.grab_forms
parse_form = pages.parse_form
clean_404 = pages.clean_404
response_contains = pages.response_contains
page_exists = pages.page_exists
get_status_string = pages.get_status_string
parse_redirect = redirects.parse_redirect
redirect_ok = redirects.redirect_ok
pipeline_add = pipeline_part.pipeline_add
pipeline_go = pipeline_part.pipeline_go
pipeline = pipeline_part.pipeline_go
addPipeline = pipeline_part.addPipeline
pGet = pipeline_part.pGet
pHead = pipeline_part.pHead

--
-- Requests
--

--- Sends any request. Redirects are not followed and nothing is remembered.
-- @usage local response = http.generic_request(host, port, "OPTIONS", "/")
-- @param host Host table, address or name.
-- @param port Port table or number.
-- @param method The method, such as <code>OPTIONS</code>.
-- @param path Path with query.
-- @param options Table of options, optional; see above.
-- @return The response; see above.
function generic_request (host, port, method, path, options)
  return requests.send(host, port, method, path, requests.checked(options))
end

-- Whether the response may depend on more than the page's address.
local function is_special (options)
  return options.no_cache or options.header or options.cookies or options.auth or options.content
end

local function ask (host, port, method, path, options)
  local function fetch ()
    return requests.send(host, port, method, path, options)
  end
  if is_special(options) then
    return fetch()
  end
  local key = table.concat({
    requests.server_key(host, port), method, options.scheme or "", tostring(options.max_body_size),
    tostring(options.truncated_ok), path,
  }, "\0")
  return cache.get(key, fetch, options.bypass_cache, options.no_cache_body)
end

local function ask_and_follow (host, port, method, path, options)
  options = requests.checked(options)
  return redirects.follow(host, port, path, options, function (to_host, to_port, to_path, scheme)
    local own = options
    if scheme then
      own = setmetatable({ scheme = scheme }, { __index = options })
    end
    return ask(to_host, to_port, method, to_path, own)
  end)
end

--- Fetches a page. Redirects are followed as <code>redirect_ok</code> says.
-- @usage
-- local response = http.get(host, port, "/")
-- if response.status == 200 then
--   stdnse.debug1("%d bytes", #response.body)
-- end
-- @param host Host table, address or name.
-- @param port Port table or number.
-- @param path Path with query.
-- @param options Table of options, optional; see above.
-- @return The response; see above.
function get (host, port, path, options)
  return ask_and_follow(host, port, "GET", path, options)
end

--- Asks for the header of a page. Redirects are followed as <code>redirect_ok</code> says.
-- @param host Host table, address or name.
-- @param port Port table or number.
-- @param path Path with query.
-- @param options Table of options, optional; see above.
-- @return The response; see above. Its body is empty.
function head (host, port, path, options)
  return ask_and_follow(host, port, "HEAD", path, options)
end

--- Fetches the page of a URL.
-- @param u The URL; the scheme is <code>http</code> or <code>https</code>.
-- @param options Table of options, optional; see above.
-- @return The response; see above.
function get_url (u, options)
  local parts = url.parse(u)
  local port = parts.port or url.get_default_port(parts.scheme)
  if not (parts.host and port) then
    return message.failure("not a URL of http or https: " .. u)
  end
  options = requests.checked(options)
  options.scheme = parts.scheme
  local path = parts.path ~= "" and parts.path or "/"
  path = path .. (parts.params and ";" .. parts.params or "") .. (parts.query and "?" .. parts.query or "")
  local host = string.match(parts.host, "^%[(.*)%]$") or parts.host
  return get(host, { number = port, protocol = "tcp" }, path, options)
end

--- Sends a form, or any other content.
-- @usage http.post(host, port, "/login", nil, nil, {user = "a", pass = "b"})
-- @param host Host table, address or name.
-- @param port Port table or number.
-- @param path Path with query.
-- @param options Table of options, optional; see above.
-- @param ignored Not used; for older scripts.
-- @param postdata The content, a string, or a table of names and values.
-- @return The response; see above. Redirects are not followed.
function post (host, port, path, options, ignored, postdata)
  options = requests.checked(options)
  options.content = options.content or postdata
  -- Only of a form is it known what it is.
  local has_type = type(postdata) ~= "table"
  for name in pairs(options.header or {}) do
    has_type = has_type or string.lower(name) == "content-type"
  end
  if not has_type then
    local header = { ["Content-Type"] = "application/x-www-form-urlencoded" }
    for name, value in pairs(options.header or {}) do
      header[name] = value
    end
    options.header = header
  end
  return requests.send(host, port, "POST", path, options)
end

--- Sends content that should be what the path names.
-- @param host Host table, address or name.
-- @param port Port table or number.
-- @param path Path with query.
-- @param options Table of options, optional; see above.
-- @param putdata The content, a string.
-- @return The response; see above.
function put (host, port, path, options, putdata)
  options = requests.checked(options)
  options.content = options.content or putdata
  return requests.send(host, port, "PUT", path, options)
end

--
-- Pages that do not exist
--

-- What servers say for a page that does not exist, by server.
local known_404 = {}

local function ask_for_nothing (host, port)
  local answers = {}
  for i, suffix in ipairs { "", ".html", "/" } do
    local path = "/nseer-" .. stdnse.tohex(nmap.get_random_bytes(6)) .. suffix
    answers[i] = get(host, port, path, { redirect_ok = false, no_cache = true })
    if not answers[i].status then
      return nil, "no answer for a page that does not exist: " .. answers[i]["status-line"]
    end
  end
  return answers
end

local function judge_404 (host, port)
  local answers, reason = ask_for_nothing(host, port)
  if not answers then
    return { false, reason }
  end
  local status = answers[1].status
  for _, answer in ipairs(answers) do
    if answer.status == 404 then
      return { true, 404 }
    elseif answer.status ~= status then
      return { false, "different answers for pages that do not exist" }
    end
  end
  if status ~= 200 then
    return { true, status }
  end
  local text = clean_404(answers[1].body)
  for _, answer in ipairs(answers) do
    if clean_404(answer.body) ~= text then
      return { false, "different pages for pages that do not exist" }
    end
  end
  return { true, 200, text }
end

--- Finds out what a server says for pages that do not exist. It is asked once for each server.
-- @param host Host table, address or name.
-- @param port Port table or number.
-- @return True if that is known, otherwise false.
-- @return The status, such as 404 or 200; or why it is not known.
-- @return For the status 200: the page, as <code>clean_404</code> gives it.
-- @see page_exists
function identify_404 (host, port)
  local key = requests.server_key(host, port)
  local entry = known_404[key] or {}
  known_404[key] = entry
  local mutex = nmap.mutex(entry)
  mutex "lock"
  entry.answer = entry.answer or judge_404(host, port)
  mutex "done"
  return table.unpack(entry.answer, 1, 3)
end

--- Tells whether asking for headers is enough to see whether pages exist.
-- @param host Host table, address or name.
-- @param port Port table or number.
-- @param result_404 Status for pages that do not exist; with 200, headers tell nothing.
-- @param path Path of a page that exists. Default: <code>/</code>.
-- @return True if that page is there by its header, otherwise false.
-- @return The response for the header, if true.
function can_use_head (host, port, result_404, path)
  if result_404 == 200 then
    return false
  end
  local response = head(host, port, path or "/")
  if response.status == 200 and response.status ~= result_404 then
    return true, response
  end
  return false
end

-- Pages that scripts found, by server.
local saved = {}

--- Notes a page that was found.
-- @param host Host table, address or name.
-- @param port Port table or number.
-- @param path Path of the page.
-- @param status Its status, optional.
-- @param links_to Array of paths that it has links to, optional.
-- @param linked_from Array of paths of pages with a link to it, optional.
-- @param contenttype Its type, optional.
-- @return True.
function save_path (host, port, path, status, links_to, linked_from, contenttype)
  local key = requests.server_key(host, port)
  saved[key] = saved[key] or {}
  saved[key][path] = {
    status = status, links_to = links_to, linked_from = linked_from, contenttype = contenttype,
  }
  return true
end

if not unittest.testing() then return _ENV end

test_suite = require("http.tests").suite(_ENV)

return _ENV
