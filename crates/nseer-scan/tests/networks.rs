//! The promise of the scanner: in every simulated network that nmap gets right, the open ports
//! that it finds are the right ones. Packets are real, the wire and the clock are not.
//!
//! What nmap gets right is computed, not guessed ([`Network::found_by_the_rule`]): its manual (nmap(1),
//! `--max-retries`) says that a silent port is asked once more where the network seems reliable,
//! and up to ten times where it does not, and a run beside a lossy firewall shows how that
//! follows from the answers: one retransmission more than any port has needed so far. A port that
//! loses more tries than that is called filtered by nmap, and nothing is promised for it.
//!
//! The range of networks:
//! - Loss up to 40 % of all round trips. Above that the rule finds so little that nothing is tested.
//! - Round trips up to 900 ms, and as much again as jitter between two packets of the same port up
//!   to the shortest time-out (100 ms): later answers than the time-outs foresee are found only where
//!   the host is still being scanned when they come, by either program. (Packets of different
//!   ports overtake one another at any distance.)
//! - Hosts that answer at most 5 to 2,000 probes a second, after a burst of 5 to 150, in refusals only or in
//!   all. (nmap 7.93 finds 200 of 200 ports behind a firewall that lets 5 a second through.)
//! - Answers that come twice, and packets of strangers: cut short, with wrong numbers, from others.

mod network;

use std::collections::BTreeMap;
use std::time::Duration;

use network::{Kind, Limit, Network};
use nseer_core::PortState;
use nseer_scan::{Defeats, Timing};
use proptest::prelude::*;

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![
        3 => Just(Kind::Open),
        4 => Just(Kind::Closed),
        1 => Just(Kind::Rejected),
        2 => Just(Kind::Silent),
    ]
}

fn limits() -> impl Strategy<Value = Option<Limit>> {
    let rates = prop_oneof![5_u32..20, 20_u32..2_000];
    let bursts = prop_oneof![5_u32..20, 20_u32..150];
    let limit = (rates, bursts, any::<bool>());
    let limit = limit.prop_map(|(rate, burst, of_all)| Limit { rate, burst, of_all });
    proptest::option::weighted(0.4, limit)
}

prop_compose! {
    fn networks()(
        seed in any::<u64>(),
        ports in proptest::collection::btree_map(1_u16..3_000, kinds(), 1..200),
        loss in prop_oneof![Just(0_u64), 1_u64..50, 50_u64..400],
        delay in prop_oneof![0_u64..20, 20_u64..900],
        jitter in 0_u64..100,
        copies in prop_oneof![Just(0_u64), 0_u64..500],
        strangers in any::<bool>(),
        limit in limits(),
        is_udp in proptest::bool::weighted(0.25),
        hosts in 1_u8..4,
    ) -> Network {
        // A limit and heavy loss at once: how often a probe is lost then depends on the moment, and
        // no rule tells what nmap would find.
        let loss = if limit.is_some() { 0 } else { loss };
        let quiet = Network::quiet();
        Network { seed, ports, loss, delay, jitter, copies, strangers, limit, is_udp, hosts, ..quiet }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]
    #[test]
    fn the_open_ports_are_right_wherever_nmap_gets_them_right(network in networks()) {
        network.scan().check(&network);
    }
}

/// The property is about something: the rule finds ports that take several retransmissions, and
/// does not find all of those that are open.
#[test]
fn the_range_reaches_beyond_easy_networks() {
    let network = Network {
        seed: 1,
        ports: (1..=300).map(|port| (port, Kind::Open)).collect(),
        loss: 300,
        ..Network::quiet()
    };
    let found = network.found_by_the_rule(network.host(0));
    assert!((280..300).contains(&found.len()), "{}", found.len());
    let late = found.iter().filter(|port| network.lost(network.host(0), **port, 2));
    assert!(late.count() > 20);
    network.scan().check(&network);
}

/// A burst of answers, and then a few a second: what nmap 7.93 finds behind such a firewall is all.
#[test]
fn a_burst_and_then_little_hides_no_port() {
    for (rate, burst) in [(7, 100), (7, 20), (1, 100), (3, 140), (50, 100)] {
        for seed in 0..8 {
            let ports = (1..=150).map(|port| (port, Kind::Open)).collect();
            let limit = Some(Limit { rate, burst, of_all: true });
            let network = Network { seed, ports, limit, ..Network::quiet() };
            let outcome = network.scan();
            assert_eq!(outcome.states(PortState::Open), 150, "{rate} {burst} {seed}");
            assert!(outcome.elapsed < Duration::from_secs(120), "{:?}", outcome.elapsed);
        }
    }
}

