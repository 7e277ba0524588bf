//! The text of capture filters, and packets under them: the first part of the input is the filter.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nseer_packet::filter::{LinkType, compile};
use nseer_packet::{IpSummary, frame_destination};

/// The most instructions that the kernel takes (BPF_MAXINSNS).
const MOST: usize = 4096;

fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (filter, packet) = input.split_at(end);
    let packet = packet.get(1..).unwrap_or_default();
    let filter = String::from_utf8_lossy(filter);
    for link in [LinkType::Ethernet, LinkType::Raw] {
        if let Ok(program) = compile(&filter, link) {
            let length = program.instructions().len();
            assert!((1..=MOST).contains(&length), "{length} instructions");
            let _ = program.accepts(packet);
        }
    }
    let _ = (IpSummary::of(packet), frame_destination(packet));
});
