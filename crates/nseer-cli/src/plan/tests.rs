//! Tests of plans: command lines, what is planned, and what is refused.

use super::*;
use crate::parse::parse;

fn planned(line: &str) -> Result<Command, PlanError> {
    let words = line.split_whitespace().map(|word| if word == "''" { "" } else { word }.into());
    plan(&parse(words).expect(line))
}

#[track_caller]
fn run(line: &str) -> Plan {
    match planned(line) {
        Ok(Command::Run(plan)) => *plan,
        other => panic!("{line}: {other:?}"),
    }
}

#[track_caller]
fn fails(line: &str, message: &str) {
    let error = planned(line).expect_err(line);
    assert_eq!(error.to_string(), message, "for {line}");
}

#[test]
fn a_plain_scan() {
    let plan = run("a.example");
    assert_eq!(plan.targets.listed, ["a.example"]);
    assert_eq!(plan.depth, Depth::Ports);
    assert_eq!(plan.ports, PortPlan::default());
    assert_eq!(plan.timing.template, 3);
    assert_eq!(plan.discovery.names, Names::Up);
    assert_eq!(plan.scripts.rules, Vec::<String>::new());
    assert_eq!(plan.scripts.cpu_limit, Some(Duration::from_secs(30)));
    assert_eq!(plan.output.stylesheet, Stylesheet::Default);
}

#[test]
fn targets() {
    let plan = run("a -iL - --exclude b,c --exclude d --excludefile e -6").targets;
    let expected = TargetPlan {
        listed: vec!["a".into()],
        input: Some(Input::Stdin),
        exclude: vec!["b".into(), "c".into(), "d".into()],
        exclude_file: Some("e".into()),
        families: Families::V6,
        ..TargetPlan::default()
    };
    assert_eq!(plan, expected);
    let families = ["a", "-4 a", "-6 a", "-4 -6 a"].map(|line| run(line).targets.families);
    assert_eq!(families, [Families::V4, Families::V4, Families::V6, Families::Both]);
    assert_eq!(run("-iL hosts").targets.input, Some(Input::File("hosts".into())));
    let plan = run("--resolve-all --randomize-hosts --seed 7 --shard 2/3 a").targets;
    assert!(plan.resolve_all && plan.randomize);
    let of = |shard: Shard| (shard.number.get(), shard.of.get());
    assert_eq!((plan.seed, plan.shard.map(of)), (Some(7), Some((2, 3))));
    for value in ["0/3", "4/3", "1", "1/0", "a/b", "1/2/3"] {
        let message = format!(
            "'{value}' is no value for '--shard': a part of a number of parts, such as 1/4, is needed"
        );
        fails(&format!("--shard {value} a"), &message);
    }
    fails("''", "a target is empty: an argument of the command line is ''");
}

#[test]
fn without_targets() {
    let message = "no targets were given: name hosts or networks, as in 'nseer 192.0.2.1'; \
        'nseer -h' shows the options";
    for line in ["", "-v", "-p 22", "--script-args a=b"] {
        fails(line, message);
    }
    // Scripts that run before the scan need no targets, and may bring some.
    for line in ["--script x", "-sC", "--script-help x", "--script-updatedb", "-iL f"] {
        run(line);
    }
}

#[test]
fn depth_and_its_contradictions() {
    assert_eq!(run("-sL a").depth, Depth::List);
    assert_eq!(run("-sn a").depth, Depth::Hosts);
    assert_eq!(run("-sn -sL -Pn a").depth, Depth::List);
    assert_eq!(run("-sn -sC --top-ports 3 a").depth, Depth::Hosts);
    // As in Nmap.
    assert_eq!(run("-sn -sV a").depth, Depth::Hosts);
    fails("-sn -p 22 a", "-p does not go together with -sn, which scans no ports");
    fails("-sL -p 22 a", "-p does not go together with -sL, which scans no ports");
    fails("-sn -F a", "-F does not go together with -sn, which scans no ports");
    fails("-sTn a", "-sT does not go together with -sn, which scans no ports");
}

#[test]
fn ports() {
    let plan = run("-p 1-9 --top-ports 3 --port-ratio 0.5 --exclude-ports 2 -r a").ports;
    let expected = PortPlan {
        listed: Some("1-9".into()),
        fast: false,
        top: Some(3),
        ratio: Some(0.5),
        exclude: Some("2".into()),
        sequential: true,
    };
    assert_eq!(plan, expected);
    assert!(run("-F a").ports.fast);
    let both = run("-F --top-ports 10 a").ports;
    assert!(both.fast && both.top == Some(10), "which of them counts depends on the scan");
    assert!(run("--servicedb f a").ports.fast);
    assert!(!run("--servicedb f -p 22 a").ports.fast);
    fails(
        "-F -p 22 a",
        "-F does not go together with -p: use --top-ports 100 to choose from the ports of -p",
    );
    fails("-p '' a", "the port list of '-p' is empty: write ports as in 22,80 or 1-1024");
    for value in ["0", "x", "10x", "-1", "1.5"] {
        let message = format!(
            "'{value}' is no value for '--top-ports': a whole number, 1 or more, is needed"
        );
        fails(&format!("--top-ports {value} a"), &message);
    }
    for value in ["1", "2", "-0.1", "x", "nan"] {
        let message = format!(
            "'{value}' is no value for '--port-ratio': a number from 0 up to, but not including, \
             1 is needed"
        );
        fails(&format!("--port-ratio {value} a"), &message);
    }
}