/// The same where few ports were asked for.
#[test]
fn a_burst_hides_none_of_a_dozen_ports() {
    for seed in 0..20 {
        let ports = (1..=12).map(|port| (port, Kind::Open)).collect();
        let limit = Some(Limit { rate: 5, burst: 5, of_all: true });
        let network = Network { seed, ports, limit, delay: 0, ..Network::quiet() };
        assert_eq!(network.scan().states(PortState::Open), 12, "{seed}");
    }
}

/// Ports that never answer are not taken for a limit: they are asked as often as before, and a few of the
/// others with them.
#[test]
fn silent_ports_are_no_limit() {
    for seed in 0..20 {
        for silent_of_ten in [1, 5, 9] {
            let kind = |port: u16| {
                let is_silent = u64::from(port).wrapping_mul(0x9E37_79B9) / 7 % 10 < silent_of_ten;
                if is_silent { Kind::Silent } else { Kind::Closed }
            };
            let ports = (1..=1000).map(|port| (port, kind(port))).collect();
            let network = Network { seed, ports, ..Network::quiet() };
            let outcome = network.scan();
            let silent = u32::try_from(outcome.states(PortState::Filtered)).expect("few");
            assert!(
                silent > 50 && (0..20).contains(&(outcome.probes - 1000 - silent)),
                "{seed} {silent} {}",
                outcome.probes
            );
        }
    }
}

/// `--defeat-rst-ratelimit`: the open ports are found all the same, and the closed ones are not waited for.
#[test]
fn limited_resets_need_not_be_waited_for() {
    let ports =
        (1..=1000).map(|port| (port, if port % 10 == 0 { Kind::Open } else { Kind::Closed }));
    let limit = Some(Limit { rate: 20, burst: 20, of_all: false });
    let network = Network { seed: 3, ports: ports.collect(), limit, ..Network::quiet() };
    let patient = network.scan();
    patient.check(&network);
    let hasty = Timing { defeats: Defeats { resets: true, errors: false }, ..Timing::default() };
    let hurried = network.scan_with(hasty);
    hurried.check(&network);
    assert!(hurried.elapsed * 4 < patient.elapsed, "{:?}, {:?}", hurried.elapsed, patient.elapsed);
    assert!(hurried.probes <= 2 * 1000, "{}", hurried.probes);
}

/// `--defeat-icmp-ratelimit`: the same for UDP.
#[test]
fn limited_errors_need_not_be_waited_for() {
    let ports =
        (1..=100).map(|port| (port, if port % 10 == 0 { Kind::Open } else { Kind::Closed }));
    let limit = Some(Limit { rate: 1, burst: 6, of_all: false });
    let is_udp = true;
    let network = Network { seed: 3, ports: ports.collect(), limit, is_udp, ..Network::quiet() };
    let hasty = Timing { defeats: Defeats { resets: false, errors: true }, ..Timing::default() };
    let hurried = network.scan_with(hasty);
    hurried.check(&network);
    assert!(hurried.elapsed < Duration::from_secs(10), "{:?}", hurried.elapsed);
    assert!(hurried.states(PortState::ClosedFiltered) > 50);
    assert_eq!(hurried.states(PortState::OpenFiltered), 0);
}

/// `--max-scan-delay`: the delay that a limit asks for, and no more than the user allows.
#[test]
fn the_delay_grows_no_further_than_allowed() {
    let ports = (1..=150).map(|port| (port, Kind::Closed)).collect();
    let limit = Some(Limit { rate: 1, burst: 6, of_all: false });
    let network = Network { ports, limit, is_udp: true, ..Network::quiet() };
    let ms = Duration::from_millis;
    let took = |longest| {
        let timing = Timing { max_udp_scan_delay: longest, ..Timing::default() };
        network.scan_with(timing).elapsed
    };
    let (all_told, hurried) = (took(ms(1000)), took(ms(20)));
    assert!(all_told > Duration::from_secs(120), "{all_told:?}");
    assert!(hurried < all_told - Duration::from_secs(20), "{hurried:?}");
}

