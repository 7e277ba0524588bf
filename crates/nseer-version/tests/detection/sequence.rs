//! What is sent, in which order, and when it ends.

use nseer_core::{PortKey, PortState, ServiceMethod};

use crate::stage::{Act, Scene, brief};

const PROBES: &str = r"Exclude T:9100
Probe TCP NULL q||
totalwaitms 6000
tcpwrappedms 3000
match greeter m|^hello (\S+)| p/Greeter/ v/$1/ cpe:/a:greet:er:$1/
softmatch mail m|^220 |
Probe TCP Common q|common|
rarity 1
match common m|^yes| p/Common/
Probe TCP Meant q|meant|
rarity 8
ports 7777
match meant m|^meant| p/Meant/
Probe TCP Rare q|rare|
rarity 8
match rare m|^rare|
match mail m|^220 .*\r\n250 (\w+)|s p/$1/
Probe TCP Commoner q|commoner|
rarity 2
match other m|^other|
";

#[tokio::test(start_paused = true)]
async fn who_speaks_first_is_sent_nothing() {
    let scene = Scene::new(PROBES, |_, _, _| vec![Act::Say(100, b"hello 1.2\r\n")]);
    let service = scene.service().await;
    assert_eq!(brief(&service), ("greeter", "Greeter", 10));
    assert_eq!(service.version.as_deref(), Some("1.2"));
    assert_eq!(service.cpe, ["cpe:/a:greet:er:1.2"]);
    assert_eq!(service.method, ServiceMethod::Probed);
    assert_eq!(service.fingerprint, None);
    assert_eq!((scene.stage.sent(), scene.stage.elapsed()), (vec![], 100));
}

#[tokio::test(start_paused = true)]
async fn after_half_a_second_the_likely_probe_follows_then_the_common_ones() {
    let scene = Scene::new(PROBES, |_, _, _| vec![]);
    let service = scene.service().await;
    assert_eq!(brief(&service), ("registered", "", 3), "the table's name");
    assert_eq!(service.method, ServiceMethod::Table);
    let sent = scene.stage.sent();
    let sent: Vec<(u64, &str)> = sent.iter().map(|(at, text)| (*at, text.as_str())).collect();
    assert_eq!(sent, [(500, "meant"), (1000, "common"), (1500, "commoner")]);
    assert_eq!(scene.stage.connections(), 4);
    assert_eq!(scene.stage.elapsed(), 7500, "each had half a second after the one before");
}

#[tokio::test(start_paused = true)]
async fn a_late_greeting_still_counts() {
    let scene = Scene::new(PROBES, |_, _, _| vec![Act::Say(5500, b"hello 3\r\n")]);
    assert_eq!(brief(&scene.service().await), ("greeter", "Greeter", 10));
    assert_eq!(scene.stage.elapsed(), 5500);
}

#[tokio::test(start_paused = true)]
async fn the_first_answer_that_is_certain_ends_it() {
    let scene = Scene::new(PROBES, |_, _, sent| match sent {
        b"common" => vec![Act::Say(10, b"yes")],
        _ => vec![],
    });
    assert_eq!(brief(&scene.service().await), ("common", "Common", 10));
    assert_eq!(scene.stage.elapsed(), 1010);
}

