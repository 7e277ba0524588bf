---
-- The part of <code>http</code> that looks at what a server gave: dates, tags, forms, pages that are none. Scripts
-- reach it through <code>http</code>.
--
-- Written from RFC 9110 (dates, section 5.6.7) and HTML's public standard. Pure functions.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name http

local math = require "math"
local string = require "string"
local table = require "table"
local have_openssl, openssl = pcall(require, "openssl")
local ipairs, tonumber, type = ipairs, tonumber, type

local pages = {}

local MONTHS = {
  jan = 1, feb = 2, mar = 3, apr = 4, may = 5, jun = 6, jul = 7, aug = 8, sep = 9, oct = 10, nov = 11, dec = 12,
}

-- The three forms: what they look like and in which order their parts come.
local DATE_FORMS = {
  { "^%a+, (%d+) (%a+) (%d+) (%d+):(%d+):(%d+) GMT$", 1, 2, 3, 4 },
  { "^%a+, (%d+)%-(%a+)%-(%d+) (%d+):(%d+):(%d+) GMT$", 1, 2, 3, 4 },
  { "^%a+ (%a+) +(%d+) (%d+):(%d+):(%d+) (%d+)$", 2, 1, 6, 3 },
}

--- Reads a date as header fields have it.
-- @usage http.parse_date("Sun, 06 Nov 1994 08:49:37 GMT").year  --> 1994
-- @param s Text in one of the three forms of the standard.
-- @return Table as of <code>os.date("!*t")</code>: <code>year</code>, <code>month</code>, <code>day</code>,
--         <code>hour</code>, <code>min</code>, <code>sec</code>, <code>isdst</code>, in UTC; nil if it is no date.
function pages.parse_date (s)
  for _, form in ipairs(DATE_FORMS) do
    local parts = { string.match(s, form[1]) }
    local month = parts[1] and MONTHS[string.lower(string.sub(parts[form[3]], 1, 3))]
    if month then
      local clock = form[5]
      local function number (i)
        return math.tointeger(tonumber(parts[i]))
      end
      local year = number(form[4])
      if year < 100 then
        -- Two digits: those of the century that it is near to (RFC 9110 asks for no more than 50 years ahead).
        year = year + (year < 70 and 2000 or 1900)
      end
      return {
        year = year, month = month, day = number(form[2]),
        hour = number(clock), min = number(clock + 1), sec = number(clock + 2), isdst = false,
      }
    end
  end
end

local function either_case (letter)
  return "[" .. string.lower(letter) .. string.upper(letter) .. "]"
end

--- Makes a pattern for a tag of HTML.
-- @usage local from, to = string.find(response.body, http.tag_pattern("script"))
-- @param tag Name of the element.
-- @param endtag True for the tag that closes it.
-- @return Lua pattern that matches the whole tag in any case.
function pages.tag_pattern (tag, endtag)
  local name = string.gsub(tag, "%a", either_case)
  if endtag then
    return "</%s*" .. name .. "%s*>"
  end
  return "<%s*" .. name .. "%f[%s/>][^>]*>"
end

-- The values of a tag's attributes, by their names in lower case.
local function attributes_of (tag)
  local attributes = {}
  local rest = string.match(tag, "^<%s*[%w:-]+(.*)$") or ""
  for name, mark, at in string.gmatch(rest, "([%w:_-]+)%s*(=?)%s*()") do
    local quote = string.sub(rest, at, at)
    local value
    if mark == "" then
      value = ""
    elseif quote == '"' or quote == "'" then
      value = string.match(rest, "^" .. quote .. "([^" .. quote .. "]*)", at)
    else
      value = string.match(rest, "^[^%s>]*", at)
    end
    name = string.lower(name)
    if attributes[name] == nil then
      attributes[name] = value
    end
  end
  return attributes
end

pages.attributes_of = attributes_of

