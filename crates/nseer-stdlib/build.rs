//! Lists the files of the shelf, so that a new file needs no line anywhere; and writes the library
//! `data/libraries`, the names of all libraries, since scripts cannot list embedded files.
#![allow(clippy::disallowed_methods, reason = "a build script reads the folders of its own crate")]

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let mut paths = Vec::new();
    for folder in ["nselib", "scripts"] {
        walk(Path::new(&root), folder, &mut paths)?;
    }
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("libraries.lua"), libraries(&paths))?;
    println!("cargo::rerun-if-changed=data/vendors.txt");
    println!("cargo::rerun-if-changed=data/protocols.txt");
    println!("cargo::rerun-if-changed=data/systems.txt");
    let mut files: Vec<(String, String)> =
        paths.into_iter().map(|path| (format!("{root}/{path}"), path)).collect();
    files.push((format!("{out}/libraries.lua"), "nselib/data/libraries.lua".to_owned()));
    // Tables have the names by which they are looked for in a data directory.
    files.push((format!("{root}/data/vendors.txt"), "nmap-mac-prefixes".to_owned()));
    files.push((format!("{root}/data/protocols.txt"), "nmap-protocols".to_owned()));
    files.push((format!("{root}/data/systems.txt"), "nmap-os-db".to_owned()));
    files.sort_unstable_by(|(_, a), (_, b)| a.cmp(b));
    let mut list = "&[\n".to_owned();
    for (whole, path) in files {
        writeln!(list, "({path:?}, include_bytes!({whole:?}).as_slice()),")
            .map_err(io::Error::other)?;
    }
    list.push(']');
    fs::write(Path::new(&out).join("files.rs"), list)
}

/// A library that gives the names of those in `nselib` itself, sorted.
fn libraries(paths: &[String]) -> String {
    let mut names: Vec<String> = paths
        .iter()
        .filter_map(|path| path.strip_prefix("nselib/")?.strip_suffix(".lua"))
        .filter(|name| !name.contains('/'))
        .map(|name| format!("{name:?}"))
        .collect();
    names.sort_unstable();
    let head = "---\n-- The names of the embedded libraries.\n--\n-- @copyright MIT OR Apache-2.0\n-- @class module\n-- @name data.libraries\n\n";
    format!("{head}return {{ {} }}\n", names.join(", "))
}

/// Adds the paths of all files below `folder`, with `/` between their parts.
fn walk(root: &Path, folder: &str, paths: &mut Vec<String>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={folder}");
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_str().ok_or_else(|| io::Error::other("a file name is not UTF-8"))?;
        let path = format!("{folder}/{name}");
        if entry.file_type()?.is_dir() {
            walk(root, &path, paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}
