//! What a known fingerprint says of a result: `Y`, `3B-45`, `>100`, `I|RI`, or nothing at all.

/// True where `value` is what `expression` describes: one of several alternatives, each the same text or, of
/// hexadecimal numbers, a range or a bound.
pub(crate) fn describes(expression: &str, value: &str) -> bool {
    let number = hex(value);
    expression
        .split('|')
        .any(|one| one == value || number.is_some_and(|n| describes_number(one, n)))
}

fn describes_number(one: &str, number: u32) -> bool {
    if let Some(bound) = one.strip_prefix('>') {
        return hex(bound).is_some_and(|bound| number > bound);
    }
    if let Some(bound) = one.strip_prefix('<') {
        return hex(bound).is_some_and(|bound| number < bound);
    }
    let range = one.split_once('-').and_then(|(low, high)| Some(hex(low)?..=hex(high)?));
    range.is_some_and(|range| range.contains(&number))
}

fn hex(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits.then(|| u32::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_describe_values() {
        for (expression, value, is) in [
            ("Y", "Y", true),
            ("Y", "N", false),
            ("", "", true),
            ("", "0", false),
            ("3B-45", "40", true),
            ("3B-45", "46", false),
            ("I|RI", "RI", true),
            ("|R", "", true),
            (">100", "101", true),
            (">100", "100", false),
            ("<100|200-210", "20F", true),
            ("<100|200-210", "150", false),
            ("1-6", "GCD", false),
            ("S+", "S+", true),
            ("-", "1", false),
            (">FFFFFFFFFF", "1", false),
            ("M5B4ST11NW7|M5B4ST11NW8", "M5B4ST11NW8", true),
        ] {
            assert_eq!(describes(expression, value), is, "{expression} {value}");
        }
    }
}
