//! The definitions of `nseer script types` under a real language server: EmmyLua's, over standard input
//! and output as an editor talks to it, without a network.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// `set_timeout` is given a text, and `host` is completed where the cursor stands.
const SCRIPT: &str = r#"local nmap = require "nmap"
local stdnse = require "stdnse"
description = [[ Says hello. ]]
categories = {"safe"}
portrule = function(_, port) return port.number == 80 end

---@param host nse.Host
action = function(host)
  local socket = nmap.new_socket()
  socket:set_timeout("soon")
  stdnse.debug1("hello %s", host.name)
  return host.targetname
end
"#;

/// Answers to wait for until the server has read all files.
const PATIENCE: usize = 20_000;

struct Server {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    uri: String,
    next: u64,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> PathBuf {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/emmylua_ls");
    assert!(
        tools.exists(),
        "EmmyLua's language server is not there: sh .ci/language_server fetches it, and so does ./test"
    );
    tools
}

impl Server {
    fn start(folder: &Path) -> Server {
        let mut child = Command::new("unshare")
            .args(["-rn", "--"])
            .arg(program())
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let (to, from) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        let uri = format!("file://{}", folder.display());
        let mut server =
            Server { child, to, from: BufReader::new(from), uri: uri.clone(), next: 0 };
        let capabilities = json!({
            "textDocument": { "completion": {}, "diagnostic": {} },
            "workspace": { "configuration": true },
        });
        server.ask(
            "initialize",
            json!({
                "processId": null,
                "rootUri": uri,
                "workspaceFolders": [{ "uri": uri, "name": "scripts" }],
                "capabilities": capabilities,
            }),
        );
        server.tell("initialized", json!({}));
        server
    }

    fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = json!("2.0");
        let text = message.to_string();
        write!(self.to, "Content-Length: {}\r\n\r\n{text}", text.len())
            .expect("the server listens");
        self.to.flush().expect("the server listens");
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(json!({ "method": method, "params": params }));
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            let read = self.from.read_line(&mut line).expect("the server speaks");
            assert!(read > 0, "the server has ended");
            match line.trim_end().split_once(": ") {
                Some(("Content-Length", value)) => length = value.parse().expect("a number"),
                None => break,
                _ => {}
            }
        }
        let mut text = vec![0; length];
        self.from.read_exact(&mut text).expect("the server speaks");
        serde_json::from_slice(&text).expect("JSON")
    }

    /// The answer to a question; what the server asks meanwhile is answered with nothing.
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(json!({ "id": id, "method": method, "params": params }));
        loop {
            let message = self.receive();
            match (message.get("method"), message.get("id")) {
                (None, Some(answer)) if *answer == json!(id) => return message["result"].clone(),
                (Some(_), Some(asked)) => {
                    let items = message["params"]["items"].as_array().map_or(0, Vec::len);
                    let result = vec![json!({}); items];
                    self.send(json!({ "id": asked, "result": result }));
                }
                _ => {}
            }
        }
    }

    fn document(&self) -> Value {
        json!({ "uri": format!("{}/sample.nse", self.uri) })
    }

    /// Line from 0 and code of each diagnostic.
    fn diagnostics(&mut self) -> Vec<(u64, String)> {
        let params = json!({ "textDocument": self.document() });
        let answer = self.ask("textDocument/diagnostic", params);
        let items = answer["items"].as_array().cloned().unwrap_or_default();
        let read = |item: &Value| {
            (
                item["range"]["start"]["line"].as_u64().expect("a line"),
                item["code"].as_str().unwrap_or_default().to_owned(),
            )
        };
        items.iter().map(read).collect()
    }

    /// What is offered behind a piece of the script.
    fn offered(&mut self, behind: &str) -> Vec<String> {
        let end = SCRIPT.find(behind).expect("a piece of the script") + behind.len();
        let before = &SCRIPT[..end];
        let line = before.matches('\n').count();
        let character = before.lines().last().expect("a line").len();
        let answer = self.ask(
            "textDocument/completion",
            json!({
                "textDocument": self.document(),
                "position": { "line": line, "character": character },
                "context": { "triggerKind": 1 },
            }),
        );
        let items = answer.get("items").unwrap_or(&answer).as_array().cloned().unwrap_or_default();
        items.iter().filter_map(|item| Some(item["label"].as_str()?.to_owned())).collect()
    }
}

#[allow(clippy::disallowed_methods, reason = "a test makes its own files")]
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("editor");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    std::fs::write(folder.join("sample.nse"), SCRIPT).expect("a file for the test");
    let made = Command::new(env!("CARGO_BIN_EXE_nseer"))
        .args(["script", "types", "-o", "."])
        .current_dir(&folder)
        .stdout(Stdio::null())
        .status()
        .expect("nseer runs");
    assert!(made.success());
    folder
}

#[test]
fn an_editor_completes_and_finds_a_wrong_type() {
    let mut server = Server::start(&folder());
    let document = server.document();
    let mut open = document.clone();
    (open["languageId"], open["version"], open["text"]) = (json!("lua"), json!(1), json!(SCRIPT));
    server.tell("textDocument/didOpen", json!({ "textDocument": open }));

    // The text that is no number is line 10; until the definitions are read, nothing is known.
    let wrong = (9, "param-type-mismatch".to_owned());
    let found = (0..PATIENCE).any(|_| server.diagnostics().contains(&wrong));
    assert!(found, "the wrong type is not found: {:?}", server.diagnostics());
    let mismatches = server.diagnostics().iter().filter(|(_, code)| *code == wrong.1).count();
    assert_eq!(mismatches, 1, "{:?}", server.diagnostics());

    for (behind, expected) in [
        ("socket:", &["connect", "receive_lines", "set_timeout"][..]),
        ("stdnse.", &["debug1", "get_script_args", "new_thread", "output_table"]),
        ("return host.", &["ip", "name", "registry", "targetname"]),
    ] {
        let offered = server.offered(behind);
        for name in expected {
            assert!(offered.iter().any(|known| known == name), "{behind}{name}: {offered:?}");
        }
    }

    // Corrected, it is told no more.
    let mut changed = document;
    changed["version"] = json!(2);
    let text = SCRIPT.replace("\"soon\"", "5000");
    server.tell(
        "textDocument/didChange",
        json!({ "textDocument": changed, "contentChanges": [{ "text": text }] }),
    );
    let is_gone = (0..PATIENCE).any(|_| !server.diagnostics().contains(&wrong));
    assert!(is_gone, "{:?}", server.diagnostics());
}
