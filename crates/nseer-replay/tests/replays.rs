//! Sockets over a recording, in virtual time.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use nseer_net::observer::{Observer as _, Sight, What};
use nseer_net::{ConnectOptions, NetError, Network, NetworkConfig, Socket, Transport};
use nseer_replay::machine::{self, Pace};
use nseer_replay::{Mismatch, Recorder, Recording, Replay};
use tokio::time::Instant;

/// A recording of these conversations.
fn replay(conversations: &str) -> (Network, Replay) {
    paced(conversations, &Pace::default())
}

fn paced(conversations: &str, pace: &Pace) -> (Network, Replay) {
    let text = format!("nseer recording 1\nscript x.nse\n{conversations}\nend\n");
    let replay = Replay::paced(Recording::read(&text).expect("a good recording"), pace);
    let stand_in = Some(Arc::new(replay.clone()) as _);
    (Network::new(NetworkConfig { stand_in, ..NetworkConfig::default() }), replay)
}

const PEER: &str = "192.0.2.1:7";

async fn connect(network: &Network, transport: Transport) -> Result<Socket, NetError> {
    let options =
        ConnectOptions { timeout: Some(Duration::from_secs(30)), ..ConnectOptions::default() };
    let peer: SocketAddr = PEER.parse().expect("an address");
    Socket::connect(network, transport, peer, &options).await
}

async fn tcp(network: &Network) -> Socket {
    connect(network, Transport::Tcp).await.expect("a connection")
}

fn seconds(n: u64) -> Option<Duration> {
    Some(Duration::from_secs(n))
}

/// What an operation gave: text, or the word of its failure.
fn told(result: Result<Vec<u8>, NetError>) -> String {
    match result {
        Ok(data) => String::from_utf8_lossy(&data).into_owned(),
        Err(error) => error.status().to_owned(),
    }
}

