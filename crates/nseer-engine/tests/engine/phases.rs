//! Rules, phases, order, the tables and the functions of `nmap`.

use nseer_core::{PortState, ScriptOutcome};

use crate::harness::{Case, OPEN, action, check};

#[test]
fn each_rule_has_its_time() {
    let source = "
        prerule = function() return true end
        hostrule = function(host) return host.ip == '127.0.0.1' end
        portrule = function(host, port) return port.number == 80 end
        postrule = function() return true end
        action = function(...) return SCRIPT_TYPE .. ' ' .. select('#', ...) end";
    let outcome = Case::new("all", source)
        .host("127.0.0.1", &[(22, OPEN), (80, OPEN)])
        .host("127.0.0.2", &[(80, PortState::Closed)])
        .run();
    assert_eq!(outcome.pre, ["all: prerule 0"]);
    assert_eq!(outcome.at("127.0.0.1"), ["all: hostrule 1"]);
    assert_eq!(outcome.at("127.0.0.1:80"), ["all: portrule 2"]);
    assert_eq!(outcome.post, ["all: postrule 0"]);
    assert_eq!(outcome.results.len(), 2, "nothing on closed ports: {outcome:?}");
}

#[test]
fn dependencies_run_first_and_share_the_host_registry() {
    let first = "
        local stdnse = require 'stdnse'
        hostrule = function() return true end
        action = function(host) stdnse.sleep(0.05) host.registry.seen = 'by first' end";
    let second = "
        dependencies = {'first', 'not-loaded'}
        portrule = function() return true end
        action = function(host) return host.registry.seen end";
    let outcome = Case::new("a-second", second)
        .script("first", first)
        .host("127.0.0.1", &[(80, OPEN)])
        .host("127.0.0.2", &[(80, OPEN)])
        .run();
    assert_eq!(outcome.at("127.0.0.1:80"), ["a-second: by first"]);
    assert_eq!(outcome.at("127.0.0.2:80"), ["a-second: by first"]);
}

