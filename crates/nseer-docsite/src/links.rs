//! Which words are names of pages, and how pages are called.

use std::fmt::Write as _;

use nseer_nsedoc::Library;

use crate::shelf::{Page, Shelf};

/// What a word names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A page below the site's folder, and where on it.
    Page(String),
    /// A page of the web.
    Web(String),
}

impl Target {
    /// The link from a page whose way to the site's folder is `root`.
    #[must_use]
    pub fn href(&self, root: &str) -> String {
        match self {
            Target::Page(path) => format!("{root}{path}"),
            Target::Web(url) => url.clone(),
        }
    }
}

/// A name as it may stand in a file's name and in an address: letters, digits, `.`, `_` and `-` stay, every
/// other byte is written as `~` and two digits. Different names stay different.
#[must_use]
pub fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for (at, byte) in name.bytes().enumerate() {
        // A dot at the start would hide the file, or leave the folder.
        let stays =
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || (byte == b'.' && at > 0);
        if stays {
            slug.push(char::from(byte));
        } else {
            let _ = write!(slug, "~{byte:02x}");
        }
    }
    slug
}

pub(crate) fn script_path(id: &str) -> String {
    format!("scripts/{}.html", slug(id))
}

pub(crate) fn library_path(name: &str) -> String {
    format!("lib/{}.html", slug(name))
}

impl Shelf {
    /// What a word names: a script, a library, a function, a table, an argument or a page of the web. `within` is the library
    /// on whose page the word stands.
    #[must_use]
    pub fn target(&self, word: &str, within: Option<&Library>) -> Option<Target> {
        let word = word.trim();
        if word.starts_with("http://") || word.starts_with("https://") {
            let url = word.split_whitespace().next().unwrap_or_default();
            return Some(Target::Web(url.to_owned()));
        }
        let word = word.split('(').next().unwrap_or_default();
        if word.is_empty() {
            return None;
        }
        let near = within.and_then(|library| self.member(&format!("{}.{word}", library.name)));
        if let Some(member) = near {
            return Some(member_target(&member.page, &member.anchor));
        }
        let bare = word.strip_prefix("nselib/").or(word.strip_prefix("scripts/")).unwrap_or(word);
        let script = bare.strip_suffix(".nse").unwrap_or(bare);
        if !word.ends_with(".lua") && self.script(script).is_some() {
            return Some(Target::Page(script_path(script)));
        }
        let library = bare.strip_suffix(".lua").unwrap_or(bare);
        if !word.ends_with(".nse") && self.library(library).is_some() {
            return Some(Target::Page(library_path(library)));
        }
        let member = self.member(word)?;
        // A plain word may be an argument of some script, and means something else nearly everywhere.
        if matches!(member.page, Page::Script(_)) && !word.contains(['.', '-', ':']) {
            return None;
        }
        Some(member_target(&member.page, &member.anchor))
    }
}

fn member_target(page: &Page, anchor: &str) -> Target {
    let path = match page {
        Page::Script(id) => script_path(id),
        Page::Library(name) => library_path(name),
    };
    Target::Page(format!("{path}#{anchor}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shelf() -> Shelf {
        let mut shelf = Shelf::default();
        shelf.add_script("a-b", "", b"--- X\n-- @args a-b.c What\n-- @args path Where");
        shelf.add_library(
            "lib",
            "",
            b"--- L\n-- @args wordsdb A file\n\n--- F\nfunction f() end\n--- M\nfunction Class:m() end",
        );
        shelf
    }

    #[test]
    fn words_name_pages() {
        let shelf = shelf();
        let library = &shelf.library("lib").expect("it is there").doc;
        for (word, within, page) in [
            ("a-b", None, Some("scripts/a-b.html")),
            ("a-b.nse", None, Some("scripts/a-b.html")),
            ("a-b.lua", None, None),
            ("a-b.c", None, Some("scripts/a-b.html#arg-a-b.c")),
            ("path", None, None),
            ("wordsdb", None, Some("lib/lib.html#arg-wordsdb")),
            ("lib", None, Some("lib/lib.html")),
            ("nselib/lib.lua", None, Some("lib/lib.html")),
            ("lib.f()", None, Some("lib/lib.html#lib.f")),
            ("f", None, None),
            ("f", Some(library), Some("lib/lib.html#lib.f")),
            ("lib.Class:m", None, Some("lib/lib.html#Class~3am")),
            ("Class:m", Some(library), Some("lib/lib.html#Class~3am")),
            ("", None, None),
        ] {
            let found = shelf.target(word, within);
            assert_eq!(found, page.map(|page| Target::Page(page.to_owned())), "{word}");
        }
        let web = shelf.target("https://a.example/ (which)", None);
        assert_eq!(web, Some(Target::Web("https://a.example/".to_owned())));
    }

    proptest! {
        #[test]
        fn slugs_are_safe_and_stay_apart(a in "\\PC{0,8}", b in "\\PC{0,8}") {
            let (one, other) = (slug(&a), slug(&b));
            prop_assert_eq!(a == b, one == other);
            prop_assert!(one.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-~".contains(&b)));
            prop_assert!(!one.starts_with('.'));
        }
    }
}
