//! The local ports that probes leave from: each try has its own, and so has each hop of a trace, so
//! that an answer tells what it answers even where it carries no token of ours.

/// Ports for the tries of a probe, one after another.
const TRIES: u16 = 16;
/// Ports for tries and hops together.
const SPREAD: u16 = 64;
/// Ports of odd probes, which come after those.
const ODD: u16 = 16;
/// The first of them is in this range, which is above what servers use.
const LOWEST: u16 = 33_000;
const CHOICES: u16 = 26_900 / SPREAD;

/// The local ports of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnPorts {
    first: u16,
    /// Odd probes need ports of their own even where the user chose one for all others.
    first_odd: u16,
    /// There is one port only, which the user chose.
    is_fixed: bool,
}

/// What a local port tells of the probe that left from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Which try it was.
    pub(crate) attempt: Option<u32>,
    /// The hops that it was allowed; 0 for the usual number.
    pub(crate) hops: Option<u8>,
}

impl OwnPorts {
    /// The user's port, or a choice that follows from a random number.
    pub(crate) fn new(fixed: Option<u16>, random: u16) -> Self {
        let chosen = LOWEST + random % CHOICES * SPREAD;
        let first = fixed.unwrap_or(chosen);
        OwnPorts { first, first_odd: chosen + SPREAD, is_fixed: fixed.is_some() }
    }

    /// The range, as filters write it.
    pub(crate) fn range(self) -> String {
        format!("{}-{}", self.first, self.first.saturating_add(self.last()))
    }

    /// The range of odd probes.
    pub(crate) fn odd_range(self) -> String {
        format!("{}-{}", self.first_odd, self.first_odd + ODD - 1)
    }

    /// The port of the odd probe with this number, from 0.
    pub(crate) fn odd(self, number: u8) -> u16 {
        self.first_odd + u16::from(number) % ODD
    }

    /// The odd probe that left from a port.
    pub(crate) fn odd_number(self, port: u16) -> Option<u8> {
        let place = port.checked_sub(self.first_odd).filter(|place| *place < ODD)?;
        u8::try_from(place).ok()
    }

    fn last(self) -> u16 {
        if self.is_fixed { 0 } else { SPREAD - 1 }
    }

    /// The port for one try.
    pub(crate) fn of(self, attempt: u32, hops: u8) -> u16 {
        let place = if hops == 0 {
            u16::try_from(attempt % u32::from(TRIES)).unwrap_or(0)
        } else {
            TRIES + u16::from(hops) % (SPREAD - TRIES)
        };
        if self.is_fixed { self.first } else { self.first + place }
    }

    /// What a port tells; `None` where it is not ours.
    pub(crate) fn origin(self, port: u16) -> Option<Origin> {
        let place = port.checked_sub(self.first).filter(|place| *place <= self.last())?;
        Some(match place.checked_sub(TRIES) {
            _ if self.is_fixed => Origin::default(),
            None => Origin { attempt: Some(place.into()), hops: Some(0) },
            Some(hops) => Origin { attempt: None, hops: u8::try_from(hops).ok() },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_tells_what_it_was_chosen_for() {
        for random in [0, 77, u16::MAX] {
            let ports = OwnPorts::new(None, random);
            for attempt in 0..11 {
                let origin = ports.origin(ports.of(attempt, 0));
                assert_eq!(origin, Some(Origin { attempt: Some(attempt), hops: Some(0) }));
            }
            for hops in 1..=30 {
                let origin = ports.origin(ports.of(3, hops));
                assert_eq!(origin, Some(Origin { attempt: None, hops: Some(hops) }));
            }
            for number in 0..16 {
                let port = ports.odd(number);
                assert_eq!((ports.odd_number(port), ports.origin(port)), (Some(number), None));
            }
            assert_eq!(ports.odd_number(ports.of(0, 0)), None);
            assert_eq!(ports.origin(ports.of(0, 0) - 1), None);
            assert_eq!(ports.origin(ports.of(0, 0) + SPREAD), None);
        }
        let fixed = OwnPorts::new(Some(53), 9);
        assert_eq!((fixed.of(5, 7), fixed.range()), (53, "53-53".to_owned()));
        assert_eq!((fixed.origin(53), fixed.origin(54)), (Some(Origin::default()), None));
    }
}
