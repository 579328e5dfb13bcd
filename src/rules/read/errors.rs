//! The list of all that was wrong with a file, each with its place.

use crate::rules::PackError;
use crate::rules::problem::Problem;

use std::cell::RefCell;
use std::fmt;

/// Longest piece of a file that an error repeats, in signs.
const QUOTED_MAX: usize = 60;

/// Says that what was to be read could not be, and that the reason is on the list.
/// Invariant: only [`Errors::report`] makes one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reported(());

/// What was read, or that it was reported.
pub(crate) type Read<T> = Result<T, Reported>;

/// All that is wrong with one file.
pub(crate) struct Errors<'p> {
    path: &'p str,
    list: RefCell<Vec<PackError>>,
}

impl<'p> Errors<'p> {
    pub(crate) fn new(path: &'p str) -> Errors<'p> {
        Errors { path, list: RefCell::default() }
    }

    /// The file.
    pub(crate) fn path(&self) -> &'p str {
        self.path
    }

    pub(crate) fn report(&self, spot: &Spot, problem: Problem) -> Reported {
        let path = self.path.to_owned();
        self.list.borrow_mut().push(PackError { path, place: spot.to_string(), problem });
        Reported(())
    }

    pub(crate) fn into_list(self) -> Vec<PackError> {
        self.list.into_inner()
    }
}

/// A place in a file: `step basic: deductible[2].amount`.
#[derive(Debug, Clone)]
pub(crate) struct Spot {
    head: Option<String>,
    keys: String,
}

impl Spot {
    /// The file itself.
    pub(crate) fn file() -> Spot {
        Spot { head: None, keys: String::new() }
    }

    /// A line, where no key can be named.
    pub(crate) fn line(number: usize) -> Spot {
        Spot { head: None, keys: format!("line {number}") }
    }

    /// A step, by its id, or by its number where it has none.
    pub(crate) fn step(name: &str) -> Spot {
        Spot { head: Some(format!("step {name}")), keys: String::new() }
    }

    /// A worked case, by its name.
    pub(crate) fn case(name: &str) -> Spot {
        Spot { head: Some(format!("case `{name}`")), keys: String::new() }
    }

    /// A key of this table.
    pub(crate) fn key(&self, key: &str) -> Spot {
        let dot = if self.keys.is_empty() { "" } else { "." };
        Spot { head: self.head.clone(), keys: format!("{}{dot}{}", self.keys, quoted(key)) }
    }

    /// A member of this list, counted from 1.
    pub(crate) fn member(&self, index: usize) -> Spot {
        Spot { head: self.head.clone(), keys: format!("{}[{}]", self.keys, index + 1) }
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.head, self.keys.as_str()) {
            (Some(head), "") => f.write_str(head),
            (Some(head), keys) => write!(f, "{head}: {keys}"),
            (None, "") => f.write_str("file"),
            (None, keys) => f.write_str(keys),
        }
    }
}

/// A text, cut where it is too long to repeat.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Reads all of them before it gives up, so that every error is reported.
pub(crate) fn all<T>(reads: impl Iterator<Item = Read<T>>) -> Read<Vec<T>> {
    let reads: Vec<Read<T>> = reads.collect();
    reads.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spot_is_written_as_people_count() {
        let step = Spot::step("basic");
        let amount = step.key("deductible").member(1).key("amount");
        for (spot, expected) in [
            (Spot::file(), "file"),
            (Spot::line(3), "line 3"),
            (Spot::file().key("pack").key("id"), "pack.id"),
            (step, "step basic"),
            (amount, "step basic: deductible[2].amount"),
        ] {
            assert_eq!(spot.to_string(), expected);
        }
    }

    #[test]
    fn a_long_text_is_cut_between_signs() {
        let long = "险".repeat(QUOTED_MAX + 1);
        assert_eq!(quoted(&long), format!("{}…", "险".repeat(QUOTED_MAX)));
        assert_eq!(quoted(&long[..3 * QUOTED_MAX]), "险".repeat(QUOTED_MAX));
    }
}