fn reasons(mismatches: &[Mismatch]) -> Vec<String> {
    mismatches
        .iter()
        .map(|mismatch| mismatch.text("r").lines().next().unwrap_or("").to_owned())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn what_a_peer_said_comes_when_it_came() {
    let (network, replay) = replay(
        "connection tcp 192.0.2.1:7 after 2s\n< 3s \"one\\n\"\n< 4s \"two\\n\"\n< silence\n> \"bye\"\n\
         < 1ms \"end\"\n< eof\nclose",
    );
    let begun = Instant::now();
    let mut socket = tcp(&network).await;
    assert_eq!(begun.elapsed().as_secs(), 2);
    assert_eq!(told(socket.receive(seconds(2)).await), "TIMEOUT");
    assert_eq!(told(socket.receive(seconds(2)).await), "one\n");
    assert_eq!(told(socket.receive_lines(2, seconds(60)).await), "two\n");
    // The line came after seven seconds, and nothing for the rest of the minute.
    assert_eq!(begun.elapsed().as_secs(), 2 + 3 + 60);
    assert!(socket.try_send(b"b").expect("at once").is_ok());
    socket.send(b"ye", seconds(1)).await.expect("sent");
    assert_eq!(told(socket.receive_bytes(9, seconds(1)).await), "end");
    assert_eq!(told(socket.receive(seconds(1)).await), "EOF");
    assert_eq!(told(socket.receive(seconds(1)).await), "EOF");
    drop(socket);
    assert_eq!(replay.finish(), []);
}

#[tokio::test(start_paused = true)]
async fn whoever_sends_early_still_hears_what_was_said_before() {
    let (network, replay) = replay(
        "connection tcp 192.0.2.1:7\n< 1s \"220 hi\\r\\n\"\n> \"EHLO\\r\\n\"\n> \"QUIT\\r\\n\"\n\
         < 1s \"221 bye\\r\\n\"\n< eof\nclose",
    );
    let mut socket = tcp(&network).await;
    socket.send(b"EHLO\r\nQUIT\r\n", None).await.expect("sent");
    assert_eq!(told(socket.receive(seconds(9)).await), "220 hi\r\n");
    assert_eq!(told(socket.receive(seconds(9)).await), "221 bye\r\n");
    drop(socket);
    assert_eq!(replay.finish(), []);
}

#[tokio::test(start_paused = true)]
async fn of_several_connections_the_one_that_begins_so_is_meant() {
    let (network, replay) = replay(
        "connection tcp 192.0.2.1:7\n> \"a\"\n< \"A\"\nconnection tcp 192.0.2.1:7\n> \"b\"\n< \"B\"\n\
         connection tcp 192.0.2.1:7 failed refused\nconnection tcp 192.0.2.1:7 failed timeout",
    );
    let (mut first, mut second) = (tcp(&network).await, tcp(&network).await);
    first.send(b"b", None).await.expect("sent");
    assert_eq!(told(first.receive(seconds(1)).await), "B");
    second.send(b"a", None).await.expect("sent");
    assert_eq!(told(second.receive(seconds(1)).await), "A");
    let refused = connect(&network, Transport::Tcp).await.expect_err("refused");
    assert_eq!(refused.status(), "ERROR");
    let begun = Instant::now();
    let late = connect(&network, Transport::Tcp).await.expect_err("nobody answers");
    assert_eq!((late.status(), begun.elapsed().as_secs()), ("TIMEOUT", 30));
    drop((first, second));
    assert_eq!(replay.finish(), []);
}

#[tokio::test(start_paused = true)]
async fn datagrams_keep_their_bounds_and_tls_begins_where_it_began() {
    let (network, replay) = replay(
        "connection udp 192.0.2.1:7\n> \"ab\"\n> \"cd\"\n< \"1\"\n< \"2\"\n< eof\n\
         connection udp *\n> to 192.0.2.9:53 \"q\"\n< \"a\"\n\
         connection tcp 192.0.2.1:7\n> \"STARTTLS\"\ntls x\"30 00\"\n< \"inside\"\nclose\n\
         connection tls 192.0.2.1:7 certificate x\"30 01\"\n> \"hi\"",
    );
    let mut udp = connect(&network, Transport::Udp).await.expect("a socket");
    assert!(udp.is_udp() && udp.try_send(b"ab").expect("at once").is_ok());
    udp.send(b"cd", None).await.expect("sent");
    assert_eq!(told(udp.receive_bytes(2, seconds(1)).await), "12");
    let mut many =
        Socket::udp_unconnected(&network, false, &ConnectOptions::default()).expect("a socket");
    many.send_to(b"q", "192.0.2.9:53".parse().expect("an address"), None).await.expect("sent");
    assert_eq!(told(many.receive(seconds(1)).await), "a");
    let mut plain = tcp(&network).await;
    plain.send(b"STARTTLS", None).await.expect("sent");
    assert!(!plain.is_tls());
    plain.start_tls(None, seconds(1)).await.expect("TLS");
    assert_eq!((plain.is_tls(), plain.peer_certificate_der()), (true, Some(vec![0x30, 0])));
    assert_eq!(told(plain.receive(seconds(1)).await), "inside");
    let mut tls = connect(&network, Transport::Tls).await.expect("a connection");
    assert_eq!((tls.is_tls(), tls.peer_certificate_der()), (true, Some(vec![0x30, 1])));
    tls.send(b"hi", None).await.expect("sent");
    drop((udp, many, plain, tls));
    assert_eq!(replay.finish(), []);
}

#[tokio::test(start_paused = true)]
async fn whatever_was_not_recorded_is_told() {
    let (network, replay) = replay(
        "connection tcp 192.0.2.1:7\n> \"hello\"\nclose\nconnection tcp 192.0.2.1:8\n\
         connection tls 192.0.2.1:7\n> \"more\"\nclose",
    );
    let mut socket = tcp(&network).await;
    assert_eq!(told(socket.receive(seconds(1)).await), "TIMEOUT");
    // What comes after the first difference is not told: it follows from it.
    assert!(socket.send(b"hello", None).await.is_err());
    drop(socket);
    let mut other = connect(&network, Transport::Tls).await.expect("a connection");
    assert!(other.send(b"less", None).await.is_err());
    drop(other);
    assert!(connect(&network, Transport::Tcp).await.is_err());
    assert!(network.resolve("a.example", None).await.is_err());
    assert!(Socket::udp_unconnected(&network, false, &ConnectOptions::default()).is_err());
    assert_eq!(
        reasons(&replay.finish()),
        [
            "r:4: connection to 192.0.2.1:7 (tcp): the script waits where it sent something",
            "r:8: connection to 192.0.2.1:7 (tls): the script sends something else",
            "r: the script connects to 192.0.2.1:7, which the recording does not have (again)",
            "r: the script looks up 'a.example', which the recording does not answer",
            "r: the script opens a UDP socket that the recording does not have",
            "r:6: the script never opened the connection to 192.0.2.1:8 (tcp)",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn dns_answers_what_it_answered() {
    let (network, replay) = replay(
        "name \"a.example\" v4 192.0.2.5\nname \"b.example\" any failed \"no\"\n\
         address 192.0.2.5 \"a.example\"\naddress 192.0.2.6 none",
    );
    let family = Some(nseer_net::Family::V4);
    let found = network.resolve("a.example", family).await.expect("an address");
    assert_eq!(found, ["192.0.2.5".parse::<std::net::IpAddr>().expect("an address")]);
    let error = network.resolve("b.example", family).await.expect_err("no address");
    assert_eq!(error.to_string(), "cannot resolve 'b.example': no");
    let address = |text: &str| text.parse().expect("an address");
    assert_eq!(network.reverse(address("192.0.2.5")).await.as_deref(), Some("a.example"));
    assert_eq!(network.reverse(address("192.0.2.6")).await, None);
    assert_eq!(network.resolve("192.0.2.7", family).await.expect("itself").len(), 1);
    assert_eq!(replay.finish(), []);
}

/// What two connections are answered, in the order in which it comes.
async fn both(conversations: &str) -> String {
    let (network, replay) = replay(conversations);
    let (first, second) = (tcp(&network).await, tcp(&network).await);
    let came = Mutex::new(String::new());
    let ask = async |mut socket: Socket, word: &str| {
        socket.send(word.as_bytes(), None).await.expect("sent");
        let answer = told(socket.receive(seconds(5)).await);
        came.lock().expect("no panic").push_str(&answer);
        drop(socket);
    };
    tokio::join!(ask(first, "a"), ask(second, "b"));
    assert_eq!(replay.finish(), []);
    came.into_inner().expect("no panic")
}

#[tokio::test(start_paused = true)]
async fn what_several_peers_say_comes_in_the_recorded_order() {
    // Within one millisecond, and over several.
    for unit in ["us", "ms"] {
        let conversations = |first: u32, second: u32| {
            format!(
                "connection tcp 192.0.2.1:7\n> 100{unit} \"a\"\n< {first}{unit} \"A\"\n\
                 connection tcp 192.0.2.1:7 at 1us\n> 99{unit} \"b\"\n< {second}{unit} \"B\""
            )
        };
        assert_eq!(both(&conversations(300, 500)).await, "AB", "{unit}");
        assert_eq!(both(&conversations(500, 300)).await, "BA", "{unit}");
    }
    // A thread has sent before another was answered, whenever that may be.
    let sent = "connection tcp 192.0.2.1:7\n> 1us \"a\"\n< 1us \"A\"\n\
                connection tcp 192.0.2.1:7 at 0us\n> 3us \"b\"\n< 0us \"B\"";
    assert_eq!(both(sent).await, "AB");
}

#[tokio::test(start_paused = true)]
async fn what_is_late_keeps_its_turn_while_others_go_on() {
    // Each answer of the first is one that the second waits for, which is ready long before.
    let turns = "> \"a\"\n< \"A\"\n".repeat(9);
    let (network, replay) = replay(&format!(
        "connection tcp 192.0.2.1:7\n< 1ms \"B\"\nconnection tcp 192.0.2.1:7 at 0us\n{turns}"
    ));
    let (mut second, mut first) = (tcp(&network).await, tcp(&network).await);
    let came = Mutex::new(String::new());
    let note = |answer: String| came.lock().expect("no panic").push_str(&answer);
    let ask = async {
        for _ in 0..9 {
            tokio::time::sleep(Duration::from_millis(3)).await;
            first.send(b"a", None).await.expect("sent");
            note(told(first.receive(seconds(5)).await));
        }
    };
    let listen = async { note(told(second.receive(seconds(5)).await)) };
    tokio::join!(ask, listen);
    drop((first, second));
    assert_eq!(replay.finish(), []);
    assert_eq!(came.into_inner().expect("no panic"), "AAAAAAAAAB");
}

#[tokio::test(start_paused = true)]
async fn a_clock_goes_on_by_what_a_script_slept_and_not_by_what_it_computed() {
    let pace = Pace::default();
    let clock = machine::machine(0, 1, &pace).clock;
    let shown = || clock.wall().duration_since(UNIX_EPOCH).expect("not before 1970");
    assert_eq!(shown(), Duration::ZERO);
    // It computed, on a machine that had much to do.
    tokio::time::advance(Duration::from_secs(3)).await;
    assert_eq!(shown(), Duration::ZERO);
    let until = clock.wall() + Duration::from_millis(400);
    tokio::time::advance(Duration::from_millis(417)).await;
    clock.slept_until(until);
    assert_eq!(shown(), Duration::from_millis(400));
}

#[tokio::test(start_paused = true)]
async fn what_came_in_time_while_a_script_computed_still_does() {
    // It computed for three seconds before it sent, which now takes no time.
    let (network, replay) =
        replay("connection tcp 192.0.2.1:7\n> 3s \"a\"\n< 4s \"A\"\n< 3s \"B\"");
    let mut socket = tcp(&network).await;
    socket.send(b"a", None).await.expect("sent");
    assert_eq!(told(socket.receive(seconds(5)).await), "A");
    assert_eq!(told(socket.receive(seconds(1)).await), "TIMEOUT");
    assert_eq!(told(socket.receive(seconds(60)).await), "B");
    drop(socket);
    assert_eq!(replay.finish(), []);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_opened_in_time_still_does() {
    let (network, replay) = replay("connection tcp 192.0.2.1:7 at 40s after 29s\nclose");
    let begun = Instant::now();
    drop(tcp(&network).await);
    assert_eq!(begun.elapsed().as_secs(), 29);
    assert_eq!(replay.finish(), []);
}

#[tokio::test(start_paused = true)]
async fn a_clock_shows_what_it_showed_when_something_happened() {
    let pace = Pace::default();
    let (network, _) = paced(
        "connection tcp 192.0.2.1:7 at 400ms\n> 1.5s \"a\"\n< 300us \"A\"\n> 200us \"b\"\nclose 7ms",
        &pace,
    );
    let clock = machine::machine(1_000_000, 1, &pace).clock;
    let shown = || {
        let time = clock.wall().duration_since(UNIX_EPOCH).expect("not before 1970");
        time.as_micros() - 1_000_000_000
    };
    assert_eq!(shown(), 0);
    let mut socket = tcp(&network).await;
    assert_eq!(shown(), 400_000);
    socket.send(b"a", None).await.expect("sent");
    assert_eq!(shown(), 1_900_000);
    assert_eq!(told(socket.receive(None).await), "A");
    assert_eq!(shown(), 1_900_300);
    socket.send(b"b", None).await.expect("sent");
    drop(socket);
    assert_eq!(shown(), 1_907_500);
    tokio::time::sleep(Duration::from_secs(9)).await;
    assert!((10_900_300..10_910_000).contains(&shown()), "{}", shown());
}

#[tokio::test(start_paused = true)]
async fn a_recorder_tells_in_which_order_things_happened() {
    let pace = Pace::default();
    let recorder = Recorder::paced(&pace);
    let clock = machine::machine(0, 1, &pace).clock;
    assert_eq!(clock.wall(), UNIX_EPOCH);
    tokio::time::advance(Duration::from_millis(5)).await;
    let at = Instant::now().into_std();
    let peer = Some(PEER.parse().expect("an address"));
    let opened = || What::Opened {
        transport: Transport::Tcp,
        local: None,
        peer,
        certificate: None,
        took: Duration::ZERO,
        failed: None,
    };
    let see = |socket, what| recorder.seen(&Sight { socket, at, mark: 0, what });
    see(1, opened());
    see(2, opened());
    see(2, What::Sent { data: b"two", to: None });
    // Nobody sees that.
    see(1, What::Sent { data: b"", to: None });
    see(1, What::Received(b"one"));
    let heard = recorder.take().conversations;
    let times: Vec<Vec<u128>> = heard
        .iter()
        .map(|c| {
            let turns = c.turns.iter().scan(c.at, |at, turn| {
                *at += turn.after;
                Some(at.as_micros())
            });
            std::iter::once(c.at.as_micros()).chain(turns).collect()
        })
        .collect();
    assert_eq!(times, [[5000, 5003], [5001, 5002]]);
    // A script that computes sees the time of what happened last.
    assert_eq!(clock.wall().duration_since(UNIX_EPOCH).expect("not before").as_micros(), 5003);
}
