//! Which scripts share one Lua state for all hosts, and that those which do not give the same
//! results all the same.

use crate::harness::{Case, Outcome};
use crate::registry::{on_hosts, same_with_any_number_of_workers};

fn pinned(mut case: Case) -> String {
    (case.workers, case.debugging) = (Some(2), 1);
    let lines = case.run().messages;
    let told = lines.iter().find_map(|line| line.split_once("pinned to the first: "));
    told.expect("the pinned scripts").1.to_owned()
}

/// A script of a data directory runs in any state, and gives what it gives in one.
fn is_free(source: &str) -> Outcome {
    let make = || {
        let mut case = on_hosts(Case::new("s", source));
        case.in_data_dir = true;
        case
    };
    assert_eq!(pinned(make()), "none");
    same_with_any_number_of_workers(make)
}

/// A script runs in one state for all hosts, because of a key.
fn is_pinned(source: &str, key: &str) {
    for in_data_dir in [false, true] {
        let mut case = on_hosts(Case::new("s", source));
        case.in_data_dir = in_data_dir;
        assert_eq!(pinned(case), format!("s (registry {key})"), "{source}");
    }
}

const BY_HOST: &str = "
    hostrule = function() return true end
    action = function(host)
      nmap.registry.seen = nmap.registry.seen or {}
      nmap.registry.seen[host.ip] = (nmap.registry.seen[host.ip] or 0) + 1
      return nmap.registry.seen[host.ip]
    end";

#[test]
fn what_each_host_has_for_itself_is_free() {
    let outcome = is_free(BY_HOST);
    for i in 1..=6 {
        assert_eq!(outcome.at(&format!("127.0.0.{i}")), ["s: 1"]);
    }
    // By that much even an unknown script is understood.
    assert_eq!(pinned(on_hosts(Case::new("s", BY_HOST))), "none");
}

/// The value holds a function, which could not move to another state.
const MEMO: &str = "
    hostrule = function() return true end
    local function load()
      if nmap.registry.shapes then return nmap.registry.shapes end
      local shapes = {{name = 'a', fits = function(x) return x % 2 == 0 end}}
      nmap.registry.shapes = shapes
      return shapes
    end
    action = function(host)
      local shapes = load()
      return #shapes .. ' ' .. tostring(shapes[1].fits(4))
    end";

#[test]
fn what_anybody_would_compute_alike_is_free() {
    let outcome = is_free(MEMO);
    for i in 1..=6 {
        assert_eq!(outcome.at(&format!("127.0.0.{i}")), ["s: 1 true"]);
    }
    assert_eq!(pinned(on_hosts(Case::new("s", MEMO))), "s (registry key 'shapes')");
}

/// Prerule scripts run in the first state, before there is another one.
#[test]
fn a_memo_of_the_first_state_does_not_reach_the_others() {
    let source = MEMO
        .replace("hostrule", "prerule = function() return true end hostrule")
        .replace("action = function(host)", "action = function()");
    assert_eq!(is_free(&source).pre, ["s: 1 true"]);
}

#[test]
fn what_is_gathered_for_the_postrule_is_free() {
    let outcome = is_free(
        "
        hostrule = function() return true end
        postrule = function() return nmap.registry.found ~= nil end
        local function gather(host)
          local list = nmap.registry.found or {}
          list[#list + 1] = host.ip
          nmap.registry.found = list
          nmap.registry.by_table = nmap.registry.by_table or {}
          nmap.registry.by_table[host] = true
        end
        local function tell()
          local ips = {}
          for host in pairs(nmap.registry.by_table) do ips[#ips + 1] = host.ip end
          table.sort(ips) table.sort(nmap.registry.found)
          return table.concat(ips, ' ') .. ' / ' .. table.concat(nmap.registry.found, ' ')
        end
        local actions = {hostrule = gather, postrule = tell}
        action = function(...) return actions[SCRIPT_TYPE](...) end",
    );
    let all = "127.0.0.1 127.0.0.2 127.0.0.3 127.0.0.4 127.0.0.5 127.0.0.6";
    assert_eq!(outcome.post, [format!("s: {all} / {all}")]);
}

#[test]
fn what_only_keeps_a_message_from_coming_twice_is_free() {
    let outcome = is_free(
        "
        local stdnse = require 'stdnse'
        hostrule = function()
          nmap.registry[SCRIPT_NAME] = nmap.registry[SCRIPT_NAME] or {}
          if not nmap.registry[SCRIPT_NAME].told then
            stdnse.verbose1('cannot do this')
          end
          nmap.registry[SCRIPT_NAME].told = true
          return true
        end
        action = function(host) return host.ip end",
    );
    assert_eq!(outcome.results.len(), 6);
}

#[test]
fn what_one_host_may_learn_from_another_is_pinned() {
    let script = |body: &str| {
        format!("hostrule = function() return true end action = function(host) {body} end")
    };
    let flag = "if nmap.registry.x then return end nmap.registry.x = true return 'first'";
    is_pinned(&script(flag), "key 'x'");
    let credentials = "nmap.registry.x = nmap.registry.x or {}
        for user in pairs(nmap.registry.x) do return user end nmap.registry.x[host.ip] = 'pw'";
    is_pinned(&script(credentials), "key 'x'");
    let cache = "nmap.registry.x = nmap.registry.x or {}
        if nmap.registry.x[host.name] then return end nmap.registry.x[host.name] = true";
    is_pinned(&script(cache), "key 'x'");
    is_pinned(&script("local n = nmap.registry.x or 0 n = n + 1 nmap.registry.x = n"), "key 'x'");
    is_pinned(&script("for key in pairs(nmap.registry) do return key end"), "keys unknown");
    is_pinned(&script("local r = nmap r.registry.x = host.ip"), "keys unknown");
    is_pinned(&script("nmap.registry[host.name] = 1"), "keys unknown");
}

/// A script that only reads a key goes where the one that writes it goes.
#[test]
fn scripts_that_share_a_key_go_together() {
    let script = |body: &str| {
        format!("hostrule = function() return true end action = function(host) {body} end")
    };
    let reads = script("for user in pairs(nmap.registry.users or {}) do return user end");
    let writes = script("nmap.registry.users = {[host.ip] = 1}");
    let other = script("return host.ip");
    let case = || on_hosts(Case::new("reads", &reads).script("other", &other));
    assert_eq!(pinned(case()), "none");
    let told = pinned(case().script("writes", &writes));
    assert_eq!(told, "reads writes (registry key 'users')");
}
