//! The scripts and libraries of an installed Nmap, and our own: no crash, no false error.

use std::path::{Path, PathBuf};

use nseer_check::rule::Level;
use nseer_check::{Checked, Checker};

const INSTALLED: &str = "/usr/share/nmap";

/// Errors that are true: what these scripts do fails when it is reached.
const TRUE_ERRORS: &[(&str, &str)] = &[
    ("afp-ls.nse", "a format has no conversion %/; a percent sign is written %%"),
    ("dns-cache-snoop.nse", "the format asks for 1 value and gets 0"),
    ("dns-zone-transfer.nse", "the format asks for 4 values and gets 3"),
    ("http-sap-netweaver-leak.nse", "a format has no conversion %:; a percent sign is written %%"),
    ("knx-gateway-discover.nse", "string has no function 'packlen'"),
    ("knx-gateway-info.nse", "string has no function 'packlen'"),
    ("whois-ip.nse", "this format ends with %; a percent sign is written %%"),
    ("mongodb.lua", "a format has no conversion %r; a percent sign is written %%"),
    ("mssql.lua", "a format has no conversion %S; a percent sign is written %%"),
];

#[allow(clippy::disallowed_methods, reason = "a test looks at files of the machine")]
fn files(folder: &str, ending: &str) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(Path::new(INSTALLED).join(folder)).expect("Nmap is installed");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == ending));
    paths.sort();
    let read = |path: PathBuf| (path.display().to_string(), std::fs::read(path).expect("readable"));
    paths.into_iter().map(read).collect()
}

fn errors(checked: &[Checked]) -> Vec<String> {
    let mut errors = Vec::new();
    for file in checked {
        for finding in file.findings.iter().filter(|finding| finding.level == Level::Error) {
            let place = file.source.place(finding.span.start);
            let is_true = TRUE_ERRORS.iter().any(|(name, message)| {
                file.source.name.ends_with(name) && finding.message == *message
            });
            if !is_true {
                let (name, message) = (&file.source.name, &finding.message);
                errors.push(format!(
                    "{name}:{}:{}: {}: {message}",
                    place.line, place.column, finding.rule
                ));
            }
        }
    }
    errors
}

#[test]
fn installed_scripts_have_no_false_errors() {
    let scripts = files("scripts", "nse");
    assert!(scripts.len() >= 600, "{} scripts", scripts.len());
    let checked = Checker::default().check(&scripts, 2);
    assert_eq!(checked.len(), scripts.len());
    let errors = errors(&checked);
    assert!(errors.is_empty(), "{} errors:\n{}", errors.len(), errors.join("\n"));
}

#[test]
fn installed_libraries_have_no_false_errors() {
    let libraries = files("nselib", "lua");
    assert!(libraries.len() >= 100, "{} libraries", libraries.len());
    let errors = errors(&Checker::default().check(&libraries, 2));
    assert!(errors.is_empty(), "{} errors:\n{}", errors.len(), errors.join("\n"));
}

#[test]
fn the_embedded_shelf_passes() {
    let shelf: Vec<(String, Vec<u8>)> = nseer_stdlib::files()
        .iter()
        .filter(|(path, _)| path.ends_with(".nse") || path.ends_with(".lua"))
        .map(|(path, content)| ((*path).to_owned(), content.to_vec()))
        .collect();
    let checked = Checker::default().check(&shelf, 2);
    let mut complaints = Vec::new();
    for file in &checked {
        for finding in file.findings.iter().filter(|finding| finding.level > Level::Note) {
            let line = file.source.line_at(finding.span.start);
            complaints.push(format!(
                "{}:{line}: {}: {}",
                file.source.name, finding.rule, finding.message
            ));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
