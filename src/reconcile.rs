//! Reconciliation (对账): a hospital's list of settlements against the ledger's, for a facility, a period, an insurance type and a
//! clearing type. Pure.
//!
//! Totals first (对总账), then every difference (对明细账) with its class, its likely cause where the ledger shows one, and what mends
//! it. A refunded settlement is two rows in either list: one forward, one reverse with negative amounts.
//!
//! Both lists are kept as compact rows, and matched by sorting keys, so that a million rows against a million take seconds.

mod book;
mod cause;
mod classify;
mod difference;
mod join;
mod pair;
mod subject;
mod totals;
mod words;

pub use crate::reconcile::book::Book;
pub use crate::reconcile::book::BookError;
pub use crate::reconcile::book::Outside;
pub use crate::reconcile::book::RowView;
pub use crate::reconcile::book::Settled;
pub use crate::reconcile::cause::Cause;
pub use crate::reconcile::difference::Class;
pub use crate::reconcile::difference::Difference;
pub use crate::reconcile::difference::Field;
pub use crate::reconcile::difference::FieldDifference;
pub use crate::reconcile::subject::Subject;
pub use crate::reconcile::totals::Balance;
pub use crate::reconcile::totals::Totals;

use crate::calendar::Day;
use crate::calendar::Span;
use crate::reconcile::pair::Pairs;

/// What is reconciled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// The first day on which a row was settled.
    pub from: Day,
    /// The last one; it counts.
    pub to: Day,
    /// Whether refunds count in the totals (退费结算标志), or settlements alone.
    pub with_refunds: bool,
}

impl Scope {
    /// Where a day lies.
    pub fn place(&self, day: Day) -> Option<Outside> {
        if day < self.from {
            return Some(Outside::Before);
        }
        if self.to < day {
            return Some(Outside::After);
        }
        None
    }

    /// The same as a span.
    pub fn period(&self) -> Span {
        Span { from: self.from, to: Some(self.to) }
    }
}

/// How a row came out (对账结果).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The hospital's row; none where only the ledger has it.
    pub hospital: Option<u32>,
    /// The ledger's row; none where only the hospital has it.
    pub ledger: Option<u32>,
    /// What it comes to.
    pub balance: Balance,
}

/// Two lists, compared.
#[derive(Debug)]
pub struct Reconciled {
    /// The hospital's totals.
    pub hospital: Totals,
    /// The ledger's.
    pub ledger: Totals,
    /// Every difference: in the order of the hospital's rows, then of the ledger's.
    pub differences: Vec<Difference>,
    pairs: Pairs,
}

impl Reconciled {
    /// Whether the totals agree (对总账).
    pub fn balance(&self) -> Balance {
        self.hospital.against(&self.ledger)
    }

    /// How many rows of the hospital stand in the ledger, whether alike or not.
    pub fn matched(&self) -> u64 {
        self.pairs.matched()
    }

    /// How every row of the hospital came out, and then the rows that only the ledger has (对明细账结果).
    pub fn outcomes(&self) -> impl Iterator<Item = Outcome> {
        classify::outcomes(&self.pairs, &self.differences)
    }
}

/// Compares a hospital's list with the ledger's. Rows of the ledger outside the scope are there to be found, not to be missed.
pub fn reconcile(scope: &Scope, hospital: &Book, ledger: &Book) -> Reconciled {
    let pairs = pair::pair(hospital, ledger);
    let differences = classify::classify(scope, (hospital, ledger), &pairs);
    Reconciled {
        hospital: Totals::of(hospital, scope.with_refunds),
        ledger: Totals::of(ledger, scope.with_refunds),
        differences,
        pairs,
    }
}

#[cfg(test)]
mod tests;
