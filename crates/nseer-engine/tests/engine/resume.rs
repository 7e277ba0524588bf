//! A run that is broken off and goes on: the registries are what they would have been.

use std::collections::HashMap;
use std::net::IpAddr;

use nseer_core::{
    Event, KeptRegistry, RegistryChange, RegistryChanges, RegistryItem, RegistryPlace,
};
use nseer_engine::KeptRegistries;

use crate::harness::{Case, OPEN, Outcome, Past};
use crate::registry::on_hosts;

/// By worker, table and key.
type Tables = HashMap<(u32, u64, RegistryItem), RegistryItem>;

/// What a keeper has after so many events.
#[derive(Default)]
struct Kept {
    run: Tables,
    hosts: HashMap<IpAddr, Tables>,
    past: Past,
}

impl Kept {
    fn of(events: &[Vec<Event>]) -> Past {
        let mut kept = Kept::default();
        events.iter().flatten().for_each(|event| kept.take(event));
        let mut by_worker: HashMap<u32, Vec<RegistryChange>> = HashMap::new();
        for ((worker, table, key), value) in kept.run {
            let change = RegistryChange { table, key, value: Some(value) };
            by_worker.entry(worker).or_default().push(change);
        }
        let left = by_worker.into_iter().map(|(worker, entries)| KeptRegistry { worker, entries });
        // What was there before the prerules have ended comes again.
        let left = if kept.past.has_pre { left.collect() } else { Vec::new() };
        kept.past.registry = KeptRegistries { is_told: true, left: left.into() };
        for (address, tables) in kept.hosts {
            let entries = tables.into_iter().map(|((_, table, key), value)| RegistryChange {
                table,
                key,
                value: Some(value),
            });
            kept.past.hosts.entry(address).or_default().registry = entries.collect();
        }
        kept.past
    }

    fn take(&mut self, event: &Event) {
        match event {
            Event::PhaseDone { .. } => self.past.has_pre = true,
            Event::ScriptFinished { run, result } => {
                if let Some(address) = run.address {
                    let host = self.past.hosts.entry(address).or_default();
                    host.ended.push((run.clone(), result.clone()));
                }
            }
            Event::RegistryChanged(RegistryChanges { place, is_whole, changes }) => {
                let (tables, worker) = match place {
                    RegistryPlace::Run(worker) => (&mut self.run, *worker),
                    RegistryPlace::Host(address) => (self.hosts.entry(*address).or_default(), 0),
                };
                if *is_whole {
                    tables.clear();
                }
                for RegistryChange { table, key, value } in changes {
                    let at = (worker, *table, key.clone());
                    match value {
                        Some(value) => drop(tables.insert(at, value.clone())),
                        None => drop(tables.remove(&at)),
                    }
                }
            }
            _ => {}
        }
    }
}

/// Breaks a run off after each event, goes on, and asserts that the end is that of one that nobody
/// disturbed; also where it is broken off a second time.
fn same_wherever_it_is_broken_off(make: impl Fn() -> Case) -> Outcome {
    let mut undisturbed = None;
    for workers in [1, 2, 3] {
        let go_on = |past: Past| {
            let mut case = make();
            case.workers = Some(workers);
            case.past = past;
            case.run()
        };
        let first = Past {
            registry: KeptRegistries { is_told: true, ..KeptRegistries::default() },
            ..Past::default()
        };
        let whole = go_on(first);
        let moments = whole.events.len();
        for moment in 0..moments {
            let again = go_on(Kept::of(&whole.events[..moment]));
            let place = format!("{workers} workers, moment {moment} of {moments}");
            assert_eq!(again.post, whole.post, "{place}");
            assert_eq!(again.results, whole.results, "{place}");
            let half = again.events.len() / 2;
            let both = [&whole.events[..moment], &again.events[..half]].concat();
            assert_eq!(go_on(Kept::of(&both)).post, whole.post, "{place}, then {half}");
        }
        undisturbed = Some(whole);
    }
    undisturbed.expect("it ran")
}

