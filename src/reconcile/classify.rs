//! From pairs to differences, each with its likely cause.

use crate::money::Money;
use crate::reconcile::Outcome;
use crate::reconcile::Scope;
use crate::reconcile::book::Book;
use crate::reconcile::book::Outside;
use crate::reconcile::book::RowView;
use crate::reconcile::cause::Cause;
use crate::reconcile::difference::Class;
use crate::reconcile::difference::Difference;
use crate::reconcile::difference::admission_differs;
use crate::reconcile::difference::amounts;
use crate::reconcile::difference::person_differs;
use crate::reconcile::difference::reference_differs;
use crate::reconcile::join::groups;
use crate::reconcile::pair::Pairs;
use crate::reconcile::totals::Balance;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Every difference: in the order of the hospital's rows, then of the ledger's.
pub(super) fn classify(
    scope: &Scope,
    (hospital, ledger): (&Book, &Book),
    pairs: &Pairs,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    let settled = settled_before_refund((hospital, ledger), pairs);
    let has_references = hospital.rows().any(|(_, row)| !row.reference().is_empty());
    for (at, row) in hospital.rows() {
        let found = (at, &row);
        match (pairs.of_hospital(at), pairs.twin(at)) {
            (Some(other), _) => {
                let both = (found, (other, &ledger.row(other)));
                of_pair(scope, both, has_references, &mut differences);
            }
            (None, Some(twin)) => differences.push(Difference {
                class: Class::CountedTwice,
                cause: None,
                hospital: Some(at),
                ledger: pairs.of_hospital(twin),
            }),
            (None, None) => differences.push(only_hospital(found, settled.get(&at))),
        }
    }
    let only = OnlyLedger::look(ledger, pairs);
    differences.extend(only.differences());
    differences
}

/// What differs between two rows that are one settlement.
fn of_pair(
    scope: &Scope,
    ((at, row), (other, ledger)): ((u32, &RowView<'_>), (u32, &RowView<'_>)),
    has_references: bool,
    differences: &mut Vec<Difference>,
) {
    let mut differs = |class, cause| {
        differences.push(Difference { class, cause, hospital: Some(at), ledger: Some(other) });
    };
    let after =
        if row.is_refund() { Cause::ReversalAfterCutOff } else { Cause::SettledAfterCutOff };
    match ledger.outside() {
        Some(Outside::OtherType) => differs(Class::WrongType, None),
        Some(Outside::Before) => differs(Class::WrongPeriod, Some(Cause::SettledBefore)),
        Some(Outside::After) => differs(Class::WrongPeriod, Some(after)),
        None if row.day().is_some_and(|day| scope.place(day).is_some()) => {
            differs(Class::WrongPeriod, None);
        }
        None => {}
    }
    if person_differs(row, ledger) {
        differs(Class::WrongPerson, None);
    }
    if amounts(row, ledger).any(|(_, one, other)| one != other) {
        let account = ledger.account();
        let is_account_in_fund = account != Money::ZERO
            && row.total() == ledger.total()
            && row.account() == account
            && row.fund() - ledger.fund() == account;
        differs(Class::AmountDiffers, is_account_in_fund.then_some(Cause::AccountInFund));
    }
    let reference = has_references && reference_differs(row, ledger);
    if reference || admission_differs(row, ledger) {
        let is_lost = reference && row.reference().is_empty();
        differs(Class::DifferentReference, is_lost.then_some(Cause::AnswerNotCollected));
    }
}