#[tokio::test(start_paused = true)]
async fn a_server_with_one_client_at_a_time_is_heard() {
    let mut scene = Scene::new(PROBES, |_, _, sent| match sent {
        b"commoner" => vec![Act::Say(10, b"other")],
        _ => vec![],
    });
    scene.stage.one_at_a_time = true;
    assert_eq!(brief(&scene.service().await).0, "other");
    assert_eq!(scene.stage.connections(), 4, "nothing is sent twice");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_a_second_client_is_asked_over_the_first_connection() {
    let mut scene = Scene::new(PROBES, |_, _, sent| match sent {
        b"meant" => vec![Act::Say(10, b"meant")],
        _ => vec![],
    });
    scene.stage.refuses_others = true;
    assert_eq!(brief(&scene.service().await).0, "meant");
    assert_eq!(scene.stage.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_a_second_client_gets_every_probe() {
    let mut scene = Scene::new(PROBES, |_, _, sent| match sent {
        b"commoner" => vec![Act::Say(10, b"other")],
        _ => vec![],
    });
    scene.stage.refuses_others = true;
    assert_eq!(brief(&scene.service().await).0, "other");
    let texts: Vec<String> = scene.stage.sent().into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts.len(), scene.stage.connections(), "{texts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_hint_narrows_what_follows() {
    let scene = Scene::new(PROBES, |_, _, sent| match sent {
        b"" => vec![Act::Say(10, b"220 hi\r\n")],
        b"rare" => vec![Act::Say(10, b"250 fine\r\n")],
        _ => vec![Act::Say(10, b"500 what\r\n")],
    });
    let service = scene.service().await;
    assert_eq!(brief(&service), ("mail", "fine", 10));
    let texts: Vec<String> = scene.stage.sent().into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["rare"], "rarity does not count, and no other probe is sent");
}

#[tokio::test(start_paused = true)]
async fn a_hint_alone_gives_the_name_and_a_fingerprint() {
    let scene = Scene::new(PROBES, |_, _, sent| match sent {
        b"" => vec![Act::Say(10, b"220 hi\r\n"), Act::Close(5)],
        _ => vec![],
    });
    let service = scene.service().await;
    assert_eq!(brief(&service), ("mail", "", 10));
    let block = service.fingerprint.expect("a fingerprint").replace("\nSF:", "");
    assert!(
        block.starts_with("SF-Port7777-TCP:V=") && block.contains(r#"%r(NULL,8,"220\x20hi\r\n")"#),
        "{block}"
    );
}

#[tokio::test(start_paused = true)]
async fn unknown_answers_are_a_fingerprint() {
    let scene = Scene::new(PROBES, |_, _, sent| match sent {
        b"common" => vec![Act::Say(10, b"?!"), Act::Close(10)],
        b"commoner" => vec![Act::Say(10, b"!?"), Act::Close(10)],
        _ => vec![],
    });
    let service = scene.service().await;
    assert_eq!(brief(&service), ("registered", "", 3));
    let block = service.fingerprint.expect("a fingerprint").replace("\nSF:", "");
    assert!(block.ends_with(r#"%r(Common,2,"\?!")%r(Commoner,2,"!\?");"#), "{block}");
}

#[tokio::test(start_paused = true)]
async fn intensity_says_which_probes_are_tried() {
    for (intensity, expected) in [
        (0, vec!["meant"]),
        (1, vec!["meant", "common"]),
        (2, vec!["meant", "common", "commoner"]),
        (9, vec!["meant", "common", "rare", "commoner"]),
    ] {
        let scene = Scene { intensity, ..Scene::new(PROBES, |_, _, _| vec![]) };
        let _ = scene.run().await;
        let sent = scene.stage.sent();
        let texts: Vec<&str> = sent.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, expected, "{intensity}");
    }
}

#[tokio::test(start_paused = true)]
async fn excluded_ports_are_left_alone() {
    for (all_ports, expected) in [(false, 0), (true, 1)] {
        let scene = Scene {
            ports: vec![(PortKey::tcp(9100), PortState::Open)],
            all_ports,
            ..Scene::new(PROBES, |_, _, _| vec![Act::Say(1, b"hello 1\n")])
        };
        let service = scene.service().await;
        assert_eq!(scene.stage.connections(), expected);
        let product = if all_ports { "Greeter" } else { "Excluded from version scan" };
        assert_eq!(service.product.as_deref(), Some(product));
    }
}

#[tokio::test(start_paused = true)]
async fn ports_that_cannot_be_open_are_not_asked() {
    let states =
        [PortState::Closed, PortState::Filtered, PortState::Unfiltered, PortState::ClosedFiltered];
    let ports = (1..).zip(states).map(|(n, state)| (PortKey::tcp(n), state)).collect();
    let scene = Scene { ports, ..Scene::new(PROBES, |_, _, _| vec![Act::Say(1, b"hello 1\n")]) };
    let _ = scene.run().await;
    assert_eq!(scene.stage.connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn many_ports_share_the_sockets() {
    let ports = (1..=60).map(|n| (PortKey::tcp(n), PortState::Open)).collect();
    let scene = Scene {
        ports,
        sockets: 7,
        ..Scene::new(PROBES, |key, _, sent| match (key.number % 2, sent) {
            (0, b"") => vec![Act::Say(50, b"hello 1\n")],
            (1, b"common") => vec![Act::Say(50, b"yes")],
            _ => vec![],
        })
    };
    let host = scene.run().await;
    for (key, _) in host.ports.iter() {
        let expected = if key.number % 2 == 0 { "greeter" } else { "common" };
        assert_eq!(host.ports.service(key).name.as_deref(), Some(expected), "{key}");
    }
    let most = scene.stage.most_open.load(std::sync::atomic::Ordering::Relaxed);
    assert!(most <= 7, "{most}");
}

#[tokio::test(start_paused = true)]
async fn at_the_deadline_it_stops_with_what_is_known() {
    let ports = [1, 2].map(|n| (PortKey::tcp(n), PortState::Open)).to_vec();
    let scene = Scene {
        ports,
        deadline: Some(std::time::Duration::from_secs(2)),
        ..Scene::new(PROBES, |key, _, _| match key.number {
            1 => vec![Act::Say(50, b"hello 1\n")],
            _ => vec![],
        })
    };
    let host = scene.run().await;
    assert_eq!(scene.stage.elapsed(), 2000);
    assert_eq!(host.ports.service(PortKey::tcp(1)).name.as_deref(), Some("greeter"));
    assert_eq!(host.ports.service(PortKey::tcp(2)).name, None);
}
