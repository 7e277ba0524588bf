//! Sockets as scripts use them, against real peers on loopback.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

use crate::harness::{Case, check};

/// A TCP server for one connection; gives its port.
fn serve(f: impl FnOnce(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let port = listener.local_addr().expect("address").port();
    thread::spawn(move || f(listener.accept().expect("accept").0));
    port
}

/// Runs `body` with a connected socket `s`.
fn check_socket(server: impl FnOnce(TcpStream) + Send + 'static, body: &str, expected: &str) {
    let port = serve(server);
    check(
        &format!(
            "local s = nmap.new_socket() s:set_timeout(300) assert(s:connect(host, {port})) {body}"
        ),
        expected,
    );
}

#[test]
fn talks_and_closes() {
    let echo = |mut s: TcpStream| {
        let mut buffer = [0; 100];
        while let Ok(n @ 1..) = s.read(&mut buffer) {
            s.write_all(&buffer[..n]).expect("write");
        }
    };
    check_socket(
        echo,
        "assert(s:send('ping\\n')) local ok, line = s:receive_lines(1)
         local ok, lip, lport, rip, rport = s:get_info()
         local closed, again, why = s:close(), s:close()
         return line .. rip .. math.type(lport) .. tostring(closed) .. tostring(again) .. tostring(why)",
        "ping\n127.0.0.1integertruefalsesocket already closed",
    );
    check_socket(echo, "return tostring(s:send('')) .. tostring(s:send(12))", "truetrue");
}

#[test]
fn failures_have_their_words() {
    check_socket(
        |s| thread::sleep(Duration::from_secs(if s.nodelay().is_ok() { 2 } else { 1 })),
        "local r, e = s:receive() return tostring(r) .. e",
        "nilTIMEOUT",
    );
    check_socket(drop, "local r, e = s:receive() return tostring(r) .. e", "nilEOF");
    check(
        "local s = nmap.new_socket() local r, e = s:connect(host, 1) return tostring(r) .. e",
        "nilERROR",
    );
    check(
        "local s = nmap.new_socket() local r, e = s:send('x') return tostring(r) .. e",
        "falsesocket must be connected",
    );
    check(
        "local ok, e = pcall(function() local s = nmap.new_socket() s.send({}) end) return e:match('bad argument.*')",
        "bad argument #1 to 'send' (nsock expected, got table)",
    );
    check(
        "local ok, e = pcall(function() local s = nmap.new_socket() s.send() end) return e:match('bad argument.*')",
        "bad argument #1 to 'send' (nsock expected, got no value)",
    );
    check(
        "local ok, e = nmap.new_socket():connect('no.such.name.invalid', 80) return tostring(ok) .. type(e)",
        "falsestring",
    );
}

/// What was to be under TLS and was cut off has no certificate; where nobody listened, asking is a mistake.
#[test]
fn a_handshake_that_was_cut_off_leaves_no_certificate() {
    // To close with something unread is to reset.
    let port = serve(|s| drop(s.peek(&mut [0]).map(|_| s)));
    let ask = |port: u16| {
        format!(
            "local s = nmap.new_socket() local ok, why = s:connect(host, {port}, 'ssl')
             return tostring(ok) .. why .. tostring(select(2, pcall(s.get_ssl_certificate, s)))"
        )
    };
    check(&ask(port), "nilERRORnil");
    check(&ask(1), "nilERRORbad argument #1 to '?' (not a SSL socket)");
}

#[test]
fn receive_buf_keeps_the_rest() {
    let say = |mut s: TcpStream| {
        s.write_all(b"one\r\ntwo\r\nrest").expect("write");
        let _ = s.read(&mut [0; 1]);
    };
    check_socket(
        say,
        "local a, b = s:receive_buf('\\r\\n', false) local c, d = s:receive_buf('\\r\\n', true)
         local e, f = s:receive_buf('never', false)
         return tostring(a) .. b .. '|' .. d .. '|' .. tostring(e) .. f",
        "trueone|two\r\n|nilTIMEOUT",
    );
    check_socket(
        say,
        "local first local ok, data = s:receive_buf(function(b) first = first or #b if #b > 2 then return 2, 3 end end, true)
         return first .. data",
        "0one",
    );
    check_socket(
        say,
        "local ok, e = pcall(s.receive_buf, s, '', true) return e:match('invalid.*')",
        "invalid indices for match",
    );
    check_socket(
        say,
        "local ok, e = pcall(s.receive_buf, s, 'x') return e:match('boolean.*')",
        "boolean expected, got no value)",
    );
}

#[test]
fn any_thread_may_ask_about_a_socket() {
    check_socket(
        |mut s| drop(s.read(&mut [0; 1])),
        "local port s:send('x')
         stdnse.new_thread(function() port = select(3, s:get_info()) end)
         stdnse.sleep(0.05) return tostring(port == select(3, s:get_info()))",
        "true",
    );
    check_socket(
        |mut s| drop(s.read(&mut [0; 1])),
        "s:get_info() local sent
         stdnse.new_thread(function() sent = s:send('x') end)
         stdnse.sleep(0.05) return tostring(sent)",
        "true",
    );
}

#[test]
fn a_socket_belongs_to_one_coroutine_at_a_time() {
    check_socket(
        |mut s| drop(s.read(&mut [0; 1])),
        "local why
         stdnse.new_thread(function() s:receive() end)
         stdnse.sleep(0.05)
         local ok, e = pcall(s.send, s, 'x') return e:match('Invalid.*')",
        "Invalid reuse of a socket from one thread to another.",
    );
    check_socket(
        |mut s| drop(s.read(&mut [0; 1])),
        "local r, e local co = stdnse.new_thread(function() r, e = s:receive() end)
         stdnse.sleep(0.05) s:close()
         while coroutine.status(co) ~= 'dead' do stdnse.sleep(0.01) end
         return tostring(r) .. e",
        "nilCANCELLED",
    );
}

#[test]
fn datagrams() {
    let server = UdpSocket::bind("127.0.0.1:0").expect("bind");
    let port = server.local_addr().expect("address").port();
    thread::spawn(move || {
        let mut buffer = [0; 100];
        for _ in 0..2 {
            let (n, peer) = server.recv_from(&mut buffer).expect("receive");
            server.send_to(&buffer[..n], peer).expect("send");
        }
    });
    check(
        &format!(
            "local s = nmap.new_socket('udp') s:set_timeout(2000)
             assert(s:sendto(host, {port}, 'a')) local _, a = s:receive()
             local t = nmap.new_socket() t:set_timeout(2000)
             assert(t:connect(host, {port}, 'udp')) t:send('b') local _, b = t:receive()
             return a .. b"
        ),
        "ab",
    );
}

#[test]
fn a_killed_script_closes_its_sockets() {
    let (tell, told) = std::sync::mpsc::channel();
    let port = serve(move |mut s| {
        // The read ends only when the script's side is closed.
        tell.send(s.read(&mut [0; 1]).map_err(|e| e.kind())).expect("tell");
    });
    let source = format!(
        "local stdnse = require 'stdnse'
         hostrule = function() return true end
         action = function(host)
           local guard <close> = setmetatable({{}}, {{__close = function() nmap.log_write('stdout', 'closed') end}})
           local s = nmap.new_socket() s:connect(host, {port}) stdnse.sleep(1000)
         end"
    );
    let mut case = Case::new("hangs", &source).host("127.0.0.1", &[]);
    case.script_timeout = Some(Duration::from_millis(200));
    let outcome = case.run();
    assert_eq!(told.recv_timeout(Duration::from_secs(10)).expect("told"), Ok(0));
    assert!(outcome.messages.iter().any(|m| m == "NSE: closed"), "{outcome:?}");
}

#[test]
fn slots_bound_threads_and_not_sockets() {
    let listener = TcpListener::bind("0.0.0.0:0").expect("listen");
    let port = listener.local_addr().expect("address").port();
    thread::spawn(move || {
        let mut kept = Vec::new();
        while let Ok((s, _)) = listener.accept() {
            kept.push(s);
        }
    });
    let source = format!(
        "local stdnse = require 'stdnse'
         hostrule = function() return true end
         action = function(host)
           local r = nmap.registry r.now, r.most = r.now or 0, r.most or 0
           local a, b = nmap.new_socket(), nmap.new_socket()
           assert(a:connect(host, {port})) assert(b:connect(host, {port}))
           r.now = r.now + 1 r.most = math.max(r.most, r.now)
           stdnse.sleep(0.02)
           r.now = r.now - 1
         end
         postrule = function() return true end
         local act = action
         action = function(host) if host then return act(host) end return nmap.registry.most end"
    );
    let mut case = Case::new("slots", &source);
    case.slots = 2;
    for i in 1..=8 {
        case = case.host(&format!("127.0.0.{i}"), &[]);
    }
    assert_eq!(case.run().post, ["slots: 2"]);
}
