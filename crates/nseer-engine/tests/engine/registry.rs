//! The registry: with several Lua states the results are the same as with one.

use crate::harness::{Case, OPEN, Outcome};

/// Runs a case with one, two and four workers and asserts that nothing differs.
pub(crate) fn same_with_any_number_of_workers(make: impl Fn() -> Case) -> Outcome {
    let with = |workers| {
        let mut case = make();
        case.workers = Some(workers);
        case.run()
    };
    let one = with(1);
    for workers in [2, 4] {
        let several = with(workers);
        assert_eq!(several.pre, one.pre);
        assert_eq!(several.results, one.results, "with {workers} workers");
        assert_eq!(several.post, one.post, "with {workers} workers");
    }
    one
}

pub(crate) fn on_hosts(mut case: Case) -> Case {
    for i in 1..=6 {
        case = case.host(&format!("127.0.0.{i}"), &[(80, OPEN)]);
    }
    case
}

#[test]
fn what_hosts_write_reaches_the_postrule() {
    let source = "
        local stdnse = require 'stdnse'
        prerule = function() return true end
        portrule = function() return true end
        postrule = function() return true end
        action = function(host)
          local r = nmap.registry
          if SCRIPT_TYPE == 'prerule' then
            r.list, r.by_host = {'pre'}, {}
            return
          elseif SCRIPT_TYPE == 'portrule' then
            stdnse.sleep(0.01)
            table.insert(r.list, host.ip)
            r.by_host[host.ip] = {n = 1}
            return
          end
          local keys = {}
          for k, v in pairs(r.by_host) do keys[#keys + 1] = k .. '=' .. v.n end
          table.sort(keys) table.sort(r.list)
          return #r.list .. ' ' .. table.concat(r.list, ' ') .. ' ' .. table.concat(keys, ' ')
        end";
    let outcome = same_with_any_number_of_workers(|| on_hosts(Case::new("c", source)));
    assert!(outcome.post[0].starts_with("c: 7 127.0.0.1 127.0.0.2"), "{:?}", outcome.post);
}

/// The registry is reached by a name that no search of the text finds.
#[test]
fn hidden_registry_use_is_merged_all_the_same() {
    let source = "
        local name = 'regi' .. 'stry'
        prerule = function() return true end
        hostrule = function() return true end
        postrule = function() return true end
        action = function(host)
          local r = rawget(nmap, name)
          if SCRIPT_TYPE == 'prerule' then r.given = {'from', 'pre'} return end
          if host then r[host.ip] = 'seen' return end
          local n = 0
          for k in pairs(r) do if k:match('^127') then n = n + 1 end end
          return n .. ' ' .. #r.given
        end";
    let outcome = same_with_any_number_of_workers(|| on_hosts(Case::new("h", source)));
    assert_eq!(outcome.post, ["h: 6 2"]);
}

/// What one worker took away does not come back from another that was given it.
#[test]
fn what_is_gone_stays_gone() {
    let source = "
        prerule = function() return true end
        hostrule = function() return true end
        postrule = function() return true end
        action = function(host)
          local r = nmap.registry
          if SCRIPT_TYPE == 'prerule' then r.left = {a = 1, b = {2}, n = 0, 'x', 'y'} return end
          local t = r.left
          if host then t.a, t.b, t.n = nil, nil, t.n + 1 return end
          return tostring(t.a) .. tostring(t.b) .. t.n .. #t
        end";
    let outcome = same_with_any_number_of_workers(|| on_hosts(Case::new("gone", source)));
    assert_eq!(outcome.post, ["gone: nilnil62"]);
}

/// What each worker's copy of a library leaves while it is loaded is there once.
#[test]
fn what_is_left_while_scripts_are_loaded_is_there_once() {
    let source = "
        nmap.registry.names = {'a', 'b', of = {1}}
        hostrule = function() return true end
        postrule = function() return true end
        action = function(host)
          local names = nmap.registry.names
          if host then return end
          return #names .. #names.of
        end";
    let outcome = same_with_any_number_of_workers(|| on_hosts(Case::new("once", source)));
    assert_eq!(outcome.post, ["once: 21"]);
}

#[test]
fn first_come_first_served_flags_are_set_once() {
    let source = "
        hostrule = function() return true end
        action = function(host)
          if nmap.registry.told then return end
          nmap.registry.told = true
          return 'told'
        end";
    for workers in [1, 3] {
        let mut case = on_hosts(Case::new("once", source));
        case.workers = Some(workers);
        assert_eq!(case.run().results.len(), 1, "with {workers} workers");
    }
}

#[test]
fn string_mutexes_hold_across_workers() {
    let source = "
        local stdnse = require 'stdnse'
        hostrule = function() return true end
        action = function(host)
          local lock = nmap.mutex 'the one'
          local path = stdnse.get_script_args 'path'
          local inside
          for i = 1, 5 do
            lock 'lock'
            local f = io.open(path, 'r') inside = f and f:read 'a' or '' if f then f:close() end
            if inside == 'taken' then return 'two at a time' end
            f = io.open(path, 'w') f:write 'taken' f:close()
            stdnse.sleep(0.002)
            f = io.open(path, 'w') f:write 'free' f:close()
            lock 'done'
          end
          return 'never two'
        end";
    let folder = tempfile::tempdir().expect("directory");
    for workers in [1, 3] {
        let mut case = on_hosts(Case::new("m", source));
        case.workers = Some(workers);
        case.args = format!("path={}", folder.path().join(format!("{workers}")).display());
        let outcome = case.run();
        for i in 1..=6 {
            assert_eq!(outcome.at(&format!("127.0.0.{i}")), ["m: never two"], "{outcome:?}");
        }
    }
}

/// Takes a mutex, on each host by two scripts, and tells whether anybody else had it at the same time.
const TWO_AT_A_TIME: &str = "
    local stdnse = require 'stdnse'
    hostrule = function() return true end
    local function hold(shelf)
      shelf.held = (shelf.held or 0) + 1
      for _ = 1, 10 do
        shelf.together = shelf.together or shelf.held > 1
        stdnse.sleep(0.002)
      end
      shelf.held = shelf.held - 1
    end
    action = function(host)
      local lock = nmap.mutex(stdnse.get_script_args 'mutex')
      lock 'lock'
      host.registry.inside = (host.registry.inside or 0) + 1
      local alone = host.registry.inside == 1
      hold(nmap.registry)
      host.registry.inside = host.registry.inside - 1
      lock 'done'
      if not alone then return 'two on a host' end
    end";

#[test]
fn a_mutex_for_what_is_kept_of_a_host_is_one_for_each_host() {
    let post = "
        postrule = function() return true end
        action = function() return tostring(nmap.registry.together) end";
    for (mutex, together) in [("sslcert-cache-mutex", "true"), ("any other", "false")] {
        let case = Case::new("a", TWO_AT_A_TIME).script("b", TWO_AT_A_TIME).script("c", post);
        let mut case = on_hosts(case);
        case.args = format!("mutex={mutex}");
        let outcome = case.run();
        assert_eq!(outcome.post, [format!("c: {together}")], "{outcome:?}");
        assert!(outcome.results.is_empty(), "{outcome:?}");
    }
}

#[test]
fn host_registry_follows_a_host_between_workers() {
    let first = "
        hostrule = function() return true end
        action = function(host) host.registry.word = {host.ip} end";
    // The registry use pins this one to the first worker.
    let second = "
        dependencies = {'first'}
        hostrule = function() return true end
        action = function(host) nmap.registry.x = 1 return host.registry.word[1] end";
    let outcome = same_with_any_number_of_workers(|| {
        on_hosts(Case::new("first", first).script("second", second))
    });
    assert_eq!(outcome.at("127.0.0.4"), ["second: 127.0.0.4"]);
}

#[test]
fn debugging_tells_who_is_pinned_and_why() {
    let script = |body: &str, more: &str| {
        format!("{more} hostrule = function() return true end action = function(host) {body} end")
    };
    let plain = script("return 'x'", "");
    let mut case = Case::new("a", &script("nmap.registry.x = host.ip", ""))
        .script("b", &script("return 'x'", "dependencies = {'a'}"))
        .script("c", &plain)
        .script("d", &plain)
        .script("e", &plain);
    case = on_hosts(case);
    case.workers = Some(2);
    case.debugging = 1;
    let outcome = case.run();
    let told = "NSE: 2 script workers; pinned to the first: a (registry key 'x'), b (after a)";
    assert!(outcome.messages.iter().any(|line| line == told), "{:?}", outcome.messages);
}
