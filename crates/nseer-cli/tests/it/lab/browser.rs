//! Chromium without a screen, driven by the Chrome DevTools Protocol as a person would drive it: keys
//! and clicks go through the browser, not through the page's own script.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

use super::Lab;

/// A browser that shows one page. It ends with the lab.
pub(crate) struct Browser {
    child: Child,
    socket: WebSocket<TcpStream>,
    session: String,
    last: u64,
}

impl Lab {
    /// Opens a file in a new browser.
    pub(crate) fn browser(&self, file: &str) -> Browser {
        let mut child = Command::new("chromium")
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"])
            .args(["--no-first-run", "--disable-background-networking"])
            .args(["--disable-component-update", "--disable-sync", "--remote-debugging-port=0"])
            .args(["--disable-dev-shm-usage", "--user-data-dir=/run/lab/chromium", "about:blank"])
            .env("HOME", "/run/lab/home")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("chromium (Debian package chromium) can be started");
        let mut lines = BufReader::new(child.stderr.take().expect("its errors")).lines();
        let url = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("DevTools listening on ").map(str::to_owned))
            .expect("chromium tells where it listens");
        // Somebody has to read what it goes on to complain about.
        std::thread::spawn(move || lines.for_each(drop));
        let address = url.trim_start_matches("ws://").split('/').next().unwrap_or_default();
        let stream = TcpStream::connect(address).expect("chromium listens");
        let patience = Some(Duration::from_secs(60));
        stream.set_read_timeout(patience).expect("a time-out can be set");
        let (socket, _) = tungstenite::client(&url, stream).expect("a WebSocket");
        let mut browser = Browser { child, socket, session: String::new(), last: 0 };
        let target = browser.call("Target.createTarget", json!({"url": format!("file://{file}")}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.call("Target.attachToTarget", attach);
        browser.session = session["sessionId"].as_str().expect("a session").to_owned();
        browser.wait_until("location.protocol === 'file:' && document.readyState === 'complete'");
        browser
    }
}

impl Browser {
    /// One command of the protocol.
    fn call(&mut self, method: &str, params: Value) -> Value {
        let answer = self.ask(method, params);
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// One command, and whatever is answered.
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let mut message = json!({"id": self.last, "method": method, "params": params});
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        self.socket.send(Message::text(message.to_string())).expect("chromium listens");
        loop {
            let Message::Text(text) = self.socket.read().expect("chromium answers") else {
                continue;
            };
            let answer: Value = serde_json::from_str(&text).expect("JSON");
            if answer["id"] == self.last {
                return answer;
            }
        }
    }

    /// The value of an expression in the page.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true});
        let result = self.call("Runtime.evaluate", params);
        assert!(result["exceptionDetails"].is_null(), "{expression}: {result}");
        result["result"]["value"].clone()
    }

    /// Waits until an expression is true; the browser works beside the test. That a page which is on its
    /// way to the next one cannot be asked is not yet an answer.
    pub(crate) fn wait_until(&mut self, expression: &str) {
        let begun = Instant::now();
        loop {
            let params = json!({"expression": expression, "returnByValue": true});
            let answer = self.ask("Runtime.evaluate", params);
            if answer["result"]["result"]["value"] == true {
                return;
            }
            let late = begun.elapsed() >= Duration::from_secs(30);
            assert!(!late, "it did not happen: {expression}: {answer}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Types text where the focus is.
    pub(crate) fn write(&mut self, text: &str) {
        self.call("Input.insertText", json!({"text": text}));
    }

    /// Presses and releases a key.
    pub(crate) fn press(&mut self, key: &str) {
        let code = match key {
            "Enter" => 13,
            "Escape" => 27,
            "Tab" => 9,
            other => u32::from(other.to_ascii_uppercase().bytes().next().unwrap_or_default()),
        };
        let text = match key {
            "Enter" => "\r",
            one if one.len() == 1 => one,
            _ => "",
        };
        for kind in ["keyDown", "keyUp"] {
            let params = json!({"type": kind, "key": key, "text": text,
                "windowsVirtualKeyCode": code});
            self.call("Input.dispatchKeyEvent", params);
        }
    }

    /// Clicks in the middle of the first element that a selector finds.
    pub(crate) fn click(&mut self, selector: &str) {
        let place = self.value(&format!(
            "(() => {{ const e = document.querySelector({}); e.scrollIntoView({{block: 'center'}}); \
             const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})()",
            json!(selector)
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let params = json!({"type": kind, "x": place[0], "y": place[1], "button": "left",
                "clickCount": 1});
            self.call("Input.dispatchMouseEvent", params);
        }
    }

    /// The page as it is printed, in PDF's bytes as base64.
    pub(crate) fn print(&mut self) -> String {
        let page = self.call("Page.printToPDF", json!({}));
        page["data"].as_str().unwrap_or_default().to_owned()
    }

    /// Pretends that the user prefers dark or light pages, or prints.
    pub(crate) fn prefer(&mut self, media: &str, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.call("Emulation.setEmulatedMedia", json!({"media": media, "features": features}));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The lab would end it too, but its profile is on a file system that goes with the lab.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