/// A row that the ledger does not have. A refund of something that it does have is a reversal that it did not get.
fn only_hospital((at, row): (u32, &RowView<'_>), settled: Option<&u32>) -> Difference {
    let (class, cause) = if settled.is_some() {
        (Class::ReversedOnOneSide, Some(Cause::ReversalNotReceived))
    } else if row.reference().is_empty() {
        (Class::MissingInLedger, Some(Cause::NeverSettled))
    } else {
        (Class::MissingInLedger, None)
    };
    Difference { class, cause, hospital: Some(at), ledger: settled.copied() }
}

/// For refunds that only the hospital has: the settlement in the ledger that they undo.
fn settled_before_refund((hospital, ledger): (&Book, &Book), pairs: &Pairs) -> BTreeMap<u32, u32> {
    let mut settled = BTreeMap::new();
    let is_lone = |at: u32| pairs.of_hospital(at).is_none() && pairs.twin(at).is_none();
    let refunds: Vec<u32> = (hospital.rows())
        .filter(|(at, row)| row.is_refund() && is_lone(*at))
        .map(|(at, _)| at)
        .collect();
    if refunds.is_empty() {
        return settled;
    }
    let forwards: Vec<u32> =
        ledger.rows().filter(|(_, row)| !row.is_refund()).map(|(at, _)| at).collect();
    for text in [RowView::reference, RowView::admission] {
        let left = (refunds.iter().copied(), |at| given(text(&hospital.row(at))));
        let right = (forwards.iter().copied(), |at| given(text(&ledger.row(at))));
        groups(left, right, |refunds, forwards| {
            for (refund, forward) in refunds.iter().zip(forwards.iter().cycle()) {
                settled.entry(*refund).or_insert(*forward);
            }
        });
    }
    settled
}

fn given(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// Rows that only the ledger has, and what it knows about them.
struct OnlyLedger<'b> {
    ledger: &'b Book,
    lone: Vec<u32>,
    /// Lone refunds whose settlement is lone too, and those settlements.
    cancelled: BTreeSet<u32>,
    /// Lone refunds whose settlement is not of this period.
    of_earlier: BTreeSet<u32>,
    /// Lone settlements that somebody has again, and the hospital knows that one.
    retried: BTreeSet<u32>,
}

impl<'b> OnlyLedger<'b> {
    fn look(ledger: &'b Book, pairs: &Pairs) -> OnlyLedger<'b> {
        let is_lone = |at: u32| pairs.of_ledger(at).is_none();
        let lone: Vec<u32> = (ledger.rows())
            .filter(|(at, row)| row.outside().is_none() && is_lone(*at))
            .map(|(at, _)| at)
            .collect();
        let mut only = OnlyLedger {
            ledger,
            lone,
            cancelled: BTreeSet::new(),
            of_earlier: BTreeSet::new(),
            retried: BTreeSet::new(),
        };
        if !only.lone.is_empty() {
            only.look_for_settlements(pairs);
            only.look_for_retries(pairs);
        }
        only
    }

    fn look_for_settlements(&mut self, pairs: &Pairs) {
        let ledger = self.ledger;
        let refunds = self.lone.iter().copied().filter(|at| ledger.row(*at).is_refund());
        let forwards = ledger.rows().filter(|(_, row)| !row.is_refund()).map(|(at, _)| at);
        let left = (refunds, |at| given(ledger.row(at).undoes()));
        let right = (forwards, |at| given(ledger.row(at).reference()));
        let (cancelled, of_earlier) = (&mut self.cancelled, &mut self.of_earlier);
        groups(left, right, |refunds, forwards| {
            let ([refund], Some(forward)) = (refunds, forwards.first()) else { return };
            let is_inside = ledger.row(*forward).outside().is_none();
            if is_inside && pairs.of_ledger(*forward).is_none() {
                cancelled.extend([*refund, *forward]);
            } else if !is_inside {
                of_earlier.insert(*refund);
            }
        });
    }

    fn look_for_retries(&mut self, pairs: &Pairs) {
        let ledger = self.ledger;
        let key = |at| {
            let row = ledger.row(at);
            (!row.person().is_empty()).then(|| (row.person(), row.day(), row.amounts()))
        };
        let forward = |at: &u32| !ledger.row(*at).is_refund();
        let lone = self.lone.iter().copied().filter(forward);
        let known = ledger.rows().map(|(at, _)| at).filter(forward);
        let known = known.filter(|at| pairs.of_ledger(*at).is_some());
        let retried = &mut self.retried;
        groups((lone, key), (known, key), |lone, known| {
            if !known.is_empty() {
                retried.extend(lone.iter().copied());
            }
        });
    }

    fn differences(&self) -> impl Iterator<Item = Difference> {
        self.lone.iter().map(|at| {
            let (class, cause) = self.class_of(*at);
            Difference { class, cause, hospital: None, ledger: Some(*at) }
        })
    }

    fn class_of(&self, at: u32) -> (Class, Option<Cause>) {
        let is_refund = self.ledger.row(at).is_refund();
        if self.cancelled.contains(&at) {
            return (Class::MissingAtHospital, Some(Cause::CancelsOut));
        }
        if is_refund {
            let is_late = self.of_earlier.contains(&at);
            return (Class::ReversedOnOneSide, is_late.then_some(Cause::ReversalAfterCutOff));
        }
        let cause = if self.retried.contains(&at) {
            Cause::RetryUnderNewId
        } else {
            Cause::AnswerNotCollected
        };
        (Class::MissingAtHospital, Some(cause))
    }
}

/// How every row of the hospital came out, and then the rows that only the ledger has.
pub(super) fn outcomes(pairs: &Pairs, differences: &[Difference]) -> impl Iterator<Item = Outcome> {
    let mut left = differences.iter().peekable();
    let mut of_hospital = Vec::new();
    for at in 0..pairs.lengths().0 {
        let ledger = pairs.of_hospital(at);
        let mut balance = Balance::Balanced;
        while let Some(difference) = left.next_if(|one| one.hospital == Some(at)) {
            balance = match difference.class {
                Class::MissingInLedger | Class::ReversedOnOneSide | Class::CountedTwice => {
                    Balance::HospitalMore
                }
                Class::MissingAtHospital
                | Class::AmountDiffers
                | Class::WrongPeriod
                | Class::WrongType
                | Class::WrongPerson
                | Class::DifferentReference => Balance::Differs,
            };
        }
        of_hospital.push(Outcome { hospital: Some(at), ledger, balance });
    }
    let of_ledger = differences.iter().filter(|one| one.hospital.is_none()).map(|one| Outcome {
        hospital: None,
        ledger: one.ledger,
        balance: Balance::LedgerMore,
    });
    of_hospital.into_iter().chain(of_ledger)
}
