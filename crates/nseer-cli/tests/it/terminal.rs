//! A scan in a terminal: a line tells how far it is, keys are answered, and the terminal is given back
//! as it was.

use std::io::IsTerminal as _;

use crate::lab::{self, Lab, Peer, Terminal};
use nseer_cli::keys::Keys;
use rustix::termios::{LocalModes, tcgetattr};

const NSEER: &str = env!("CARGO_BIN_EXE_nseer");

/// A scan that waits for a script and never ends by itself.
fn endless(lab: &Lab, columns: u16, more: &[&str], variables: &[(&str, &str)]) -> Terminal {
    lab.sshd(22);
    lab.peer(7001, Peer::Silent);
    let script = lab.script("waits");
    let args = ["-n", "-Pn", "-p22,7001", "--script", &script, "127.0.0.2", "127.0.0.1"];
    Terminal::start(NSEER, &[&args, more].concat(), columns, variables)
}

#[test]
fn a_line_tells_how_far_it_is_and_keys_are_answered() {
    lab::run("terminal::a_line_tells_how_far_it_is_and_keys_are_answered", |lab| {
        let mut terminal = endless(lab, 140, &[], &[]);
        // What runs, of how much, and by name what is slow.
        terminal.wait_for("1/2 hosts");
        terminal.wait_for("Script Scan 1");
        terminal.wait_for("waits on 127.0.0.1:7001 ");
        terminal.wait_for("Nmap scan report for 127.0.0.2");
        assert!(!terminal.is_as_before(), "keys are taken");
        terminal.press("v");
        terminal.wait_for("Verbosity Increased to 1.");
        terminal.press("d");
        terminal.wait_for("Debugging Increased to 1.");
        terminal.press("D");
        terminal.wait_for("Debugging Decreased to 0.");
        terminal.press("V");
        terminal.wait_for("Verbosity Decreased to 0.");
        terminal.press("p");
        terminal.wait_for("Packet Tracing enabled.");
        terminal.press("P");
        terminal.wait_for("Packet Tracing disabled.");
        terminal.press("?");
        terminal.wait_for("any other key  how far the scan is");
        terminal.press(" ");
        terminal.wait_for("elapsed; 1 hosts completed (2 up), 1 undergoing Script Scan");
        terminal.wait_for("% done; ETC: ");
        terminal.wait_for("Slowest: waits on 127.0.0.1:7001 (0:");
        // Ctrl-C.
        terminal.press("\x03");
        assert_ne!(terminal.end(), 0);
        terminal.wait_for("Nmap done: 2 IP addresses (2 hosts up)");
        assert!(terminal.is_as_before(), "the terminal is given back");
        let screen = terminal.screen();
        assert!(screen.contains("Stopped early: interrupted by the user"), "{screen}");
        assert!(!screen.contains("hosts |"), "nothing is left of the line:\n{screen}");
        let keys = screen.lines().filter(|line| matches!(line.trim(), "v" | "d" | "p" | "?"));
        assert_eq!(keys.count(), 0, "keys are not shown:\n{screen}");
    });
}

/// A shell that does not set the terminal itself gets it as it was; `fg` brings keys and line back.
#[test]
fn a_scan_that_is_stopped_gives_the_terminal_back_and_goes_on() {
    lab::run("terminal::a_scan_that_is_stopped_gives_the_terminal_back_and_goes_on", |lab| {
        lab.sshd(22);
        lab.peer(7001, Peer::Silent);
        let script = lab.script("waits");
        let prompt = [("PS1", "shell$ "), ("ENV", "/dev/null")];
        let mut shell = Terminal::start("dash", &["-i"], 160, &prompt);
        shell.wait_for("shell$");
        let targets = "127.0.0.2 127.0.0.1";
        shell.press(&format!("{NSEER} -n -Pn -p22,7001 --script {script} {targets}\n"));
        for _ in 0..2 {
            shell.wait_for("waits on 127.0.0.1:7001 ");
            assert!(!shell.is_as_before(), "keys are taken");
            // Ctrl-Z.
            shell.press("\x1a");
            shell.wait_until("the terminal is given back", Terminal::is_as_before);
            shell.wait_until("the line is gone", |shell| !shell.screen().contains("waits on"));
            shell.wait_until("the shell asks", |shell| shell.screen().ends_with("shell$"));
            shell.press("fg\n");
        }
        shell.wait_for("waits on 127.0.0.1:7001 ");
        shell.press("v");
        shell.wait_for("Verbosity Increased to 1.");
        shell.press("\x03");
        shell.wait_for("Nmap done: 2 IP addresses (2 hosts up)");
        shell.wait_until("the terminal is given back", Terminal::is_as_before);
        shell.press("exit 7\n");
        assert_eq!(shell.end(), 7);
    });
}

#[test]
fn v_makes_what_follows_louder() {
    lab::run("terminal::v_makes_what_follows_louder", |lab| {
        lab.sshd(22);
        lab.peer(7002, Peer::Silent);
        let script = lab.script("waits-a-little");
        let args = ["-n", "-Pn", "-p7002,22", "--script", &script, "--stats-every", "1s"];
        let mut terminal = Terminal::start(NSEER, &[&args[..], &["127.0.0.1"]].concat(), 120, &[]);
        terminal.wait_for("Script Scan 1");
        terminal.press("vv");
        terminal.wait_for("Verbosity Increased to 2.");
        terminal.wait_for("Stats: 0:00:0");
        assert_eq!(terminal.end(), 0);
        // Two levels of -v tell the reasons.
        terminal.wait_for("REASON");
        terminal.wait_for("Nmap done");
        assert!(terminal.is_as_before());
    });
}