--- Finds the forms of a page.
-- @param body The page.
-- @return Array of texts, each from a form's tag up to its end.
-- @see parse_form
function pages.grab_forms (body)
  local forms, from = {}, 1
  local opening, closing = pages.tag_pattern("form"), pages.tag_pattern("form", true)
  while body do
    local first, last = string.find(body, opening, from)
    if not first then
      break
    end
    local stop = string.find(body, closing, last) or #body + 1
    local inner = string.find(body, opening, last)
    stop = math.min(stop, inner or stop)
    forms[#forms + 1] = string.sub(body, first, stop - 1)
    from = stop
  end
  return forms
end

--- Reads a form.
-- @param form Text of the form, as <code>grab_forms</code> gives it.
-- @return Table with <code>action</code>, <code>method</code> (in lower case) and <code>id</code>, where they are
--         written, and <code>fields</code>: an array of tables with <code>name</code>, <code>type</code> and
--         <code>value</code>. Fields without a name are left out.
function pages.parse_form (form)
  local parsed = { fields = {} }
  local tag = string.match(form, pages.tag_pattern("form"))
  if tag then
    local attributes = attributes_of(tag)
    parsed.action, parsed.id = attributes.action, attributes.id
    parsed.method = attributes.method and string.lower(attributes.method)
  end
  for kind in string.gmatch(form, "<[^>]+>") do
    local element = string.lower(string.match(kind, "^<%s*([%w]+)") or "")
    if element == "input" or element == "textarea" then
      local attributes = attributes_of(kind)
      if attributes.name then
        parsed.fields[#parsed.fields + 1] = {
          name = attributes.name,
          type = element == "textarea" and "textarea" or attributes.type and string.lower(attributes.type),
          value = attributes.value,
        }
      end
    end
  end
  return parsed
end

-- What a server writes anew for each request.
local VOLATILE = {
  "%d+:%d+:?%d*", "%d%d%d%d%-%d+%-%d+", "%d+/%d+/%d+", "%a%a%a %d+ %d%d%d%d", "%d+ %a%a%a %d%d%d%d",
  "%a+://[^%s\"'<>]+", "/[%w%%./_?=&;-]+", "[%d.]+%s*ms", "%d+",
}

--- Takes out of an error page what changes from one request to the next.
-- @param body The page; none where no answer came.
-- @return Bytes that are the same for pages which only differ in dates, times, paths and numbers.
function pages.clean_404 (body)
  body = string.lower(body or "")
  for _, pattern in ipairs(VOLATILE) do
    body = string.gsub(body, pattern, "")
  end
  body = string.gsub(body, "%s+", " ")
  return have_openssl and openssl.md5(body) or body
end

--- Looks for a pattern in a response: in its status line, its header and its body.
-- @param response The response.
-- @param pattern Lua pattern. Unless <code>case_sensitive</code> is set, it and the response are compared in
--                lower case, so a class such as <code>%S</code> loses its meaning.
-- @param case_sensitive True to tell capitals from small letters.
-- @return True if it is there, otherwise false.
-- @return Array of the captures, or of the whole match if there are none.
function pages.response_contains (response, pattern, case_sensitive)
  local function fold (text)
    return case_sensitive and text or string.lower(text)
  end
  local texts = { response["status-line"], table.concat(response.rawheader or {}, "\n"), response.body }
  pattern = fold(pattern)
  for i = 1, 3 do
    local captures = texts[i] and { string.match(fold(texts[i]), pattern) }
    if captures and #captures > 0 then
      return true, captures
    end
  end
  return false
end

--- Tells whether a response means that there is a page.
-- @param data The response.
-- @param result_404 Status that the server gives for pages which do not exist, as <code>identify_404</code> says.
-- @param known_404 What it says then, as <code>identify_404</code> gives it.
-- @param page Path of the page. It is not looked at.
-- @param displayall True to count every answer but "not found"; otherwise only 200 and 401 count.
-- @return True or false.
function pages.page_exists (data, result_404, known_404, page, displayall)
  local status = data and data.status
  if not status or status == 404 then
    return false
  elseif status == result_404 then
    if not known_404 or status ~= 200 then
      return false
    end
    return pages.clean_404(data.body or "") ~= known_404
  end
  return status == 200 or status == 401 or displayall and true or false
end

--- The status of a response, for users.
-- @param data The response.
-- @return The number and the words of the status line; if there is no status, what went wrong.
function pages.get_status_string (data)
  local line = type(data) == "table" and data["status-line"]
  if type(line) ~= "string" then
    return "<unknown status>"
  end
  line = string.match(line, "^([^\r\n]*)")
  return (string.gsub(line, "^HTTP/%d[%d.]* *", ""))
end

return pages
