//! A print server's answer, put together after RFC 8010: the scripts show what is in it.

use super::ours;
use crate::lab::{self, Peer};

/// One message with a printer and a job, which answers both questions.
const ANSWER: &[u8] = b"HTTP/1.0 200 OK\r\nContent-Type: application/ipp\r\n\r\n\
    \x01\x01\x00\x00\x00\x00\x00\x01\
    \x01\x47\x00\x12attributes-charset\x00\x05utf-8\
    \x04\x42\x00\x0cprinter-name\x00\x06Office\
    \x41\x00\x10printer-location\x00\x05Attic\
    \x41\x00\x16printer-make-and-model\x00\x05Plain\
    \x23\x00\x0dprinter-state\x00\x04\x00\x00\x00\x05\
    \x21\x00\x10queued-job-count\x00\x04\x00\x00\x00\x01\
    \x02\x21\x00\x06job-id\x00\x04\x00\x00\x00\x0e\
    \x42\x00\x08job-name\x00\x06letter\
    \x42\x00\x19job-originating-user-name\x00\x04anna\
    \x23\x00\x09job-state\x00\x04\x00\x00\x00\x04\
    \x21\x00\x0cjob-k-octets\x00\x04\x00\x00\x00\x03\
    \x45\x00\x0fjob-printer-uri\x00\x20ipp://print.example/files/Office\x03";

#[test]
fn printers_and_jobs_are_listed() {
    lab::run("shelf_net::printers::printers_and_jobs_are_listed", |lab| {
        lab.peer(631, Peer::Answers(ANSWER));
        let output = ours(lab, "cups-info", "631", &["-n"], "127.0.0.1");
        let lines = [
            "| cups-info: ",
            "|   Office: ",
            "|     Location: Attic",
            "|     Model: Plain",
            "|     State: Stopped",
            "|_    Queue: 1 print jobs",
        ];
        assert_eq!(output.under("631/tcp"), lines);
        let output = ours(lab, "cups-queue-info", "631", &["-n"], "127.0.0.1");
        let lines = output.under("631/tcp");
        assert!(lines.contains(&"|   Office"), "{lines:?}");
        let words: Vec<&str> = lines.last().expect("a job").split_whitespace().collect();
        assert_eq!(words, ["|_", "14", "Held", "3", "anna", "letter"]);
    });
}

#[test]
fn servers_that_print_nothing_spoil_nothing() {
    lab::run("shelf_net::printers::servers_that_print_nothing_spoil_nothing", |lab| {
        let head = b"HTTP/1.0 200 OK\r\nContent-Type: application/ipp\r\n\r\n";
        // Cut off, and with a length that goes beyond the end.
        let absurd =
            b"HTTP/1.0 200 OK\r\n\r\n\x01\x01\x00\x00\x00\x00\x00\x01\x04\x42\xff\xffprinter-name";
        lab.peer(7001, Peer::Reset);
        lab.peer(7002, Peer::Answers(head));
        lab.peer(7003, Peer::Answers(absurd));
        lab.peer(7004, Peer::Endless);
        let scripts = "+cups-info,+cups-queue-info";
        let output = ours(lab, scripts, "7001-7004", &["-n"], "127.0.0.1");
        for port in 7001..=7004 {
            assert_eq!(output.under(&format!("{port}/tcp")), [""; 0], "{output:#?}");
        }
    });
}
