//! Script arguments as documentation names them.

use nseer_nsedoc::{Comment as Doc, Tag};

/// The arguments that comments name, each with its tag. One tag may name several.
pub(crate) fn documented(docs: &[Doc]) -> impl Iterator<Item = (&str, &Tag)> {
    let tags = docs.iter().flat_map(|doc| &doc.tags);
    let tags = tags.filter(|tag| matches!(tag.name.as_str(), "args" | "arg"));
    tags.flat_map(|tag| {
        let word = tag.first_word().trim_end_matches([',', ':', ';']);
        word.split(['|', '/', ',']).map(move |name| (name, tag))
    })
    .filter(|(name, _)| !name.is_empty())
}
