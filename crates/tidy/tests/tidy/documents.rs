//! Documents name only what exists, and the crates only in one way.

use crate::tree;

const DOCUMENTS: &[&str] = &["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"];

/// Paths of the tree named in backticks (`crates/…`, `./run`, `.ci/…`) or linked with `](…)`.
fn named_paths(text: &str) -> Vec<String> {
    let quoted = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| ["crates/", "./", ".ci/"].iter().any(|start| word.starts_with(start)))
        // `./run -p22 …` names its first word.
        .filter_map(|word| word.split_whitespace().next());
    let linked = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|link| !link.contains("://") && !link.starts_with('#'));
    quoted
        .chain(linked)
        .map(|path| path.split('#').next().unwrap_or_default().to_owned())
        .filter(|path| !path.contains(['*', '<', '…']))
        .collect()
}

/// The text without its fenced blocks, whose contents are examples.
fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

#[test]
fn every_path_named_exists() {
    let mut complaints = Vec::new();
    for document in DOCUMENTS {
        let paths = named_paths(&prose(&tree::read(document)));
        let gone = paths.into_iter().filter(|path| !tree::root().join(path).exists());
        complaints.extend(gone.map(|path| format!("{document}: {path}")));
    }
    tree::report("These are named and do not exist.", &complaints);
}

#[test]
fn the_code_map_lists_every_crate() {
    let architecture = tree::read("ARCHITECTURE.md");
    let metadata = tree::metadata();
    let complaints: Vec<String> = metadata
        .workspace_packages()
        .iter()
        .map(|package| format!("### {}", package.name))
        .filter(|heading| !architecture.lines().any(|line| line == heading))
        .collect();
    tree::report("ARCHITECTURE.md has no section for these.", &complaints);
}

#[test]
fn paths_are_found_in_prose() {
    let text = "See `crates/a/b.rs`, `./run -p22`, [c](d/e.md#f), [web](https://x.y) and `other`.\n\
                ```sh\n./gone\n```\n";
    assert_eq!(named_paths(&prose(text)), ["crates/a/b.rs", "./run", "d/e.md"]);
}
