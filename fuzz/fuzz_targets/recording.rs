//! Recordings and snapshots as anybody may have edited them. What can be read is the same after it was
//! written.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nseer_replay::{Recording, Snapshots};

fuzz_target!(|input: &str| {
    if let Ok(recording) = Recording::read(input) {
        let written = recording.write();
        let again = Recording::read(&written).expect("what was written can be read");
        assert_eq!(again.write(), written);
    }
    if let Ok(snapshots) = Snapshots::read(input) {
        assert_eq!(Snapshots::read(&snapshots.write()), Ok(snapshots));
    }
});
