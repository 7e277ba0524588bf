-- comm, shortport.ssl and match, with servers on loopback whose ports are script arguments:
-- * greeting, echo - say "hello\r\n" or nothing, then "got:" and what they get
-- * lines - says three lines and hangs up; once - answers "one\ntwo" and hangs up
-- * split - says "part1 ", and "part2\n" when it gets something
-- * silent - says nothing; close - hangs up; refused - there is no server
-- * tls_greeting, tls - say "tls hi\r\n" or nothing, then "got:" and what they get, with TLS
-- * udp - answers "udp:" and what it gets
--
-- Expected values are those of Nmap 7.93, except for the words of failures, which are objects there.
return function (check)
  local comm = require "comm"
  local match = require "match"
  local nmap = require "nmap"
  local shortport = require "shortport"

  local HOST = "127.0.0.1"
  local port = {}
  for name, number in pairs(nmap.registry.args) do
    port[name] = math.tointeger(tonumber(number))
  end

  -- Options of a talk that works out, however slow the machine is, and of one that times out.
  local function patient (opts)
    opts = opts or {}
    opts.timeout = 20000
    return opts
  end
  local HASTY = {timeout = 200}

  -- get_banner.
  check("a greeting", {comm.get_banner(HOST, port.greeting, patient())}, {true, "hello\r\n"})
  local tables = {{ip = HOST}, {number = port.greeting, protocol = "tcp"}}
  check("of tables", {comm.get_banner(tables[1], tables[2], patient())}, {true, "hello\r\n"})
  for name, opts in pairs {
    ["a line"] = {lines = 1}, ["two bytes"] = {bytes = 2}, ["both"] = {bytes = 2, lines = 1},
    ["more lines than there are"] = {lines = 5}, ["more bytes than there are"] = {bytes = 200},
  } do
    check(name, {comm.get_banner(HOST, port.lines, patient(opts))}, {true, "l1\nl2\nl3\n"})
  end
  check("a greeting with TLS", {comm.get_banner(HOST, port.tls_greeting, patient {proto = "ssl"})},
    {true, "tls hi\r\n"})
  check("by the tunnel", {comm.get_banner(HOST,
    {number = port.tls_greeting, protocol = "tcp", version = {service_tunnel = "ssl"}}, patient())},
    {true, "tls hi\r\n"})
  check("by the service", {comm.get_banner({ip = HOST},
    {number = port.tls_greeting, protocol = "tcp", service = "imaps", state = "open"}, patient())},
    {true, "tls hi\r\n"})
  local no_peer = {false, "cannot connect: ERROR"}
  check("no greeting", {comm.get_banner(HOST, port.silent, HASTY)}, {false, "cannot connect: TIMEOUT"})
  check("nobody", {comm.get_banner(HOST, port.refused, patient())}, no_peer)
  check("someone who leaves", {comm.get_banner(HOST, port.close, patient())}, no_peer)
  check("the options stay", HASTY, {timeout = 200})

  -- exchange.
  check("an answer", {comm.exchange(HOST, port.echo, "abc\n", patient())}, {true, "got:abc\n"})
  check("by name", {comm.exchange("localhost", port.echo, "abc", patient())}, {true, "got:abc"})
  check("the greeting is the answer", {comm.exchange(HOST, port.lines, "abc\n", patient {lines = 3})},
    {true, "l1\nl2\nl3\n"})
  local whole = {true, "part1 part2\n"}
  check("split, by lines", {comm.exchange(HOST, port.split, "x", patient {lines = 1})}, whole)
  check("split, by bytes", {comm.exchange(HOST, port.split, "x", patient {bytes = 8})}, whole)
  check("fewer lines", {comm.exchange(HOST, port.once, "x", patient {lines = 3})}, {true, "one\ntwo"})
  check("fewer bytes", {comm.exchange(HOST, port.once, "x", patient {bytes = 100})}, {true, "one\ntwo"})
  check("UDP", {comm.exchange(HOST, port.udp, "abc", patient {proto = "udp"})}, {true, "udp:abc"})
  check("UDP by the port", {comm.exchange(HOST, {number = port.udp, protocol = "udp"}, "abc", patient())},
    {true, "udp:abc"})
  check("TLS", {comm.exchange(HOST, port.tls, "abc", patient {proto = "ssl"})}, {true, "got:abc"})
  check("times apart", {comm.exchange(HOST, port.echo, "a", {connect_timeout = 20000, request_timeout = 1})},
    {true, "got:a"})
  check("no answer", {comm.exchange(HOST, port.silent, "x", HASTY)}, {false, "nothing was received: TIMEOUT"})
  check("nobody answers", {comm.exchange(HOST, port.refused, "x", patient())}, no_peer)
  local status, reason = comm.exchange(HOST, port.close, "x", patient())
  check("someone leaves", {status, reason:match("^[%a ]+: %u+$") ~= nil}, {false, true})

  -- opencon.
  local socket, answer, greeting = comm.opencon(HOST, port.echo, "x", patient())
  check("opencon", {answer, greeting}, {"got:x", nil})
  check("its socket is open", {socket:send("more")}, {true})
  check("its socket receives", {socket:receive()}, {true, "got:more"})
  socket:close()
  local function opened (...)
    local opened_socket, first, second = comm.opencon(...)
    if opened_socket then
      opened_socket:close()
    end
    return {type(opened_socket), first, second}
  end
  check("nothing to say", opened(HOST, port.greeting, nil, patient()), {"userdata", nil, nil})
  check("nothing to say, as a string", opened(HOST, port.echo, "", patient()), {"userdata", nil, nil})
  check("a greeting first", opened(HOST, port.greeting, "x", patient {recv_before = true}),
    {"userdata", "got:x", "hello\r\n"})
  check("only a greeting", opened(HOST, port.greeting, nil, patient {recv_before = true}),
    {"userdata", "hello\r\n", "hello\r\n"})
  check("either family", opened({ip = HOST, targetname = "x"}, port.echo, "x", patient {any_af = true}),
    {"userdata", "got:x", nil})
  check("no greeting to read", opened(HOST, port.silent, nil, {timeout = 200, recv_before = true}),
    {"nil", "nothing was received: TIMEOUT", nil})
  check("nobody to open", opened(HOST, port.refused, "x", patient()), {"nil", "cannot connect: ERROR", nil})

  -- tryssl.
  local function tried (...)
    local tried_socket, first, proto, second = comm.tryssl(...)
    if tried_socket then
      tried_socket:close()
    end
    return {type(tried_socket), first, proto, second}
  end
  check("plain", tried(HOST, port.echo, "x", patient()), {"userdata", "got:x", "tcp", nil})
  -- Enough bytes for a server to see that they are not TLS.
  check("TLS where plain fails", tried(HOST, port.tls, "hello?", patient()),
    {"userdata", "got:hello?", "ssl", nil})
  check("plain where TLS fails", tried(HOST,
    {number = port.echo, protocol = "tcp", version = {service_tunnel = "ssl"}}, "x", patient()),
    {"userdata", "got:x", "tcp", nil})
  check("plain where TLS was asked for", tried(HOST, port.echo, "x", patient {proto = "ssl"}),
    {"userdata", "got:x", "tcp", nil})
  check("a greeting and an answer", tried({ip = HOST},
    {number = port.tls_greeting, protocol = "tcp", service = "https", state = "open"}, "x",
    patient {recv_before = true}), {"userdata", "got:x", "ssl", "tls hi\r\n"})
  check("UDP only", tried(HOST, {number = port.udp, protocol = "udp"}, "x", patient()),
    {"userdata", "udp:x", "udp", nil})
  check("nobody to try", tried(HOST, port.refused, "x", patient()),
    {"nil", "cannot connect: ERROR", "none", nil})

  -- shortport.ssl shakes hands where only the number is known, once for each port.
  local function tls (number, confidence, registry, protocol)
    local host = {ip = HOST, registry = registry}
    return shortport.ssl(host, {number = number, protocol = protocol or "tcp", state = "open",
      version = {service_tunnel = "none", name_confidence = confidence}}) or false
  end
  local registry = {}
  check("a TLS port", tls(port.tls, 3.0, registry), true)
  check("another port", tls(port.echo, 3.0, registry), false)
  check("what is kept", registry, {ssl = {[port.tls .. "tcp"] = true, [port.echo .. "tcp"] = false}})
  check("what is known is not asked", tls(port.tls, 0.0, {ssl = {[port.tls .. "tcp"] = false}}), false)
  check("a port that was probed", tls(port.tls, 10.0, {}), false)
  check("without a registry", tls(port.tls, 3.0, nil), false)
  check("UDP is not asked", tls(port.tls, 3.0, {}, "udp"), false)

  -- match, in its place.
  socket = nmap.new_socket()
  socket:set_timeout(20000)
  socket:connect(HOST, port.greeting)
  check("four bytes", {socket:receive_buf(match.numbytes(4), true)}, {true, "hell"})
  check("a pattern", {socket:receive_buf(match.pattern_limit("\r\n", 100), false)}, {true, "o"})
  socket:send("x")
  check("a limit", {socket:receive_buf(match.pattern_limit("\r\n", 3), true)}, {true, "got"})
  socket:close()
end