#[test]
fn environments_are_apart_and_globals_strict() {
    let source = "
        count = (rawget(_ENV, 'count') or 0) + 1
        portrule = function() mine = 'set by rule' return true end
        action = function(_, port)
          local ok, why = pcall(function() return undeclared end)
          return count .. ' ' .. mine .. ' ' .. tostring(ok) .. ' ' .. why:match(\"variable.*\")
        end";
    let outcome = Case::new("env", source).host("127.0.0.1", &[(1, OPEN), (2, OPEN)]).run();
    let expected = ["env: 1 set by rule false variable 'undeclared' is not declared"];
    assert_eq!(outcome.at("127.0.0.1:1"), expected);
    assert_eq!(outcome.at("127.0.0.1:2"), expected);
}

#[test]
fn host_and_port_tables() {
    check(
        "return host.ip .. host.name .. #host.bin_ip .. host.reason .. host.reason_ttl",
        "127.0.0.14user-set0",
    );
    check("return math.type(host.times.timeout) .. type(host._Target)", "floatuserdata");
    check("return host.times.srtt .. ' ' .. host.times.timeout", "-1e-06 1.0");
    check(
        "local p = nmap.get_port_state(host, {number = 80, protocol = 'tcp'})
         return table.concat({p.number, p.protocol, p.state, p.service, p.reason, math.type(p.number),
           p.version.name, p.version.name_confidence, p.version.service_tunnel, p.version.service_dtype, #p.version.cpe}, ' ')",
        "80 tcp open http syn-ack integer http 3.0 none table 0",
    );
    check(
        "return tostring(nmap.get_port_state({ip = '127.0.0.1'}, {number = 9, protocol = 'tcp'}))",
        "nil",
    );
    // A number that no port has is a port that was not scanned.
    check(
        "local found = {} for _, n in ipairs {-1, 65536, math.maxinteger} do
           local p = {number = n, protocol = 'tcp', version = {}}
           nmap.set_port_state(host, p, 'open') nmap.set_port_version(host, p)
           found[#found + 1] = tostring(nmap.get_port_state(host, p))
         end return table.concat(found, ' ')",
        "nil nil nil",
    );
    check(
        "local found, port = {} repeat port = nmap.get_ports(host, port, 'tcp', 'open') found[#found + 1] = port and port.number until not port
         return table.concat(found, ' ')",
        "22 80",
    );
}

#[test]
fn setters() {
    check(
        "local p = {number = 80, protocol = 'tcp'} nmap.set_port_state(host, p, 'closed')
         local q = nmap.get_port_state(host, p) return q.state .. ' ' .. q.reason",
        "closed script-set",
    );
    check(
        "local p = {number = 80, protocol = 'tcp'} nmap.set_port_state(host, p, 'open')
         return nmap.get_port_state(host, p).reason",
        "syn-ack",
    );
    check(
        "local p = {number = 80, protocol = 'tcp', version = {name = 'x', product = ('p'):rep(100), extrainfo = 'a\\1b', service_tunnel = 'ssl', cpe = {'cpe:/a:b'}}}
         nmap.set_port_version(host, p)
         local v = nmap.get_port_state(host, p).version
         return table.concat({v.name, #v.product, v.extrainfo, v.service_tunnel, v.name_confidence, v.service_dtype, v.cpe[1]}, ' ')",
        "x 80 a.b ssl 10.0 probed cpe:/a:b",
    );
    // CPE names are taken from anywhere in their table, and a long name of a service is kept.
    check(
        "local p = {number = 80, protocol = 'tcp', version = {name = ('n'):rep(200), cpe = {'cpe:/a:b', {}, 'cpe:/h:c', o = 'cpe:/o:d'}}}
         nmap.set_port_version(host, p)
         local v = nmap.get_port_state(host, p).version
         table.sort(v.cpe)
         return #v.name .. ' ' .. table.concat(v.cpe, ' ')",
        "200 cpe:/a:b cpe:/h:c cpe:/o:d",
    );
}

#[test]
fn wrong_arguments_say_so() {
    let error = |call: &str| {
        let text =
            action(&format!("local ok, why = pcall(function() {call} end) return tostring(why)"));
        text.split_once(": ").map(|(_, why)| why.to_owned()).unwrap_or(text)
    };
    for (call, expected) in [
        (
            "nmap.get_port_state('x', {})",
            "bad argument #1 to 'get_port_state' (table expected, got string)",
        ),
        ("nmap.get_port_state({}, {})", "host table does not have a 'ip' or 'targetname' field"),
        (
            "nmap.get_port_state({ip = '9.9.9.9'}, {number = 1, protocol = 'tcp'})",
            "bad argument #1 to 'get_port_state' (host is not being processed right now)",
        ),
        (
            "nmap.get_port_state(host, {number = 80.0, protocol = 'tcp'})",
            "port 'number' field must be an integer",
        ),
        (
            "nmap.get_port_state(host, {number = '80', protocol = 'tcp'})",
            "port 'number' field must be an integer",
        ),
        ("nmap.get_port_state(host, {number = 80})", "port 'protocol' field must be a string"),
        (
            "nmap.get_port_state(host, {number = 80, protocol = 'x'})",
            "port 'protocol' field must be \"udp\", \"sctp\" or \"tcp\"",
        ),
        (
            "nmap.set_port_state(host, {number = 80, protocol = 'tcp'}, 'filtered')",
            "bad argument #3 to 'set_port_state' (invalid option 'filtered')",
        ),
        (
            "nmap.set_port_version(host, {number = 80, protocol = 'tcp'})",
            "port 'version' field must be a table",
        ),
        ("nmap.log_write('x', 'y')", "bad argument #1 to 'log_write' (invalid option 'x')"),
        ("nmap.get_random_bytes(-1)", "Invalid length argument to get_random_bytes."),
        ("stdnse.sleep(-1)", "argument to sleep (-1.0) must not be negative\n"),
        ("nmap.new_socket('x')", "bad argument #1 to 'new_socket' (invalid option 'x')"),
        ("stdnse.new_thread(1)", "function expected"),
    ] {
        assert_eq!(error(call), expected, "for {call}");
    }
}

#[test]
fn every_function_that_needs_no_raw_packets_is_there() {
    let names = "get_port_state get_ports set_port_state set_port_version port_is_excluded clock clock_ms \
        log_write new_try verbosity debugging version_intensity have_ssl fetchfile timing_level add_targets \
        new_targets_num get_dns_servers is_privileged resolve address_family get_interface list_interfaces \
        get_interface_info get_ttl get_payload_length get_random_bytes mutex condvar new_socket";
    for name in names.split_whitespace() {
        check(&format!("return type(nmap.{name})"), "function");
    }
    for name in ["new", "sleep", "parse_ssl_certificate", "get_stats"] {
        check(&format!("return type(nmap.socket.{name})"), "function");
    }
    check("return type(nmap.registry) .. type(nmap.registry.args)", "tabletable");
}

#[test]
fn small_functions() {
    check("return math.type(nmap.clock_ms()) .. math.type(nmap.clock())", "floatfloat");
    check("return #nmap.get_random_bytes(20)", "20");
    check("return nmap.timing_level() .. nmap.get_ttl() .. nmap.address_family()", "364inet");
    check(
        "local ok, found = nmap.resolve('127.0.0.9') return tostring(ok) .. found[1]",
        "true127.0.0.9",
    );
    check(
        "for _, i in ipairs(nmap.list_interfaces()) do if i.address == '127.0.0.1' then return i.device .. i.netmask .. i.link end end",
        "lo8loopback",
    );
    check("return tostring(nmap.fetchfile('nselib/stdnse.lua'))", "nil");
}

#[test]
fn arguments_reach_scripts() {
    let source = "
        local stdnse = require 'stdnse'
        prerule = function() return true end
        action = function() return stdnse.get_script_args('x.a') .. nmap.registry.args.t[1] end";
    let mut case = Case::new("x", source);
    case.args = "x.a=1,t={2}".to_owned();
    assert_eq!(case.run().pre, ["x: 12"]);
}

#[test]
fn worker_threads_report_how_they_ended() {
    check(
        "local co, info = stdnse.new_thread(function(a) stdnse.sleep(0.01) host.registry.x = a end, 7)
         while coroutine.status(co) ~= 'dead' do stdnse.sleep(0.01) end
         local s, e = info() return host.registry.x .. s .. tostring(e)",
        "7deadnil",
    );
    check(
        "local co, info = stdnse.new_thread(function() error({errtype = 'nmap.new_try', message = 'M'}) end)
         stdnse.sleep(0.01) return table.concat({info()}, ' ')",
        "dead M",
    );
    check("return tostring(stdnse.isworker()) .. stdnse.getid()", "falsex");
    check(
        "local w stdnse.new_thread(function() w = stdnse.isworker() end) stdnse.sleep(0.01) return tostring(w)",
        "true",
    );
}

#[test]
fn targets_can_be_added_until_the_end() {
    let source = "
        prerule = function() return true end
        postrule = function() return true end
        action = function() return table.concat({nmap.add_targets('10.0.0.1', '10.0.0.2')}, ' ') end";
    let outcome = Case::new("t", source).run();
    assert_eq!(outcome.pre, ["t: 2"]);
    assert_eq!(outcome.post, ["t: 0 failed to add new targets."]);
    assert_eq!(outcome.targets, ["10.0.0.1", "10.0.0.2"]);
    let empty = "
        prerule = function() return true end
        action = function()
          return nmap.add_targets('10.0.0.1', '', '10.0.0.2') .. table.concat({nmap.add_targets('')}, ' ')
        end";
    let outcome = Case::new("t", empty).run();
    assert_eq!(outcome.pre, ["t: 31"]);
    assert_eq!(outcome.targets, ["10.0.0.1", "10.0.0.2"]);
    let outcome = Case::new(
        "t",
        "
        prerule = function() return true end
        action = function() return table.concat({nmap.add_targets('')}, ' ') end",
    )
    .run();
    assert_eq!(outcome.pre, ["t: 0 failed to add new targets."]);
}

#[test]
fn new_try_throws_what_failed() {
    check(
        "local log = '' local try = nmap.new_try(function() stdnse.sleep(0) log = 'cleaned ' end)
         local ok, e = pcall(function() try(false, 'why') end)
         return log .. tostring(ok) .. e.errtype .. e.message .. select('#', try(true)) .. try(true, 'v')",
        "cleaned falsenmap.new_trywhy0v",
    );
    let source = "
        prerule = function() return true end
        action = function() nmap.new_try()(nil, 'quiet') end";
    let outcome = Case::new("q", source).run();
    assert!(outcome.pre.is_empty() && outcome.messages.is_empty(), "{outcome:?}");
    assert_eq!(outcome.runs, [("q".to_owned(), ScriptOutcome::Silent)]);
}

/// Each top level counts itself; it runs once when the script is loaded.
fn counted(rule: &str) -> String {
    format!(
        "local shortport = require 'shortport'
        nmap.registry.tops = (nmap.registry.tops or 0) + 1
        portrule = {rule}
        action = function(host, port) return SCRIPT_TYPE .. ' ' .. port.number end"
    )
}

#[test]
fn a_script_is_made_ready_only_where_its_rule_may_say_yes() {
    let tells = "
        postrule = function() return true end
        action = function() return nmap.registry.tops end";
    let outcome = Case::new("by-number", &counted("shortport.portnumber(80)"))
        .script("by-service", &counted("shortport.service('ssh')"))
        .script("never", &counted("shortport.portnumber(1)"))
        .script("own-rule", &counted("function(_, port) return port.number == 22 end"))
        .script("tells", tells)
        .host("127.0.0.1", &[(22, OPEN), (80, OPEN), (81, PortState::Closed)])
        .run();
    assert_eq!(outcome.at("127.0.0.1:22"), ["by-service: portrule 22", "own-rule: portrule 22"]);
    assert_eq!(outcome.at("127.0.0.1:80"), ["by-number: portrule 80"]);
    // Four were loaded; two said yes by the library's rules; the own rule was asked twice.
    assert_eq!(outcome.post, ["tells: 8"]);
}

#[test]
fn a_rule_of_the_library_that_fails_fails_its_own_script() {
    // It wants a text and gets a host.
    let broken = counted("shortport.port_range");
    let outcome = Case::new("broken", &broken)
        .script("fine", &counted("shortport.portnumber(80)"))
        .host("127.0.0.1", &[(80, OPEN)])
        .run();
    let found = outcome.at("127.0.0.1:80");
    assert!(found.contains(&"fine: portrule 80"), "{outcome:?}");
    assert!(
        found.contains(&"broken: ERROR: Script execution failed (use -d to debug)"),
        "{outcome:?}"
    );
}

#[test]
fn rules_know_how_their_script_was_selected() {
    let rule = "shortport.version_port_or_service(80, nil, 'tcp', nil, 9)";
    let case = |in_data_dir| {
        let mut case = Case::new("one", &counted(rule))
            .script("two", &counted(rule))
            .host("127.0.0.1", &[(80, OPEN)]);
        case.in_data_dir = in_data_dir;
        case.run()
    };
    // Those in a directory are not selected by name, and the user's intensity is 7.
    assert_eq!(case(false).results.len(), 0);
    assert_eq!(case(true).at("127.0.0.1:80"), ["one: portrule 80", "two: portrule 80"]);
}

#[test]
fn a_script_that_was_named_is_louder_but_not_its_result() {
    let script = "portrule = function() return true end
        action = function()
          local text = function(t) return t[1] .. ' and ' .. nmap.verbosity() end
          return setmetatable({nmap.verbosity()}, {__tostring = text})
        end";
    let mut case = Case::new("loud", script).host("127.0.0.1", &[(80, OPEN)]);
    case.in_data_dir = true;
    assert_eq!(case.run().at("127.0.0.1:80"), ["loud: 1 and 0"]);
}
