//! Totals of a list (对总账).

use crate::money::Money;
use crate::reconcile::book::Book;
use crate::reconcile::book::RowView;

use std::cmp::Ordering;

/// What a list comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// How many rows.
    pub count: u64,
    /// Bills `medfee_sumamt`.
    pub total: Money,
    /// What the funds paid `fund_pay_sumamt`.
    pub fund: Money,
    /// From personal accounts `acct_pay`.
    pub account: Money,
    /// In cash; none where the list does not say it for every row.
    pub cash: Option<Money>,
}

/// How two lists, or two rows, stand to each other (对账结果).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Balance {
    /// They agree (平).
    Balanced,
    /// The ledger has more (中心多).
    LedgerMore,
    /// The hospital has more (医药机构多).
    HospitalMore,
    /// Both have it, and it differs (数据不一致).
    Differs,
}

impl Balance {
    /// The name in answers and exports.
    pub fn name(self) -> &'static str {
        match self {
            Balance::Balanced => "balanced",
            Balance::LedgerMore => "ledger_more",
            Balance::HospitalMore => "hospital_more",
            Balance::Differs => "differs",
        }
    }
}

impl Totals {
    /// Of all rows that are reconciled, refunds with a minus, or of settlements alone.
    pub fn of(book: &Book, with_refunds: bool) -> Totals {
        let mut totals = Totals { cash: Some(Money::ZERO), ..Totals::default() };
        let inside = book.rows().map(|(_, row)| row).filter(|row| row.outside().is_none());
        for row in inside.filter(|row| with_refunds || !row.is_refund()) {
            totals.add(&row);
        }
        totals
    }

    fn add(&mut self, row: &RowView<'_>) {
        self.count += 1;
        self.total += row.total();
        self.fund += row.fund();
        self.account += row.account();
        self.cash = self.cash.zip(row.cash()).map(|(sum, more)| sum + more);
    }

    /// The hospital's totals against the ledger's. Cash counts only where both lists say it.
    pub fn against(&self, ledger: &Totals) -> Balance {
        let cash = self.cash.zip(ledger.cash).is_none_or(|(one, other)| one == other);
        let amounts = |totals: &Totals| (totals.total, totals.fund, totals.account);
        match self.count.cmp(&ledger.count) {
            Ordering::Less => Balance::LedgerMore,
            Ordering::Greater => Balance::HospitalMore,
            Ordering::Equal if cash && amounts(self) == amounts(ledger) => Balance::Balanced,
            Ordering::Equal => Balance::Differs,
        }
    }
}
