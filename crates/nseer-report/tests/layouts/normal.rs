//! Normal output, on the screen and in files.

use nseer_core::{
    Event, HostRecord, HostStatus, Phase, PortKey, PortState, Reason, ServiceInfo, ServiceMethod,
    Severity, Tunnel,
};
use nseer_report::{NormalReport, Place, ReportOptions};

use crate::fixture::*;

fn check(place: Place, options: &ReportOptions, events: &[Event], expected: &str) {
    let text = render(|out| NormalReport::new(out, place, options.clone()), events);
    assert_eq!(text, at_start(expected));
}

fn check_host(options: &ReportOptions, host: HostRecord, expected: &str) {
    check(Place::File, options, &[Event::HostDone(host.into())], expected);
}

fn plain() -> ReportOptions {
    ReportOptions::default()
}

#[test]
fn a_whole_run_in_a_file() {
    check(
        Place::File,
        &plain(),
        &[run_started(), Event::HostDone(web_host().into()), run_finished(1, 0, None)],
        "# nseer 0.1.0 scan initiated {ctime} as: nseer --open -p22,80\n\
         Nmap scan report for 127.0.0.1\n\
         Host is up (0.00030s latency).\n\
         Not shown: 78 closed tcp ports (conn-refused)\n\
         PORT   STATE SERVICE\n\
         22/tcp open  ssh\n\
         80/tcp open  http\n\
         \n\
         # Nmap done at {ctime} -- 1 IP address (1 host up) scanned in 0.05 seconds\n",
    );
}

#[test]
fn a_whole_run_on_the_screen() {
    let found =
        |state| Event::PortFound { address: "::1".parse().unwrap(), port: PortKey::tcp(22), state };
    let message = |severity, text: &[u8]| Event::Message { severity, text: text.to_vec() };
    check(
        Place::Screen,
        &ReportOptions { verbosity: 1, no_ports: true, ..plain() },
        &[
            run_started(),
            found(PortState::Open),
            found(PortState::OpenFiltered),
            message(Severity::Info, b"NSE: a\nb\x1b\xff"),
            message(Severity::Warning, b"not here"),
            Event::HostDone(host(&[]).into()),
            run_finished(2, 0, None),
        ],
        "Starting nseer 0.1.0 at {minute}\n\
         Discovered open port 22/tcp on ::1\n\
         NSE: a\nb\\x1B\\xFF\n\
         Nmap scan report for 127.0.0.1\n\
         Host is up (0.00030s latency).\n\
         Nmap done: 2 IP addresses (2 hosts up) scanned in 0.05 seconds\n",
    );
}

#[test]
fn commentary_stays_out_of_files_and_quiet_screens() {
    let found = Event::PortFound {
        address: "::1".parse().unwrap(),
        port: PortKey::tcp(22),
        state: PortState::Open,
    };
    let message = Event::Message { severity: Severity::Info, text: b"x".to_vec() };
    let verbose = ReportOptions { verbosity: 3, ..plain() };
    check(Place::File, &verbose, &[found.clone(), message], "");
    check(Place::Screen, &plain(), &[found], "");
}

#[test]
fn what_could_not_be_done_is_in_files_too() {
    let message = |severity, text: &[u8]| Event::Message { severity, text: text.to_vec() };
    let events = [
        run_started(),
        message(Severity::Error, b"cannot resolve 'x\x1b'"),
        message(Severity::Warning, b"a script failed"),
        message(Severity::Info, b"commentary"),
    ];
    let expected = "# nseer 0.1.0 scan initiated {ctime} as: nseer --open -p22,80\n\
         cannot resolve 'x\\x1B'\n";
    check(Place::File, &plain(), &events, expected);
}

#[test]
fn filtered_ports_may_be_closed_where_resets_are_ignored() {
    let note = "Some closed ports may be reported as filtered due to --defeat-rst-ratelimit\n";
    let shows = |ports: &[(PortKey, PortState, Reason)]| {
        let options = ReportOptions { ignores_resets: true, ..plain() };
        let event = Event::HostDone(host(ports).into());
        let text = render(|out| NormalReport::new(out, Place::File, options), &[event]);
        text.contains(note)
    };
    let many = |port: fn(u16) -> (PortKey, PortState, Reason)| {
        (1..80).map(port).chain([open(80)]).collect::<Vec<_>>()
    };
    assert!(shows(&many(filtered)));
    assert!(!shows(&many(closed)));
    let told = |n| (PortKey::tcp(n), PortState::Filtered, Reason::PortUnreach);
    assert!(!shows(&many(told)));
    assert!(!shows(&[filtered(1), open(2)]), "each is shown");
    let event = Event::HostDone(host(&many(filtered)).into());
    assert!(!render(|out| NormalReport::new(out, Place::File, plain()), &[event]).contains(note));
}

