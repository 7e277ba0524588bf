//! What is known of an operating system, as JSON: in the lines of a host, and in stores.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nseer_core::os::{NumberSequence, OsFindings, TcpSequence, Verdict};
use nseer_core::{OsClass, OsMatch, PortKey, PortState};
use serde::{Deserialize, Serialize};

use crate::when;

/// [`OsFindings`] as JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JsonSystem {
    /// What can be said: it follows from the rest.
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    matches: Vec<Match>,
    #[serde(default)]
    ports: Vec<Used>,
    #[serde(default)]
    fingerprint: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    flaw: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    distance: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uptime_seconds: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    up_since: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tcp_sequence: Option<Initial>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ip_id_sequence: Option<Numbers>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tcp_timestamp_sequence: Option<Numbers>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Match {
    name: String,
    accuracy: u8,
    line: u32,
    classes: Vec<Class>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Class {
    vendor: String,
    family: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    generation: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    cpe: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Used {
    protocol: String,
    port: u16,
    state: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Initial {
    index: u32,
    difficulty: String,
    values: Vec<u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Numbers {
    class: String,
    values: Vec<u32>,
}

impl From<&NumberSequence> for Numbers {
    fn from(of: &NumberSequence) -> Numbers {
        Numbers { class: of.class.clone(), values: of.values.clone() }
    }
}

impl From<Numbers> for NumberSequence {
    fn from(of: Numbers) -> NumberSequence {
        NumberSequence { class: of.class, values: of.values }
    }
}

impl From<&OsFindings> for JsonSystem {
    fn from(os: &OsFindings) -> JsonSystem {
        let verdict = match os.verdict() {
            Verdict::Exact(_) => "exact",
            Verdict::TooMany => "too_many",
            Verdict::Guesses(_) => "guesses",
            Verdict::Nothing => "nothing",
        };
        let used = |(key, state): &(PortKey, PortState)| Used {
            protocol: key.protocol.as_str().to_owned(),
            port: key.number,
            state: state.as_str().to_owned(),
        };
        JsonSystem {
            verdict: verdict.to_owned(),
            matches: os.matches.iter().map(Match::from).collect(),
            ports: os.ports.iter().map(used).collect(),
            fingerprint: os.fingerprint.clone(),
            flaw: os.flaw.clone(),
            distance: os.distance,
            uptime_seconds: os.uptime.map(|(time, _)| time.as_secs_f64()),
            up_since: os.uptime.map(|(_, since)| when::rfc3339(since)),
            tcp_sequence: os.tcp_sequence.as_ref().map(|tcp| Initial {
                index: tcp.index,
                difficulty: tcp.difficulty.clone(),
                values: tcp.values.clone(),
            }),
            ip_id_sequence: os.ip_id.as_ref().map(Numbers::from),
            tcp_timestamp_sequence: os.timestamps.as_ref().map(Numbers::from),
        }
    }
}

impl From<&OsMatch> for Match {
    fn from(of: &OsMatch) -> Match {
        let class = |class: &OsClass| Class {
            vendor: class.vendor.clone(),
            family: class.family.clone(),
            generation: class.generation.clone(),
            kind: class.kind.clone(),
            cpe: class.cpe.clone(),
        };
        Match {
            name: of.name.clone(),
            accuracy: of.accuracy,
            line: of.line,
            classes: of.classes.iter().map(class).collect(),
        }
    }
}

impl From<Match> for OsMatch {
    fn from(of: Match) -> OsMatch {
        let class = |class: Class| OsClass {
            vendor: class.vendor,
            family: class.family,
            generation: class.generation,
            kind: class.kind,
            cpe: class.cpe,
        };
        OsMatch {
            name: of.name,
            accuracy: of.accuracy.min(100),
            line: of.line,
            classes: of.classes.into_iter().map(class).collect(),
        }
    }
}

impl From<JsonSystem> for OsFindings {
    /// Ports of no known protocol or state are left out.
    fn from(json: JsonSystem) -> OsFindings {
        let port = |used: Used| {
            let protocol = used.protocol.parse().ok()?;
            let state = match used.state.as_str() {
                "open" => PortState::Open,
                "closed" => PortState::Closed,
                _ => return None,
            };
            Some((PortKey::new(protocol, used.port), state))
        };
        let time = json.uptime_seconds.and_then(|s| Duration::try_from_secs_f64(s).ok());
        let since = json.up_since.as_deref().and_then(moment);
        OsFindings {
            ports: json.ports.into_iter().filter_map(port).collect(),
            fingerprint: json.fingerprint,
            flaw: json.flaw,
            matches: json.matches.into_iter().map(OsMatch::from).collect(),
            uptime: time.zip(since),
            distance: json.distance,
            tcp_sequence: json.tcp_sequence.map(|tcp| TcpSequence {
                index: tcp.index,
                difficulty: tcp.difficulty,
                values: tcp.values,
            }),
            ip_id: json.ip_id_sequence.map(NumberSequence::from),
            timestamps: json.tcp_timestamp_sequence.map(NumberSequence::from),
        }
    }
}

/// A time as RFC 3339 has it.
fn moment(text: &str) -> Option<SystemTime> {
    let stamp: jiff::Timestamp = text.parse().ok()?;
    let millis = u64::try_from(stamp.as_millisecond()).ok()?;
    UNIX_EPOCH.checked_add(Duration::from_millis(millis))
}
