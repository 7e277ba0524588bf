//! Fingerprints from packets of a real kernel, and what is like them.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use nseer_os::{Conditions, DistanceFrom, Exchange, Observation, OsDb, Print, Probe, Test};
use proptest::prelude::*;

/// What a Linux kernel answered; see the file's head.
const LINUX: &str = include_str!("linux-6.txt");

/// What Nmap 7.93 printed of the same packets, without `SEQ`, which varies from try to try.
const PRINTED: &str = "\
OPS(O1=M5B4ST11NWA%O2=M5B4ST11NWA%O3=M5B4NNT11NWA%O4=M5B4ST11NWA%O5=M5B4ST11NWA%O6=M5B4ST11)
WIN(W1=FE88%W2=FE88%W3=FE88%W4=FE88%W5=FE88%W6=FE88)
ECN(R=Y%DF=Y%T=40%W=FAF0%O=M5B4NNSNWA%CC=Y%Q=)
T1(R=Y%DF=Y%T=40%S=O%A=S+%F=AS%RD=0%Q=)
T2(R=N)
T3(R=N)
T4(R=Y%DF=Y%T=40%W=0%S=A%A=Z%F=R%O=%RD=0%Q=)
T5(R=Y%DF=Y%T=40%W=0%S=Z%A=S+%F=AR%O=%RD=0%Q=)
T6(R=Y%DF=Y%T=40%W=0%S=A%A=Z%F=R%O=%RD=0%Q=)
T7(R=Y%DF=Y%T=40%W=0%S=Z%A=S+%F=AR%O=%RD=0%Q=)
U1(R=Y%DF=N%T=40%IPL=164%UN=0%RIPL=G%RID=G%RIPCK=G%RUCK=G%RUD=G)
IE(R=Y%DFI=N%T=40%CD=S)";

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
    (0..hex.len()).step_by(2).map(digit).collect()
}

fn linux() -> Observation {
    let mut exchanges = Vec::new();
    for (line, probe) in LINUX.lines().skip(1).zip(Probe::ALL) {
        let [_, time, packet, reply] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        exchanges.push(Exchange {
            probe,
            sent: Duration::from_micros(time.parse().expect("number")),
            packet: bytes(packet),
            reply: (reply != "-").then(|| bytes(reply)),
        });
    }
    Observation { exchanges, known_hops: None }
}

#[test]
fn a_kernel_has_the_fingerprint_that_nmap_prints() {
    let seen = linux();
    let print = Print::of(&seen);
    let text = print.to_string();
    let (seq, rest) = text.split_once('\n').expect("lines");
    assert_eq!(rest, PRINTED);
    for (name, value) in [("GCD", "1"), ("TI", "Z"), ("CI", "Z"), ("II", "I")] {
        assert_eq!(print.value(Test::Seq, name), Some(value), "{seq}");
    }
    assert_eq!(print.value(Test::Seq, "SS"), None, "only one of them counts: {seq}");
    assert_eq!(Print::parse(&text), print);
    let sequences = seen.sequences();
    assert_eq!(sequences.tcp.expect("six").difficulty, "Good luck!");
    assert_eq!(sequences.ip_id.expect("six").class, "All zeros");
    assert_eq!(seen.hops(), Some(0));
}

#[test]
fn silence_is_a_result_and_what_was_not_asked_is_none() {
    let mut seen = linux();
    for exchange in &mut seen.exchanges {
        exchange.reply = None;
    }
    let text = Print::of(&seen).to_string();
    let mut silent = String::new();
    for test in ["ECN", "T1", "T2", "T3", "T4", "T5", "T6", "T7", "U1"] {
        let _ = writeln!(silent, "{test}(R=N)");
    }
    assert_eq!(text, silent + "IE(R=N)");
    seen.exchanges.retain(|exchange| matches!(exchange.probe, Probe::T(5..=7)));
    assert_eq!(Print::of(&seen).to_string(), "T5(R=N)\nT6(R=N)\nT7(R=N)");
}

#[test]
fn without_the_way_the_time_to_live_is_a_guess() {
    let mut seen = linux();
    seen.exchanges.retain(|exchange| exchange.probe != Probe::Udp);
    assert_eq!(Print::of(&seen).value(Test::T1, "TG"), Some("40"));
    seen.known_hops = Some(3);
    assert_eq!(Print::of(&seen).value(Test::T1, "T"), Some("43"));
}

/// A file in which each result weighs 10, and an answer at all 100.
fn file(prints: &[(&str, &str, &str)]) -> OsDb {
    let mut text = "# own\nMatchPoints\n".to_owned();
    for line in Print::of(&linux()).to_string().lines() {
        let (test, values) = line.split_once('(').expect("a test");
        let weigh = |pair: &str| {
            let name = pair.trim_end_matches(')').split('=').next().expect("name").to_owned();
            let points = if name == "R" { 100 } else { 10 };
            format!("{name}={points}")
        };
        let weights: Vec<String> = values.split('%').map(weigh).collect();
        let _ = writeln!(text, "{test}({})", weights.join("%"));
    }
    for (name, head, body) in prints {
        let _ = write!(text, "\nFingerprint {name}\n{head}\n{body}\n");
    }
    let (db, problems) = OsDb::load("own", Cow::Owned(text.into_bytes()));
    assert_eq!(problems, []);
    db
}

const CLASS: &str =
    "Class Acme | Linux | 6.X | router\nCPE cpe:/h:acme:router auto\nCPE cpe:/o:acme:os";