#[test]
fn scripts_of_a_document_stay_in_its_order() {
    let mut host = host(&[open(80)]);
    for id in ["b", "c", "a"] {
        add_script(&mut host, PortKey::tcp(80), script(id, b"x"));
    }
    let lines = |options: ReportOptions| {
        let event = Event::HostDone(host.clone().into());
        let text = render(|out| NormalReport::new(out, Place::File, options), &[event]);
        let bars = text.lines().filter_map(|line| line.strip_prefix("|_"));
        bars.map(|line| line[..1].to_owned()).collect::<String>()
    };
    assert_eq!(lines(plain()), "abc");
    assert_eq!(lines(ReportOptions { keeps_script_order: true, ..plain() }), "bca");
}

#[test]
fn a_run_that_was_stopped() {
    check(
        Place::File,
        &plain(),
        &[run_finished(0, 1, Some("interrupted"))],
        "# Stopped early: interrupted\n\
         # Nmap done at {ctime} -- 1 IP address (0 hosts up) scanned in 0.05 seconds\n",
    );
    check(
        Place::Screen,
        &plain(),
        &[run_finished(0, 1, Some("interrupted"))],
        "Stopped early: interrupted\n\
         Nmap done: 1 IP address (0 hosts up) scanned in 0.05 seconds\n",
    );
}

#[test]
fn a_single_host_that_is_down() {
    let note = "Note: the host seems to be down. If it only does not answer pings, try -Pn\n";
    let done = "Nmap done: 1 IP address (0 hosts up) scanned in 0.05 seconds\n";
    let events = [Event::HostDone(down().into()), run_finished(0, 1, None)];
    check(Place::Screen, &plain(), &events, &format!("{note}{done}"));
    let verbose = ReportOptions { verbosity: 1, ..plain() };
    let line = "Nmap scan report for 127.0.0.1 [host down]\n";
    check(Place::Screen, &verbose, &events, &format!("{line}{note}{done}"));
    let list = ReportOptions { list_only: true, no_ports: true, ..plain() };
    check(Place::Screen, &list, &[run_finished(0, 1, None)], done);
}

#[test]
fn hosts_that_are_down_have_names_and_reasons() {
    let mut host = down();
    host.target_name = Some("multi.example".to_owned());
    host.other_addresses = vec!["127.0.0.6".parse().unwrap(), "::1".parse().unwrap()];
    host.reverse_name = Some("five.example".to_owned());
    check_host(&plain(), host.clone(), "");
    check_host(&ReportOptions { verbosity: 1, open_only: true, ..plain() }, host.clone(), "");
    check_host(
        &ReportOptions { verbosity: 2, ..plain() },
        host,
        "Nmap scan report for multi.example (127.0.0.1) [host down, received no-response]\n\
         Other addresses for multi.example (not scanned): 127.0.0.6 ::1\n\
         rDNS record for 127.0.0.1: five.example\n",
    );
}

#[test]
fn names_of_hosts() {
    let named = |target: Option<&str>, reverse: Option<&str>| {
        let mut host = host(&[]);
        host.status = HostStatus::Unknown;
        host.target_name = target.map(str::to_owned);
        host.reverse_name = reverse.map(str::to_owned);
        host
    };
    let list = ReportOptions { list_only: true, no_ports: true, ..plain() };
    check_host(&list, named(None, None), "Nmap scan report for 127.0.0.1\n");
    check_host(&list, named(None, Some("ptr")), "Nmap scan report for ptr (127.0.0.1)\n");
    check_host(&list, named(Some("a"), Some("a")), "Nmap scan report for a (127.0.0.1)\n");
    check_host(
        &list,
        named(Some("a"), Some("evil\x1b[2J\nOpen")),
        "Nmap scan report for a (127.0.0.1)\n\
         rDNS record for 127.0.0.1: evil\\x1B[2J\\x0AOpen\n",
    );
}

#[test]
fn few_closed_ports_are_shown() {
    check_host(
        &plain(),
        host(&[open(22), closed(80), filtered(113), open(31_999)]),
        "Nmap scan report for 127.0.0.1\n\
         Host is up (0.00030s latency).\n\
         \n\
         PORT      STATE    SERVICE\n\
         22/tcp    open     ssh\n\
         80/tcp    closed   http\n\
         113/tcp   filtered ident\n\
         31999/tcp open     unknown\n\
         \n",
    );
}

#[test]
fn all_ports_ignored() {
    let ports: Vec<_> = (1..=61)
        .map(|n| match n {
            1..=21 => (PortKey::tcp(n), PortState::Filtered, Reason::HostUnreach),
            n => filtered(n),
        })
        .collect();
    let mut host = host(&ports);
    host.times = None;
    host.target_name = Some("name".to_owned());
    check_host(
        &plain(),
        host,
        "Nmap scan report for name (127.0.0.1)\n\
         Host is up.\n\
         All 61 scanned ports on name (127.0.0.1) are in ignored states.\n\
         Not shown: 40 filtered tcp ports (no-response), 21 filtered tcp ports (host-unreach)\n\
         \n",
    );
}

