//! Words for reasons and kinds of scans, ours and others'.

use nseer_core::{ForeignWord, Reason};

/// The name of a kind of scan.
pub(crate) fn kind(word: &str) -> &'static str {
    ForeignWord::new(word).map_or("unknown", ForeignWord::as_str)
}

/// The reason of this word, or of this word in the plural that summaries use.
pub(crate) fn reason(word: &str) -> Reason {
    let singulars = [Some(word), word.strip_suffix('s'), word.strip_suffix("es")];
    singulars
        .into_iter()
        .flatten()
        .find_map(Reason::from_word)
        .or_else(|| ForeignWord::new(word).map(Reason::Other))
        .unwrap_or(Reason::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons() {
        assert_eq!(reason("syn-ack"), Reason::SynAck);
        assert_eq!(reason("resets"), Reason::Reset);
        assert_eq!(reason("port-unreaches"), Reason::PortUnreach);
        assert_eq!(reason("host-prohibited").as_str(), "host-prohibited");
        assert_eq!(reason("<odd>"), Reason::Unknown);
        assert_eq!(kind("syn"), "syn");
    }
}
