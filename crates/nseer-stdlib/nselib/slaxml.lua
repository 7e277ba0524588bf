---
-- XML: as a stream of events, and as a tree.
--
-- Written from the XML 1.0 recommendation (fifth edition) and "Namespaces in XML 1.0"; names of functions and of
-- fields are those of the library SLAXML. Documents are read as they come: what is not closed is closed at the end,
-- what is no markup is skipped, and entities that a document defines are not replaced.
--
-- A tree is made of tables:
-- * <code>type</code> - <code>document</code>, <code>element</code>, <code>attribute</code>, <code>text</code>,
--   <code>comment</code> or <code>pi</code>.
-- * <code>name</code> - the name without prefix; <code>#doc</code>, <code>#text</code>, <code>#comment</code>.
-- * <code>value</code> - of attributes, texts, comments and processing instructions.
-- * <code>kids</code> - array of everything inside; <code>el</code> - array of the elements among them.
-- * <code>attr</code> - array of the attributes, and their values by name.
-- * <code>nsURI</code>, <code>nsPrefix</code> - the namespace, if there is one.
-- * <code>parent</code> - what it is inside of; <code>root</code> - of a document, its element.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name slaxml

local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"
local utf8 = require "utf8"

_ENV = stdnse.module("slaxml", stdnse.seeall)

--- The reader of events.
-- @class table
-- @name parser
parser = {}
parser.__index = parser

local NAMED = { lt = "<", gt = ">", amp = "&", quot = '"', apos = "'" }

local function character (digits, base)
  local code = tonumber(digits, base)
  return code and code <= 0x10FFFF and utf8.char(code) or nil
end

--- Replaces references to characters, by number and of the five names that XML has.
-- @name parser.unescape
-- @param str Text.
-- @return The text without them; others stay.
function parser.unescape (str)
  str = string.gsub(str, "&#(%d+);", function (digits) return character(digits, 10) end)
  str = string.gsub(str, "&#[xX](%x+);", function (digits) return character(digits, 16) end)
  return (string.gsub(str, "&(%l+);", NAMED))
end

--- Makes a reader.
-- @name parser.new
-- @param callbacks Table of functions, each of which may be missing: <code>startElement(name, nsURI, nsPrefix)</code>,
--                  <code>attribute(name, value, nsURI, nsPrefix)</code>, <code>closeElement(name, nsURI,
--                  nsPrefix)</code>, <code>text(text)</code>, <code>comment(text)</code>,
--                  <code>pi(target, content)</code>.
-- @return The reader.
function parser:new (callbacks)
  return setmetatable({ _call = callbacks or {} }, self)
end

local NAME = "[%w_:\128-\255][%w_:.\128-\255-]*"

local function split_name (name)
  local prefix, rest = string.match(name, "^([^:]+):(.+)$")
  if prefix then
    return rest, prefix
  end
  return name, nil
end

local function trim (text)
  return string.match(text, "^%s*(.*%S)") or ""
end

-- One reading of a text. What is kept of it makes the work for each piece the same, however deep and long the text is:
-- `open` has the elements that are open, `names` how many there are of each name, `spaces` the namespaces of a prefix.
local Reading = {}
Reading.__index = Reading

--- Calls the function for an event, if there is one.
function Reading.emit (self, event, ...)
  local callback = self.callbacks[event]
  if callback then
    callback(...)
  end
end

