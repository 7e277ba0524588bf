//! The way to a host, as text and as XML.

use std::fmt::Write as _;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use nseer_core::trace::{Hop, MOST_HOPS, Trace, TraceProbe};

use crate::escape::{line_text, xml_string};

/// The table of hops on the way to `host`. Hops that did not answer are counted on a line of their own.
pub(crate) fn write(out: &mut impl io::Write, trace: &Trace, host: IpAddr) -> io::Result<()> {
    let how = match trace.probe {
        Some(TraceProbe::Port(key)) => format!(" (using port {key})"),
        Some(TraceProbe::Echo) => " (using proto 1/icmp)".to_owned(),
        None => String::new(),
    };
    writeln!(out, "\nTRACEROUTE{how}")?;
    let times: Vec<String> = trace.hops.iter().map(|hop| round_trip(hop, "--", " ms")).collect();
    let width = times.iter().map(String::len).max().unwrap_or(0).max("RTT".len());
    writeln!(out, "HOP {:<width$} ADDRESS", "RTT")?;
    let mut next = 1;
    for (hop, time) in trace.hops.iter().zip(&times) {
        write_gap(out, next, hop.ttl)?;
        let address = match &hop.name {
            Some(name) => format!("{} ({})", line_text(name), hop.address),
            None => hop.address.to_string(),
        };
        writeln!(out, "{:<3} {time:<width$} {address}", hop.ttl)?;
        next = hop.ttl.saturating_add(1);
    }
    if trace.hops.last().is_none_or(|last| last.address != host) {
        write_gap(out, next, MOST_HOPS + 1)?;
    }
    Ok(())
}

/// Hops from `next` to the one before `end`, which did not answer.
fn write_gap(out: &mut impl io::Write, next: u8, end: u8) -> io::Result<()> {
    match end.saturating_sub(next) {
        0 => Ok(()),
        1 => writeln!(out, "{next:<3} ..."),
        _ => writeln!(out, "{next:<3} ... {}", end - 1),
    }
}

/// The `trace` element.
pub(crate) fn write_xml(out: &mut impl io::Write, trace: &Trace) -> io::Result<()> {
    let how = match trace.probe {
        Some(TraceProbe::Port(key)) => {
            format!(" port=\"{}\" proto=\"{}\"", key.number, key.protocol)
        }
        Some(TraceProbe::Echo) => " proto=\"icmp\"".to_owned(),
        None => String::new(),
    };
    writeln!(out, "<trace{how}>")?;
    for hop in &trace.hops {
        let mut element = format!("<hop ttl=\"{}\" ipaddr=\"{}\"", hop.ttl, hop.address);
        // Writing to a string cannot fail.
        let _ = write!(element, " rtt=\"{}\"", round_trip(hop, "--", ""));
        if let Some(name) = &hop.name {
            let _ = write!(element, " host=\"{}\"", xml_string(name));
        }
        writeln!(out, "{element}/>")?;
    }
    writeln!(out, "</trace>")
}

fn round_trip(hop: &Hop, unknown: &str, unit: &str) -> String {
    match hop.round_trip {
        Some(trip) => format!("{:.2}{unit}", milliseconds(trip)),
        None => unknown.to_owned(),
    }
}

fn milliseconds(trip: Duration) -> f64 {
    trip.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use nseer_core::PortKey;

    use super::*;

    fn hop(ttl: u8, name: Option<&str>, micros: Option<u64>) -> Hop {
        Hop {
            ttl,
            address: [192, 0, 2, ttl].into(),
            name: name.map(ToOwned::to_owned),
            round_trip: micros.map(Duration::from_micros),
        }
    }

    #[test]
    fn gaps_are_counted_and_columns_fit() {
        let hops = vec![
            hop(1, None, Some(50)),
            hop(3, Some("a.example"), Some(12_340)),
            hop(6, None, None),
        ];
        let trace = Trace { probe: Some(TraceProbe::Port(PortKey::tcp(80))), hops };
        let mut text = Vec::new();
        write(&mut text, &trace, [192, 0, 2, 6].into()).expect("memory");
        let expected = "\nTRACEROUTE (using port 80/tcp)\nHOP RTT      ADDRESS\n\
            1   0.05 ms  192.0.2.1\n2   ...\n3   12.34 ms a.example (192.0.2.3)\n4   ... 5\n\
            6   --       192.0.2.6\n";
        assert_eq!(String::from_utf8_lossy(&text), expected);
        let mut xml = Vec::new();
        write_xml(&mut xml, &trace).expect("memory");
        let expected = "<trace port=\"80\" proto=\"tcp\">\n\
            <hop ttl=\"1\" ipaddr=\"192.0.2.1\" rtt=\"0.05\"/>\n\
            <hop ttl=\"3\" ipaddr=\"192.0.2.3\" rtt=\"12.34\" host=\"a.example\"/>\n\
            <hop ttl=\"6\" ipaddr=\"192.0.2.6\" rtt=\"--\"/>\n</trace>\n";
        assert_eq!(String::from_utf8_lossy(&xml), expected);
    }

    #[test]
    fn a_trace_that_did_not_arrive_says_so() {
        let text = |hops: Vec<Hop>| {
            let trace = Trace { probe: Some(TraceProbe::Echo), hops };
            let mut text = Vec::new();
            write(&mut text, &trace, [192, 0, 2, 99].into()).expect("memory");
            String::from_utf8_lossy(&text).into_owned()
        };
        assert!(text(vec![hop(1, None, Some(50))]).ends_with("192.0.2.1\n2   ... 30\n"));
        assert!(text(vec![hop(29, None, Some(50))]).ends_with("192.0.2.29\n30  ...\n"));
        assert!(text(Vec::new()).ends_with("ADDRESS\n1   ... 30\n"));
    }
}