#[test]
fn the_same_is_exact_and_leaves_no_room_for_guesses() {
    let print = Print::of(&linux());
    let near = PRINTED.replace("T3(R=N)", "T3(R=Y)");
    let db = file(&[("near", CLASS, &near), ("same", CLASS, PRINTED), ("same too", "", PRINTED)]);
    let found = db.matches(&print);
    let names: Vec<(&str, u8)> = found.iter().map(|m| (m.name.as_str(), m.accuracy)).collect();
    assert_eq!(names, [("same", 100), ("same too", 100)]);
    let class = &found[0].classes[0];
    assert_eq!((class.vendor.as_str(), class.kind.as_str()), ("Acme", "router"));
    assert_eq!(class.cpe, ["cpe:/h:acme:router", "cpe:/o:acme:os"]);
    assert!(found[1].classes.is_empty());
}

#[test]
fn likeness_is_a_part_of_what_both_know() {
    let print = Print::of(&linux());
    // Points that both have: 1730 without SEQ, of which T3 has 100.
    let near = PRINTED.replace("T3(R=N)", "T3(R=Y)");
    let far = near.replace("WIN(W1=FE88%W2=FE88%W3=FE88%W4=FE88%W5=FE88%W6=FE88)", "WIN(W1=1)");
    let other = PRINTED.replace("R=Y", "R=N");
    let db = file(&[
        ("far", "", &far),
        ("near", "", &near),
        ("near", "", &far),
        ("other", "", &other),
        ("nothing", "", "Class a | b || c"),
    ]);
    let found = db.matches(&print);
    let names: Vec<(&str, u8)> = found.iter().map(|m| (m.name.as_str(), m.accuracy)).collect();
    assert_eq!(names, [("near", 94), ("far", 93)]);
    assert_eq!(db.len(), 5);
}

#[test]
fn lines_that_are_none_are_told() {
    let text = "T1(R=Y)\nMatchPoints\nT1(R=x)\nFingerprint a\nClass b\nHello\n";
    let (db, problems) = OsDb::load("some-file", Cow::Borrowed(text.as_bytes()));
    let lines: Vec<u32> = problems.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [1, 3, 6, 1], "{problems:?}");
    assert!(problems[3].to_string().contains("some-file:1: no MatchPoints"));
    assert_eq!(db.matches(&Print::of(&linux())), []);
}

#[test]
fn the_first_line_tells_how_it_was_taken() {
    let mut conditions = Conditions {
        program: "x".to_owned(),
        platform: "p".to_owned(),
        time: UNIX_EPOCH + Duration::from_secs(0x6B08_474E),
        date: (11, 26),
        target: [10, 9, 0, 2].into(),
        open: Some(80),
        closed: Some(81),
        udp: Some(40_569),
        distance: Some((1, DistanceFrom::Direct)),
        mac: Some([0x0E, 0x17, 0x49, 1, 2, 3]),
        is_good: true,
    };
    let line =
        "SCAN(V=x%E=4%D=11/26%OT=80%CT=81%CU=40569%PV=Y%DS=1%DC=D%G=Y%M=0E1749%TM=6B08474E%P=p)";
    assert_eq!(conditions.line(), line);
    conditions.target = [127, 0, 0, 1].into();
    (conditions.closed, conditions.mac, conditions.distance) = (None, None, None);
    conditions.is_good = false;
    let line = "SCAN(V=x%E=4%D=11/26%OT=80%CT=%CU=40569%PV=N%G=N%TM=6B08474E%P=p)";
    assert_eq!(conditions.line(), line);
}

proptest! {
    #[test]
    fn files_of_any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let (db, _) = OsDb::load("f", Cow::Owned(bytes));
        let _ = db.matches(&Print::of(&linux()));
    }

    #[test]
    fn files_of_odd_lines_are_read(
        lines in proptest::collection::vec(
            "(MatchPoints|Fingerprint [a-z]*|Class [|a]{0,9}|CPE ?[a-z:/ ]{0,9}|\
              (SEQ|OPS|WIN|ECN|T[0-9]|U1|IE)\\(?[%=A-Z0-9|<>+-]{0,40}\\)?)",
            0..30,
        )
    ) {
        let (db, _) = OsDb::load("f", Cow::Owned(lines.join("\n").into_bytes()));
        for found in db.matches(&Print::of(&linux())) {
            prop_assert!((85..=100).contains(&found.accuracy));
        }
    }

    #[test]
    fn any_answer_gives_a_fingerprint(
        replies in proptest::collection::vec(
            proptest::option::of(proptest::collection::vec(any::<u8>(), 0..90)), 16),
        protocol in prop_oneof![Just(1_u8), Just(6), any::<u8>()],
        head in prop_oneof![Just(0x45_u8), Just(0x46), any::<u8>()],
        hops in proptest::option::of(any::<u8>()),
    ) {
        let mut seen = linux();
        seen.known_hops = hops;
        for (exchange, mut reply) in seen.exchanges.iter_mut().zip(replies) {
            if let Some([first, .., ]) = reply.as_deref_mut() {
                *first = head;
            }
            if let Some(byte) = reply.as_mut().and_then(|bytes| bytes.get_mut(9)) {
                *byte = protocol;
            }
            exchange.reply = reply;
        }
        let print = Print::of(&seen);
        prop_assert_eq!(Print::parse(&print.to_string()), print);
        let _ = seen.sequences();
    }

    #[test]
    fn cut_answers_are_read(cuts in proptest::collection::vec(0_usize..360, 16)) {
        let mut seen = linux();
        for (exchange, cut) in seen.exchanges.iter_mut().zip(cuts) {
            if let Some(reply) = &mut exchange.reply {
                reply.truncate(cut);
            }
        }
        let print = Print::of(&seen);
        prop_assert_eq!(Print::parse(&print.to_string()), print);
    }
}
