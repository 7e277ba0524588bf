//! `--bless`: what a script prints becomes what it should print.

use std::path::Path;

use anyhow::Context as _;
use nseer_replay::Snapshots;
use nseer_seam::System;

/// Writes the output into a recording; the rest stays as it was written.
pub(super) fn recording(system: &System, path: &Path, printed: &str) -> anyhow::Result<()> {
    let text = system.files.read(path);
    let text = text.with_context(|| format!("cannot read '{}'", path.display()))?;
    let text = with_output(&String::from_utf8_lossy(&text), printed);
    write(system, path, &text)
}

/// The text of a recording with another output.
fn with_output(text: &str, printed: &str) -> String {
    let is_word = |line: &str, word: &str| line.split_whitespace().next() == Some(word);
    let lines: Vec<&str> = text.lines().collect();
    let cut = lines.iter().position(|line| is_word(line, "output"));
    let cut = cut.or_else(|| lines.iter().position(|line| line.trim() == "end"));
    let kept = &lines[..cut.unwrap_or(lines.len())];
    let mut out = kept.join("\n").trim_end().to_owned();
    out.push_str(if printed.is_empty() { "\n\noutput none\n" } else { "\n\noutput\n" });
    for line in printed.lines() {
        out.push_str(&format!("= {line}\n"));
    }
    out.push_str("\nend\n");
    out
}

/// Writes the output into the file of snapshots.
pub(super) fn snapshot(
    system: &System,
    path: &Path,
    name: &str,
    printed: &str,
) -> anyhow::Result<()> {
    // Another test may have written it meanwhile.
    let mut snapshots = match system.files.kind(path) {
        Some(_) => {
            let text = system.files.read(path);
            let text = text.with_context(|| format!("cannot read '{}'", path.display()))?;
            Snapshots::read(&String::from_utf8_lossy(&text))
                .map_err(|e| anyhow::anyhow!("{}:{}: {}", path.display(), e.line, e.text))?
        }
        None => Snapshots::default(),
    };
    snapshots.outputs.insert(name.to_owned(), printed.to_owned());
    write(system, path, &snapshots.write())
}

fn write(system: &System, path: &Path, text: &str) -> anyhow::Result<()> {
    let written = system.files.write(path, text.as_bytes());
    written.with_context(|| format!("cannot write '{}'", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_output_of_a_recording_changes() {
        let old = "nseer recording 1\n\nscript x # mine\n\noutput\n= old\n\nend\n";
        let new = "nseer recording 1\n\nscript x # mine\n\noutput\n= |_x: 1\n\nend\n";
        assert_eq!(with_output(old, "|_x: 1\n"), new);
        let without = "nseer recording 1\n\nscript x # mine\n\nend\n";
        assert_eq!(with_output(without, "|_x: 1\n"), new);
        assert_eq!(with_output(new, ""), without.replace("end", "output none\n\nend"));
    }
}