#[test]
fn open_only() {
    let options = ReportOptions { open_only: true, ..plain() };
    let udp = |n, state, reason| (PortKey::udp(n), state, reason);
    check_host(
        &options,
        host(&[
            open(22),
            closed(80),
            filtered(113),
            filtered(114),
            udp(53, PortState::OpenFiltered, Reason::NoResponse),
            udp(54, PortState::Filtered, Reason::AdminProhibited),
        ]),
        "Nmap scan report for 127.0.0.1\n\
         Host is up (0.00030s latency).\n\
         Not shown: 2 filtered tcp ports (no-response), 1 filtered udp ports \
         (admin-prohibited), 1 closed tcp port (conn-refused)\n\
         PORT   STATE         SERVICE\n\
         22/tcp open          ssh\n\
         53/udp open|filtered domain\n\
         \n",
    );
    check_host(&options, host(&[closed(22), filtered(80)]), "");
}

#[test]
fn reasons_and_times() {
    let text = "Nmap scan report for 127.0.0.1\n\
                Host is up, received user-set (0.00030s latency).\n";
    let table = "\n\
                 PORT   STATE  SERVICE REASON\n\
                 22/tcp open   ssh     syn-ack ttl 64\n\
                 80/tcp closed http    conn-refused\n";
    let mut host = host(&[open(22), closed(80)]);
    let mut status = host.ports.status(PortKey::tcp(22)).unwrap();
    status.ttl = 64;
    assert!(host.ports.set_status(PortKey::tcp(22), status));
    let reason = ReportOptions { reason: true, ..plain() };
    check_host(&reason, host.clone(), &format!("{text}{table}\n"));
    let more = ReportOptions { verbosity: 2, ..plain() };
    let scanned = "Scanned at {second} for 2s\n";
    check_host(&more, host.clone(), &format!("{text}{scanned}{table}\n"));
    let debug = ReportOptions { verbosity: 1, debugging: 1, ..plain() };
    let times = "Final times for host: srtt: 296 rttvar: 2915  to: 100000\n";
    let done = [Event::HostDone(host.into())];
    check(Place::Screen, &debug, &done, &format!("{text}{scanned}{table}{times}\n"));
    check(Place::File, &debug, &done, &format!("{text}{scanned}{table}\n"));
}

#[test]
fn a_host_that_timed_out() {
    let mut host = host(&[open(22)]);
    host.timed_out = true;
    host.target_name = Some("slow".to_owned());
    host.scripts.push(script("a", b"text"));
    check_host(
        &ReportOptions { open_only: true, ..plain() },
        host,
        "Nmap scan report for slow (127.0.0.1)\n\
         Host is up (0.00030s latency).\n\
         Skipping host slow (127.0.0.1) due to host timeout\n",
    );
}

#[test]
fn versions_and_what_they_tell_of_the_host() {
    let mut host = host(&[open(22), open(25), open(80), closed(113), open(31_999)]);
    let probed = |name: &str| ServiceInfo {
        name: Some(name.to_owned()),
        confidence: 10,
        method: ServiceMethod::Probed,
        ..ServiceInfo::default()
    };
    let ssh = ServiceInfo {
        product: Some("OpenSSH".to_owned()),
        version: Some("8.9p1".to_owned()),
        extra_info: Some("protocol 2.0".to_owned()),
        os_type: Some("Linux".to_owned()),
        cpe: vec!["cpe:/a:openbsd:openssh".to_owned(), "cpe:/o:linux:linux_kernel".to_owned()],
        ..probed("ssh")
    };
    let smtp = ServiceInfo {
        hostname: Some("mail.example".to_owned()),
        os_type: Some("Linux".to_owned()),
        device_type: Some("router".to_owned()),
        tunnel: Tunnel::Ssl,
        ..probed("smtp")
    };
    let other = ServiceInfo { hostname: Some("h2".to_owned()), tunnel: Tunnel::Ssl, ..probed("x") };
    set_service(&mut host, PortKey::tcp(22), ssh);
    set_service(&mut host, PortKey::tcp(25), smtp);
    set_service(&mut host, PortKey::tcp(80), ServiceInfo::from_table("http"));
    set_service(&mut host, PortKey::tcp(113), ServiceInfo::from_table("ident"));
    set_service(&mut host, PortKey::tcp(31_999), ServiceInfo { name: None, ..other });
    host.mac = Some([0, 0x1b, 0x2c, 0x3d, 0x4e, 0x5f]);
    let head = "Nmap scan report for 127.0.0.1\nHost is up (0.00030s latency).\n\n";
    let tail = "MAC Address: 00:1B:2C:3D:4E:5F (Unknown)\n\
                Service Info: Hosts: mail.example, h2; OS: Linux; Device: router; \
                CPE: cpe:/o:linux:linux_kernel\n\n";
    let with = "PORT      STATE  SERVICE     VERSION\n\
                22/tcp    open   ssh         OpenSSH 8.9p1 (protocol 2.0)\n\
                25/tcp    open   ssl/smtp\n\
                80/tcp    open   http?\n\
                113/tcp   closed ident\n\
                31999/tcp open   ssl/unknown\n";
    let without = "PORT      STATE  SERVICE\n\
                   22/tcp    open   ssh\n\
                   25/tcp    open   ssl/smtp\n\
                   80/tcp    open   http\n\
                   113/tcp   closed ident\n\
                   31999/tcp open   ssl/unknown\n";
    let versions = ReportOptions { versions: true, ..plain() };
    check_host(&versions, host.clone(), &format!("{head}{with}{tail}"));
    check_host(&plain(), host, &format!("{head}{without}{tail}"));
}

