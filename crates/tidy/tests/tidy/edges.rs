//! Which crate may depend on which: the drawing in ARCHITECTURE.md against cargo.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree;

type Edges = BTreeMap<String, BTreeSet<String>>;

/// Reads the lines `name ──> other, other` of the drawing; `nothing` stands for no edge.
fn drawn(text: &str) -> Edges {
    text.lines()
        .filter_map(|line| line.split_once("──>"))
        .filter(|(from, _)| !from.trim().contains(char::is_whitespace))
        .map(|(from, to)| {
            let to = to.split(',').map(|name| name.trim().to_owned());
            let to = to.filter(|name| name != "nothing").collect();
            (from.trim().to_owned(), to)
        })
        .collect()
}

/// The edges among our own crates (normal, build and test dependencies), without the prefix.
fn built() -> Edges {
    let metadata = tree::metadata();
    let ours: BTreeSet<&str> =
        metadata.workspace_packages().iter().map(|package| package.name.as_str()).collect();
    let short = |name: &str| name.trim_start_matches("nseer-").to_owned();
    metadata
        .workspace_packages()
        .iter()
        .map(|package| {
            let to = package.dependencies.iter();
            let to = to.filter(|dependency| ours.contains(dependency.name.as_str()));
            let to = to.map(|dependency| short(&dependency.name)).collect();
            (short(&package.name), to)
        })
        .collect()
}

/// Everything that can be reached from `start`.
fn reachable(edges: &Edges, start: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut next = vec![start.to_owned()];
    while let Some(name) = next.pop() {
        for to in edges.get(&name).into_iter().flatten() {
            if seen.insert(to.clone()) {
                next.push(to.clone());
            }
        }
    }
    seen
}

#[test]
fn the_drawing_is_what_cargo_builds() {
    let drawn = drawn(&tree::read("ARCHITECTURE.md"));
    let built = built();
    let names: BTreeSet<_> = drawn.keys().chain(built.keys()).collect();
    let complaints: Vec<String> = names
        .into_iter()
        .filter(|name| drawn.get(*name) != built.get(*name))
        .map(|name| format!("{name}: drawn {:?}, built {:?}", drawn.get(name), built.get(name)))
        .collect();
    tree::report(
        "A new arrow is a design decision: undo it, or draw and explain it in ARCHITECTURE.md.",
        &complaints,
    );
}

#[test]
fn what_must_stay_apart_is_apart() {
    let apart = [
        ("engine", "scan", "a list of hosts is enough to run scripts"),
        ("engine", "report", "results leave the engine as events"),
        ("scan", "lua", "a port scan knows nothing of scripts"),
        ("report", "seam", "a format is text from events, no I/O"),
        ("report", "engine", "a format asks the engine nothing"),
        ("lua", "core", "the scheduler knows no hosts"),
        ("lua", "net", "the scheduler knows no sockets"),
        ("stdlib", "lua", "the shelf is bytes, not behaviour"),
        ("net", "lua", "sockets serve more than scripts"),
    ];
    let edges = built();
    for (from, to, why) in apart {
        assert!(edges.contains_key(from), "no crate {from}");
        assert!(edges.contains_key(to), "no crate {to}");
        assert!(!reachable(&edges, from).contains(to), "nseer-{from} reaches nseer-{to}: {why}");
    }
    for from in edges.keys() {
        assert!(
            !reachable(&edges, from).contains("cli"),
            "nseer-{from} reaches nseer-cli, the top of the tree"
        );
    }
}

#[test]
fn the_drawing_is_read_as_meant() {
    let edges = drawn("cli ──> core, net\nnet ──> core\ncore ──> nothing\na host ──> ports\n");
    assert_eq!(edges.len(), 3);
    assert_eq!(edges["cli"], ["core".into(), "net".into()].into());
    assert!(edges["core"].is_empty());
}
