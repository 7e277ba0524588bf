//! A fingerprint: tests with their results.

use std::fmt;

/// A group of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Test {
    /// How numbers follow one another.
    Seq,
    /// TCP options of the answers to the six SYNs.
    Ops,
    /// Their windows.
    Win,
    /// The answer to the offer of congestion notification.
    Ecn,
    /// The answer to the first SYN.
    T1,
    /// No flags, to an open port.
    T2,
    /// SYN, FIN, URG and PSH, to an open port.
    T3,
    /// ACK, to an open port.
    T4,
    /// SYN, to a closed port.
    T5,
    /// ACK, to a closed port.
    T6,
    /// FIN, PSH and URG, to a closed port.
    T7,
    /// A datagram to a closed port.
    U1,
    /// ICMP echo requests.
    Ie,
}

impl Test {
    /// All of them, in the order of fingerprints.
    pub const ALL: [Test; 13] = [
        Test::Seq,
        Test::Ops,
        Test::Win,
        Test::Ecn,
        Test::T1,
        Test::T2,
        Test::T3,
        Test::T4,
        Test::T5,
        Test::T6,
        Test::T7,
        Test::U1,
        Test::Ie,
    ];

    /// As fingerprints have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Test::Seq => "SEQ",
            Test::Ops => "OPS",
            Test::Win => "WIN",
            Test::Ecn => "ECN",
            Test::T1 => "T1",
            Test::T2 => "T2",
            Test::T3 => "T3",
            Test::T4 => "T4",
            Test::T5 => "T5",
            Test::T6 => "T6",
            Test::T7 => "T7",
            Test::U1 => "U1",
            Test::Ie => "IE",
        }
    }

    pub(crate) fn of_name(name: &str) -> Option<Test> {
        Test::ALL.into_iter().find(|test| test.name() == name)
    }
}

/// The fingerprint of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Print {
    tests: Vec<(Test, Vec<(String, String)>)>,
}

impl Print {
    /// Adds a test's results.
    pub(crate) fn add(&mut self, test: Test, values: Vec<(&'static str, String)>) {
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), value));
        self.tests.push((test, values.collect()));
    }

    /// Reads a fingerprint, a test a line. Lines that are none, such as that of how it was taken, are left out.
    #[must_use]
    pub fn parse(text: &str) -> Print {
        let mut tests = Vec::new();
        for line in text.lines() {
            if let Some((test, values)) = test_line(line) {
                let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
                tests.push((test, pairs(values).map(owned).collect()));
            }
        }
        Print { tests }
    }

    /// The results of a test; `None` where it was not made.
    #[must_use]
    pub fn results(&self, test: Test) -> Option<&[(String, String)]> {
        let mut of_test = self.tests.iter().filter(|(of, _)| *of == test);
        of_test.next().map(|(_, values)| values.as_slice())
    }

    /// One result.
    #[must_use]
    pub fn value(&self, test: Test, name: &str) -> Option<&str> {
        let mut named = self.results(test)?.iter().filter(|(of, _)| of == name);
        named.next().map(|(_, value)| value.as_str())
    }

    /// Nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tests.is_empty()
    }
}

impl fmt::Display for Print {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (test, values)) in self.tests.iter().enumerate() {
            let line = if number == 0 { "" } else { "\n" };
            write!(f, "{line}{}(", test.name())?;
            for (at, (name, value)) in values.iter().enumerate() {
                write!(f, "{}{name}={value}", if at == 0 { "" } else { "%" })?;
            }
            write!(f, ")")?;
        }
        Ok(())
    }
}

/// `T1(R=Y%DF=Y)`: the test, and what is in the brackets.
pub(crate) fn test_line(line: &str) -> Option<(Test, &str)> {
    let (name, rest) = line.trim_end().split_once('(')?;
    Some((Test::of_name(name)?, rest.strip_suffix(')')?))
}

/// `R=Y%DF=Y`: names and what is said of them.
pub(crate) fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('%').filter_map(|pair| pair.split_once('='))
}
