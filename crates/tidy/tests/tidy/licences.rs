//! Licences: ours, those of everything we link, and nothing that belongs to Nmap.

use spdx::{Expression, LicenseItem, ParseMode};

use crate::tree;

/// Licences that a work under MIT or Apache-2.0 may link. MPL-2.0 binds only its own files.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "OpenSSL",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

const OURS: &str = "MIT OR Apache-2.0";

/// Files of an Nmap installation, which are read where a user has them and never kept here.
const NMAP_FILES: &[&str] = &[
    "nmap-mac-prefixes",
    "nmap-os-db",
    "nmap-payloads",
    "nmap-protocols",
    "nmap-rpc",
    "nmap-service-probes",
    "nmap-services",
    "nmap.dtd",
    "nmap.xsl",
    "nse_main.lua",
];

/// Words by which scripts and libraries of Nmap's tree name their licence.
const NMAP_WORDS: &[&str] = &["same as nmap", "nmap.org/book/man-legal", "npsl"];

fn is_allowed(licence: &str) -> Result<bool, spdx::ParseError> {
    let expression = Expression::parse_mode(licence, ParseMode::LAX)?;
    Ok(expression.evaluate(|requirement| match &requirement.license {
        LicenseItem::Spdx { id, .. } => ALLOWED.contains(&id.name),
        LicenseItem::Other(_) => false,
    }))
}

#[test]
fn every_dependency_may_be_linked() {
    let metadata = tree::metadata();
    let complaints: Vec<String> = metadata
        .packages
        .iter()
        .filter_map(|package| {
            let Some(licence) = &package.license else {
                return Some(format!("{}: names no licence", package.name));
            };
            match is_allowed(licence) {
                Ok(true) => None,
                Ok(false) => Some(format!("{}: {licence}", package.name)),
                Err(error) => Some(format!("{}: {licence}: {error}", package.name)),
            }
        })
        .collect();
    tree::report(
        "Choose another crate, or extend the list in licences.rs with a reason.",
        &complaints,
    );
}

#[test]
fn expressions_are_evaluated() {
    let cases = [
        ("MIT", true),
        ("MIT/Apache-2.0", true),
        ("GPL-3.0-only OR MIT", true),
        ("GPL-3.0-only AND MIT", false),
        ("(MIT OR GPL-2.0-only) AND Unicode-3.0", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("LicenseRef-NPSL", false),
    ];
    for (licence, expected) in cases {
        let allowed = is_allowed(licence).expect("an expression");
        assert_eq!(allowed, expected, "{licence}");
    }
}

#[test]
fn our_crates_are_ours() {
    let metadata = tree::metadata();
    for package in metadata.workspace_packages() {
        let licence = package.license.as_deref();
        assert_eq!(licence, Some(OURS), "licence of {}", package.name);
    }
    for file in ["LICENSE-MIT", "LICENSE-APACHE"] {
        assert!(tree::root().join(file).is_file(), "{file} is missing");
    }
}

#[test]
fn nothing_of_nmap_is_kept_here() {
    let mut complaints: Vec<String> = tree::files()
        .into_iter()
        .filter(|file| {
            let name = file.rsplit('/').next().unwrap_or_default();
            NMAP_FILES.contains(&name)
        })
        .collect();
    for (file, text) in tree::texts(&["nse", "lua"]) {
        let text = text.to_lowercase();
        let words = NMAP_WORDS.iter().filter(|words| text.contains(**words));
        complaints.extend(words.map(|words| format!("{file}: says {words:?}")));
    }
    tree::report(
        "Scripts, libraries and data here are our own work, under MIT or Apache-2.0.",
        &complaints,
    );
}