/// Errors that are limited to a burst and some a second, and a few ports that say nothing: those do not make
/// the scan wait as if the limit were lower.
#[test]
fn silent_ports_among_limited_errors_are_no_lower_limit() {
    for (rate, burst, silent_each, longest) in
        [(1000, 50, 50, 8), (100, 50, 10, 10), (100, 6, 50, 22), (20, 5, 10, 40), (5, 5, 10, 90)]
    {
        for seed in 1..4 {
            let is_silent = |port: &u16| port % silent_each == 3;
            let kind = |port| if is_silent(&port) { Kind::Silent } else { Kind::Closed };
            let ports = (1..=148).map(|port| (port, kind(port))).collect();
            let limit = Some(Limit { rate, burst, of_all: false });
            let quiet = Network::quiet();
            let network = Network { seed, ports, limit, is_udp: true, delay: 1, ..quiet };
            let outcome = network.scan();
            let silent = (1..=148).filter(is_silent).count();
            assert_eq!(outcome.states(PortState::OpenFiltered), silent, "{rate} {burst} {seed}");
            let elapsed = outcome.elapsed;
            assert!(elapsed < Duration::from_secs(longest), "{rate} {burst} {seed}: {elapsed:?}");
        }
    }
}

/// A thousand ports of which all but a few are dropped: silence is no congestion, as long as those few
/// answer amid it.
#[test]
fn a_filtered_host_is_not_asked_hesitantly() {
    let network = Network { ports: few_open(1000, 400), delay: 50, ..Network::quiet() };
    let outcome = network.scan();
    outcome.check(&network);
    assert!(outcome.elapsed < Duration::from_millis(950), "{:?}", outcome.elapsed);
    assert!(outcome.probes <= 2 * 1000 * 102 / 100, "{}", outcome.probes);
}

/// Every `each`th port is open and the others are silent.
fn few_open(ports: u16, each: u16) -> BTreeMap<u16, Kind> {
    let kind = |port| if port % each == 22 { Kind::Open } else { Kind::Silent };
    (1..=ports).map(|port| (port, kind(port))).collect()
}

/// The same behind a router that drops probes above a rate which is higher than nmap's (it sends such
/// a host some 450 a second): here silence is congestion, and no port is missed.
#[test]
fn a_router_that_drops_probes_hides_no_port() {
    let (mut open, mut found) = (0, 0);
    for (rate, burst) in [(600, 64), (1000, 100), (2000, 50), (4000, 200)] {
        for seed in 0..5 {
            let policer = Some((rate, burst));
            let ports = few_open(1000, 50);
            open += ports.values().filter(|kind| **kind == Kind::Open).count();
            let network = Network { seed, ports, policer, delay: 50, ..Network::quiet() };
            let outcome = network.scan();
            found += outcome.states(PortState::Open);
            assert!(
                outcome.elapsed < Duration::from_secs(60),
                "{rate} {seed}: {:?}",
                outcome.elapsed
            );
        }
    }
    assert_eq!(found, open);
}

/// Many filtered hosts behind a narrow link: the scan as a whole asks faster as long as known ports answer, and
/// finds all ports where the link drops what is too much for it.
#[test]
fn a_narrow_link_to_many_filtered_hosts_hides_no_port() {
    let (mut open, mut found) = (0, 0);
    for (rate, burst, longest) in [(5_000, 300, 20), (20_000, 1_000, 8)] {
        for seed in 0..3 {
            let (uplink, ports) = (Some((rate, burst)), few_open(500, 50));
            let quiet = Network::quiet();
            let network = Network { seed, ports, uplink, loss: 10, delay: 50, hosts: 16, ..quiet };
            let outcome = network.scan();
            open += 160;
            found += outcome.states(PortState::Open);
            let elapsed = outcome.elapsed;
            assert!(elapsed < Duration::from_secs(longest), "{rate} {seed}: {elapsed:?}");
        }
    }
    assert_eq!(found, open);
}

