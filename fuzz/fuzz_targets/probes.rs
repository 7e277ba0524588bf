//! A probe file, and after a line of `====` an answer that is matched against it: the parser, the index, the
//! patterns and the templates.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nseer_probes::ProbeDb;

const CUT: &[u8] = b"\n====\n";

fuzz_target!(|data: &[u8]| {
    let cut = data.windows(CUT.len()).position(|window| window == CUT);
    let (file, answer) = match cut {
        Some(at) => (&data[..at], &data[at + CUT.len()..]),
        None => (data, &b"220 a.example ESMTP Postfix (Debian)\r\n"[..]),
    };
    let (db, _) = ProbeDb::load("file", file.to_vec());
    let _ = db.check();
    for place in 0..db.probes().len() {
        let _ = db.find(place, answer);
    }
});
