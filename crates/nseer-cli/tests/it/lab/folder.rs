//! The folder of somebody who writes scripts, and what is written there.

use std::process::Command;

use super::Output;

/// A folder of a script author, gone when the test ends.
pub(crate) struct Folder(pub(crate) tempfile::TempDir);

#[allow(clippy::disallowed_methods, reason = "a test makes and reads files as an author does")]
impl Folder {
    pub(crate) fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a temporary folder"))
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).expect("a file that can be written");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path().join(name)).expect("a file that can be read")
    }

    pub(crate) fn remove(&self, name: &str) {
        // It may not be there yet.
        let _ = std::fs::remove_file(self.0.path().join(name));
    }

    /// Runs `nseer` here, where no lab is needed: nothing reaches the network.
    pub(crate) fn nseer(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nseer"));
        command.args(words).current_dir(self.0.path()).env("HOME", self.0.path());
        command.env_remove("NMAPDIR").env("NO_COLOR", "1").env("TZ", "UTC");
        let output = command.output().expect("nseer can be started");
        Output {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code().unwrap_or(-1),
        }
    }

    /// Runs the tests here, which must end with `code`.
    pub(crate) fn test(&self, words: &[&str], code: i32) -> Output {
        let output = self.nseer(&[&["script", "test"], words].concat());
        assert_eq!(output.code, code, "{output:#?}");
        output
    }
}

/// A script with this action on port 7.
pub(crate) fn script(action: &str) -> String {
    format!(
        "description = [[Talks.]]\nauthor = \"us\"\nlicense = \"MIT\"\ncategories = {{\"safe\"}}\n\
         local nmap = require \"nmap\"\nlocal stdnse = require \"stdnse\"\n\
         portrule = function(_, port) return port.number == 7 end\n\
         action = function(host, port)\n{action}\nend\n"
    )
}

/// Says hello, and gives the line that comes back.
pub(crate) const ASKS: &str = "local s = nmap.new_socket()\ns:set_timeout(5000)\ns:connect(host, port)\n\
    s:send(\"hello\\r\\n\")\nlocal ok, line = s:receive_lines(1)\ns:close()\n\
    return ok and line:match(\"[^\\r\\n]+\") or nil";
