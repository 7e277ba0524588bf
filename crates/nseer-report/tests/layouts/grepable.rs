//! Grepable output.

use nseer_core::{Event, HostStatus, PortKey, ServiceInfo, ServiceMethod, Tunnel};
use nseer_report::{GrepableReport, ReportOptions};

use crate::fixture::*;

fn check(options: &ReportOptions, events: &[Event], expected: &str) {
    let text = render(|out| GrepableReport::new(out, options.clone()), events);
    assert_eq!(text, at_start(expected));
}

fn check_host(options: &ReportOptions, host: nseer_core::HostRecord, expected: &str) {
    check(options, &[Event::HostDone(host.into())], expected);
}

#[test]
fn a_whole_run() {
    check(
        &ReportOptions::default(),
        &[run_started(), Event::HostDone(web_host().into()), run_finished(1, 0, None)],
        "# nseer 0.1.0 scan initiated {ctime} as: nseer --open -p22,80\n\
         Host: 127.0.0.1 ()\tStatus: Up\n\
         Host: 127.0.0.1 ()\tPorts: 22/open/tcp//ssh///, 80/open/tcp//http///\
         \tIgnored State: closed (78)\n\
         # Nmap done at {ctime} -- 1 IP address (1 host up) scanned in 0.05 seconds\n",
    );
}

#[test]
fn verbose_runs_name_the_ports() {
    check(
        &ReportOptions { verbosity: 1, ..ReportOptions::default() },
        &[run_started(), run_finished(0, 2, Some("Ctrl-C\nHost: forged"))],
        "# nseer 0.1.0 scan initiated {ctime} as: nseer --open -p22,80\n\
         # Ports scanned: TCP(2;22,80) UDP(0;) SCTP(0;) PROTOCOLS(0;)\n\
         # Stopped early: Ctrl-C\\x0AHost: forged\n\
         # Nmap done at {ctime} -- 2 IP addresses (0 hosts up) scanned in 0.05 seconds\n",
    );
}

#[test]
fn two_ignored_states_are_not_named() {
    let ports: Vec<_> = (1..=40).map(closed).chain((41..=80).map(filtered)).collect();
    check_host(
        &ReportOptions::default(),
        host(&ports),
        "Host: 127.0.0.1 ()\tStatus: Up\nHost: 127.0.0.1 ()\tPorts: \n",
    );
}

#[test]
fn all_ports_ignored() {
    let ports: Vec<_> = (1..=40).map(closed).collect();
    check_host(
        &ReportOptions::default(),
        host(&ports),
        "Host: 127.0.0.1 ()\tStatus: Up\n\
         Host: 127.0.0.1 ()\tPorts: \tIgnored State: closed (40)\n",
    );
}

#[test]
fn services_and_their_slashes() {
    let mut host = host(&[open(22), open(80), open(113), open(31_999)]);
    let apache = ServiceInfo {
        name: Some("http".to_owned()),
        confidence: 10,
        method: ServiceMethod::Probed,
        tunnel: Tunnel::Ssl,
        product: Some("Apache httpd".to_owned()),
        version: Some("2.4.1".to_owned()),
        extra_info: Some("(Unix) PHP/5, x\tfoo".to_owned()),
        ..ServiceInfo::default()
    };
    set_service(&mut host, PortKey::tcp(80), apache);
    set_service(&mut host, PortKey::tcp(113), ServiceInfo::from_table("ident"));
    check_host(
        &ReportOptions { versions: true, ..ReportOptions::default() },
        host,
        "Host: 127.0.0.1 ()\tStatus: Up\n\
         Host: 127.0.0.1 ()\tPorts: 22/open/tcp//ssh///, \
         80/open/tcp//ssl|http//Apache httpd 2.4.1 ((Unix) PHP|5, x\\x09foo)/, \
         113/open/tcp//ident?///, 31999/open/tcp/////\n",
    );
}

#[test]
fn the_name_is_the_one_from_reverse_dns() {
    let mut host = host(&[closed(22)]);
    host.target_name = Some("typed.example".to_owned());
    host.reverse_name = Some("ptr.example".to_owned());
    check_host(
        &ReportOptions::default(),
        host,
        "Host: 127.0.0.1 (ptr.example)\tStatus: Up\n\
         Host: 127.0.0.1 (ptr.example)\tPorts: 22/closed/tcp//ssh///\n",
    );
}

#[test]
fn hosts_without_ports() {
    let pinged = ReportOptions { no_ports: true, ..ReportOptions::default() };
    let verbose = ReportOptions { verbosity: 1, ..ReportOptions::default() };
    let mut listed = host(&[]);
    listed.status = HostStatus::Unknown;
    let mut slow = host(&[open(22)]);
    slow.timed_out = true;
    check_host(&pinged, host(&[]), "Host: 127.0.0.1 ()\tStatus: Up\n");
    check_host(&pinged, listed, "Host: 127.0.0.1 ()\tStatus: Unknown\n");
    check_host(&pinged, down(), "");
    check_host(&verbose, down(), "Host: 127.0.0.1 ()\tStatus: Down\n");
    check_host(
        &ReportOptions::default(),
        slow,
        "Host: 127.0.0.1 ()\tStatus: Up\nHost: 127.0.0.1 ()\tStatus: Timeout\n",
    );
}