#[test]
fn scripts_stand_where_they_ran() {
    let mut host = host(&[open(22), open(113)]);
    add_script(&mut host, PortKey::tcp(113), table_script("out"));
    add_script(&mut host, PortKey::tcp(113), script("auth-owners", b"nobody"));
    host.scripts.push(script("b", b"l1\nl2"));
    host.scripts.push(script("a", b"single"));
    check(
        Place::File,
        &plain(),
        &[
            phase(Phase::Pre, vec![script("early", b"x")]),
            Event::HostDone(host.into()),
            phase(Phase::Post, vec![script("late", b"y")]),
        ],
        "Pre-scan script results:\n\
         |_early: x\n\
         Nmap scan report for 127.0.0.1\n\
         Host is up (0.00030s latency).\n\
         \n\
         PORT    STATE SERVICE\n\
         22/tcp  open  ssh\n\
         113/tcp open  ident\n\
         |_auth-owners: nobody\n\
         | out: \n\
         |   seq\n\
         |   k<: \n\
         |     x\n\
         |     sub: \n\
         |_  bin: a--\\x00\\xFF\n\
         \n\
         Host script results:\n\
         |_a: single\n\
         | b: l1\n\
         |_l2\n\
         \n\
         Post-scan script results:\n\
         |_late: y\n",
    );
}

#[test]
fn no_heading_without_results() {
    let mut silent = host(&[]);
    let pinged = ReportOptions { no_ports: true, ..plain() };
    let head = "Nmap scan report for 127.0.0.1\nHost is up (0.00030s latency).\n";
    check_host(&pinged, silent.clone(), head);
    silent.scripts.push(script("one", b"single"));
    check_host(&pinged, silent, &format!("{head}\nHost script results:\n|_one: single\n\n"));
    check(Place::File, &plain(), &[phase(Phase::Post, Vec::new())], "");
}

/// As the real nmap has it: a result without text has the heading, and no line of its own.
#[test]
fn a_result_without_text_has_a_heading() {
    let mut silent = host(&[]);
    silent.scripts.push(script("empty", b""));
    let pinged = ReportOptions { no_ports: true, ..plain() };
    let head = "Nmap scan report for 127.0.0.1\nHost is up (0.00030s latency).\n";
    check_host(&pinged, silent, &format!("{head}\nHost script results:\n\n"));
    check(
        Place::File,
        &plain(),
        &[phase(Phase::Pre, vec![script("empty", b"")])],
        "Pre-scan script results:\n",
    );
}

#[test]
fn scripts_of_ignored_ports_are_not_shown() {
    let mut host = host(&[open(22), closed(80)]);
    add_script(&mut host, PortKey::tcp(80), script("a", b"hidden"));
    check_host(
        &ReportOptions { open_only: true, ..plain() },
        host,
        "Nmap scan report for 127.0.0.1\n\
         Host is up (0.00030s latency).\n\
         Not shown: 1 closed tcp port (conn-refused)\n\
         PORT   STATE SERVICE\n\
         22/tcp open  ssh\n\
         \n",
    );
}

#[test]
fn what_ends_a_host_or_a_phase_is_flushed() {
    let pipe = Pipe::default();
    let mut report = NormalReport::new(pipe.clone(), Place::File, plain());
    let events = [
        run_started(),
        phase(Phase::Pre, vec![script("a", b"x")]),
        Event::HostDone(host(&[open(22)]).into()),
        run_finished(1, 0, None),
    ];
    for (i, event) in events.iter().enumerate() {
        nseer_report::Report::event(&mut report, event).unwrap();
        assert_eq!(pipe.flushes(), i + 1);
    }
}
