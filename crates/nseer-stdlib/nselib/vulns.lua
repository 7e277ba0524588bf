---
-- Reports of vulnerabilities: one layout for all scripts, and a list of what was found for scripts that sum up.
--
-- A vulnerability is a table:
-- * <code>title</code> - its name.
-- * <code>state</code> - one of <code>vulns.STATE</code>; these are bits, <code>VULN | EXPLOIT</code> is one as well.
-- * <code>IDS</code> - its names in lists, by the name of the list: <code>{CVE = "CVE-2014-0160"}</code>.
-- * <code>risk_factor</code> - <code>High</code>, <code>Medium</code> or <code>Low</code>.
-- * <code>scores</code> - table of scores by the name of the scale.
-- * <code>description</code> - text, or array of texts.
-- * <code>dates</code> - <code>{disclosure = {year = "2014", month = "04", day = "07"}}</code>.
-- * <code>check_results</code>, <code>exploit_results</code>, <code>extra_info</code> - text, or array of texts: what
--   the script saw.
-- * <code>references</code> - array of URLs. Those of <code>IDS</code> are added.
--
-- @usage
-- local report = vulns.Report:new(SCRIPT_NAME, host, port)
-- local vuln = {title = "Default page", state = vulns.STATE.VULN}
-- return report:make_output(vuln)
-- @args vulns.showall If given, reports also say what a target is not vulnerable to.
-- @args vulns.short If given, text output has one line for each vulnerability.
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name vulns

local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("vulns", stdnse.seeall)

--- States of a vulnerability.
-- @class table
-- @name STATE
STATE = { LIKELY_VULN = 1, NOT_VULN = 2, VULN = 4, DoS = 8, EXPLOIT = 16, UNKNOWN = 32 }

--- The states in words.
-- @class table
-- @name STATE_MSG
STATE_MSG = {
  [STATE.LIKELY_VULN] = "LIKELY VULNERABLE",
  [STATE.NOT_VULN] = "NOT VULNERABLE",
  [STATE.VULN] = "VULNERABLE",
  [STATE.DoS] = "VULNERABLE (DoS)",
  [STATE.EXPLOIT] = "VULNERABLE (Exploitable)",
  [STATE.VULN | STATE.DoS] = "VULNERABLE (DoS)",
  [STATE.VULN | STATE.EXPLOIT] = "VULNERABLE (Exploitable)",
  [STATE.UNKNOWN] = "UNKNOWN (could not be tested)",
}

local IS_SHOWN = STATE.LIKELY_VULN | STATE.VULN | STATE.DoS | STATE.EXPLOIT | STATE.UNKNOWN

-- How a name becomes a URL, by list.
local links = {
  CVE = function (id) return "https://cve.mitre.org/cgi-bin/cvename.cgi?name=" .. id end,
  OSVDB = function (id) return "http://osvdb.org/" .. id end,
  BID = function (id) return "https://www.securityfocus.com/bid/" .. id end,
}

--- Teaches how names of a list become URLs.
-- @param id_type Name of the list.
-- @param callback Function of a name that gives a URL.
-- @return True; false if either is missing.
function register_popular_id (id_type, callback)
  if type(id_type) ~= "string" or type(callback) ~= "function" then
    return false
  end
  links[id_type] = callback
  return true
end

--- The URL of a name.
-- @param id_type Name of the list, such as <code>CVE</code>.
-- @param id The name in it.
-- @return The URL; nil for a list that is not known.
function get_popular_link (id_type, id)
  local link = links[id_type]
  return link and link(id)
end

--
-- Layout
--

local function list_of (texts)
  if texts == nil then
    return {}
  end
  return type(texts) == "table" and texts or { texts }
end

local function sorted_keys (t)
  local keys = {}
  for key in pairs(t or {}) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

