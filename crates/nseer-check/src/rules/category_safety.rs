//! Whether a script says that it may be run without asking.

use crate::context::Context;
use crate::rule::{Findings, Level, Rule};

pub(super) static RULE: Rule = Rule {
    name: "category-safety",
    level: Level::Warning,
    about: "the categories do not say whether the script is safe or intrusive",
    why: "Users who may not disturb a network select scripts by `safe`, and those who may not be seen leave out \
        `intrusive`. Every script is one of both, except those of version detection.",
    bad: "categories = {\"discovery\"}\n",
    good: "categories = {\"discovery\", \"safe\"}\n",
    check,
};

fn check(context: &Context<'_>, found: &mut Findings) {
    let Some(value) = context.value_of("categories").filter(|_| context.is_script()) else {
        return;
    };
    let given = super::strings_of(context, "categories");
    let has = |word: &str| given.iter().any(|(category, _)| category.eq_ignore_ascii_case(word));
    if given.is_empty() || has("version") {
        return;
    }
    match (has("safe"), has("intrusive")) {
        (false, false) => {
            found
                .add(value.span, "the categories name neither 'safe' nor 'intrusive'")
                .help("add \"safe\" if it can harm and disturb nothing, else \"intrusive\"");
        }
        (true, true) => {
            found.add(value.span, "a script is either 'safe' or 'intrusive', not both");
        }
        _ => {}
    }
}