#[test]
fn discovery_and_names() {
    let plan = run(
        "-PS22,80 -PE --disable-arp-ping -n -R --dns-servers 192.0.2.1,192.0.2.2 --system-dns a",
    )
    .discovery;
    let expected = DiscoveryPlan {
        skip: false,
        pings: vec![(PingType::Syn, Some("22,80".into())), (PingType::Echo, None)],
        trace: Wanted::Never,
        no_link_ping: true,
        names: Names::Never,
        servers: vec!["192.0.2.1".into(), "192.0.2.2".into()],
        system_resolver: true,
    };
    assert_eq!(plan, expected);
    let plan = run("-Pn -R -PS a").discovery;
    assert_eq!((plan.skip, plan.names), (true, Names::Always));
    assert_eq!(plan.pings, [(PingType::Syn, None)]);
}

#[test]
fn scans_and_packets() {
    let plan = run("-sUS --scanflags SYNFIN --ttl 3 -e lo -S 192.0.2.9 -g 53 --data 0x00ff a").scan;
    let packets = PacketPlan {
        interface: Some("lo".into()),
        source: Some("192.0.2.9".parse().expect("address")),
        source_port: Some(53),
        ttl: Some(3),
        data: PacketBytes::Fixed(vec![0, 255]),
        bad_checksum: false,
    };
    let types = vec![PortScan::Udp, PortScan::Syn];
    assert_eq!(plan, ScanPlan { types, flags: Some(3), privileged: None, packets });
    assert_eq!(run("--data-length 9 a").scan.packets.data, PacketBytes::Random(9));
    fails("-sST a", "-sS does not go together with -sT: one TCP scan at a time");
    fails("-sYZ a", "-sY does not go together with -sZ: one SCTP scan at a time");
    fails("-sOU a", "-sO does not go together with -sU: protocols are scanned alone");
    fails("-sO --scanflags 1 a", "--scanflags goes together with a scan of TCP ports only");
    fails(
        "-sT --scanflags 1 a",
        "--scanflags does not go together with -sT, whose packets the system makes",
    );
    fails(
        "--data 0 a",
        "'0' is no value for '--data': a list of at most 1400 pairs of hexadecimal digits is needed",
    );
    fails("--data 00 --data-length 1 a", "use one of --data, --data-string and --data-length");
    fails("-g 0 a", "'0' is no value for '-g': a port number, 1 to 65535, is needed");
    fails("--ttl 256 a", "'256' is no value for '--ttl': a number from 0 to 255 is needed");
    fails("-S x a", "'x' is no value for '-S': an address is needed");
}

#[test]
fn scripts() {
    assert_eq!(run("-sC a").scripts.rules, ["default"]);
    assert_eq!(run("-sC --script x,y --script z a").scripts.rules, ["x,y", "z"]);
    assert_eq!(run("--script-help x").scripts.help, ["x"]);
    let workers = |n| run(&format!("--script-workers {n} a")).scripts.workers;
    assert_eq!(workers(4), NonZeroUsize::new(4));
    assert_eq!(run("--script-cpu-limit 0 a").scripts.cpu_limit, None);
    assert_eq!(run("--script-timeout 0 a").scripts.timeout, Some(Duration::ZERO));
    for line in ["--script-trace a", "--packet-trace a", "-d3 a"] {
        assert!(run(line).scripts.trace, "{line}");
    }
    assert!(!run("-d2 a").scripts.trace);
    fails(
        "--script-workers 0 a",
        "'0' is no value for '--script-workers': a whole number, 1 or more, is needed",
    );
}

