//! What scripts take is measured where somebody asked, each by itself.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use nseer_core::Phase;

use crate::harness::{Case, OPEN};

/// Says `220 hello` to two clients, and reads what they say.
fn greeter() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let port = listener.local_addr().expect("address").port();
    thread::spawn(move || {
        for _ in 0..2 {
            let (mut client, _) = listener.accept().expect("accept");
            client.write_all(b"220 hello\r\n").expect("write");
            let mut said = Vec::new();
            client.read_to_end(&mut said).expect("read");
        }
    });
    port
}

fn talks(port: u16) -> String {
    format!(
        "local stdnse = require 'stdnse'
         hostrule = function() return true end
         local function talk(host, words)
           local s = nmap.new_socket()
           assert(s:connect(host, {port}))
           s:receive_lines(1)
           s:send(words)
           s:close()
         end
         action = function(host)
           local thread = stdnse.new_thread(talk, host, 'from a worker')
           talk(host, 'hi')
           while coroutine.status(thread) ~= 'dead' do stdnse.sleep(0.01) end
         end"
    )
}

const HOARDS: &str = "hostrule = function() return true end
    action = function(host)
      local kept = {}
      for i = 1, 5 do kept[i] = ('x'):rep(1000000) .. i end
      local n = 0
      for i = 1, 2000000 do n = n + i % 7 end
      kept = nil
      collectgarbage()
      return 'done'
    end";

const REFUSES: &str = "hostrule = function() return false end action = function() return 'no' end";

fn case() -> Case {
    Case::new("hoards", HOARDS)
        .script("refuses", REFUSES)
        .script("talks", &talks(greeter()))
        .host("127.0.0.1", &[(80, OPEN)])
}

#[test]
fn each_script_is_measured_by_itself() {
    let mut case = case();
    case.costs = true;
    let outcome = case.run();
    let [hoards, refuses, talks] = outcome.costs.as_slice() else {
        panic!("{:?} {:?}", outcome.costs, outcome.messages)
    };
    assert_eq!((&*hoards.id, &*refuses.id, &*talks.id), ("hoards", "refuses", "talks"));
    assert!(hoards.has_run && talks.has_run && !refuses.has_run);
    assert_eq!(hoards.phase, Phase::Host);
    assert_eq!(hoards.address.map(|a| a.to_string()).as_deref(), Some("127.0.0.1"));
    // Its memory was freed before it ended, and is known all the same.
    let held = hoards.peak_memory;
    assert!((5_000_000..20_000_000).contains(&held), "{held}");
    assert!(talks.peak_memory < 1_000_000, "{}", talks.peak_memory);
    assert!(!hoards.running.is_zero() && hoards.running <= hoards.elapsed * 2, "{hoards:?}");
    assert_eq!((hoards.connections, hoards.sent, hoards.received), (0, 0, 0));
    // The worker thread's connection is the script's.
    assert_eq!((talks.connections, talks.sent), (2, 15));
    assert_eq!(talks.received, 2 * 11);
}

#[test]
fn nothing_is_told_where_nobody_asked() {
    assert_eq!(case().run().costs, []);
}

#[test]
fn scripts_without_a_host_are_measured_too() {
    let source = "prerule = function() return true end action = function() return 'x' end";
    let mut case = Case::new("pre", source);
    case.costs = true;
    let outcome = case.run();
    let [pre] = outcome.costs.as_slice() else { panic!("{:?}", outcome.costs) };
    assert_eq!((pre.phase, pre.address, pre.has_run), (Phase::Pre, None, true));
}
