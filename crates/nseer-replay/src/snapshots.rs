//! Expected outputs beside a file of tests, `NAME.test.snap`: written by the test run itself.

use std::collections::BTreeMap;

use crate::literal::{Token, quoted_text, tokens};
use crate::read::{RecordingError, numbered};

const HEADING: &str = "nseer snapshots 1";

/// The expected output of each test, by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshots {
    /// The outputs.
    pub outputs: BTreeMap<String, String>,
}

impl Snapshots {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// For the first line that cannot be read.
    pub fn read(text: &str) -> Result<Snapshots, RecordingError> {
        let mut snapshots = Snapshots::default();
        let mut name: Option<String> = None;
        for (number, line) in numbered(text) {
            let wrong = |text: String| RecordingError { line: number, text };
            if number == 1 {
                if line.trim() != HEADING {
                    return Err(wrong(format!("the first line has to be '{HEADING}'")));
                }
                continue;
            }
            if let (Some(shown), Some(name)) = (line.strip_prefix('='), &name) {
                let output = snapshots.outputs.entry(name.clone()).or_default();
                output.push_str(shown.strip_prefix(' ').unwrap_or(shown));
                output.push('\n');
                continue;
            }
            match tokens(line).map_err(wrong)?.as_slice() {
                [] => {}
                [Token::Word("test"), Token::Bytes(bytes)] => {
                    let text: Option<Vec<u8>> = bytes.bytes.iter().copied().collect();
                    let text = text.and_then(|text| String::from_utf8(text).ok());
                    let text = text.ok_or_else(|| wrong("the name is not text".to_owned()))?;
                    snapshots.outputs.insert(text.clone(), String::new());
                    name = Some(text);
                }
                _ => {
                    let text =
                        "neither test \"NAME\" nor a line of its output, which begins with =";
                    return Err(wrong(text.to_owned()));
                }
            }
        }
        Ok(snapshots)
    }

    /// The text of the file.
    #[must_use]
    pub fn write(&self) -> String {
        let mut out = format!("{HEADING}\n");
        for (name, output) in &self.outputs {
            out.push_str(&format!("\ntest {}\n", quoted_text(name)));
            for line in output.split_terminator('\n') {
                out.push_str(&format!("= {line}\n"));
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let outputs = [("a \"b\"", "| x\r\n|_ \n"), ("silent", "")];
        let outputs = outputs.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let snapshots = Snapshots { outputs: outputs.into() };
        assert_eq!(Snapshots::read(&snapshots.write()), Ok(snapshots.clone()));
        let foreign = snapshots.write().replace("\r\n", "\n").replace('\n', "\r\n");
        let read = Snapshots::read(&foreign).expect("line ends of another system");
        assert_eq!(read.outputs["a \"b\""], "| x\n|_ \n");
        let error = Snapshots::read("nseer snapshots 1\n= lost\n").expect_err("no name");
        assert_eq!(error.line, 2);
    }
}
