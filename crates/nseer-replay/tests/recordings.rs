//! Recordings as their readers and editors meet them.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use nseer_net::{Family, Transport};
use nseer_replay::{
    Answer, Conversation, Failure, Pattern, Port, Recording, RecordingError, Said, Stage, Turn, Way,
};
use proptest::prelude::*;

const GREETING: &str = r#"nseer recording 1

script "greeting.nse"
host 127.0.0.1 "mail.example"
port 25/tcp open "smtp"
args "greeting.lines=1"
time 1764131400000
seed 7

name "mail.example" v4 127.0.0.1
name "nobody.example" any failed "Name or service not known"
address 127.0.0.1 none

connection tcp 127.0.0.1:25 from 127.0.0.1:40000 after 120us
< 1.5ms "220 mail.example ESMTP\r\n"
> 0us "EHLO \?\?\r\n"
< 2ms "250-mail.example\r\n"
    "250 STARTTLS\r\n"
tls 3ms x"30 82 00 01"
< 5s silence
< 0us failed reset
close 0us

connection udp * after 0us
> 0us to 127.0.0.1:53 x"00 01 ?? ff"

connection tcp 127.0.0.1:26 after 80us failed refused

output
= | greeting: 220 mail.example ESMTP
= |_ 

end
"#;

fn read(text: &str) -> Recording {
    Recording::read(text).expect("a good recording")
}

#[test]
fn a_recording_is_read_and_written() {
    let recording = read(GREETING);
    assert_eq!(recording.write(), GREETING);
    assert_eq!(recording.stage.name.as_deref(), Some("mail.example"));
    assert_eq!(recording.conversations.len(), 3);
    let [first, .., last] = recording.conversations.as_slice() else { panic!("conversations") };
    assert_eq!((first.line, first.turns.len()), (14, 7));
    assert_eq!(first.turns[2].said, Said::Received(b"250-mail.example\r\n250 STARTTLS\r\n".into()));
    assert_eq!(first.turns[4].said, Said::Silence);
    assert_eq!(last.failed, Some(Failure::Refused));
    assert_eq!(recording.output.as_deref(), Some("| greeting: 220 mail.example ESMTP\n|_ \n"));
}

#[test]
fn a_recording_may_be_as_short_as_its_story() {
    let recording = read(
        "nseer recording 1\nscript x.nse # of ours\nport 7/tcp open\n\
         connection tcp 127.0.0.1:7\n  > \"a\"\n  < \"b\"\n  < eof\noutput none\nend\n",
    );
    assert_eq!(recording.stage.script, "x.nse");
    assert_eq!(recording.output.as_deref(), Some(""));
    assert_eq!(recording.conversations[0].turns.len(), 3);
}

/// `text` with its line `line` replaced.
fn with_line(line: usize, by: &str) -> RecordingError {
    let lines = GREETING.lines().enumerate();
    let edited: Vec<&str> = lines.map(|(i, old)| if i + 1 == line { by } else { old }).collect();
    Recording::read(&edited.join("\n")).expect_err("a wrong edit")
}

#[test]
fn what_was_edited_wrongly_is_named_with_its_line() {
    for (line, by, text) in [
        (1, "<html>", "this is no recording: the first line has to be 'nseer recording 1'"),
        (4, "host nowhere", "'nowhere' is not an address"),
        (5, "port 25/sctp open", "'25/sctp' is no port: write 22/tcp or 53/udp"),
        (5, "port 70000/tcp open", "'70000/tcp' is no port: write 22/tcp"),
        (5, "prot 25/tcp open", "'prot' is nothing that a recording has"),
        (10, "name \"x\" v5 127.0.0.1", "'v5' is not one of any, v4, v6"),
        (14, "connection quic 127.0.0.1:25", "'quic' is not one of tcp, udp, tls, dtls"),
        (14, "connection tcp 127.0.0.1", "'127.0.0.1' is not an address with a port"),
        (
            14,
            "connection tcp 127.0.0.1:25 after soon",
            "'soon' is no time: write 300us, 1.5ms or 2s",
        ),
        (15, "< 1.5ms 220 mail", "'220' stands where bytes in quotes belong"),
        (15, "< 1.5ms \"220 mail", "a quote that is never closed"),
        (15, "< \"\\?\"", "only what the script sends may have bytes that are any"),
        (15, "< \"a\" b", "'b' is not expected here"),
        (12, "\"lost\"", "these bytes belong to nothing"),
    ] {
        assert_eq!(with_line(line, by), RecordingError { line, text: text.to_owned() });
    }
    // Nothing said which script.
    assert_eq!(with_line(3, "").text, "no line names the script: script \"NAME.nse\"");
}

#[test]
fn a_recording_that_was_cut_off_is_no_recording() {
    for length in 1..GREETING.len() - 4 {
        let error = Recording::read(&GREETING[..length]).expect_err("cut off");
        assert!(!error.text.is_empty());
    }
    let error = Recording::read(GREETING.trim_end().trim_end_matches("end")).expect_err("cut off");
    assert_eq!(error.text, "the recording is cut off: its last line has to be 'end'");
}

fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..90),
        "[ -~\r\n\t]{0,90}".prop_map(String::into_bytes),
    ]
}

fn any_end() -> impl Strategy<Value = SocketAddr> {
    any::<(IpAddr, u16)>().prop_map(SocketAddr::from)
}

fn any_time() -> impl Strategy<Value = Duration> {
    (0..400_000_000_u64).prop_map(Duration::from_micros)
}

fn any_failure() -> impl Strategy<Value = Failure> {
    prop_oneof![
        Just(Failure::TimedOut),
        Just(Failure::Refused),
        Just(Failure::Reset),
        "[ -~]{0,20}".prop_map(Failure::Other),
    ]
}

fn any_said() -> impl Strategy<Value = Said> {
    let pattern = proptest::collection::vec(proptest::option::weighted(0.9, any::<u8>()), 0..80);
    let pattern = prop_oneof![
        any_bytes().prop_map(|bytes| Pattern::of(&bytes)),
        pattern.prop_map(|bytes| Pattern { bytes }),
    ];
    prop_oneof![
        (pattern, proptest::option::of(any_end())).prop_map(|(p, to)| Said::Sent(p, to)),
        any_bytes().prop_map(Said::Received),
        Just(Said::Eof),
        Just(Said::Silence),
        any_failure().prop_map(Said::Failed),
        proptest::option::of(any_bytes()).prop_map(Said::Tls),
        any_failure().prop_map(Said::NoTls),
        Just(Said::Closed),
    ]
}

prop_compose! {
    fn any_conversation()(
        transport in prop_oneof![
            Just(Transport::Tcp), Just(Transport::Udp), Just(Transport::Tls), Just(Transport::Dtls)
        ],
        peer in proptest::option::of(any_end()),
        local in proptest::option::of(any_end()),
        at in any_time(),
        took in any_time(),
        certificate in proptest::option::of(any_bytes()),
        failed in proptest::option::of(any_failure()),
        turns in proptest::collection::vec((any_time(), any_said()), 0..6),
    ) -> Conversation {
        let turns = turns.into_iter().map(|(after, said)| Turn { line: 0, after, said });
        let turns = turns.collect();
        Conversation { line: 0, transport, peer, local, at, took, certificate, failed, turns }
    }
}

fn any_answer() -> impl Strategy<Value = Answer> {
    let family = prop_oneof![Just(None), Just(Some(Family::V4)), Just(Some(Family::V6))];
    let found = prop_oneof![
        proptest::collection::vec(any::<IpAddr>(), 0..3).prop_map(Ok),
        "[ -~]{0,20}".prop_map(Err),
    ];
    let name = || "[ -~]{1,20}";
    prop_oneof![
        (name(), family, found).prop_map(|(name, family, found)| Answer::Name {
            name,
            family,
            found
        }),
        (any::<IpAddr>(), proptest::option::of(name()))
            .prop_map(|(address, name)| Answer::Address { address, name }),
    ]
}

prop_compose! {
    fn any_recording()(
        script in "[ -~é]{1,20}",
        host in any::<IpAddr>(),
        name in proptest::option::of("[ -~]{0,20}"),
        way in proptest::option::of(
            ("[ -~]{0,9}", any::<u32>(), any::<IpAddr>(), any::<bool>()).prop_map(
                |(interface, mtu, source, is_direct)| Way { interface, mtu, source, is_direct }
            )
        ),
        ports in proptest::collection::vec(
            (any::<u16>(), any::<bool>(), proptest::sample::select(vec!["open", "closed", "open|filtered"]), proptest::option::of("[ -~]{1,9}")), 0..3
        ),
        args in proptest::option::of("[ -~]{0,30}"),
        time in any::<u64>(),
        seed in any::<u64>(),
        conversations in proptest::collection::vec(any_conversation(), 0..4),
        names in proptest::collection::vec(any_answer(), 0..3),
        output in proptest::option::of("([ -~]{0,20}\n){0,3}"),
    ) -> Recording {
        let ports = ports.into_iter().map(|(number, is_udp, state, service)| {
            Port { number, is_udp, state: state.to_owned(), service }
        });
        let stage = Stage { script, host, name, way, ports: ports.collect(), args, time, seed };
        Recording { stage, conversations, names, output }
    }
}

/// Where things stood in a file is not what they are.
fn without_lines(mut recording: Recording) -> Recording {
    for conversation in &mut recording.conversations {
        conversation.line = 0;
        conversation.turns.iter_mut().for_each(|turn| turn.line = 0);
    }
    recording
}

proptest! {
    #[test]
    fn what_is_written_is_read(recording in any_recording()) {
        let read = Recording::read(&recording.write()).map(without_lines);
        prop_assert_eq!(read, Ok(recording));
    }

    #[test]
    fn no_text_is_too_strange(text in any::<String>(), at in 0..GREETING.len(), cut in 0..99_usize) {
        let _ = Recording::read(&text);
        let end = (at + cut).min(GREETING.len());
        let _ = Recording::read(&format!("{}{text}{}", &GREETING[..at], &GREETING[end..]));
    }
}
