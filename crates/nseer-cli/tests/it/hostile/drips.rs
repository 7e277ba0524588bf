//! Servers that send a byte now and then, for ever. No script listens to one for long.
//!
//! Time is that of `nseer script test`, where waiting takes none: a peer plays the server, and each script, with an
//! action around its own, tells how long it took by its own clock.

use super::scripts;
use crate::lab::Folder;

/// The servers, a port each, and some more at the ports that scripts try by themselves. They go on for much longer than
/// a script may listen.
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

local zeros = drip("\0")
local peers = {
  ["443/tcp"] = drip("x"), ["8443/tcp"] = drip("220 line\r\n"), ["25/tcp"] = drip("220 line\r\n"), ["993/tcp"] = zeros,
  ["5061/tcp"] = drip("HTTP/1.0 200 OK\r\nServer: " .. ("x"):rep(300)), ["5222/tcp"] = drip("<a><b>c</b>"),
}
for _, known in ipairs { "111/tcp", "113/tcp", "445/tcp" } do
  peers[known] = zeros
end
for _, known in ipairs { "25/udp", "67/udp", "137/udp", "443/udp", "993/udp", "5061/udp", "5222/udp", "8443/udp" } do
  peers[known] = zeros
end

local function drips (script)
  test(script, {
    script = script .. ".nse", peers = peers, output = false,
    ports = {
      "443/tcp open https", "8443/tcp open https", "25/tcp open smtp", "993/tcp open imaps", "5061/tcp open https",
      "5222/tcp open xmpp-client",
    },
  })
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
        tests.push_str(&format!("drips(\"{script}\")\n"));
    }
    folder.write("drips.test.lua", &tests);
    let output = folder.nseer(&["script", "test", "drips.test.lua"]);
    let faults: Vec<&str> = output.stdout.lines().filter(|line| !line.starts_with("ok ")).collect();
    assert!(output.code == 0, "{}\n{}", faults.join("\n"), output.stderr);
}
