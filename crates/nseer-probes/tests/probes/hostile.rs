//! Nothing that a file or a peer says makes it panic or stall.

use nseer_probes::ProbeDb;
use proptest::prelude::*;

/// Pieces of the language, so that chance gets somewhere.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "Probe TCP ",
        "Probe UDP ",
        "NULL ",
        "A ",
        "q|",
        "|",
        "\n",
        "match ",
        "softmatch ",
        "http ",
        "m|",
        "m=",
        "=",
        " p/",
        "/",
        " v/$1/",
        " i/$P(1)/",
        " o/$SUBST(1,\"",
        "\",\"",
        "\")/",
        " h/$I(1,\">\")/",
        " cpe:/a:",
        "/a",
        "^",
        "(",
        ")",
        "[",
        "]",
        "\\x",
        "\\0",
        "\\",
        ".*",
        "+?",
        "{2}",
        "(?:",
        "(?!",
        "ports ",
        "sslports ",
        "rarity ",
        "fallback ",
        "Exclude ",
        "T:",
        "80,",
        "1-9",
        "totalwaitms ",
        "500",
        "s",
        "i",
        "$",
        "\"",
        "(*LIMIT_MATCH=99999999)",
        "(*UTF)",
        "\\Q",
        "\\E",
        "(a+)+$",
    ];
    prop_oneof![
        8 => prop::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ]
}

proptest! {
    #[test]
    fn any_file_is_read(
        pieces in prop::collection::vec(piece(), 0..60),
        answer in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut text = b"Probe TCP First q|x|\n".to_vec();
        text.extend(pieces.concat());
        let lines = text.split(|b| *b == b'\n').count();
        let (db, problems) = ProbeDb::load("file", text);
        let _ = db.check();
        for place in 0..db.probes().len() {
            let _ = db.find(place, &answer);
        }
        prop_assert!(problems.iter().all(|p| usize::try_from(p.line).is_ok_and(|n| n <= lines)));
    }

    #[test]
    fn any_pattern_and_template_is_bounded(
        pattern in prop::collection::vec(piece(), 0..12),
        template in prop::collection::vec(piece(), 0..12),
        answer in "[a1 ]{0,300}",
    ) {
        let clean = |pieces: Vec<Vec<u8>>| {
            let mut bytes = pieces.concat();
            bytes.retain(|b| !matches!(b, b'\n' | b'\r' | b'%' | 1));
            bytes
        };
        let line = [&b"match x m%"[..], &clean(pattern), b"% p\x01", &clean(template), b"\x01"].concat();
        let text = [&b"Probe TCP First q|x|\n"[..], &line].concat();
        let (db, _) = ProbeDb::load("file", text);
        let _ = db.find(0, answer.as_bytes());
    }
}
