//! Bytes and structured script results in JSON, without loss.
//!
//! JSON's strings are Unicode; a script's are bytes. What is UTF-8 is a string, anything else is
//! `{"$base64": "…"}`. A table that is a list is an array, one whose keys are all text is an object;
//! any other (list items beside keys, a key that is not UTF-8, that stands twice or begins with
//! `$`) is `{"$pairs": [[key, value], …]}`, where the key of a list item is `null`.

use std::collections::HashSet;
use std::fmt;

use data_encoding::BASE64;
use nseer_core::ScriptValue;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// Bytes: a string, or `{"$base64": "…"}`.
#[derive(Clone, Copy, Debug)]
pub struct JsonBytes<'a>(pub &'a [u8]);

impl Serialize for JsonBytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("$base64", &Base64(self.0))?;
                map.end()
            }
        }
    }
}

struct Base64<'a>(&'a [u8]);

impl fmt::Display for Base64<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        BASE64.encode_write(self.0, f)
    }
}

impl Serialize for Base64<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A structured result of a script.
#[derive(Clone, Copy, Debug)]
pub struct JsonValue<'a>(pub &'a ScriptValue);

type Entry = (Option<Vec<u8>>, ScriptValue);

impl Serialize for JsonValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entries = match self.0 {
            ScriptValue::Scalar(bytes) => return JsonBytes(bytes).serialize(serializer),
            ScriptValue::Table(entries) => entries,
        };
        if entries.iter().all(|(key, _)| key.is_none()) {
            return serializer.collect_seq(entries.iter().map(|(_, value)| JsonValue(value)));
        }
        match names(entries) {
            Some(names) => {
                let values = entries.iter().map(|(_, value)| JsonValue(value));
                serializer.collect_map(names.into_iter().zip(values))
            }
            None => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("$pairs", &Pairs(entries))?;
                map.end()
            }
        }
    }
}

/// A structured result read back: what [`JsonValue`] wrote, with its order and its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedJsonValue(pub ScriptValue);

impl<'de> Deserialize<'de> for OwnedJsonValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = OwnedJsonValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, an array or an object")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<OwnedJsonValue, E> {
        Ok(OwnedJsonValue(ScriptValue::Scalar(text.as_bytes().to_vec())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<OwnedJsonValue, A::Error> {
        let mut entries = Vec::new();
        while let Some(OwnedJsonValue(value)) = items.next_element()? {
            entries.push((None, value));
        }
        Ok(OwnedJsonValue(ScriptValue::Table(entries)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<OwnedJsonValue, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "$base64" => {
                    let text: String = map.next_value()?;
                    let bytes = BASE64.decode(text.as_bytes()).map_err(de::Error::custom)?;
                    return Ok(OwnedJsonValue(ScriptValue::Scalar(bytes)));
                }
                "$pairs" => {
                    let pairs: Vec<(Option<OwnedJsonValue>, OwnedJsonValue)> = map.next_value()?;
                    let pairs = pairs.into_iter().map(|(key, value)| match key {
                        None => Ok((None, value.0)),
                        Some(OwnedJsonValue(ScriptValue::Scalar(key))) => Ok((Some(key), value.0)),
                        Some(_) => Err(de::Error::custom("a table is no key")),
                    });
                    let pairs = pairs.collect::<Result<_, A::Error>>()?;
                    return Ok(OwnedJsonValue(ScriptValue::Table(pairs)));
                }
                _ => {
                    let OwnedJsonValue(value) = map.next_value()?;
                    entries.push((Some(key.into_bytes()), value));
                }
            }
        }
        Ok(OwnedJsonValue(ScriptValue::Table(entries)))
    }
}

struct Pairs<'a>(&'a [Entry]);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pairs = self.0.iter().map(|(key, value)| {
            let key = key.as_ref().map(|key| JsonBytes(key));
            (key, JsonValue(value))
        });
        serializer.collect_seq(pairs)
    }
}

/// The keys of an object; `None` where the entries cannot be one.
fn names(entries: &[Entry]) -> Option<Vec<&str>> {
    let mut seen = HashSet::new();
    entries
        .iter()
        .map(|(key, _)| {
            let name = std::str::from_utf8(key.as_deref()?).ok()?;
            (!name.starts_with('$') && seen.insert(name)).then_some(name)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &[u8]) -> ScriptValue {
        ScriptValue::Scalar(text.to_vec())
    }

    fn table(entries: &[(Option<&[u8]>, ScriptValue)]) -> ScriptValue {
        let entries = entries.iter().map(|(k, v)| (k.map(<[u8]>::to_vec), v.clone()));
        ScriptValue::Table(entries.collect())
    }

    fn check(value: &ScriptValue, expected: &str) {
        assert_eq!(serde_json::to_string(&JsonValue(value)).unwrap(), expected);
        let read: OwnedJsonValue = serde_json::from_str(expected).unwrap();
        assert_eq!(read.0, *value);
    }

    #[test]
    fn every_shape() {
        let (a, b): (Option<&[u8]>, Option<&[u8]>) = (Some(b"b"), Some(b"a"));
        check(&text(b""), r#""""#);
        check(&text("ä\n\0\"".as_bytes()), r#""ä\n\u0000\"""#);
        check(&text(b"\xff\0"), r#"{"$base64":"/wA="}"#);
        check(&table(&[]), "[]");
        check(&table(&[(None, text(b"1")), (None, table(&[]))]), r#"["1",[]]"#);
        // The order is the script's.
        check(&table(&[(a, text(b"1")), (b, text(b"2"))]), r#"{"b":"1","a":"2"}"#);
        check(
            &table(&[(None, text(b"1")), (a, text(b"2"))]),
            r#"{"$pairs":[[null,"1"],["b","2"]]}"#,
        );
        check(&table(&[(a, text(b"1")), (a, text(b"2"))]), r#"{"$pairs":[["b","1"],["b","2"]]}"#);
        check(&table(&[(Some(b"\xff"), text(b"1"))]), r#"{"$pairs":[[{"$base64":"/w=="},"1"]]}"#);
        check(&table(&[(Some(b"$base64"), text(b"AA=="))]), r#"{"$pairs":[["$base64","AA=="]]}"#);
    }
}
