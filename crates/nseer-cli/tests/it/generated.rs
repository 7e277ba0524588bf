//! The generated files say what the table of options says.

use std::path::Path;

use nseer_cli::page::Page;

#[test]
#[allow(
    clippy::disallowed_methods,
    reason = "the test compares files of the source tree, and writes them when asked to"
)]
fn generated_files_are_fresh() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("generated");
    let update = std::env::var_os("UPDATE").is_some();
    for (name, page) in [
        ("help.txt", Page::Help),
        ("nseer.1", Page::Man),
        ("nseer.bash", Page::Bash),
        ("_nseer", Page::Zsh),
        ("nseer.fish", Page::Fish),
    ] {
        let path = folder.join(name);
        if update {
            std::fs::write(&path, page.text()).expect("the folder can be written");
        }
        let stored = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            stored == page.text(),
            "crates/nseer-cli/generated/{name} is stale; refresh it with \
             `UPDATE=1 cargo test -p nseer-cli --test it generated`"
        );
    }
}
