//! Identifiers that callers choose: each its own type, so that one cannot stand where another is meant.

use std::fmt;

/// Most characters of an identifier or code.
pub const ID_CHARS_MAX: usize = 100;

/// Whether a text can be an identifier: not empty, not too long, no control characters, no space at either end.
pub fn is_id(text: &str) -> bool {
    let is_plain = text.len() <= ID_CHARS_MAX && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_plain {
        return !text.is_empty();
    }
    !text.is_empty()
        && text.len() <= ID_CHARS_MAX * 4
        && text.chars().count() <= ID_CHARS_MAX
        && text.trim() == text
        && !text.chars().any(char::is_control)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes a text that can be an identifier.
            pub fn parse(text: &str) -> Option<$name> {
                is_id(text).then(|| $name(text.to_owned()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

macro_rules! plain_debug {
    ($($name:ident),*) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        })*
    };
}

id! {
    /// A person (人员编号). Personal data: its `Debug` shows the last four signs only.
    PersonId
}
id! {
    /// A facility (定点医药机构编号), or another office that writes, such as an insurer.
    FacilityId
}
id! {
    /// An admission (就诊ID): one stay, or one interim bill of a stay. Unique within its facility.
    AdmissionId
}
id! {
    /// A write's name, chosen by the client and unique per facility (报文ID). Spec 9.3.
    RequestId
}
id! {
    /// The source reference of an opening balance (期初来源号). Spec 8.3.
    OpeningId
}
plain_debug!(FacilityId, AdmissionId, RequestId, OpeningId);

impl fmt::Debug for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&masked(&self.0))
    }
}

/// The last four signs of a text, the rest hidden; all hidden where there are hardly more.
pub fn masked(text: &str) -> String {
    let signs: Vec<char> = text.chars().collect();
    let shown = if signs.len() >= 8 { 4 } else { 0 };
    let hidden = signs.len() - shown;
    "*".repeat(hidden) + &signs[hidden..].iter().collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_not_shown_whole() {
        let person = PersonId::parse("110101199003070017").unwrap();
        assert_eq!(format!("{person:?}"), "**************0017");
        assert_eq!(format!("{:?}", PersonId::parse("P1").unwrap()), "**");
    }
}