/// A list for each host that grows while the script runs, under a table that the first of them makes,
/// and one that the prerule began: what scripts wrote that were broken off does not come twice.
#[test]
fn what_a_broken_off_script_wrote_is_not_there_twice() {
    let source = "
        local stdnse = require 'stdnse'
        local name = 'regi' .. 'stry'
        prerule = function() return true end
        hostrule = function() return true end
        postrule = function() return true end
        action = function(host)
          local r = rawget(nmap, name)
          if SCRIPT_TYPE == 'prerule' then r.all = {'pre'} r.count = 0 return end
          if host then
            r.keys = r.keys or {}
            for i = 1, 3 do
              r.keys[host.ip] = r.keys[host.ip] or {}
              table.insert(r.keys[host.ip], {n = i, of = host.ip})
              table.insert(r.all, host.ip .. '#' .. i)
              stdnse.sleep(0.002)
            end
            return 'done'
          end
          local lines = {}
          for ip, list in pairs(r.keys) do
            local ns = {}
            for _, key in ipairs(list) do ns[#ns + 1] = key.n .. (key.of == ip and '' or '?') end
            lines[#lines + 1] = ip .. ':' .. table.concat(ns, ',')
          end
          table.sort(lines) table.sort(r.all)
          return table.concat(lines, ' ') .. ' ' .. table.concat(r.all, ' ')
        end";
    let outcome = same_wherever_it_is_broken_off(|| on_hosts(Case::new("keys", source)));
    assert!(outcome.post[0].starts_with("keys: 127.0.0.1:1,2,3 127.0.0.2:1,2,3"));
    assert!(outcome.post[0].ends_with("127.0.0.6#1 127.0.0.6#2 127.0.0.6#3 pre"));
}

/// What one script leaves in `host.registry` reaches those that come after it.
#[test]
fn the_registry_of_a_host_goes_on() {
    let first = "
        hostrule = function() return true end
        portrule = function() return true end
        action = function(host, port)
          local r = host.registry
          r.seen = r.seen or {}
          r.seen[#r.seen + 1] = port and port.number or 'host'
          r.self = r
          return 'noted'
        end";
    let second = "
        dependencies = {'first'}
        hostrule = function() return true end
        action = function(host)
          local seen = {}
          for _, what in ipairs(host.registry.seen) do seen[#seen + 1] = tostring(what) end
          table.sort(seen)
          return table.concat(seen, ' ') .. tostring(host.registry.self == host.registry)
        end";
    let outcome = same_wherever_it_is_broken_off(|| {
        let case = Case::new("first", first).script("second", second);
        case.host("127.0.0.1", &[(80, OPEN), (81, OPEN)]).host("127.0.0.2", &[(80, OPEN)])
    });
    assert_eq!(outcome.at("127.0.0.1"), ["first: noted", "second: 80 81 hosttrue"]);
}

/// Values of every kind, tables that are shared, changed and removed, and keys that are tables.
#[test]
fn whatever_scripts_do_to_the_registry_is_kept() {
    let source = "
        local stdnse = require 'stdnse'
        prerule = function() return true end
        hostrule = function() return true end
        postrule = function() return true end
        local function show(t, seen)
          if type(t) ~= 'table' then return type(t):sub(1, 1) .. tostring(t) end
          if seen[t] then return '^' end
          seen[t] = true
          local lines = {}
          for k, v in next, t do lines[#lines + 1] = show(k, seen) .. '=' .. show(v, seen) end
          seen[t] = nil
          table.sort(lines)
          return '{' .. table.concat(lines, ',') .. '}'
        end
        action = function(host)
          local r = nmap.registry
          if SCRIPT_TYPE == 'prerule' then
            r.t = {gone = 1, [1.5] = 'x', ['\\0\\xff'] = -0.0, [true] = 1e300, list = {3, 1, 2}}
            r.shared = {}
            r.t.shared = r.shared
            return
          end
          if host then
            local t = r.t
            t.gone = nil
            local mine = {ip = host.ip}
            t[host.ip] = mine
            mine.later = {1, 2}
            stdnse.sleep(0.001)
            mine.later[3] = {deep = {deeper = {ip = host.ip}}}
            r.shared[mine.later] = mine
            table.remove(mine.later, 1)
            t.list = {host.ip ~= '' and 'replaced'}
            return
          end
          r.args = nil
          return show(r, {})
        end";
    let outcome = same_wherever_it_is_broken_off(|| {
        Case::new("all", source).host("127.0.0.1", &[(80, OPEN)]).host("127.0.0.2", &[(80, OPEN)])
    });
    assert!(outcome.post[0].contains("slist={n1=sreplaced}"), "{:?}", outcome.post);
}
