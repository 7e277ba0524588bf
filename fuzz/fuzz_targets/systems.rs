//! A file of fingerprints, and after a line of `====` what a host answered: packets, each after its length in a
//! byte. An empty one is none.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use nseer_os::{Exchange, Observation, OsDb, Print, Probe};

const CUT: &[u8] = b"\n====\n";
/// What was sent: an IPv4 header and a segment without options.
const SENT: &[u8] = &[
    0x45, 0, 0, 40, 0x10, 0x42, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x9c, 0x40, 0, 22, 1,
    2, 3, 4, 5, 6, 7, 8, 0x50, 2, 4, 0, 0, 0, 0, 0,
];

fn replies(mut bytes: &[u8]) -> impl Iterator<Item = Option<Vec<u8>>> {
    std::iter::from_fn(move || {
        let (length, rest) = bytes.split_first()?;
        let (reply, rest) = rest.split_at(usize::from(*length).min(rest.len()));
        bytes = rest;
        Some((!reply.is_empty()).then(|| reply.to_vec()))
    })
}

fuzz_target!(|data: &[u8]| {
    let cut = data.windows(CUT.len()).position(|window| window == CUT);
    let (file, answers) = match cut {
        Some(at) => (&data[..at], &data[at + CUT.len()..]),
        None => (&b""[..], data),
    };
    let (db, _) = OsDb::load("file", file.to_vec().into());
    let exchanges = Probe::ALL.into_iter().zip(replies(answers)).enumerate();
    let exchanges = exchanges.map(|(place, (probe, reply))| Exchange {
        probe,
        sent: Duration::from_millis(100 * place as u64),
        packet: SENT.to_vec(),
        reply,
    });
    let seen = Observation { exchanges: exchanges.collect(), known_hops: None };
    let print = Print::of(&seen);
    assert_eq!(Print::parse(&print.to_string()), print);
    assert!(db.matches(&print).iter().all(|found| found.accuracy <= 100));
    let _ = seen.sequences();
});
