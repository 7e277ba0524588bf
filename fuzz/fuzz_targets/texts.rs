//! Texts of users, files and scripts: arguments, rules, data bases, targets, ports, tables. The first
//! byte says which.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nseer_core::duration::parse_duration;
use nseer_core::port_spec::{PortChoice, PortLevel, choose_ports, compact_list, parse_ports};
use nseer_core::protocol_table::ProtocolTable;
use nseer_core::vendor_table::VendorTable;
use nseer_core::{AddressSet, Protocol, ServiceTable, TargetSpec};
use nseer_engine::script_args;
use nseer_engine::selection::{Entry, Rule, parse_db, write_db};

const PROTOCOLS: &[Protocol] = &[Protocol::Tcp, Protocol::Udp];

fn rule(text: &str) {
    let rule = Rule::parse(text);
    for (name, categories) in
        [("a.nse", &["safe", "two words"][..]), ("sub/b.nse", &[]), ("", &["", "a(b"])]
    {
        let categories = categories.iter().map(|c| (*c).to_owned()).collect();
        let _ = rule.matches(&Entry { file_name: name.to_owned(), categories });
    }
}

fn data_base(bytes: &[u8]) {
    if let Ok(entries) = parse_db(bytes, "script.db") {
        let again = parse_db(write_db(&entries).as_bytes(), "script.db").expect("our own layout");
        assert_eq!(again.len(), entries.len());
    }
}

fn target(text: &str) {
    let Ok(spec) = text.parse::<TargetSpec>() else { return };
    let mut addresses = spec.addresses();
    let all = addresses.remaining();
    let some =
        addresses.by_ref().take(100).inspect(|address| assert!(spec.contains(*address))).count();
    assert_eq!(addresses.remaining() + some as u128, all);
    let _ = AddressSet::new([spec]);
}

fn ports(text: &str) {
    let (list, rest) = text.split_once('\n').unwrap_or((text, ""));
    let table = ServiceTable::new(rest.as_bytes().to_vec());
    if let Ok(spec) = parse_ports(list, PROTOCOLS, &table) {
        assert!(spec.ports.is_sorted() && spec.ports.len() <= 2 << 16);
        let _ = compact_list(&spec.ports, Protocol::Tcp);
    }
    let exclude = rest.lines().next();
    let choice = PortChoice { list: Some(list), exclude, level: Some(PortLevel::Top(10)) };
    let _ = choose_ports(&choice, PROTOCOLS, &table);
    let ratio = list.parse().unwrap_or(0.5);
    let choice = PortChoice { list: None, exclude, level: Some(PortLevel::Ratio(ratio)) };
    let _ = choose_ports(&choice, PROTOCOLS, &table);
    let _ = table.ports_named(list);
}

fn tables(bytes: &[u8]) {
    let table = VendorTable::new(bytes.to_vec());
    let address = bytes.first_chunk().copied().unwrap_or_default();
    let _ = (table.vendor(address), table.broken_line());
    let table = ProtocolTable::new(bytes);
    let name = table.name(address[0]).unwrap_or_default();
    let _ = table.number(name);
}

fuzz_target!(|input: &[u8]| {
    let Some((which, bytes)) = input.split_first() else { return };
    let text = &*String::from_utf8_lossy(bytes);
    match which % 8 {
        0 => {
            let half = bytes.len() / 2;
            let _ = script_args::parse(None, Some(bytes));
            let _ = script_args::parse(Some(&bytes[..half]), Some(&bytes[half..]));
        }
        1 => rule(text),
        2 => data_base(bytes),
        3 => target(text),
        4 => ports(text),
        5 => tables(bytes),
        6 => {
            let _ = parse_duration(text);
        }
        _ => {
            let xml = nseer_report::xml_text(bytes);
            assert!(xml.chars().all(|c| !c.is_control()), "{xml:?}");
            assert!(!xml.contains(['<', '>', '"']), "{xml:?}");
        }
    }
});
