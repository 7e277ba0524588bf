//! Datagrams, and services inside TLS.

use nseer_core::{PortKey, PortState, Reason, Tunnel};
use nseer_net::Transport;

use crate::stage::{Act, Scene, brief};

const PROBES: &str = r"Probe TCP NULL q||
totalwaitms 2000
match hidden m|^hidden| p/Hidden/
Probe TCP Hello q|client hello|
ports 7777
match ssl m|^server hello| p/Any TLS/
Probe TCP Get q|get|
sslports 7777
match http m|^200 (\w+)| p/$1/
match ssl/http m|^400 use TLS| p/Plain/
Probe UDP Name q|name?|
ports 53
match dns m|^name (\S+)| p/Dns/ v/$1/
Probe UDP Other q|other?|
rarity 3
match other m|^other|
";

fn tls_server(sent: &[u8], transport: Transport) -> Vec<Act> {
    match (transport, sent) {
        (Transport::Tls, b"get") => vec![Act::Say(5, b"200 Server"), Act::Close(5)],
        (Transport::Tcp, b"client hello") => vec![Act::Say(5, b"server hello")],
        _ => vec![],
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_inside_tls_is_asked_through_tls() {
    let scene = Scene::new(PROBES, |_, transport, sent| tls_server(sent, transport));
    let service = scene.service().await;
    assert_eq!(brief(&service), ("http", "Server", 10));
    assert_eq!(service.tunnel, Tunnel::Ssl);
    let texts: Vec<String> = scene.stage.sent().into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["client hello", "get"]);
}

#[tokio::test(start_paused = true)]
async fn who_speaks_first_inside_tls_is_heard() {
    let scene = Scene::new(PROBES, |_, transport, sent| match (transport, sent) {
        (Transport::Tls, _) => vec![Act::Say(5, b"hidden")],
        _ => tls_server(sent, transport),
    });
    let service = scene.service().await;
    assert_eq!((brief(&service), service.tunnel), (("hidden", "Hidden", 10), Tunnel::Ssl));
}

#[tokio::test(start_paused = true)]
async fn tls_without_a_service_keeps_the_table_s_name() {
    let mut scene = Scene::new(PROBES, |_, transport, sent| tls_server(sent, transport));
    scene.stage.refuses = |_, transport| transport == Transport::Tls;
    let service = scene.service().await;
    assert_eq!((brief(&service), service.tunnel), (("registered", "", 3), Tunnel::Ssl));
    let scene = Scene::new(PROBES, |_, transport, sent| match transport {
        Transport::Tls => vec![Act::Say(5, b"what?")],
        _ => tls_server(sent, transport),
    });
    let service = scene.service().await;
    assert_eq!(service.tunnel, Tunnel::Ssl);
    let block = service.fingerprint.expect("a fingerprint").replace("\nSF:", "");
    assert!(block.contains("%T=SSL%I=7"), "{block}");
}

#[tokio::test(start_paused = true)]
async fn a_plain_answer_may_tell_of_tls() {
    let scene = Scene::new(PROBES, |_, _, sent| match sent {
        b"get" => vec![Act::Say(5, b"400 use TLS")],
        _ => vec![],
    });
    let service = scene.service().await;
    assert_eq!((brief(&service), service.tunnel), (("http", "Plain", 10), Tunnel::Ssl));
}

#[tokio::test(start_paused = true)]
async fn an_answer_opens_a_udp_port() {
    let ports = vec![
        (PortKey::udp(53), PortState::OpenFiltered),
        (PortKey::udp(54), PortState::OpenFiltered),
        (PortKey::udp(55), PortState::OpenFiltered),
    ];
    let scene = Scene {
        ports,
        ..Scene::new(PROBES, |key, _, sent| match (key.number, sent) {
            (53, b"name?") => vec![Act::Say(5, b"name 1.0")],
            (54, b"other?") => vec![Act::Say(5, b"mumble")],
            _ => vec![],
        })
    };
    let host = scene.run().await;
    let of = |number| {
        let status = host.ports.status(PortKey::udp(number)).expect("a status");
        (status.state, status.reason, host.ports.service(PortKey::udp(number)))
    };
    let (state, reason, service) = of(53);
    assert_eq!((state, reason), (PortState::Open, Reason::UdpResponse));
    assert_eq!(brief(&service), ("dns", "Dns", 10));
    let (state, reason, service) = of(54);
    assert_eq!((state, reason), (PortState::Open, Reason::UdpResponse));
    assert!(service.fingerprint.expect("a fingerprint").starts_with("SF-Port54-UDP:"));
    assert_eq!(of(55).0, PortState::OpenFiltered);
}

#[tokio::test(start_paused = true)]
async fn a_datagram_refused_ends_only_its_probe() {
    let scene = Scene {
        ports: vec![(PortKey::udp(53), PortState::Open)],
        ..Scene::new(PROBES, |_, _, sent| match sent {
            b"name?" => vec![Act::Reset],
            b"other?" => vec![Act::Say(1, b"other")],
            _ => vec![],
        })
    };
    assert_eq!(brief(&scene.service().await).0, "other");
}
