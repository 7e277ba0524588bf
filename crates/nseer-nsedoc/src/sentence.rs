//! The first sentence of a text, for lists.

/// The first sentence of a paragraph: up to a full stop that ends one, or all of it. A stop within a word
/// (`example.org`), or after a short form (`e.g.`), ends none.
#[must_use]
pub fn first_sentence(text: &str) -> &str {
    let text = text.trim();
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        let (before, after) = text.split_at(end);
        let stops = matches!(c, '.' | '!' | '?')
            && (after.is_empty() || after.starts_with(char::is_whitespace));
        if stops && !is_short_form(before) {
            return before;
        }
    }
    text
}

fn is_short_form(before: &str) -> bool {
    let word = before.rsplit(char::is_whitespace).next().unwrap_or_default();
    let word = word.trim_start_matches('(').to_ascii_lowercase();
    matches!(
        word.as_str(),
        "e.g." | "i.e." | "etc." | "vs." | "cf." | "no." | "ver." | "incl." | "approx."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_ends_where_it_ends() {
        for (text, first) in [
            ("One. Two.", "One."),
            ("Asks example.org (e.g. twice) for it. Two", "Asks example.org (e.g. twice) for it."),
            ("  No stop at all ", "No stop at all"),
            ("Why? Because", "Why?"),
            ("Version 1.2 only", "Version 1.2 only"),
            ("", ""),
        ] {
            assert_eq!(first_sentence(text), first, "{text:?}");
        }
    }
}