#[test]
fn timing() {
    for (line, template) in
        [("-T0 a", 0), ("-T 4 a", 4), ("-T Insane a", 5), ("-Tpolite a", 2), ("-T4 -T2 a", 2)]
    {
        assert_eq!(run(line).timing.template, template, "{line}");
    }
    for value in ["6", "4x", "ag", "", "-1", "04"] {
        let typed = if value.is_empty() { "''" } else { value };
        let message = format!(
            "'{value}' is no timing template: write 0 to 5, or paranoid, sneaky, polite, normal, \
             aggressive or insane"
        );
        fails(&format!("-T {typed} a"), &message);
    }
    let plan = run("--max-retries 0 --host-timeout 1.5m --max-rate 0.5 --scan-delay 1s a").timing;
    assert_eq!(plan.max_retries, Some(0));
    assert_eq!(plan.host_timeout, Some(Duration::from_secs(90)));
    assert_eq!(plan.max_rate, Some(0.5));
    assert_eq!(plan.scan_delay, Some(Duration::from_secs(1)));
    let plan =
        run("-sSU --max-scan-delay 20ms --defeat-rst-ratelimit --defeat-icmp-ratelimit a").timing;
    assert_eq!(plan.max_scan_delay, Some(Duration::from_millis(20)));
    assert!(
        plan.defeat_resets
            && plan.defeat_errors
            && run("--defeat-rst-ratelimit a").timing.defeat_resets
    );
    for line in ["-sT", "-sU", "-sn", "-sN"] {
        let message = "--defeat-rst-ratelimit goes together with -sS only";
        fails(&format!("{line} --defeat-rst-ratelimit a"), message);
    }
    for line in ["", "-sS", "-sL"] {
        let message = "--defeat-icmp-ratelimit goes together with -sU only";
        fails(&format!("{line} --defeat-icmp-ratelimit a"), message);
    }
}

#[test]
fn wrong_timing() {
    for (line, message) in [
        (
            "--host-timeout x a",
            "option '--host-timeout': 'x' is not a time: write a number and ms, s, m or h, \
             such as 500ms or 2m",
        ),
        (
            "--max-rtt-timeout 100 a",
            "'100' of '--max-rtt-timeout' means seconds: use 100ms for milliseconds, or 100s",
        ),
        ("--max-rtt-timeout 1ms a", "option '--max-rtt-timeout' needs a time of at least 5ms"),
        (
            "--initial-rtt-timeout 0 a",
            "option '--initial-rtt-timeout' needs a time of at least 1ms",
        ),
        (
            "--min-rate 100 --max-rate 10 a",
            "the value of '--min-rate' is greater than that of '--max-rate'",
        ),
        (
            "--min-parallelism 10 --max-parallelism 5 a",
            "the value of '--min-parallelism' is greater than that of '--max-parallelism'",
        ),
        (
            "--min-rtt-timeout 3s --max-rtt-timeout 2s a",
            "the value of '--min-rtt-timeout' is greater than that of '--max-rtt-timeout'",
        ),
        (
            "--max-rate inf a",
            "'inf' is no value for '--max-rate': a number greater than 0 is needed",
        ),
        ("--min-rate 0 a", "'0' is no value for '--min-rate': a number greater than 0 is needed"),
        (
            "--max-retries -1 a",
            "'-1' is no value for '--max-retries': a whole number, 0 or more, is needed",
        ),
    ] {
        fails(line, message);
    }
}

#[test]
fn output() {
    let file = |format, path: Option<&str>| OutputFile { format, path: path.map(PathBuf::from) };
    assert_eq!(
        run("-oX - -oN f a").output.files,
        [file(Format::Xml, None), file(Format::Normal, Some("f"))]
    );
    assert_eq!(run("-oX - -oX f a").output.files, [file(Format::Xml, Some("f"))]);
    assert_eq!(
        run("-oA b -oN y a").output.files,
        [
            file(Format::Xml, Some("b.xml")),
            file(Format::Grepable, Some("b.gnmap")),
            file(Format::Normal, Some("y"))
        ]
    );
    fails(
        "-oX - -oG - a",
        "two output formats are to go to standard output ('-'): give one of them a file",
    );
    for twice in ["-oN x -oX x a", "-oN x -oX ./x a", "-oA b -oN b.xml a", "--store x -oN x a"] {
        let error = planned(twice).expect_err(twice).to_string();
        assert!(error.contains("give each a file of its own"), "{twice}: {error}");
    }
    assert_eq!(run("-oN /dev/null -oX /dev/null a").output.files.len(), 2);
    let plan = run("-v0 --open --reason --append-output --stats-every 10s --stylesheet u a").output;
    assert!(plan.quiet && plan.open_only && plan.reasons && plan.append);
    assert_eq!(plan.stats_every, Some(Duration::from_secs(10)));
    assert_eq!(plan.stylesheet, Stylesheet::Named("u".into()));
    assert_eq!(run("--webxml --no-stylesheet a").output.stylesheet, Stylesheet::Absent);
    assert_eq!(run("--stats-every 0 a").output.stats_every, None);
}

#[test]
fn options_that_are_not_built() {
    fails(
        "-f a",
        "-f (split packets into fragments) is not built yet: an option of Nmap that this version does \
         not have",
    );
    fails(
        "-f -D x -f a",
        "-f (split packets into fragments), -D (hide among decoy senders) are not built yet: \
         options of Nmap that this version does not have",
    );
}

#[test]
fn pages() {
    assert_eq!(planned("--iflist"), Ok(Command::Interfaces));
    assert_eq!(planned("-h"), Ok(Command::Print(Page::Summary)));
    assert_eq!(planned("--generate man"), Ok(Command::Print(Page::Man)));
    fails(
        "--generate x",
        "'x' cannot be generated: write man, complete-bash, complete-zsh, complete-fish or json-schema",
    );
}