/// Hosts with one port each, on a link that loses some packets: whoever was not answered is asked again as
/// soon as others would have answered, and not after a second. (Where the last try is needed, or next to nothing
/// was lost yet, it gets its second.)
#[test]
fn hosts_with_one_port_do_not_wait_for_what_was_lost() {
    let mut quick = 0;
    for seed in 0..10 {
        let ports = BTreeMap::from([(80, Kind::Open)]);
        let network = Network { seed, ports, loss: 50, delay: 50, hosts: 250, ..Network::quiet() };
        let outcome = network.scan();
        assert_eq!(outcome.states(PortState::Open), 250);
        assert!(outcome.probes < 250 + 40, "{}", outcome.probes);
        quick += u32::from(outcome.elapsed < Duration::from_millis(600));
    }
    assert!(quick >= 7, "{quick}");
}

/// One host is much farther away than the others: it is found all the same.
#[test]
fn a_distant_host_among_near_ones_is_waited_for() {
    for distance in [200, 500, 900] {
        let ports = BTreeMap::from([(80, Kind::Open)]);
        let farther = Some((7, distance));
        let network = Network { ports, delay: 2, farther, hosts: 100, ..Network::quiet() };
        assert_eq!(network.scan().states(PortState::Open), 100, "{distance}");
    }
}

/// A host that is farther away than any probe waits: its answers count, the last ones too, whatever the template.
#[test]
fn answers_that_come_later_than_any_probe_waits_are_taken() {
    // About a window's size and others.
    const SIZES: [u16; 8] = [1, 2, 15, 17, 20, 33, 100, 300];
    let slow = [(3, [1_200, 2_000, 2_900]), (4, [700, 1_200, 1_900]), (5, [400, 900, 1_400])];
    for (template, delays) in slow {
        for (delay, count) in delays.iter().flat_map(|delay| SIZES.map(|count| (*delay, count))) {
            let ports = (1..=count).map(|port| (port, Kind::Open)).collect();
            let network = Network { ports, delay, ..Network::quiet() };
            let outcome = network.scan_with(Timing::template(template));
            let found = outcome.states(PortState::Open);
            assert_eq!(found, usize::from(count), "-T{template}, {delay} ms");
        }
    }
}

/// A router that rejects everything tells how far away it is, where nothing else is known.
#[test]
fn a_router_s_errors_tell_a_round_trip() {
    let trip = |kinds: &[Kind]| {
        let ports = (1..).zip(kinds.iter().copied()).collect();
        Network { ports, delay: 40, ..Network::quiet() }.scan().round_trips()
    };
    let about = |trips: Vec<Option<Duration>>| {
        trips.iter().flatten().map(|t| t.as_millis() / 10).collect::<Vec<_>>()
    };
    assert_eq!(about(trip(&[Kind::Rejected, Kind::Rejected])), [4]);
    assert_eq!(about(trip(&[Kind::Open])), [4]);
    assert_eq!(trip(&[Kind::Silent]), [None]);
}

/// Whoever never answers gets a second more than its time-outs, and is asked no more often.
#[test]
fn silence_is_waited_for_a_second_longer() {
    let ports = (1..=2).map(|port| (port, Kind::Silent)).collect();
    let outcome = Network { ports, ..Network::quiet() }.scan_with(Timing::template(4));
    let ms = outcome.elapsed.as_millis();
    assert!((1_900..2_100).contains(&ms) && outcome.probes == 4, "{ms} {}", outcome.probes);
}

/// Hosts that limit their errors, as Linux does to everybody and to each: little is asked in vain, and little
/// time is lost against what the limit itself takes.
#[test]
fn errors_come_about_as_fast_as_the_limit_lets_them() {
    let ms = Duration::from_millis;
    for (rate, burst, longest, most) in
        [(1000, 50, ms(1000), 300), (200, 50, ms(5_000), 500), (5, 6, ms(59_000), 420)]
    {
        let ports = (1..=250).map(|port| (port, Kind::Closed)).collect();
        let limit = Some(Limit { rate, burst, of_all: false });
        let network = Network { ports, limit, is_udp: true, delay: 1, ..Network::quiet() };
        let outcome = network.scan();
        assert_eq!(outcome.states(PortState::Closed), 250, "{rate} {burst}");
        let (elapsed, probes) = (outcome.elapsed, outcome.probes);
        assert!(elapsed < longest && probes < most, "{rate} {burst}: {elapsed:?} {probes}");
    }
}
