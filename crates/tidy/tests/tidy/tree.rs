//! The files of the source tree and the metadata of the workspace, as the other tests read them.

use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand};

/// The top folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let tidy = Path::new(env!("CARGO_MANIFEST_DIR"));
    tidy.ancestors().nth(2).expect("tidy lies in crates/").to_owned()
}

/// What cargo says about the workspace and all that it depends on, on every platform.
pub(crate) fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .other_options(["--locked".to_owned()])
        .exec()
        .expect("cargo metadata of the workspace")
}

/// Every file below the top folder, with its path from there; build output (a folder with a
/// `CACHEDIR.TAG`) and hidden folders other than `.ci` and `.config` are left out.
pub(crate) fn files() -> Vec<String> {
    let root = root();
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the tree") {
            let path = entry.expect("an entry of the tree").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() {
                let hidden = name.starts_with('.') && name != ".ci" && name != ".config";
                if !hidden && !path.join("CACHEDIR.TAG").exists() {
                    folders.push(path);
                }
            } else {
                let inside = path.strip_prefix(&root).expect("found below the top");
                found.push(inside.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    assert!(found.iter().any(|file| file == "Cargo.toml"), "{found:?}");
    found
}

/// The files that end in one of `extensions`, each with its text.
pub(crate) fn texts(extensions: &[&str]) -> Vec<(String, String)> {
    let wanted =
        |file: &String| extensions.iter().any(|extension| file.ends_with(&format!(".{extension}")));
    files()
        .into_iter()
        .filter(wanted)
        .map(|file| {
            let text = read(&file);
            (file, text)
        })
        .collect()
}

/// The text of one file, named from the top folder.
pub(crate) fn read(file: &str) -> String {
    let bytes = fs::read(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Fails with one line for each complaint, after saying what to do about them.
pub(crate) fn report(what_to_do: &str, complaints: &[String]) {
    assert!(complaints.is_empty(), "{what_to_do}\n  {}", complaints.join("\n  "));
}
