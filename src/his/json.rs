//! JSON as existing clients send it, read tolerantly, and as they expect it, written plainly. Numbers stay the digits that they
//! are: none becomes binary.
//!
//! Names are the same whatever their capitals and underscores (`dscgTime`, `dscg_time`); `""`, `null` and `"null"` are absent.

use serde_json::value::RawValue;

use std::borrow::Cow;
use std::collections::BTreeMap;

/// How deep objects and lists may stand in each other.
const DEPTH_MAX: usize = 12;

/// A piece of JSON.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json {
    /// Nothing.
    Null,
    /// True or false.
    Truth(bool),
    /// The digits of a number.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// An object, in the order of its fields.
    Object(Vec<(Cow<'static, str>, Json)>),
}

impl Json {
    /// Reads a text; none if it is not JSON, or too deep.
    pub(super) fn read(text: &str) -> Option<Json> {
        let raw: &RawValue = serde_json::from_str(text).ok()?;
        unfold(raw.get(), DEPTH_MAX)
    }

    /// The text of a field of an object as it was sent, not read.
    pub(super) fn raw_of<'t>(text: &'t str, name: &str) -> Option<&'t str> {
        let fields = serde_json::from_str::<Fields<'t>>(text).ok()?.0;
        fields.into_iter().find(|(own, _)| own == name).map(|(_, raw)| raw.get())
    }

    /// A text.
    pub(super) fn text(text: impl Into<String>) -> Json {
        Json::Text(text.into())
    }

    /// An object of fields with fixed names.
    pub(super) fn object<const N: usize>(fields: [(&'static str, Json); N]) -> Json {
        Json::Object(fields.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect())
    }

    /// The value of a field that is not absent.
    pub(super) fn get(&self, name: &str) -> Option<&Json> {
        let Json::Object(fields) = self else { return None };
        fields.iter().find(|(own, value)| is_same(own, name) && !value.is_absent()).map(|(_, v)| v)
    }

    /// Takes the value of a field that is not absent out of its object.
    pub(super) fn take(&mut self, name: &str) -> Option<Json> {
        let Json::Object(fields) = self else { return None };
        let place = fields.iter().position(|(own, value)| is_same(own, name) && !value.is_absent());
        place.map(|place| fields.remove(place).1)
    }

    /// The text of a field, whatever it was sent as.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Json::Text(text) => Some(text.trim()),
            Json::Number(digits) => Some(digits),
            Json::Truth(true) => Some("1"),
            Json::Truth(false) => Some("0"),
            Json::Null | Json::List(_) | Json::Object(_) => None,
        }
    }

    /// The fields of an object.
    pub(super) fn fields(&self) -> &[(Cow<'static, str>, Json)] {
        match self {
            Json::Object(fields) => fields,
            Json::Null | Json::Truth(_) | Json::Number(_) | Json::Text(_) | Json::List(_) => &[],
        }
    }

    fn is_absent(&self) -> bool {
        match self {
            Json::Null => true,
            Json::Text(text) => matches!(text.trim(), "" | "null" | "NULL"),
            Json::Truth(_) | Json::Number(_) | Json::List(_) | Json::Object(_) => false,
        }
    }

    /// Gives fields the names that this program knows them by.
    pub(super) fn renamed(self, names: &BTreeMap<String, String>) -> Json {
        if names.is_empty() {
            return self;
        }
        match self {
            Json::Object(fields) => {
                let rename = |(name, value): (Cow<'static, str>, Json)| {
                    let known = names.iter().find(|(theirs, _)| is_same(theirs, &name));
                    (known.map_or(name, |(_, ours)| Cow::Owned(ours.clone())), value.renamed(names))
                };
                Json::Object(fields.into_iter().map(rename).collect())
            }
            Json::List(all) => Json::List(all.into_iter().map(|one| one.renamed(names)).collect()),
            Json::Null | Json::Truth(_) | Json::Number(_) | Json::Text(_) => self,
        }
    }

    /// The same content in one form, for a digest: fields in order, the absent left out.
    pub(super) fn canonical(&self) -> String {
        let mut text = String::new();
        self.write_canonical(&mut text);
        text
    }

    fn write_canonical(&self, out: &mut String) {
        match self {
            Json::Object(fields) => {
                let there = fields.iter().filter(|(_, value)| !value.is_absent());
                let mut sorted: Vec<_> = there.map(|(name, value)| (folded(name), value)).collect();
                sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
                out.push('{');
                for (name, value) in sorted {
                    quote(&name, out);
                    out.push(':');
                    value.write_canonical(out);
                    out.push(',');
                }
                out.push('}');
            }
            Json::List(all) => {
                out.push('[');
                for one in all {
                    one.write_canonical(out);
                    out.push(',');
                }
                out.push(']');
            }
            // A number is the same as the text of its digits.
            Json::Number(text) | Json::Text(text) => quote(shortened(text.trim()), out),
            Json::Truth(truth) => out.push_str(if *truth { "\"1\"" } else { "\"0\"" }),
            Json::Null => out.push_str("null"),
        }
    }

    /// Writes it on one line.
    pub(super) fn write(&self, out: &mut String) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Truth(truth) => out.push_str(if *truth { "true" } else { "false" }),
            Json::Number(digits) => out.push_str(digits),
            Json::Text(text) => quote(text, out),
            Json::List(all) => {
                out.push('[');
                for (index, one) in all.iter().enumerate() {
                    if index != 0 {
                        out.push(',');
                    }
                    one.write(out);
                }
                out.push(']');
            }
            Json::Object(fields) => {
                out.push('{');
                for (index, (name, value)) in fields.iter().enumerate() {
                    if index != 0 {
                        out.push(',');
                    }
                    quote(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

/// Decimals without zeros at their end: databases print `12.5000`.
pub(super) fn shortened(number: &str) -> &str {
    let is_decimal = number.contains('.')
        && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-');
    if is_decimal { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

/// Writes a text between quotes.
fn quote(text: &str, out: &mut String) {
    let is_plain = !text.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\');
    if is_plain {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&serde_json::Value::from(text).to_string());
    }
}

/// Whether two names are the same but for capitals and underscores.
fn is_same(a: &str, b: &str) -> bool {
    signs(a).eq(signs(b))
}

fn signs(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase())
}

fn folded(name: &str) -> String {
    if name.is_ascii() {
        return signs(name).map(char::from).collect();
    }
    name.chars().filter(|sign| *sign != '_').flat_map(char::to_lowercase).collect()
}

fn unfold(text: &str, depth: usize) -> Option<Json> {
    let depth = depth.checked_sub(1)?;
    Some(match text.bytes().next()? {
        b'{' => {
            let fields = serde_json::from_str::<Fields<'_>>(text).ok()?.0;
            let unfolded = fields.into_iter().map(|(name, raw)| {
                Some((Cow::Owned(name.into_owned()), unfold(raw.get(), depth)?))
            });
            Json::Object(unfolded.collect::<Option<_>>()?)
        }
        b'[' => {
            let all: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            Json::List(all.into_iter().map(|raw| unfold(raw.get(), depth)).collect::<Option<_>>()?)
        }
        b'"' => Json::Text(serde_json::from_str(text).ok()?),
        b't' => Json::Truth(true),
        b'f' => Json::Truth(false),
        b'n' => Json::Null,
        _ => Json::Number(text.to_owned()),
    })
}

/// The fields of an object in their order, not read yet.
struct Fields<'t>(Vec<(Cow<'t, str>, &'t RawValue)>);

impl<'de: 't, 't> serde::Deserialize<'de> for Fields<'t> {
    fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Fields<'t>, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                    fields.push((Cow::Owned(name), value));
                }
                Ok(fields)
            }
        }
        reader.deserialize_map(Visitor).map(Fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_absence_are_read_as_clients_write_them() {
        let json = Json::read(
            r#" {"dscgTime":"null","DSCG_TIME":"2018-05-09","a":"","b":null,"c":[{"REFD_SETL_FLAG":1}]} "#,
        )
        .unwrap();
        assert_eq!(json.text_of("dscg_time"), Some("2018-05-09"));
        assert_eq!((json.get("a"), json.get("b")), (None, None));
        let Some(Json::List(list)) = json.get("c") else { panic!() };
        assert_eq!(list[0].text_of("refd_setl_flag"), Some("1"));
    }

    #[test]
    fn numbers_keep_their_digits() {
        let json = Json::read(r#"{"a":0.1000000000000000055511151231257827,"b":-12.50,"c":"7"}"#);
        let json = json.unwrap();
        assert_eq!(json.text_of("a"), Some("0.1000000000000000055511151231257827"));
        let mut out = String::new();
        json.write(&mut out);
        assert_eq!(out, r#"{"a":0.1000000000000000055511151231257827,"b":-12.50,"c":"7"}"#);
    }

    #[test]
    fn the_canonical_form_is_that_of_the_content() {
        let a = Json::read(r#"{"x":1.50,"dscgTime":"t","z":""}"#).unwrap();
        let b = Json::read(r#"{"dscg_time":"t","x":"1.5"}"#).unwrap();
        assert_eq!(a.canonical(), b.canonical());
    }

    #[test]
    fn texts_are_quoted_as_the_library_quotes_them() {
        for text in ["", "plain 文字", "a\"b", "back\\slash", "line\nfeed", "\u{1}", "\u{7f}", "/"]
        {
            let mut out = String::new();
            quote(text, &mut out);
            assert_eq!(out, serde_json::to_string(text).unwrap());
        }
    }

    #[test]
    fn what_is_too_deep_is_not_read() {
        assert!(Json::read(&("[".repeat(12) + &"]".repeat(12))).is_some());
        assert!(Json::read(&("[".repeat(13) + &"]".repeat(13))).is_none());
        assert_eq!(Json::read("{"), None);
        assert_eq!(Json::read("{} {}"), None);
    }
}
