//! What anything that listens on port 22 may say before keys are exchanged, and keys themselves.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use nseer_ssh::{PrivateKey, PublicKey, Session};
use tokio::io::{AsyncWriteExt, duplex};

/// More than the client says before it must be answered.
const ROOM: usize = 1 << 20;

fuzz_target!(|input: &[u8]| {
    let _ = PublicKey::from_bytes(input);
    if let Ok(text) = std::str::from_utf8(input) {
        let _ = PrivateKey::from_text(text, Some("secret"));
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let (near, mut far) = duplex(ROOM);
        far.write_all(input).await.expect("room");
        // Who says nothing more, or hangs up.
        if input.len() % 2 == 0 {
            far.shutdown().await.expect("an end");
        }
        let session = Session::open(near, Some(Duration::from_secs(5))).await;
        assert!(session.is_err(), "nobody signed anything");
    });
});
