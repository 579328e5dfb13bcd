//! One object of a request, and how its fields are read: text, day, time, amount; a refusal names the field as the HIS knows it.

use crate::calendar::Day;
use crate::his::json::Json;
use crate::his::json::shortened;
use crate::proto;
use crate::refusal::Refusal;

/// What a field should be, in English and Chinese.
type Want = (&'static str, &'static str);

const GIVEN: Want = ("given", "必填项");
const A_TIME: Want = ("a time such as 2018-03-08 10:00:00", "时间,格式 yyyy-MM-dd HH:mm:ss");
const AN_OBJECT: Want = ("an object", "JSON 对象");
const A_LIST: Want = ("a list of at least one object", "至少一行的列表");

/// Longest text that is kept as given. Unit: signs.
const TEXT_CHARS_MAX: usize = 4000;
const A_SHORT_TEXT: Want = ("a text of at most 4000 characters", "不超过 4000 个字符的文字");
/// Most fields of an object that are kept as given.
const FIELDS_MAX: usize = 200;

/// A field that is not as it should be.
pub(super) fn malformed(field: impl Into<String>, want: Want) -> Refusal {
    Refusal::Malformed { field: field.into(), want }
}

/// An object of a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'j> {
    json: &'j Json,
}

/// The object under a name; a list of one is read as its object, and what stands without a name as if it had it.
pub(super) fn row<'j>(input: &'j Json, name: &str) -> Result<Fields<'j>, Refusal> {
    match input.get(name) {
        Some(Json::List(all)) => match all.as_slice() {
            [one @ Json::Object(_), ..] => Ok(Fields { json: one }),
            _ => Err(malformed(name, AN_OBJECT)),
        },
        Some(json @ Json::Object(_)) => Ok(Fields { json }),
        None if matches!(input, Json::Object(fields) if !fields.is_empty()) => {
            Ok(Fields { json: input })
        }
        Some(_) | None => Err(malformed(name, AN_OBJECT)),
    }
}

/// The objects under a name; one alone is a list of one. None is a list of none.
pub(super) fn rows<'j>(input: &'j Json, name: &str) -> Result<Vec<Fields<'j>>, Refusal> {
    let object = |json: &'j Json| {
        let is_object = matches!(json, Json::Object(_));
        if is_object { Ok(Fields { json }) } else { Err(malformed(name, A_LIST)) }
    };
    match input.get(name) {
        Some(Json::List(all)) => all.iter().map(object).collect(),
        Some(json) => Ok(vec![object(json)?]),
        None => Ok(Vec::new()),
    }
}

/// The objects under a name, of which there must be one; a bare list or object stands for it.
pub(super) fn some_rows<'j>(input: &'j Json, name: &str) -> Result<Vec<Fields<'j>>, Refusal> {
    let found = match input {
        Json::List(all) => all.iter().map(|json| Fields { json }).collect(),
        Json::Null | Json::Truth(_) | Json::Number(_) | Json::Text(_) | Json::Object(_) => {
            rows(input, name)?
        }
    };
    if found.is_empty() { Err(malformed(name, A_LIST)) } else { Ok(found) }
}

impl<'j> Fields<'j> {
    /// A text that may be absent.
    pub(super) fn text(self, name: &str) -> Option<&'j str> {
        self.json.text_of(name)
    }

    /// What stands under a name, if it is there.
    pub(super) fn json(self, name: &str) -> Option<&'j Json> {
        self.json.get(name)
    }

    /// A text that may be absent, else nothing.
    pub(super) fn text_or_empty(self, name: &str) -> String {
        self.text(name).unwrap_or_default().to_owned()
    }

    /// A text that must be there.
    pub(super) fn given(self, name: &str) -> Result<&'j str, Refusal> {
        self.text(name).ok_or_else(|| malformed(name, GIVEN))
    }

    /// A number without zeros at the end of its decimals; whoever reads it decides what it may be.
    pub(super) fn number(self, name: &str) -> Option<&'j str> {
        self.text(name).map(shortened)
    }

    /// A flag: 1 is yes.
    pub(super) fn flag(self, name: &str) -> bool {
        self.text(name) == Some("1")
    }

    /// A time that must be there, as `yyyy-MM-dd HH:mm:ss`.
    pub(super) fn time(self, name: &str) -> Result<String, Refusal> {
        time(self.given(name)?).ok_or_else(|| malformed(name, A_TIME))
    }

    /// The day of a time or date that may be absent.
    pub(super) fn day(self, name: &str) -> Result<Option<Day>, Refusal> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let time = time(text).ok_or_else(|| malformed(name, A_TIME))?;
        Ok(time.get(..10).and_then(Day::parse))
    }

    /// The day of a time or date that must be there.
    pub(super) fn day_given(self, name: &str) -> Result<Day, Refusal> {
        self.day(name)?.ok_or_else(|| malformed(name, GIVEN))
    }

    /// All fields that are there but those named, to be kept as given.
    pub(super) fn others(self, known: &[&str]) -> Result<Vec<proto::NamedText>, Refusal> {
        let mut others = Vec::new();
        for (name, _) in self.json.fields() {
            let Some(value) = self.text(name) else { continue };
            if known.contains(&name.as_ref()) {
                continue;
            }
            let too_long = TEXT_CHARS_MAX < value.chars().count() || 100 < name.chars().count();
            if too_long || others.len() == FIELDS_MAX {
                return Err(malformed(name.chars().take(100).collect::<String>(), A_SHORT_TEXT));
            }
            others.push(proto::NamedText { name: name.to_string(), value: value.to_owned() });
        }
        Ok(others)
    }
}

/// What was kept under a name.
pub(super) fn kept<'t>(texts: &'t [proto::NamedText], name: &str) -> &'t str {
    texts.iter().find(|one| one.name == name).map_or("", |one| one.value.as_str())
}

/// A time or date as clients write them, in one form.
fn time(text: &str) -> Option<String> {
    let day = text.get(..10)?;
    Day::parse(day)?;
    let clock = match text.get(10..)? {
        "" => "00:00:00",
        rest => rest.trim_start_matches([' ', 'T']).get(..8)?,
    };
    let shape = clock.bytes().enumerate().all(|(index, byte)| match index {
        2 | 5 => byte == b':',
        _ => byte.is_ascii_digit(),
    });
    let below = |at: usize, limit: u8| {
        clock.get(at..at + 2).and_then(|two| two.parse::<u8>().ok()).is_some_and(|n| n < limit)
    };
    let fits = shape && below(0, 24) && below(3, 60) && below(6, 60);
    fits.then(|| format!("{day} {clock}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_clients_write_them() {
        for (text, read) in [
            ("2018-03-08", Some("2018-03-08 00:00:00")),
            ("2018-03-08 10:20:30", Some("2018-03-08 10:20:30")),
            ("2018-03-08T10:20:30.000", Some("2018-03-08 10:20:30")),
            ("2018-03-08 24:00:00", None),
            ("2018-02-30", None),
            ("2018-03-08 1:00:00", None),
            ("20180308", None),
            ("2018-03-08 10:20", None),
        ] {
            assert_eq!(time(text).as_deref(), read, "{text}");
        }
    }
}
