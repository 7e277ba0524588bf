//! Servers that send a byte now and then, for ever. No script listens to one for long.
//!
//! Time is that of `nseer script test`, where waiting takes none: a peer plays the server, and each script, with an
//! action around its own, tells how long it took by its own clock.

use super::lab::Folder;
use super::{is_of_hosts, scripts};

/// What is sent, a byte a second, again and again: no lines, lines, nothing that can be read, a header and a document
/// without end.
const TEXTS: &[(&str, &str)] = &[
    ("letters", "x"),
    ("lines", r"220 line\r\n"),
    ("zeros", r"\0"),
    (
        "a header",
        r"HTTP/1.0 200 OK\r\nServer: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    ),
    ("a document", "<a><b>c</b>"),
];

/// The server, at the ports that scripts try by themselves too. It goes on for much longer than a script may listen.
const PEERS: &str = r#"
local function drip (text)
  return function (c)
    c:start_tls()
    for i = 0, 299 do
      c:wait(1)
      local at = i % #text + 1
      c:send(text:sub(at, at))
    end
  end
end

local function drips (script, what, port, text)
  local peer = drip(text)
  local peers = {}
  for _, known in ipairs { "25/tcp", "443/tcp", "445/tcp", "113/tcp", "111/tcp", "25/udp", "443/udp", "137/udp" } do
    peers[known] = peer
  end
  test(script .. " " .. port .. " " .. what, { script = script .. ".nse", ports = { port }, peers = peers, output = false })
end
"#;

/// The action around that of a script: it shows how long it took, where that was more than may be.
const CLOCK: &str = r#"
hostrule, prerule, postrule = nil, nil, nil
portrule = function () return true end
do
  local nmap = require "nmap"
  local inner = action
  action = function (host, port)
    local began = nmap.clock_ms()
    inner(host, port)
    local seconds = (nmap.clock_ms() - began) // 1000
    return seconds > 100 and "took " .. seconds .. " s" or nil
  end
end
"#;

#[test]
fn a_byte_now_and_then() {
    let folder = Folder::new();
    let mut tests = PEERS.to_owned();
    for script in scripts() {
        let text =
            nseer_stdlib::file(&format!("scripts/{script}.nse")).expect("an embedded script");
        folder
            .write(&format!("{script}.nse"), &(String::from_utf8_lossy(text).into_owned() + CLOCK));
        for (what, text) in TEXTS {
            let mut case = |port: &str| {
                tests.push_str(&format!(
                    "drips(\"{script}\", \"{what}\", \"{port}\", \"{text}\")\n"
                ));
            };
            case("443/tcp open https");
            // Where a connection may begin in the clear, there is more to be listened to.
            if *what == "lines" && !is_of_hosts(script) {
                case("25/tcp open smtp");
            }
        }
    }
    folder.write("drips.test.lua", &tests);
    let output = folder.nseer(&["script", "test", "drips.test.lua"]);
    let faults: Vec<&str> = output.stdout.lines().filter(|line| !line.starts_with("ok ")).collect();
    assert!(output.code == 0, "{}\n{}", faults.join("\n"), output.stderr);
}