--- The namespace of a prefix, as the innermost element says that has it. Without a prefix: the default one.
function Reading.namespace (self, prefix)
  local uris = self.spaces[prefix or ""]
  if uris and #uris > 0 then
    return uris[#uris] ~= "" and uris[#uris] or nil
  end
  return prefix == "xml" and "http://www.w3.org/XML/1998/namespace" or nil
end

--- Text between two marks.
function Reading.text (self, text)
  if self.options.stripWhitespace then
    text = trim(text)
  end
  if text ~= "" and #self.open > 0 then
    self:emit("text", (parser.unescape(text)))
  end
end

--- Closes the innermost element.
function Reading.close (self)
  local element = table.remove(self.open)
  self:emit("closeElement", element.name, element.uri, element.prefix)
  self.names[element.raw] = self.names[element.raw] - 1
  for _, prefix in ipairs(element.declared) do
    table.remove(self.spaces[prefix])
  end
end

--- Closes the innermost element of a name, and what was left open in it.
function Reading.close_named (self, raw)
  local before = self.names[raw] or 0
  while before > 0 and self.names[raw] == before do
    self:close()
  end
end

--- The attributes from `at` on, up to the end of the tag. Gives them and where the text goes on; nil if the tag has
-- no end.
function Reading.attributes (self, at)
  local attributes = {}
  while true do
    local slash, after = string.match(self.xml, "^%s*(/?)>()", at)
    if after then
      return attributes, after, slash == "/"
    end
    local name, quote, start = string.match(self.xml, "^%s*(" .. NAME .. ")%s*=%s*([\"'])()", at)
    if name then
      local stop = string.find(self.xml, quote, start, true)
      if not stop then
        return nil
      end
      attributes[#attributes + 1] = { raw = name, value = parser.unescape(string.sub(self.xml, start, stop - 1)) }
      at = stop + 1
    elseif at > #self.xml then
      return nil
    else
      at = string.match(self.xml, "^%s*" .. NAME .. "()", at) or string.match(self.xml, "^%s*()", at + 1)
    end
  end
end

--- The element whose name ends before `at`. Gives where the text goes on.
function Reading.element (self, raw, at)
  local attributes, after, is_empty = self:attributes(at)
  if not attributes then
    return #self.xml + 1
  end
  local element = { raw = raw, declared = {} }
  self.open[#self.open + 1] = element
  self.names[raw] = (self.names[raw] or 0) + 1
  for _, attribute in ipairs(attributes) do
    local declared = attribute.raw == "xmlns" and "" or string.match(attribute.raw, "^xmlns:(.+)$")
    if declared then
      self.spaces[declared] = self.spaces[declared] or {}
      table.insert(self.spaces[declared], attribute.value)
      table.insert(element.declared, declared)
    end
  end
  element.name, element.prefix = split_name(raw)
  element.uri = self:namespace(element.prefix)
  self:emit("startElement", element.name, element.uri, element.prefix)
  for _, attribute in ipairs(attributes) do
    if string.find(attribute.raw, "^xmlns") then
      self:emit("attribute", attribute.raw, attribute.value)
    else
      local name, prefix = split_name(attribute.raw)
      self:emit("attribute", name, attribute.value, prefix and self:namespace(prefix), prefix)
    end
  end
  if is_empty then
    self:close()
  end
  return after
end

--- The next closing bracket; it is looked for once where there is none.
function Reading.bracket (self, from)
  if not self.has_no_brackets then
    local at = string.find(self.xml, "]", from, true)
    self.has_no_brackets = at == nil
    return at
  end
end

--- What begins and ends with fixed marks: comments, CDATA, processing instructions, declarations.
function Reading.marked (self, at)
  local xml = self.xml
  local function upto (mark, from)
    local first, last = string.find(xml, mark, from, true)
    return string.sub(xml, from, (first or #xml + 1) - 1), (last or #xml) + 1
  end
  local content, after
  if string.sub(xml, at, at + 3) == "<!--" then
    content, after = upto("-->", at + 4)
    self:emit("comment", content)
  elseif string.sub(xml, at, at + 8) == "<![CDATA[" then
    content, after = upto("]]>", at + 9)
    if #self.open > 0 then
      self:emit("text", content)
    end
  elseif string.sub(xml, at, at + 1) == "<?" then
    content, after = upto("?>", at + 2)
    local target, rest = string.match(content, "^(%S+)(.*)$")
    if target then
      self:emit("pi", target, trim(rest))
    end
  elseif string.sub(xml, at, at + 1) == "<!" then
    -- A declaration; its internal subset may have angle brackets of its own.
    local subset = string.match(xml, "^<![^>%[]*%[()", at)
    local stop = subset and self:bracket(subset) or at
    after = (string.find(xml, ">", stop, true) or #xml) + 1
  end
  return after
end

--- Reads a text and calls the functions for what is in it, in order.
-- @name parser.parseSAX
-- @param xml The text.
-- @param options Table, optional: with <code>stripWhitespace = true</code>, texts lose the white space at their
--                ends and empty ones are left out.
function parser:parseSAX (xml, options)
  local reading = setmetatable({ xml = xml, options = options or {}, open = {}, names = {}, spaces = {}, callbacks = self._call }, Reading)
  local at = 1
  while at <= #xml do
    local mark = string.find(xml, "<", at, true) or #xml + 1
    if mark > at then
      reading:text(string.sub(xml, at, mark - 1))
    end
    at = mark
    local opened, after_open = string.match(xml, "^<(" .. NAME .. ")()", at)
    local closed, after_close = string.match(xml, "^</(" .. NAME .. ")%s*>()", at)
    if opened then
      at = reading:element(opened, after_open)
    elseif closed then
      reading:close_named(closed)
      at = after_close
    else
      at = reading:marked(at) or at + 1
    end
  end
  while #reading.open > 0 do
    reading:close()
  end
end

--- Reads a text as a tree.
-- @param xml The text.
-- @param options Table, optional: <code>stripWhitespace</code> as above; with <code>simple = true</code>, the tree
--                has no <code>parent</code> and no <code>el</code>, so that it can be walked without circles.
-- @return The document; see above.
function parseDOM (xml, options)
  options = options or {}
  local document = { type = "document", name = "#doc", kids = {} }
  local stack = { document }
  local function put (node)
    local parent = stack[#stack]
    parent.kids[#parent.kids + 1] = node
    if not options.simple then
      node.parent = parent
      if node.type == "element" and parent.el then
        parent.el[#parent.el + 1] = node
      end
    end
    return node
  end
  local callbacks = {}
  function callbacks.startElement (name, uri, prefix)
    local node = put { type = "element", name = name, nsURI = uri, nsPrefix = prefix, kids = {}, attr = {} }
    node.el = not options.simple and {} or nil
    document.root = document.root or node
    stack[#stack + 1] = node
  end
  function callbacks.attribute (name, value, uri, prefix)
    local node = stack[#stack]
    local attribute = { type = "attribute", name = name, value = value, nsURI = uri, nsPrefix = prefix }
    if not options.simple then
      attribute.parent = node
      node.attr[name] = value
    end
    node.attr[#node.attr + 1] = attribute
  end
  function callbacks.closeElement ()
    stack[#stack] = nil
  end
  function callbacks.text (text) put { type = "text", name = "#text", value = text } end
  function callbacks.comment (text) put { type = "comment", name = "#comment", value = text } end
  function callbacks.pi (target, content) put { type = "pi", name = target, value = content } end
  parser:new(callbacks):parseSAX(xml, options)
  return document
end

if not unittest.testing() then return _ENV end

test_suite = unittest.TestSuite:new()
do
  local text = parser.unescape("&lt;&amp;&#65;&#x42;&quot;&nope;&#99999999;")
  test_suite:add_test(unittest.equal(text, "<&AB\"&nope;&#99999999;"), "unescape")
end
do
  local document = parseDOM("<?xml version='1.0'?><!DOCTYPE a [<!ELEMENT a ANY>]><a x='1' y:z=\"&lt;\">"
    .. "<!-- c --><b>t &amp; u</b><c/><![CDATA[x<y]]></a>")
  local root = document.root
  test_suite:add_test(unittest.equal(root.name, "a"), "root")
  test_suite:add_test(unittest.equal(root.attr.x, "1"), "attribute by name")
  test_suite:add_test(unittest.equal(root.attr[2].value, "<"), "attribute by number")
  test_suite:add_test(unittest.length_is(root.el, 2), "elements")
  test_suite:add_test(unittest.equal(root.el[1].kids[1].value, "t & u"), "text")
  test_suite:add_test(unittest.equal(root.kids[4].value, "x<y"), "CDATA")
  test_suite:add_test(unittest.equal(root.el[2].parent, root), "parent")
  test_suite:add_test(unittest.equal(document.kids[1].type, "pi"), "instruction")
end
do
  local text = "<a xmlns='urn:x' xmlns:p='urn:p'><p:b p:c='1'/> </a>"
  local root = parseDOM(text, { simple = true, stripWhitespace = true }).root
  test_suite:add_test(unittest.equal(root.nsURI, "urn:x"), "default namespace")
  test_suite:add_test(unittest.equal(root.kids[1].nsURI, "urn:p"), "namespace of a prefix")
  test_suite:add_test(unittest.length_is(root.kids, 1), "no white space")
  test_suite:add_test(unittest.is_nil(root.el), "simple trees have no elements apart")
end
for _, text in ipairs {
  "", "junk", "<", "<a", "<a b='", "</a>", "<!--", "<![CDATA[", "<?", "<!", "<a><b></a>", "<a b=c>x</a>",
} do
  test_suite:add_test(unittest.equal(parseDOM(text).type, "document"), "broken: " .. text)
end
do
  local inner = parseDOM("<p:a xmlns:p='1'><p:b xmlns:p='2'/><p:c/></p:a>").root
  test_suite:add_test(unittest.equal(inner.el[1].nsURI .. inner.el[2].nsURI .. inner.nsURI, "211"), "inner namespaces")
  test_suite:add_test(unittest.equal(parseDOM("<a> x  y </a>", { stripWhitespace = true }).root.kids[1].value, "x  y"), "trimmed")
  test_suite:add_test(unittest.equal(parseDOM("<a b  c d='e' ? f='g'/>").root.attr.f, "g"), "what is no attribute")
end
-- With work for each piece that grows with the text, these would take hours.
for _, text in ipairs { "<a b='c'>", "<a xmlns='b'>", "</b>", "<a> ", "<![>", "<a></b>", "&#1" } do
  local long = "<a>" .. string.rep(text, 3000)
  test_suite:add_test(unittest.equal(parseDOM(long, { stripWhitespace = true }).type, "document"), "long: " .. text)
end
for _, text in ipairs { "b", " ", "b ", "=" } do
  test_suite:add_test(unittest.equal(parseDOM("<a " .. string.rep(text, 20000) .. ">").type, "document"), "long tag: " .. text)
end
test_suite:add_test(unittest.equal(parseDOM("<a><b>x</a><c/>").root.el[1].kids[1].value, "x"), "left open")

return _ENV