#[test]
fn a_narrow_terminal_has_a_narrow_line() {
    lab::run("terminal::a_narrow_terminal_has_a_narrow_line", |lab| {
        let mut terminal = endless(lab, 30, &[], &[]);
        terminal.wait_for("1/2 hosts");
        terminal.wait_for("Nmap scan report for 127.0.0.2");
        // Time for it to be drawn some more times, each in place of the last.
        terminal.press(" ");
        terminal.wait_for("Stats: ");
        terminal.press(" ");
        let lines = |screen: &str| screen.lines().filter(|l| l.contains("1/2 hosts")).count();
        assert!(lines(&terminal.screen()) <= 1, "{}", terminal.screen());
        terminal.press("\x03");
        terminal.end();
    });
}

#[test]
fn colour_is_for_terminals_and_for_those_who_want_it() {
    lab::run("terminal::colour_is_for_terminals_and_for_those_who_want_it", |lab| {
        let colour = "\x1b[32mopen";
        for (variables, is_coloured) in
            [(&[][..], true), (&[("NO_COLOR", "1")][..], false), (&[("TERM", "dumb")][..], false)]
        {
            lab_port(lab);
            let args = ["-n", "-Pn", "-p7001", "127.0.0.1"];
            let mut terminal = Terminal::start(NSEER, &args, 100, variables);
            assert_eq!(terminal.end(), 0);
            terminal.wait_for("Nmap done");
            let bytes = terminal.bytes();
            assert_eq!(bytes.contains(colour), is_coloured, "{variables:?}: {bytes:?}");
            assert_eq!(bytes.contains("\x1b["), is_coloured, "{variables:?}: {bytes:?}");
            let screen = terminal.screen();
            assert!(screen.contains("7001/tcp open"), "{screen}");
        }
    });
}

fn lab_port(lab: &Lab) {
    #[allow(clippy::disallowed_methods, reason = "a test looks whether its peer is there")]
    if std::net::TcpStream::connect(("127.0.0.1", 7001)).is_err() {
        lab.peer(7001, Peer::Silent);
    }
}

#[test]
fn a_pipe_gets_results_alone() {
    lab::run("terminal::a_pipe_gets_results_alone", |lab| {
        lab.peer(7002, Peer::Silent);
        let script = lab.script("waits-a-little");
        let args = ["-n", "-Pn", "-p7002", "--script", &script, "127.0.0.1"];
        let output = lab.nseer(&args);
        assert!(!output.all().contains('\x1b') && !output.all().contains("hosts |"), "{output:#?}");
        assert_eq!(output.stderr, "");
        // Standard output in a pipe, the rest in a terminal: the line is there, and not in the pipe.
        let line = format!("{NSEER} {} | cat > /run/lab/piped; echo piped", args.join(" "));
        let mut terminal = Terminal::start("sh", &["-c", &line], 100, &[]);
        terminal.wait_for("Script Scan 1");
        terminal.press(" ");
        terminal.wait_for("Stats: 0:00:0");
        terminal.wait_for("piped");
        assert_eq!(terminal.end(), 0);
        #[allow(clippy::disallowed_methods, reason = "a test looks at what a program wrote")]
        let piped = std::fs::read_to_string("/run/lab/piped").expect("what went through the pipe");
        assert!(piped.contains("7002/tcp open") && piped.contains("Nmap done"), "{piped}");
        assert!(!piped.contains('\x1b') && !piped.contains("Stats:"), "{piped}");
    });
}

#[test]
fn noninteractive_leaves_the_terminal_alone() {
    lab::run("terminal::noninteractive_leaves_the_terminal_alone", |lab| {
        let mut terminal = endless(lab, 100, &["--noninteractive"], &[]);
        terminal.wait_for("Nmap scan report for 127.0.0.2");
        assert!(terminal.is_as_before());
        terminal.press("\x03");
        assert_ne!(terminal.end(), 0);
        assert!(!terminal.bytes().contains("hosts |"), "{:?}", terminal.bytes());
    });
}

/// Set in the second start of this program; there it takes a terminal and panics.
const INSIDE: &str = "NSEER_PANICS_IN_TERMINAL";

#[test]
fn a_panic_gives_the_terminal_back() {
    if std::env::var_os(INSIDE).is_some() {
        assert!(std::io::stdin().is_terminal());
        let _keys = Keys::of_stdin(drop).expect("a terminal");
        let modes = tcgetattr(rustix::stdio::stdin()).expect("its modes").local_modes;
        assert!(!modes.intersects(LocalModes::ICANON | LocalModes::ECHO));
        panic!("the modes were taken");
    }
    let program = std::env::current_exe().expect("the path of this test program");
    let program = program.to_str().expect("a path that is text");
    let name = "terminal::a_panic_gives_the_terminal_back";
    let args = ["--exact", name, "--nocapture", "--test-threads=1"];
    let mut terminal = Terminal::start(program, &args, 200, &[(INSIDE, "1")]);
    assert_ne!(terminal.end(), 0);
    terminal.wait_for("the modes were taken");
    assert!(terminal.is_as_before());
}

#[test]
fn messages_stand_where_they_came() {
    lab::run("terminal::messages_stand_where_they_came", |_| {
        for _ in 0..20 {
            let args = ["-n", "--script", "nosuch", "127.0.0.1"];
            let mut terminal = Terminal::start(NSEER, &args, 120, &[]);
            assert_eq!(terminal.end(), 1);
            terminal.wait_for("Starting nseer");
            terminal.wait_for("did not match");
            let screen = terminal.screen();
            assert!(screen.starts_with("Starting nseer"), "{screen}");
        }
    });
}
