//! Structured script results: what of them differs, and where.
//!
//! Values are told apart by their keys. Items of a list have none, and many scripts collect them in
//! no certain order, so a list is compared as a bag.

use nseer_core::ScriptValue;

use crate::change::{Pair, Step, ValueChange};

type Entry = (Option<Vec<u8>>, ScriptValue);

/// Where two values differ; nothing where they are the same.
pub(crate) fn compare(before: &ScriptValue, after: &ScriptValue) -> Vec<ValueChange> {
    let mut changes = Vec::new();
    walk(before, after, &mut Vec::new(), &mut changes);
    changes
}

fn walk(
    before: &ScriptValue,
    after: &ScriptValue,
    path: &mut Vec<Step>,
    changes: &mut Vec<ValueChange>,
) {
    match (before, after) {
        (ScriptValue::Table(before), ScriptValue::Table(after)) => {
            keyed(before, after, path, changes);
            items(before, after, path, changes);
        }
        (before, after) if before == after => {}
        (before, after) => tell(path, Some(before), Some(after), changes),
    }
}

/// Entries with keys, in the order of `before`, then those that are new.
fn keyed(before: &[Entry], after: &[Entry], path: &mut Vec<Step>, changes: &mut Vec<ValueChange>) {
    for (key, value) in with_keys(before) {
        path.push(Step::Key(key.to_vec()));
        match find(after, key) {
            Some(other) => walk(value, other, path, changes),
            None => tell(path, Some(value), None, changes),
        }
        path.pop();
    }
    for (key, value) in with_keys(after).filter(|(key, _)| find(before, key).is_none()) {
        path.push(Step::Key(key.to_vec()));
        tell(path, None, Some(value), changes);
        path.pop();
    }
}

fn with_keys(entries: &[Entry]) -> impl Iterator<Item = (&[u8], &ScriptValue)> {
    entries.iter().filter_map(|(key, value)| Some((key.as_deref()?, value)))
}

fn find<'a>(entries: &'a [Entry], key: &[u8]) -> Option<&'a ScriptValue> {
    with_keys(entries).find(|(k, _)| *k == key).map(|(_, value)| value)
}

/// Items of lists. Where exactly one item is gone and one is new, and both are tables, they are taken
/// for the same.
fn items(before: &[Entry], after: &[Entry], path: &mut Vec<Step>, changes: &mut Vec<ValueChange>) {
    let without_key = |entries: &'_ [Entry]| -> Vec<ScriptValue> {
        entries.iter().filter(|(key, _)| key.is_none()).map(|(_, v)| v.clone()).collect()
    };
    let mut new = without_key(after);
    let mut gone = Vec::new();
    for value in without_key(before) {
        match new.iter().position(|other| same(&value, other)) {
            Some(at) => {
                new.remove(at);
            }
            None => gone.push(value),
        }
    }
    path.push(Step::Item);
    match (gone.as_slice(), new.as_slice()) {
        ([before @ ScriptValue::Table(_)], [after @ ScriptValue::Table(_)]) => {
            walk(before, after, path, changes);
        }
        _ => {
            gone.iter().for_each(|value| tell(path, Some(value), None, changes));
            new.iter().for_each(|value| tell(path, None, Some(value), changes));
        }
    }
    path.pop();
}

fn same(a: &ScriptValue, b: &ScriptValue) -> bool {
    a == b || compare(a, b).is_empty()
}

fn tell(
    path: &[Step],
    before: Option<&ScriptValue>,
    after: Option<&ScriptValue>,
    changes: &mut Vec<ValueChange>,
) {
    let value = Pair { before: before.cloned(), after: after.cloned() };
    changes.push(ValueChange { path: path.to_vec(), value });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(text: &str) -> ScriptValue {
        ScriptValue::Scalar(text.as_bytes().to_vec())
    }

    fn table(entries: &[(&str, ScriptValue)]) -> ScriptValue {
        let key = |key: &str| (!key.is_empty()).then(|| key.as_bytes().to_vec());
        ScriptValue::Table(entries.iter().map(|(k, v)| (key(k), v.clone())).collect())
    }

    fn list(items: &[&str]) -> ScriptValue {
        ScriptValue::Table(items.iter().map(|item| (None, text(item))).collect())
    }

    fn shown(before: &ScriptValue, after: &ScriptValue) -> Vec<String> {
        let step = |step: &Step| match step {
            Step::Key(key) => String::from_utf8_lossy(key).into_owned(),
            Step::Item => "*".to_owned(),
        };
        let value = |value: &Option<ScriptValue>| match value {
            None => "-".to_owned(),
            Some(ScriptValue::Scalar(text)) => String::from_utf8_lossy(text).into_owned(),
            Some(ScriptValue::Table(entries)) => format!("{{{}}}", entries.len()),
        };
        compare(before, after)
            .iter()
            .map(|change| {
                let path: Vec<String> = change.path.iter().map(step).collect();
                let (before, after) = (&change.value.before, &change.value.after);
                format!("{} {} {}", path.join("."), value(before), value(after))
            })
            .collect()
    }

    #[test]
    fn differences_are_found_where_they_are() {
        let before = table(&[
            ("same", text("1")),
            ("gone", text("2")),
            ("deep", table(&[("x", text("3")), ("l", list(&["a", "b", "b"]))])),
        ]);
        let after = table(&[
            ("new", list(&["y"])),
            ("deep", table(&[("l", list(&["b", "c", "a"])), ("x", text("4"))])),
            ("same", text("1")),
        ]);
        assert_eq!(
            shown(&before, &after),
            ["gone 2 -", "deep.x 3 4", "deep.l.* b -", "deep.l.* - c", "new - {1}"]
        );
        assert_eq!(shown(&text("1"), &list(&["1"])), [" 1 {1}"]);
    }

    #[test]
    fn one_table_of_a_list_is_looked_into() {
        let host = |name: &str, state: &str| table(&[("name", text(name)), ("state", text(state))]);
        let before = table(&[("", host("a", "up")), ("", host("b", "up"))]);
        let after = table(&[("", host("b", "up")), ("", host("a", "down"))]);
        assert_eq!(shown(&before, &after), ["*.state up down"]);
    }

    fn value() -> impl Strategy<Value = ScriptValue> {
        let leaf = "[ab]{0,1}".prop_map(|s| text(&s));
        leaf.prop_recursive(3, 12, 3, |inner| {
            proptest::collection::vec((proptest::option::of("[xy]"), inner), 0..3).prop_map(|v| {
                // Keys of a table are different.
                let mut entries: Vec<Entry> = Vec::new();
                for (key, value) in v {
                    let key = key.map(String::into_bytes);
                    if key.is_none() || !entries.iter().any(|(k, _)| *k == key) {
                        entries.push((key, value));
                    }
                }
                ScriptValue::Table(entries)
            })
        })
    }

    proptest! {
        #[test]
        fn a_value_is_like_itself_and_order_does_not_count(value in value()) {
            prop_assert!(compare(&value, &value).is_empty());
            if let ScriptValue::Table(mut entries) = value.clone() {
                entries.reverse();
                prop_assert!(compare(&value, &ScriptValue::Table(entries)).is_empty());
            }
        }

        #[test]
        fn what_differs_differs_both_ways(a in value(), b in value()) {
            prop_assert_eq!(compare(&a, &b).is_empty(), compare(&b, &a).is_empty());
        }
    }
}
