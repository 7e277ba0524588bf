//! Octet ranges of IPv4 targets: their grammar, prefix lengths and runs of neighbours. Values of
//! an octet are sorted, each once, and never none.

use std::net::IpAddr;

use super::TargetError;

/// The values of one octet, sorted: `*`, or a list of numbers and ranges.
pub(super) fn octet(part: &str, text: &str) -> Result<Vec<u8>, TargetError> {
    if part == "*" {
        return Ok((0..=255).collect());
    }
    let bad = || TargetError::Octet { text: text.to_owned(), octet: part.to_owned() };
    // An open end of a range reaches to 0 or 255.
    let number = |digits: &str, open: u8| match digits {
        "" => Ok(open),
        _ => digits.parse().map_err(|_| bad()),
    };
    let mut values = Vec::new();
    for item in part.split(',') {
        let (from, to) = match item.split_once('-') {
            Some((from, to)) => (number(from, 0)?, number(to, 255)?),
            None => {
                let value = item.parse().map_err(|_| bad())?;
                (value, value)
            }
        };
        if from > to {
            return Err(TargetError::Backwards { text: text.to_owned(), range: item.to_owned() });
        }
        values.extend(from..=to);
    }
    values.sort_unstable();
    values.dedup();
    Ok(values)
}

/// Widens ranges to the networks of this prefix length that they touch.
pub(super) fn open_host_bits(octets: &mut [Vec<u8>; 4], prefix: u8) {
    let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0).to_be_bytes();
    for (values, mask) in octets.iter_mut().zip(mask) {
        let networks: Vec<u8> = values.iter().map(|v| v & mask).collect();
        *values = (0..=255).filter(|v| networks.contains(&(v & mask))).collect();
    }
}

/// First and last address of each run of neighbours, ascending; `None` for more than `most` runs.
pub(super) fn octet_intervals(octets: &[Vec<u8>; 4], most: usize) -> Option<Vec<(IpAddr, IpAddr)>> {
    // Neighbours share what stands before the last octet that has gaps.
    let last = octets.iter().rposition(|values| values.len() < 256).unwrap_or(0);
    let runs = runs(&octets[last]);
    let leading: usize = octets[..last].iter().map(Vec::len).product();
    if leading.saturating_mul(runs.len()) > most {
        return None;
    }
    let mut intervals = Vec::with_capacity(leading * runs.len());
    for index in 0..leading {
        let mut first = [0; 4];
        let mut rest = index;
        for (byte, values) in first.iter_mut().zip(&octets[..last]).rev() {
            *byte = values[rest % values.len()];
            rest /= values.len();
        }
        let mut end = first;
        end[last..].fill(255);
        for (from, to) in &runs {
            (first[last], end[last]) = (*from, *to);
            intervals.push((IpAddr::from(first), IpAddr::from(end)));
        }
    }
    Some(intervals)
}

/// Runs of neighbours in sorted values.
fn runs(values: &[u8]) -> Vec<(u8, u8)> {
    let mut runs: Vec<(u8, u8)> = Vec::new();
    for value in values {
        match runs.last_mut() {
            Some((_, end)) if end.checked_add(1) == Some(*value) => *end = *value,
            _ => runs.push((*value, *value)),
        }
    }
    runs
}
