//! Programs of ONC RPC at ports where nobody expects them (`rpc-grind`).

use super::{arguments, ours};
use crate::lab::{self, Lab, Output, Peer};
use crate::shelf_infra::peers::{Answer, Talk};

/// Versions from 3 to 4 of one program, and nothing else (RFC 5531, section 9). Each call in `request` is answered.
fn server(request: &[u8], program: u32, marked: bool) -> Vec<u8> {
    let mut rest = request;
    let mut replies = Vec::new();
    while rest.len() >= 24 {
        let call = if marked { &rest[4..] } else { rest };
        let mut reply = call[..4].to_vec();
        reply.extend([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        if call[12..16] == program.to_be_bytes() {
            reply.extend([0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4]);
        } else {
            reply.extend([0, 0, 0, 1]);
        }
        if !marked {
            return reply;
        }
        let mark = 0x8000_0000 | u32::try_from(reply.len()).expect("a short reply");
        replies.extend(mark.to_be_bytes());
        replies.append(&mut reply);
        let length = u32::from_be_bytes(rest[..4].try_into().expect("four bytes")) & 0x7fff_ffff;
        rest = rest.get(4 + length as usize..).unwrap_or_default();
    }
    replies
}

fn quotas(request: &[u8]) -> Vec<u8> {
    server(request, 100_011, true)
}

fn quotas_over_udp(request: &[u8]) -> Vec<u8> {
    server(request, 100_011, false)
}

/// One of the last in the table: dozens of calls come before.
fn files(request: &[u8]) -> Vec<u8> {
    server(request, 395_183, true)
}

/// A program that is in no table.
fn unknown(request: &[u8]) -> Vec<u8> {
    server(request, 0x2000_0001, true)
}

/// Says of any program that it has other versions of it.
fn everything(request: &[u8]) -> Vec<u8> {
    let program = request
        .get(16..20)
        .map_or(0, |program| u32::from_be_bytes(program.try_into().expect("four bytes")));
    if program == 100_000 { unknown(request) } else { server(request, program, true) }
}

fn peer(lab: &Lab, port: u16, answer: Answer) {
    Talk { greeting: b"", answer }.tcp(lab, port);
}

fn services(output: &Output) -> Vec<Vec<&str>> {
    let lines = output.stdout.lines().filter(|line| line.contains(" open "));
    lines.map(|line| line.split_whitespace().collect()).collect()
}

#[test]
fn programs_at_odd_ports_are_found_as_by_nmap() {
    lab::run("shelf_db::rpc::programs_at_odd_ports_are_found_as_by_nmap", |lab| {
        peer(lab, 32_771, quotas);
        Talk { greeting: b"", answer: quotas_over_udp }.udp(lab, 32_771);
        let versions = ["-sV", "--script", "rpc-grind"];
        let ours = ours(lab, "T:32771,U:32771", &versions);
        let expected = [
            ["32771/tcp", "open", "rquotad", "3-4", "(RPC", "#100011)"],
            ["32771/udp", "open", "rquotad", "3-4", "(RPC", "#100011)"],
        ];
        assert_eq!(services(&ours), expected, "{ours:#?}");
        let theirs = lab.nmap(&arguments("T:32771,U:32771", &versions));
        assert_eq!(services(&theirs), expected, "{theirs:#?}");
    });
}

#[test]
fn a_program_that_few_have_is_found_after_the_others() {
    lab::run("shelf_db::rpc::a_program_that_few_have_is_found_after_the_others", |lab| {
        peer(lab, 32_772, files);
        let output = ours(lab, "32772", &["-sV"]);
        assert!(output.stdout.contains("vxi11_core 3-4 (RPC #395183)"), "{output:#?}");
    });
}

#[test]
fn what_is_in_no_table_is_not_named() {
    lab::run("shelf_db::rpc::what_is_in_no_table_is_not_named", |lab| {
        peer(lab, 32_773, unknown);
        peer(lab, 32_774, everything);
        // This one hangs up after each connection's first reply.
        lab.peer(32_775, Peer::Answers(REFUSAL));
        let output = ours(lab, "32773-32775", &["-sV"]);
        for line in services(&output) {
            assert_eq!(line[2..], ["rpc"], "{output:#?}");
        }
    });
}

/// The reply to the call of the embedded probe, as another program gives it.
const REFUSAL: &[u8] = b"\x80\0\0\x18nser\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01";
