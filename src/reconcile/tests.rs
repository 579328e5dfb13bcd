//! Known books with known differences: each is found, and none is invented.

use super::*;
use crate::money::Money;

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn june() -> Scope {
    Scope { from: day("2018-06-01"), to: day("2018-06-30"), with_refunds: true }
}

fn row(reference: &'static str, admission: &'static str, fen: i64) -> Settled<'static> {
    Settled {
        reference,
        admission,
        person: "P1",
        total: Money::from_fen(fen),
        fund: Money::from_fen(fen / 2),
        account: Money::from_fen(100),
        day: Some(day("2018-06-15")),
        ..Settled::default()
    }
}

fn refund(reference: &'static str, undoes: &'static str, of: Settled<'static>) -> Settled<'static> {
    Settled { reference, undoes, is_refund: true, ..of }
}

fn book(rows: &[Settled<'_>]) -> Book {
    let mut book = Book::new();
    for row in rows {
        book.push(row).unwrap();
    }
    book
}

type Found = (Class, Option<Cause>, Option<u32>, Option<u32>);

fn found(hospital: &[Settled<'_>], ledger: &[Settled<'_>]) -> Vec<Found> {
    let reconciled = reconcile(&june(), &book(hospital), &book(ledger));
    let as_tuple = |one: &Difference| (one.class, one.cause, one.hospital, one.ledger);
    reconciled.differences.iter().map(as_tuple).collect()
}

#[test]
fn equal_lists_balance_in_whatever_order() {
    let (one, two) = (row("1", "A1", 1000), row("2", "A2", 3000));
    let undone = refund("3", "1", one);
    let (hospital, ledger) = (book(&[undone, two, one]), book(&[one, two, undone]));
    let reconciled = reconcile(&june(), &hospital, &ledger);
    assert_eq!(reconciled.differences, []);
    assert_eq!(reconciled.balance(), Balance::Balanced);
    assert_eq!(reconciled.hospital.count, 3);
    assert_eq!(reconciled.hospital.total, Money::from_fen(3000));
    assert!(reconciled.outcomes().all(|one| one.balance == Balance::Balanced));
}

#[test]
fn without_refunds_only_settlements_count() {
    let one = row("1", "A1", 1000);
    let list = book(&[one, refund("3", "1", one)]);
    let scope = Scope { with_refunds: false, ..june() };
    assert_eq!(reconcile(&scope, &list, &list).hospital.total, Money::from_fen(1000));
}

#[test]
fn a_row_on_one_side_is_missing_on_the_other() {
    let (one, two) = (row("1", "A1", 1000), row("2", "A2", 3000));
    let unknown = Settled { person: "P2", ..two };
    assert_eq!(found(&[one, unknown], &[one]), [(Class::MissingInLedger, None, Some(1), None)]);
    let numberless = Settled { reference: "", ..unknown };
    let never = Some(Cause::NeverSettled);
    assert_eq!(found(&[one, numberless], &[one]), [(Class::MissingInLedger, never, Some(1), None)]);
    let lost = Some(Cause::AnswerNotCollected);
    assert_eq!(found(&[one], &[one, two]), [(Class::MissingAtHospital, lost, None, Some(1))]);
}

#[test]
fn an_amount_that_differs_says_by_how_much() {
    let ledger = row("1", "A1", 1000);
    let hospital = Settled { fund: Money::from_fen(520), ..ledger };
    let (one, other) = (book(&[hospital]), book(&[ledger]));
    let reconciled = reconcile(&june(), &one, &other);
    let [difference] = reconciled.differences.as_slice() else { panic!("one difference") };
    assert_eq!((difference.class, difference.cause), (Class::AmountDiffers, None));
    let fields = difference.fields(&one, &other);
    assert_eq!(fields.len(), 1);
    assert_eq!(fields[0].field, Field::Fund);
    assert_eq!(fields[0].by, Some(Money::from_fen(20)));
    assert_eq!(reconciled.balance(), Balance::Differs);
    let with_account = Settled { fund: Money::from_fen(600), ..ledger };
    let cause = Some(Cause::AccountInFund);
    assert_eq!(
        found(&[with_account], &[ledger]),
        [(Class::AmountDiffers, cause, Some(0), Some(0))]
    );
}

#[test]
fn cash_counts_only_where_both_say_it() {
    let ledger = Settled { cash: Some(Money::from_fen(400)), ..row("1", "A1", 1000) };
    assert_eq!(found(&[Settled { cash: None, ..ledger }], &[ledger]), []);
    let other = Settled { cash: Some(Money::from_fen(401)), ..ledger };
    assert_eq!(found(&[other], &[ledger]), [(Class::AmountDiffers, None, Some(0), Some(0))]);
}

#[test]
fn a_reversal_that_one_side_lacks_is_told_from_a_missing_settlement() {
    let one = row("1", "A1", 1000);
    let undone = refund("2", "1", one);
    assert_eq!(found(&[one], &[one, undone]), [(Class::ReversedOnOneSide, None, None, Some(1))]);
    let unheard = Some(Cause::ReversalNotReceived);
    let refund_of_its_own = Settled { reference: "H-77", undoes: "", ..undone };
    assert_eq!(
        found(&[one, refund_of_its_own], &[one]),
        [(Class::ReversedOnOneSide, unheard, Some(1), Some(0))]
    );
    let nothing = Some(Cause::CancelsOut);
    assert_eq!(
        found(&[], &[one, undone]),
        [
            (Class::MissingAtHospital, nothing, None, Some(0)),
            (Class::MissingAtHospital, nothing, None, Some(1))
        ]
    );
}

#[test]
fn a_refund_may_be_listed_under_the_number_of_what_it_undoes() {
    let one = row("1", "A1", 1000);
    let undone = refund("2", "1", one);
    assert_eq!(found(&[one, Settled { reference: "1", ..undone }], &[one, undone]), []);
}

#[test]
fn a_reversal_after_the_cut_off_belongs_to_the_later_period() {
    let one = row("1", "A1", 1000);
    let late = Settled { outside: Some(Outside::After), ..refund("2", "1", one) };
    let cause = Some(Cause::ReversalAfterCutOff);
    assert_eq!(
        found(&[one, Settled { outside: None, ..late }], &[one, late]),
        [(Class::WrongPeriod, cause, Some(1), Some(1))]
    );
    // Of an earlier period, reversed in this one, and the hospital does not know.
    let earlier = Settled { outside: Some(Outside::Before), ..one };
    let undone = refund("2", "1", one);
    assert_eq!(found(&[], &[earlier, undone]), [(Class::ReversedOnOneSide, cause, None, Some(1))]);
}

#[test]
fn rows_of_another_period_or_type_are_found_and_never_missed() {
    let one = row("1", "A1", 1000);
    let before = Settled { outside: Some(Outside::Before), ..one };
    let cause = Some(Cause::SettledBefore);
    assert_eq!(found(&[one], &[before]), [(Class::WrongPeriod, cause, Some(0), Some(0))]);
    assert_eq!(found(&[], &[before]), []);
    let other = Settled { outside: Some(Outside::OtherType), ..one };
    assert_eq!(found(&[one], &[other]), [(Class::WrongType, None, Some(0), Some(0))]);
    let july = Settled { day: Some(day("2018-07-01")), ..one };
    assert_eq!(found(&[july], &[one]), [(Class::WrongPeriod, None, Some(0), Some(0))]);
}

#[test]
fn a_row_listed_again_is_counted_twice() {
    let one = row("1", "A1", 1000);
    assert_eq!(found(&[one, one], &[one]), [(Class::CountedTwice, None, Some(1), Some(0))]);
    let renumbered = Settled { reference: "9", ..one };
    assert_eq!(found(&[one, renumbered], &[one]), [(Class::CountedTwice, None, Some(1), Some(0))]);
    // Neither stands in the ledger: one is missing, and the other repeats it.
    assert_eq!(
        found(&[one, one], &[]),
        [(Class::MissingInLedger, None, Some(0), None), (Class::CountedTwice, None, Some(1), None)]
    );
}

#[test]
fn numbers_may_differ_where_admission_or_person_day_and_amounts_agree() {
    let ledger = row("1", "A1", 1000);
    let lost = Some(Cause::AnswerNotCollected);
    let other = row("2", "A2", 3000);
    let class = Class::DifferentReference;
    for (hospital, cause) in [
        (Settled { reference: "X", ..ledger }, None),
        (Settled { reference: "", ..ledger }, lost),
        (Settled { reference: "X", admission: "B7", ..ledger }, None),
        (Settled { admission: "B7", ..ledger }, None),
        (Settled { reference: "X", admission: "B7", day: None, ..ledger }, None),
    ] {
        let found = found(&[hospital, other], &[ledger, other]);
        assert_eq!(found, [(class, cause, Some(0), Some(0))], "{hospital:?}");
    }
    // The same bill twice a month is not the same settlement.
    let (x, y) = (row("X", "B1", 1000), row("Y", "B2", 1000));
    let weekly = [Settled { day: None, ..x }, Settled { day: None, ..y }];
    assert_eq!(found(&weekly, &[ledger]).len(), 3);
}

#[test]
fn a_list_without_numbers_is_matched_by_admission() {
    let ledger = row("1", "A1", 1000);
    assert_eq!(found(&[Settled { reference: "", ..ledger }], &[ledger]), []);
}

#[test]
fn a_wrong_person_is_named_as_such() {
    let ledger = row("1", "A1", 1000);
    let hospital = Settled { person: "P9", ..ledger };
    assert_eq!(found(&[hospital], &[ledger]), [(Class::WrongPerson, None, Some(0), Some(0))]);
}

#[test]
fn a_retry_under_a_new_id_leaves_one_too_many_in_the_ledger() {
    let (first, again) = (row("1", "A1", 1000), row("2", "A1x", 1000));
    let cause = Some(Cause::RetryUnderNewId);
    assert_eq!(
        found(&[again], &[first, again]),
        [(Class::MissingAtHospital, cause, None, Some(0))]
    );
}

#[test]
fn outcomes_name_every_row_once() {
    let (one, two, three) = (row("1", "A1", 1000), row("2", "A2", 3000), row("3", "A3", 500));
    let two_else = Settled { total: Money::from_fen(2), ..two };
    let unknown = Settled { person: "P3", ..row("9", "A9", 77) };
    let reconciled =
        reconcile(&june(), &book(&[unknown, two_else, one]), &book(&[one, two, three]));
    let outcomes: Vec<_> =
        reconciled.outcomes().map(|one| (one.hospital, one.ledger, one.balance)).collect();
    assert_eq!(
        outcomes,
        [
            (Some(0), None, Balance::HospitalMore),
            (Some(1), Some(1), Balance::Differs),
            (Some(2), Some(0), Balance::Balanced),
            (None, Some(2), Balance::LedgerMore),
        ]
    );
    assert_eq!(reconciled.matched(), 2);
}

#[test]
fn every_class_and_cause_has_a_name_of_its_own() {
    let mut names: Vec<&str> = Class::ALL.iter().map(|one| one.name()).collect();
    names.extend(Cause::ALL.iter().map(|one| one.name()));
    names.sort_unstable();
    let before = names.len();
    names.dedup();
    assert_eq!(names.len(), before);
    assert!(Class::ALL.iter().all(|one| Class::parse(one.name()) == Some(*one)));
}
