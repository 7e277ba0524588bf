-- Calls the functions of the library `http` against the lab's Apache, and shows what they give, one line each.
description = "Calls the functions of the library http."
author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {}

local http = require "http"
local table = require "table"

portrule = function (_, port)
  return port.number == 80
end

-- The status of each response, and the length of its body.
local function shown (responses)
  local texts = {}
  for i, response in ipairs(responses) do
    texts[i] = tostring(response.status) .. "/" .. (response.body and #response.body or "none")
  end
  return table.concat(texts, " ")
end

action = function (host, port)
  local lines = {}
  local function show (name, ...)
    lines[#lines + 1] = name .. ": " .. shown({...})
  end
  local all
  for _, path in ipairs {"/", "/robots.txt", "/nosuch", "/files/a.txt", "/files/b.bin", "/secret/"} do
    all = http.pipeline_add(path, nil, all)
    all = http.pipeline_add(path, nil, all, "HEAD")
  end
  show("pipeline", table.unpack(http.pipeline_go(host, port, all)))
  show("get and head", http.get(host, port, "/robots.txt"), http.head(host, port, "/robots.txt"))
  show("remembered", http.get(host, port, "/robots.txt"), http.get(host, port, "/robots.txt", {bypass_cache = true}))
  -- Nmap remembers a page without regard to who may see it, hence no_cache.
  local function secret (path, password, digest)
    local auth = password and {username = "anna", password = password, digest = digest}
    return http.get(host, port, path, {auth = auth, no_cache = true})
  end
  show("digest", secret("/secret/x.html", "secret", true), secret("/secret/x.html", "wrong", true))
  show("basic", secret("/basic/x.html", "secret"), secret("/basic/x.html", "wrong"), secret("/basic/x.html"))
  local moved = http.get(host, port, "/moved")
  show("redirect", moved, http.get(host, port, "/moved", {redirect_ok = false}), http.get(host, port, "/away"))
  lines[#lines + 1] = "location: " .. table.concat(moved.location, " ")
  local squeezed = http.get(host, port, "/squeezed/index.html", {header = {["Accept-Encoding"] = "gzip"}})
  local coding = tostring(squeezed.header["content-encoding"])
  lines[#lines + 1] = "squeezed: " .. squeezed.status .. " " .. #squeezed.body .. " " .. coding
  show("cut", http.get(host, port, "/index.html", {max_body_size = 7, truncated_ok = true}))
  show("too long", http.get(host, port, "/index.html", {max_body_size = 7}))
  show("put and post", http.put(host, port, "/index.html", nil, "x"), http.post(host, port, "/nosuch", nil, nil, {a = "b"}))
  show("url", http.get_url("http://127.0.0.1/files/a.txt"))
  local is_known, status = http.identify_404(host, port)
  lines[#lines + 1] = "not found: " .. tostring(is_known) .. " " .. tostring(status)
  lines[#lines + 1] = "head: " .. tostring((http.can_use_head(host, port, 404, "/index.html")))
  return "\n" .. table.concat(lines, "\n")
end
