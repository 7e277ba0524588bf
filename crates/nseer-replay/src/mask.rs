//! Secrets taken out of a recording: also in the forms that a script gives them to send them, as far as they can be
//! undone. What the script makes of the masked text when it is tested is then what stands there.

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, Encoding, HEXLOWER, HEXUPPER};

use crate::recording::{Answer, Failure, Pattern, Recording, Said};

/// The forms, and how many of their characters belong together.
const FORMS: [(Encoding, usize); 4] =
    [(BASE64_NOPAD, 4), (BASE64URL_NOPAD, 4), (HEXLOWER, 2), (HEXUPPER, 2)];

impl Recording {
    /// Replaces a secret by as many `x`, wherever it stands: as it is, in UTF-16, in Base64, in hexadecimal digits and
    /// with `%XX` for its characters. A script that is given the masked arguments says what was recorded. What else
    /// a script makes of the secret (a digest) is not recognised.
    pub fn mask(&mut self, secret: &[u8]) {
        let in_text = |text: &mut String| {
            *text = String::from_utf8_lossy(&masked(text.as_bytes(), secret)).into_owned();
        };
        self.stage.name.iter_mut().for_each(in_text);
        self.stage.args.iter_mut().for_each(in_text);
        self.output.iter_mut().for_each(in_text);
        for answer in &mut self.names {
            match answer {
                Answer::Name { name, .. } => in_text(name),
                Answer::Address { name, .. } => name.iter_mut().for_each(in_text),
            }
        }
        let in_bytes = |data: &mut Vec<u8>| *data = masked(data, secret);
        for conversation in &mut self.conversations {
            conversation.certificate.iter_mut().for_each(in_bytes);
            for turn in &mut conversation.turns {
                match &mut turn.said {
                    Said::Received(data) | Said::Tls(Some(data)) => in_bytes(data),
                    Said::Failed(Failure::Other(text)) | Said::NoTls(Failure::Other(text)) => {
                        in_text(text);
                    }
                    Said::Sent(pattern, _) => {
                        let bytes: Option<Vec<u8>> = pattern.bytes.iter().copied().collect();
                        if let Some(bytes) = bytes {
                            *pattern = Pattern::of(&masked(&bytes, secret));
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}

fn masked(data: &[u8], secret: &[u8]) -> Vec<u8> {
    if secret.is_empty() {
        return data.to_vec();
    }
    let mut out = plain(data, secret);
    for (encoding, group) in &FORMS {
        within(&mut out, encoding, *group, secret);
    }
    escaped(&out, secret)
}

/// As it is, and in UTF-16 with the low byte first.
fn plain(data: &[u8], secret: &[u8]) -> Vec<u8> {
    let wide = |text: &[u8]| text.iter().flat_map(|byte| [*byte, 0]).collect::<Vec<u8>>();
    let crosses = vec![b'x'; secret.len()];
    let mut out = data.to_vec();
    replace(&mut out, secret, &crosses);
    replace(&mut out, &wide(secret), &wide(&crosses));
    out
}

/// Both are of the same length.
fn replace(data: &mut [u8], old: &[u8], new: &[u8]) {
    let mut at = 0;
    while at + old.len() <= data.len() {
        if data[at..].starts_with(old) {
            data[at..at + old.len()].copy_from_slice(new);
            at += old.len();
        } else {
            at += 1;
        }
    }
}

/// In runs of a form's characters, wherever in a run it begins.
fn within(data: &mut [u8], encoding: &Encoding, group: usize, secret: &[u8]) {
    let symbols = encoding.specification().symbols;
    let least = encoding.encode_len(secret.len());
    let mut at = 0;
    while at < data.len() {
        let length = data[at..].iter().take_while(|byte| symbols.as_bytes().contains(byte)).count();
        for start in (0..group).filter(|start| start + least <= length) {
            let run = &mut data[at + start..at + length];
            // A run may end in the middle of a group, where something else follows.
            let whole = run.len() - run.len() % group;
            let decoded = encoding.decode(run).or_else(|_| encoding.decode(&run[..whole]));
            let Ok(decoded) = decoded else { continue };
            let hidden = plain(&decoded, secret);
            if hidden != decoded {
                let text = encoding.encode(&hidden);
                run[..text.len()].copy_from_slice(text.as_bytes());
            }
        }
        at += length.max(1);
    }
}

/// With `%XX` for some of its bytes, or `+` for blanks: a script leaves crosses as they are, so what stands there
/// becomes shorter.
fn escaped(data: &[u8], secret: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let mut rest = data;
    while let Some((first, behind)) = rest.split_first() {
        match escaped_length(rest, secret) {
            Some(length) => {
                out.extend(std::iter::repeat_n(b'x', secret.len()));
                rest = &rest[length..];
            }
            None => {
                out.push(*first);
                rest = behind;
            }
        }
    }
    out
}

/// How many bytes the secret takes at the beginning of a text, where it is there.
fn escaped_length(text: &[u8], secret: &[u8]) -> Option<usize> {
    let mut at = 0;
    for byte in secret {
        at += match text.get(at..)? {
            [found, ..] if found == byte && *found != b'%' => 1,
            [b'+', ..] if *byte == b' ' => 1,
            [b'%', high, low, ..] => {
                let digits = [high.to_ascii_uppercase(), low.to_ascii_uppercase()];
                HEXUPPER.decode(&digits).ok().filter(|decoded| decoded == &[*byte])?;
                3
            }
            _ => return None,
        };
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str, secret: &str) -> String {
        String::from_utf8(masked(text.as_bytes(), secret.as_bytes())).expect("text")
    }

    #[test]
    fn a_secret_is_found_in_the_forms_that_scripts_send() {
        assert_eq!(shown("user root pass s3cret!", "s3cret!"), "user root pass xxxxxxx");
        // root:s3cret! and root:xxxxxxx
        assert_eq!(shown("Basic cm9vdDpzM2NyZXQh\r\n", "s3cret!"), "Basic cm9vdDp4eHh4eHh4\r\n");
        assert_eq!(shown("h=733363726574", "s3cret"), "h=787878787878");
        assert_eq!(shown("p=s3cret%21&q=1", "s3cret!"), "p=xxxxxxx&q=1");
        assert_eq!(shown("p=a+b%2fc", "a b/c"), "p=xxxxx");
        assert_eq!(masked(b"s\x003\0!\0", b"s3!"), b"x\0x\0x\0");
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in ["", "%", "%2", "100%25", "cm9vdDpzM2NyZXQ=", "deadbeef", "a+b"] {
            assert_eq!(shown(text, "s3cret!"), text);
            assert_eq!(shown(text, ""), text);
        }
    }

    proptest! {
        #[test]
        fn no_form_of_a_secret_is_left(before in "[ -~]{0,9}", secret in "[!-wyz{}~]{4,20}", after in "[ -~]{0,9}") {
            let text = format!("{before}{secret}{after}");
            let crosses = format!("{before}{}{after}", "x".repeat(secret.len()));
            for (encoding, _) in FORMS {
                let (text, crosses) = (encoding.encode(text.as_bytes()), encoding.encode(crosses.as_bytes()));
                prop_assert_eq!(shown(&format!("A: {text}\r\n"), &secret), format!("A: {crosses}\r\n"));
            }
        }

        #[test]
        fn any_bytes_are_masked(data in any::<Vec<u8>>(), secret in any::<Vec<u8>>()) {
            masked(&data, &secret);
        }
    }
}
