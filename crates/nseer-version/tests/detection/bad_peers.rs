//! Servers as they should not be.

use nseer_core::PortKey;

use crate::stage::{Act, Scene, brief};

const PROBES: &str = r"Probe TCP NULL q||
totalwaitms 2000
tcpwrappedms 1500
match greeter m|^hello (\S+)\n| p/Greeter/ v/$1/
match slow m|^(x+x+)+[yz]|
Probe TCP Ask q|ask|
match asked m|^answer\0(.)|s p/Asked/ v/$1/
";

#[tokio::test(start_paused = true)]
async fn who_hangs_up_at_once_is_wrapped() {
    let scene = Scene::new(PROBES, |_, _, _| vec![Act::Close(10)]);
    assert_eq!(brief(&scene.service().await), ("tcpwrapped", "", 8));
    assert_eq!(scene.stage.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_hangs_up_on_every_probe_is_wrapped() {
    let scene = Scene::new(PROBES, |_, _, _| vec![Act::Close(1600)]);
    assert_eq!(brief(&scene.service().await), ("tcpwrapped", "", 8));
    assert_eq!(scene.stage.connections(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_hangs_up_on_two_connections_at_once_is_asked_again() {
    let mut scene = Scene::new(PROBES, |_, _, sent| match sent {
        b"ask" => vec![Act::Say(100, b"answer\x007")],
        _ => vec![],
    });
    // As an X server does when a client leaves it.
    scene.stage.begins_anew = Some(550);
    assert_eq!(brief(&scene.service().await), ("asked", "Asked", 10));
    let asked = |text: &str| scene.stage.sent().iter().filter(|(_, sent)| sent == text).count();
    assert_eq!((asked("ask"), scene.stage.connections()), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn who_hangs_up_after_a_while_again_and_again_is_wrapped() {
    let scene = Scene::new(PROBES, |_, _, sent| match sent {
        b"" => vec![Act::Close(700)],
        _ => vec![],
    });
    assert_eq!(brief(&scene.service().await), ("tcpwrapped", "", 8));
    assert_eq!(scene.stage.connections(), 3);
}

#[tokio::test(start_paused = true)]
async fn who_lets_a_probe_wait_is_not() {
    let scene = Scene::new(PROBES, |_, _, sent| match sent {
        b"" => vec![],
        _ => vec![Act::Close(10)],
    });
    assert_eq!(brief(&scene.service().await), ("registered", "", 3));
}

#[tokio::test(start_paused = true)]
async fn who_resets_at_once_is_wrapped_too() {
    let scene = Scene::new(PROBES, |_, _, _| vec![Act::Reset]);
    assert_eq!(brief(&scene.service().await), ("tcpwrapped", "", 8));
}

#[tokio::test(start_paused = true)]
async fn who_refuses_meanwhile_is_not_asked_on() {
    let mut scene = Scene::new(PROBES, |_, _, _| vec![]);
    scene.stage.refuses = |_, _| true;
    assert_eq!(brief(&scene.service().await), ("registered", "", 3));
}

#[tokio::test(start_paused = true)]
async fn a_greeting_may_come_byte_by_byte() {
    let scene = Scene::new(PROBES, |_, _, _| vec![Act::Drip(20, b"hello 1.2.3\n")]);
    let service = scene.service().await;
    assert_eq!((brief(&service).0, service.version.as_deref()), ("greeter", Some("1.2.3")));
}

#[tokio::test(start_paused = true)]
async fn a_flood_has_an_end() {
    static LINE: [u8; 1 << 20] = [b'x'; 1 << 20];
    let scene = Scene::new(PROBES, |_, _, _| vec![Act::Flood(1, &LINE)]);
    let service = scene.service().await;
    assert_eq!(brief(&service), ("registered", "", 3));
    let block = service.fingerprint.expect("a fingerprint");
    assert!(block.len() < 5000);
    let events = scene.events.0.lock().expect("events");
    let told = "scene:5: the pattern takes too many steps";
    let told = events.iter().filter(|text| text.contains(told)).count();
    assert_eq!(told, 1, "once, however many answers there are: {events:?}");
}

#[tokio::test(start_paused = true)]
async fn nul_and_reset_do_no_harm() {
    let scene = Scene::new(PROBES, |_, _, sent| match sent {
        b"ask" => vec![Act::Say(1, b"answer\0"), Act::Say(1, b"\xff\0"), Act::Reset],
        _ => vec![],
    });
    let service = scene.service().await;
    assert_eq!(brief(&service), ("asked", "Asked", 10));
    assert_eq!(service.version.as_deref(), Some("."), "what cannot be shown is a dot");
    let scene = Scene::new(PROBES, |_, _, sent| match sent {
        b"ask" => vec![Act::Say(1, b"answ"), Act::Reset],
        _ => vec![],
    });
    let service = scene.service().await;
    assert_eq!(brief(&service), ("registered", "", 3));
    assert_eq!(service.fingerprint, None, "half an answer tells nobody anything");
}

#[tokio::test(start_paused = true)]
async fn a_nameless_port_that_tells_nothing_stays_as_it_was() {
    let mut scene = Scene::new(PROBES, |_, _, _| vec![]);
    scene.ports[0].0 = PortKey::tcp(1);
    let host = scene.run().await;
    assert!(host.ports.detail(PortKey::tcp(1)).is_none());
}
