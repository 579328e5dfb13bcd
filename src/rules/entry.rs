//! A value of policy, whom it concerns, and the clause that says so.

use crate::admission::Facts;
use crate::rules::when::StepSet;
use crate::rules::when::When;

use std::sync::Arc;

/// Where a number comes from (依据): a declared source and its clause, or an assumption. Packs 2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// As written: `p195 二(二)` or `assumed: …`.
    pub text: Arc<str>,
    /// Nothing assumed may look like law.
    pub assumed: bool,
}

/// A value, whom it concerns, and its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<T> {
    /// Whom it concerns.
    pub when: When,
    /// Where it comes from.
    pub source: Source,
    /// The value.
    pub value: T,
}

/// The first entry that holds. Spec 4.5.
pub fn first<'p, T>(
    entries: &'p [Entry<T>],
    facts: &Facts<'_>,
    reached: StepSet,
) -> Option<&'p Entry<T>> {
    entries.iter().find(|entry| entry.when.holds(facts, reached))
}

/// All entries that hold, in order. Spec 4.5.
pub fn every<'p, T>(
    entries: &'p [Entry<T>],
    facts: &Facts<'_>,
    reached: StepSet,
) -> impl Iterator<Item = &'p Entry<T>> {
    entries.iter().filter(move |entry| entry.when.holds(facts, reached))
}
