//! The rules, one file each, and what several of them need.
//!
//! A rule comes with a bad and a good example, which are its tests.

use crate::context::Context;
use crate::rule::Rule;
use crate::source::Span;
use crate::syntax::{Expr, ExprKind, Item};

mod args_undocumented;
mod args_unread;
mod argument_count;
mod categories;
mod category_safety;
mod dependencies;
mod deprecated;
mod doc_output;
mod doc_params;
mod doc_tags;
mod duplicate_key;
mod float_traps;
mod formats;
mod frame;
mod head;
mod head_missing;
mod head_type;
mod host_system;
mod implicit_global;
mod lua_versions;
mod mutex_unlocked;
mod network_in_rule;
mod patterns;
mod removed_module;
mod result_form;
mod shared_state;
mod socket_dot;
mod suppression;
mod syntax;
mod time_units;
mod try_without_catch;
mod unclosed_socket;
mod undeclared_global;
mod unknown_field;
mod unknown_function;
mod unknown_method;
mod unknown_module;
mod unused_require;
mod yield_in_callback;

pub use categories::CATEGORIES;

/// The rule that tells what is no Lua.
pub const SYNTAX: &str = "syntax";
/// The rule on the beginning and the end of a file.
pub const FRAME: &str = "script-frame";

/// The names of the rules of scripts.
const PHASES: &[&str] = &["prerule", "hostrule", "portrule", "postrule"];

/// All rules: first what cannot be loaded, then what fails, then what is doubtful, then form.
pub static RULES: &[&Rule] = &[
    &syntax::RULE,
    &frame::RULE,
    &head::RULE,
    &head_type::RULE,
    &removed_module::RULE,
    &unknown_module::RULE,
    &undeclared_global::RULE,
    &unknown_function::RULE,
    &unknown_method::RULE,
    &argument_count::RULE,
    &socket_dot::RULE,
    &yield_in_callback::RULE,
    &patterns::RULE,
    &formats::RULE,
    &head_missing::RULE,
    &categories::RULE,
    &category_safety::RULE,
    &dependencies::RULE,
    &unknown_field::RULE,
    &unclosed_socket::RULE,
    &try_without_catch::RULE,
    &shared_state::RULE,
    &implicit_global::RULE,
    &network_in_rule::RULE,
    &result_form::RULE,
    &time_units::RULE,
    &mutex_unlocked::RULE,
    &lua_versions::RULE,
    &float_traps::RULE,
    &duplicate_key::RULE,
    &host_system::RULE,
    &args_undocumented::RULE,
    &args_unread::RULE,
    &doc_tags::RULE,
    &suppression::RULE,
    &doc_params::RULE,
    &doc_output::RULE,
    &deprecated::RULE,
    &unused_require::RULE,
];

/// The strings of a table that a global is given, with their places.
fn strings_of<'a>(context: &Context<'a>, global: &str) -> Vec<(&'a str, Span)> {
    let Some(ExprKind::Table(items)) = context.value_of(global).map(|value| &value.kind) else {
        return Vec::new();
    };
    let values = items.iter().filter_map(|item| match item {
        Item::Value(value) => Some(value),
        _ => None,
    });
    values.filter_map(|value| Some((value.string()?, value.span))).collect()
}

/// `1 value`, `no values`.
fn counted(count: usize, what: &str) -> String {
    match count {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

/// The script arguments that the documentation names.
fn documented_arguments<'c>(context: &'c Context<'_>) -> Vec<(&'c str, Span)> {
    let named = crate::arguments::documented(&context.file.docs);
    named.map(|(name, tag)| (name, context.file.tag_span(tag))).collect()
}

/// The script arguments that are asked for by name. Each stands with the others that would do as well; one whose name
/// is made while the script runs is `None`.
fn read_arguments<'a>(context: &Context<'a>) -> Vec<Vec<Option<(&'a str, Span)>>> {
    let mut found = Vec::new();
    let calls = context.calls.iter();
    for call in calls.filter(|call| context.callee(call) == Some(("stdnse", "get_script_args"))) {
        let named = |expr: &'a Expr| expr.string().map(|name| (name, expr.span));
        for arg in call.args {
            found.push(match &arg.kind {
                ExprKind::Table(items) => items.iter().map(|item| named(item.value())).collect(),
                _ => vec![named(arg)],
            });
        }
    }
    found
}
