//! The example of a program that embeds the engine does what its page says.

#[path = "../examples/hosts_from_json.rs"]
mod hosts_from_json;

use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

const EXAMPLE: &str = include_str!("../examples/hosts_from_json.rs");
const PAGE: &str = include_str!("../../../docs/embedding.md");

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_hosts_is_enough() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        stream.write_all(b"220 mail.example ESMTP\r\n").await.expect("it is read");
    });
    let hosts = json!([
        {"address": "127.0.0.1", "ports": [{"number": port, "service": "smtp"}]},
        {"address": "127.0.0.2", "ports": []},
    ]);
    let results = hosts_from_json::run(&hosts, "banner").await.expect("it runs");
    server.await.expect("it ends");
    let said = json!({"address": "127.0.0.1", "port": port, "script": "banner", "output": "220 mail.example ESMTP"});
    assert_eq!(results, [said]);
}

#[tokio::test]
async fn what_makes_no_sense_is_named() {
    for (hosts, rule, error) in [
        (json!({}), "banner", "a list of hosts is needed"),
        (json!([{"address": "127.0.0.1"}]), "banner", "a host needs a list of ports"),
        (json!([{"address": "x", "ports": []}]), "banner", "invalid IP address syntax"),
        (
            json!([{"address": "::1", "ports": [{"number": 1, "protocol": "ip"}]}]),
            "banner",
            "'ip' is no protocol: write tcp or udp",
        ),
        (json!([]), "no-such", "'no-such' did not match a category, filename, or directory"),
    ] {
        let found = hosts_from_json::run(&hosts, rule).await.expect_err("an error");
        assert_eq!(found.to_string(), error);
    }
}

#[test]
fn the_page_shows_the_example() {
    let code = EXAMPLE.split_once("\n\n").map(|(_, code)| code).unwrap_or_default();
    let shown = PAGE.split_once("```rust\n").and_then(|(_, rest)| rest.split_once("```"));
    assert_eq!(
        shown.map(|(shown, _)| shown),
        Some(code),
        "copy the example into docs/embedding.md"
    );
}
