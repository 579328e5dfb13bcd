//! Whether two messages are the same, and if not, where they differ: a repeated request (spec 9.3), a verified entry.

use crate::refusal::Refusal;

use serde::Serialize;
use serde_json::Value;

/// Refuses a request that differs from the one that its id was used for; both are in the form in which they are stored, so that
/// digits and left-out defaults make no difference.
pub fn same<T: PartialEq + Serialize>(before: &T, now: &T) -> Result<(), Refusal> {
    if before == now {
        return Ok(());
    }
    let field = difference_of(before, now).unwrap_or_else(|| "request".to_owned());
    Err(Refusal::RequestIdReused { field })
}

/// The first field in which two messages differ.
pub fn difference_of<T: Serialize>(before: &T, now: &T) -> Option<String> {
    let (before, now) = (serde_json::to_value(before).ok()?, serde_json::to_value(now).ok()?);
    difference(&before, &now, String::new())
}

fn difference(before: &Value, now: &Value, path: String) -> Option<String> {
    match (before, now) {
        (Value::Object(a), Value::Object(b)) => {
            let names = a.keys().chain(b.keys());
            let differs = |name: &String| {
                let dot = if path.is_empty() { "" } else { "." };
                let path = format!("{path}{dot}{name}");
                let null = &Value::Null;
                difference(a.get(name).unwrap_or(null), b.get(name).unwrap_or(null), path)
            };
            names.into_iter().find_map(differs)
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let pairs = a.iter().zip(b).enumerate();
            pairs
                .into_iter()
                .find_map(|(index, (a, b))| difference(a, b, format!("{path}[{index}]")))
        }
        (a, b) => (a != b).then_some(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_field_that_differs_is_named() {
        let before = serde_json::json!({"a": {"b": [1, {"c": "x"}]}, "d": 1});
        let now = serde_json::json!({"a": {"b": [1, {"c": "y"}]}, "d": 1});
        assert_eq!(difference(&before, &now, String::new()), Some("a.b[1].c".to_owned()));
        assert_eq!(difference(&before, &before, String::new()), None);
        let without = serde_json::json!({"a": {"b": [1, {"c": "x"}]}});
        assert_eq!(difference(&before, &without, String::new()), Some("d".to_owned()));
    }
}