local function references_of (vuln)
  local urls, known = {}, {}
  local function add (url)
    if url and not known[url] then
      known[url] = true
      urls[#urls + 1] = url
    end
  end
  for _, list in ipairs(sorted_keys(vuln.IDS)) do
    add(get_popular_link(list, vuln.IDS[list]))
  end
  for _, url in ipairs(list_of(vuln.references)) do
    add(url)
  end
  table.sort(urls)
  return urls
end

local function date_text (date)
  return string.format("%s-%s-%s", date.year, date.month, date.day)
end

-- Adds texts to lines, each of their own lines with a margin. Lists may be inside of one another; their headings are
-- the field `name`, or else the keys of what is in them.
local function add_texts (lines, texts, margin)
  local list = list_of(texts)
  if list.name then
    lines[#lines + 1] = margin .. list.name .. ":"
    margin = margin .. "  "
  end
  for _, text in ipairs(list) do
    if type(text) == "table" then
      add_texts(lines, text, margin)
    else
      for line in string.gmatch(tostring(text) .. "\n", "([^\n]*)\n") do
        lines[#lines + 1] = margin .. line
      end
    end
  end
  local keys = {}
  for key in pairs(list) do
    keys[#keys + 1] = type(key) == "string" and key ~= "name" and key or nil
  end
  table.sort(keys)
  for _, key in ipairs(keys) do
    if not list.name then
      lines[#lines + 1] = margin .. key .. ":"
    end
    add_texts(lines, list[key], list.name and margin or margin .. "  ")
  end
end

local function add_section (lines, heading, texts)
  if next(list_of(texts)) ~= nil then
    lines[#lines + 1] = "  " .. heading .. ":"
    add_texts(lines, texts, "    ")
  end
end

--- Lays out a vulnerability.
-- @param vuln_table The vulnerability.
-- @param showall True to lay out also what is no vulnerability.
-- @return Array of lines; nil if it is not to be shown.
function format_vuln_table (vuln_table, showall)
  local vuln = vuln_table
  if vuln.state & IS_SHOWN == 0 and not showall then
    return nil
  end
  local lines = { vuln.title, "  State: " .. (STATE_MSG[vuln.state] or "UNKNOWN") }
  if vuln.IDS and next(vuln.IDS) then
    local names = {}
    for i, list in ipairs(sorted_keys(vuln.IDS)) do
      names[i] = "  " .. list .. ":" .. vuln.IDS[list]
    end
    lines[#lines + 1] = "  IDs:" .. table.concat(names)
  end
  if vuln.state & IS_SHOWN == 0 then
    return lines
  end
  if vuln.risk_factor or vuln.scores and next(vuln.scores) then
    local pieces = { vuln.risk_factor and "  Risk factor: " .. vuln.risk_factor or "" }
    for _, scale in ipairs(sorted_keys(vuln.scores)) do
      pieces[#pieces + 1] = "  " .. scale .. ": " .. vuln.scores[scale]
    end
    lines[#lines + 1] = table.concat(pieces)
  end
  add_texts(lines, vuln.description, "    ")
  local date = vuln.dates and vuln.dates.disclosure
  if date then
    lines[#lines + 1] = "  Disclosure date: " .. date_text(date)
  end
  add_section(lines, "Check results", vuln.check_results)
  add_section(lines, "Exploit results", vuln.exploit_results)
  add_section(lines, "Extra information", vuln.extra_info)
  add_section(lines, "References", references_of(vuln))
  return lines
end

--- Lays out a vulnerability as text.
-- @param vuln_table The vulnerability.
-- @param showall True to lay out also what is no vulnerability.
-- @return The text; nil if it is not to be shown.
function format_vuln (vuln_table, showall)
  local lines = format_vuln_table(vuln_table, showall)
  return lines and table.concat(lines, "\n")
end

-- The vulnerability for machine-readable output.
local function structure_of (vuln)
  local out = stdnse.output_table()
  out.title, out.state = vuln.title, STATE_MSG[vuln.state]
  local ids = {}
  for i, list in ipairs(sorted_keys(vuln.IDS)) do
    ids[i] = list .. ":" .. vuln.IDS[list]
  end
  out.ids = #ids > 0 and ids or nil
  out.scores = vuln.scores and next(vuln.scores) and vuln.scores or nil
  -- A list that a script keeps empty stands in the output as that: nothing was tried or nothing came of it.
  local function add (name, texts, is_shown_empty)
    local list = list_of(texts)
    out[name] = (next(list) ~= nil or texts == list and is_shown_empty) and list or nil
  end
  add("description", vuln.description)
  if vuln.dates and vuln.dates.disclosure then
    out.dates = vuln.dates
    out.disclosure = date_text(vuln.dates.disclosure)
  end
  add("check_results", vuln.check_results, true)
  add("exploit_results", vuln.exploit_results, true)
  add("extra_info", vuln.extra_info, true)
  add("refs", references_of(vuln))
  return out
end

-- How many vulnerabilities without a name there were, of all scripts.
local nameless = 0

-- The name under which a vulnerability stands in the output: its CVE, or another one, or a number.
local function name_of (vuln)
  local ids = vuln.IDS or {}
  local list = ids.CVE and "CVE" or sorted_keys(ids)[1]
  if list then
    return ids[list]
  end
  nameless = nameless + 1
  return "NMAP-" .. nameless
end

--
-- What was found on all targets
--

-- The list is only kept if somebody asked for it.
local function collection ()
  return nmap.registry.vulns
end

--- Asks for a list of what all scripts find. To be called in a <code>prerule</code> or <code>portrule</code> phase.
-- @param filter_callback Function of a vulnerability that says whether to keep it, optional.
-- @return A number for the functions below.
function save_reports (filter_callback)
  local kept = collection() or { filters = {}, entries = {} }
  nmap.registry.vulns = kept
  kept.filters[#kept.filters + 1] = filter_callback or function () return true end
  return #kept.filters
end

local function keep (script_name, host, port, vuln)
  local kept = collection()
  if not kept then
    return false
  end
  vuln.host, vuln.port, vuln.scripts = vuln.host or host, vuln.port or port, vuln.scripts or { script_name }
  kept.entries[#kept.entries + 1] = vuln
  return true
end

--- Adds vulnerabilities to the list.
-- @param script_name Name of the script.
-- @param ... Vulnerabilities, with <code>host</code> and <code>port</code>.
-- @return True if the list is kept, otherwise false.
-- @return How many were added.
function add (script_name, ...)
  local count = 0
  for _, vuln in ipairs { ... } do
    if keep(script_name, vuln.host, vuln.port, vuln) then
      count = count + 1
    end
  end
  return count > 0, count
end

--- The vulnerabilities of the list.
-- @param fid Number, as <code>save_reports</code> gave it.
-- @param selection_filter Function of a vulnerability that says whether it is wanted, optional.
-- @return Array; nil if there is no such list.
function find (fid, selection_filter)
  local kept = collection()
  local filter = kept and kept.filters[fid]
  if not filter then
    return nil
  end
  local found = {}
  for _, vuln in ipairs(kept.entries) do
    if filter(vuln) and (not selection_filter or selection_filter(vuln)) then
      found[#found + 1] = vuln
    end
  end
  return found
end

--- The vulnerabilities of the list with a name.
-- @param fid Number, as <code>save_reports</code> gave it.
-- @param vuln_id_type Name of a list such as <code>CVE</code>.
-- @param id The name in it.
-- @return Array; nil if there is none.
function find_by_id (fid, vuln_id_type, id)
  local found = find(fid, function (vuln) return vuln.IDS ~= nil and vuln.IDS[vuln_id_type] == id end)
  return found and #found > 0 and found or nil
end

--- Tells whether a name is in the list.
-- @param fid Number, as <code>save_reports</code> gave it.
-- @param vuln_id_type Name of a list such as <code>CVE</code>.
-- @param id The name in it.
-- @return True or false.
function lookup_id (fid, vuln_id_type, id)
  return find_by_id(fid, vuln_id_type, id) ~= nil
end

--- The names in the list.
-- @param fid Number, as <code>save_reports</code> gave it.
-- @return Table of tables: by the list, by the name, an array of vulnerabilities.
function get_ids (fid)
  local ids = {}
  for _, vuln in ipairs(find(fid) or {}) do
    for list, id in pairs(vuln.IDS or {}) do
      ids[list] = ids[list] or {}
      ids[list][id] = ids[list][id] or {}
      table.insert(ids[list][id], vuln)
    end
  end
  return ids
end

--- Lays out the list, vulnerabilities by targets.
-- @param fid Number, as <code>save_reports</code> gave it.
-- @param selection_filter Function of a vulnerability that says whether it is wanted, optional.
-- @return The text; nil if there is nothing to show.
function make_output (fid, selection_filter)
  local lines = {}
  for _, vuln in ipairs(find(fid, selection_filter) or {}) do
    local text = format_vuln_table(vuln, stdnse.get_script_args("vulns.showall"))
    if text then
      local place = vuln.host and vuln.host.ip or "?"
      lines[#lines + 1] = place .. (vuln.port and ":" .. vuln.port.number or "")
      add_texts(lines, text, "  ")
    end
  end
  return #lines > 0 and "\n" .. table.concat(lines, "\n") .. "\n" or nil
end

--
-- Reports
--

--- What one script found on one target.
-- @class table
-- @name Report
Report = {}
Report.__index = Report

--- Makes a report.
-- @name Report.new
-- @param script_name Name of the script.
-- @param host Host table.
-- @param port Port table, or nil.
-- @return The report.
function Report:new (script_name, host, port)
  return setmetatable({
    script_name = script_name, host = host, port = port, entries = { vulns = {}, not_vulns = {} },
  }, self)
end

--- Teaches how names of a list become URLs.
-- @name Report.add_popular_id
-- @param id_type Name of the list.
-- @param callback Function of a name that gives a URL.
-- @return True; false if either is missing.
function Report:add_popular_id (id_type, callback)
  return register_popular_id(id_type, callback)
end

--- Adds vulnerabilities.
-- @name Report.add_vulns
-- @param ... The vulnerabilities.
-- @return True.
-- @return How many there were.
function Report:add_vulns (...)
  local count = select("#", ...)
  for i = 1, count do
    local vuln = (select(i, ...))
    if type(vuln) ~= "table" or not vuln.title or not vuln.state then
      error("a vulnerability is a table with title and state", 2)
    end
    local list = vuln.state & IS_SHOWN ~= 0 and self.entries.vulns or self.entries.not_vulns
    list[#list + 1] = vuln
    keep(self.script_name, self.host, self.port, vuln)
  end
  return true, count
end

-- The vulnerabilities to show, under one heading each.
local function sections_of (report)
  local sections = { { "VULNERABLE", report.entries.vulns } }
  if stdnse.get_script_args("vulns.showall") then
    sections[2] = { "NOT VULNERABLE", report.entries.not_vulns }
  end
  return sections
end

-- The text of one section.
local function section_text (heading, vulns)
  local is_short = stdnse.get_script_args("vulns.short")
  local blocks = {}
  for i, vuln in ipairs(vulns) do
    if is_short then
      blocks[i] = "  " .. vuln.title .. ": " .. (STATE_MSG[vuln.state] or "UNKNOWN")
    else
      local lines = {}
      add_texts(lines, format_vuln_table(vuln, true), "  ")
      blocks[i] = table.concat(lines, "\n")
    end
  end
  return "\n  " .. heading .. ":\n" .. table.concat(blocks, is_short and "\n" or "\n  \n") .. "\n"
end

--- Makes the result of a script.
-- @name Report.make_output
-- @param ... Vulnerabilities to add first, optional.
-- @return Table of the vulnerabilities, by their names; nil if there is nothing to show.
-- @return The text.
function Report:make_output (...)
  self:add_vulns(...)
  local out, texts = stdnse.output_table(), {}
  for _, section in ipairs(sections_of(self)) do
    for _, vuln in ipairs(section[2]) do
      out[name_of(vuln)] = structure_of(vuln)
    end
    if #section[2] > 0 then
      texts[#texts + 1] = section_text(section[1], section[2])
    end
  end
  if #texts == 0 then
    return nil
  end
  return out, table.concat(texts)
end

if not unittest.testing() then return _ENV end

test_suite = unittest.TestSuite:new()
do
  local kept = nmap.registry.vulns
  nmap.registry.vulns = nil
  local vuln = {
    title = "T", state = STATE.VULN, IDS = { CVE = "CVE-2014-0160", BID = "9" }, risk_factor = "High",
    scores = { CVSSv2 = "5.0" }, description = "one\ntwo",
    dates = { disclosure = { year = "2014", month = "04", day = "07" } },
    check_results = { "seen" }, references = { "http://example.org" },
  }
  local text = "T\n  State: VULNERABLE\n  IDs:  BID:9  CVE:CVE-2014-0160\n"
    .. "  Risk factor: High  CVSSv2: 5.0\n    one\n    two\n"
    .. "  Disclosure date: 2014-04-07\n  Check results:\n    seen\n  References:\n    http://example.org\n"
    .. "    https://cve.mitre.org/cgi-bin/cvename.cgi?name=CVE-2014-0160\n    https://www.securityfocus.com/bid/9"
  test_suite:add_test(unittest.equal(format_vuln(vuln), text), "layout")
  test_suite:add_test(unittest.is_nil(format_vuln({ title = "T", state = STATE.NOT_VULN })), "not vulnerable")
  local nested = { title = "T", state = STATE.VULN, extra_info = { { name = "N", "a" }, { k = { "b", "c" } } } }
  local layout = "T\n  State: VULNERABLE\n  Extra information:\n    N:\n      a\n    k:\n      b\n      c"
  test_suite:add_test(unittest.equal(format_vuln(nested), layout), "lists in lists")
  local fid = save_reports()
  local report = Report:new("s", { ip = "192.0.2.1" }, { number = 80 })
  local out, shown = report:make_output(vuln, { title = "U", state = STATE.NOT_VULN })
  test_suite:add_test(unittest.equal(out["CVE-2014-0160"].state, "VULNERABLE"), "structure")
  test_suite:add_test(unittest.equal(string.sub(shown, 1, 19), "\n  VULNERABLE:\n  T\n"), "text")
  test_suite:add_test(unittest.length_is(find(fid), 2), "the list")
  test_suite:add_test(unittest.is_true(lookup_id(fid, "BID", "9")), "a name in the list")
  test_suite:add_test(unittest.is_nil(find_by_id(fid, "BID", "8")), "a name that is not")
  local nothing = Report:new("s", {}):make_output({ title = "U", state = STATE.NOT_VULN })
  test_suite:add_test(unittest.is_nil(nothing), "nothing")
  nmap.registry.vulns = kept
end

return _ENV
