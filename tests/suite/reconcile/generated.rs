//! Two books that are one, but for faults put in on purpose.

use onestop::calendar::Day;
use onestop::money::Money;
use onestop::reconcile::Balance;
use onestop::reconcile::Book;
use onestop::reconcile::Class;
use onestop::reconcile::Outside;
use onestop::reconcile::Scope;
use onestop::reconcile::Settled;
use onestop::reconcile::reconcile;

use proptest::prelude::*;

/// What is wrong with a settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    NotAtHospital,
    NotInLedger,
    Amount(u8),
    RefundNotAtHospital,
    RefundNotInLedger,
    Twice,
    TwiceRenumbered,
    Period,
    Type,
    Person,
    Reference,
    NoReference,
    ReferenceAndAdmission,
    OutsideAndUnlisted,
}

const FAULTS: [Fault; 18] = [
    Fault::None,
    Fault::NotAtHospital,
    Fault::NotInLedger,
    Fault::Amount(0),
    Fault::Amount(1),
    Fault::Amount(2),
    Fault::Amount(3),
    Fault::RefundNotAtHospital,
    Fault::RefundNotInLedger,
    Fault::Twice,
    Fault::TwiceRenumbered,
    Fault::Period,
    Fault::Type,
    Fault::Person,
    Fault::Reference,
    Fault::NoReference,
    Fault::ReferenceAndAdmission,
    Fault::OutsideAndUnlisted,
];

/// A row that owns its texts, and which settlement it is of.
#[derive(Debug, Clone)]
struct Row {
    of: usize,
    reference: String,
    undoes: String,
    admission: String,
    person: String,
    is_refund: bool,
    amounts: [i64; 4],
    day: Option<Day>,
    outside: Option<Outside>,
}

#[derive(Debug, Default)]
struct Books {
    hospital: Vec<Row>,
    ledger: Vec<Row>,
    /// Class, settlement, whether it is about its refund.
    expected: Vec<(Class, usize, bool)>,
}

fn june(day: u8) -> Day {
    Day::new(2018, 6, i8::try_from(day % 30).unwrap() + 1).unwrap()
}

impl Books {
    fn add(&mut self, of: usize, (fault, refunded, whom, days): (Fault, bool, u8, u8)) {
        // Whoever is not told apart by a number has to be by the amount; all others may have the same bill as often as they like.
        let fen = if matches!(fault, Fault::None | Fault::Amount(_)) {
            50_000
        } else {
            100_000 + 7 * i64::try_from(of).unwrap()
        };
        let day = june(days);
        let forward = Row {
            of,
            reference: format!("{}", 3 * of + 1),
            undoes: String::new(),
            admission: format!("A{of}"),
            person: format!("P{}", whom % 4),
            is_refund: false,
            amounts: [fen, fen / 2, fen / 10, fen - fen / 2 - fen / 10],
            day: (days < 200).then_some(day),
            outside: None,
        };
        let refund = Row {
            reference: format!("{}", 3 * of + 2),
            undoes: forward.reference.clone(),
            is_refund: true,
            ..forward.clone()
        };
        let refunded =
            refunded || matches!(fault, Fault::RefundNotAtHospital | Fault::RefundNotInLedger);
        let mut theirs = forward.clone();
        let mut ours = Row { day: Some(day), ..forward.clone() };
        let (mut is_theirs, mut is_ours) = (true, true);
        let (mut refund_theirs, mut refund_ours) = (refunded, refunded);
        let mut expect = |class, is_refund| self.expected.push((class, of, is_refund));
        match fault {
            Fault::None => {}
            Fault::NotAtHospital => {
                (is_theirs, refund_theirs) = (false, false);
                expect(Class::MissingAtHospital, false);
                if refunded {
                    expect(Class::MissingAtHospital, true);
                }
            }
            Fault::NotInLedger => {
                (is_ours, refund_ours) = (false, false);
                expect(Class::MissingInLedger, false);
                if refunded {
                    expect(Class::MissingInLedger, true);
                }
            }
            Fault::Amount(which) => {
                theirs.amounts[usize::from(which)] += 1 + i64::from(days);
                expect(Class::AmountDiffers, false);
            }
            Fault::RefundNotAtHospital => {
                refund_theirs = false;
                expect(Class::ReversedOnOneSide, true);
            }
            Fault::RefundNotInLedger => {
                refund_ours = false;
                expect(Class::ReversedOnOneSide, true);
            }
            Fault::Twice | Fault::TwiceRenumbered => {
                let mut again = theirs.clone();
                if fault == Fault::TwiceRenumbered {
                    again.reference = format!("H{of}");
                }
                self.hospital.push(again);
                expect(Class::CountedTwice, false);
            }
            Fault::Period => {
                ours.outside = Some(if days % 2 == 0 { Outside::Before } else { Outside::After });
                expect(Class::WrongPeriod, false);
            }
            Fault::Type => {
                ours.outside = Some(Outside::OtherType);
                expect(Class::WrongType, false);
            }
            Fault::Person => {
                theirs.person.push('x');
                expect(Class::WrongPerson, false);
            }
            Fault::Reference => {
                theirs.reference = format!("H{of}");
                expect(Class::DifferentReference, false);
            }
            Fault::NoReference => {
                theirs.reference.clear();
                expect(Class::DifferentReference, false);
            }
            Fault::ReferenceAndAdmission => {
                theirs.reference = format!("H{of}");
                theirs.admission = format!("B{of}");
                expect(Class::DifferentReference, false);
            }
            Fault::OutsideAndUnlisted => {
                ours.outside = Some(Outside::Before);
                (is_theirs, refund_theirs, refund_ours) = (false, false, false);
            }
        }
        self.hospital.extend(is_theirs.then_some(theirs));
        self.ledger.extend(is_ours.then_some(ours));
        self.hospital.extend(refund_theirs.then(|| refund.clone()));
        self.ledger.extend(refund_ours.then_some(Row { day: Some(day), ..refund }));
    }
}

fn book(rows: &[Row]) -> Book {
    let mut book = Book::new();
    for row in rows {
        let [total, fund, account, cash] = row.amounts.map(Money::from_fen);
        let settled = Settled {
            reference: &row.reference,
            undoes: &row.undoes,
            admission: &row.admission,
            person: &row.person,
            is_refund: row.is_refund,
            total,
            fund,
            account,
            cash: Some(cash),
            day: row.day,
            outside: row.outside,
            line: 0,
        };
        book.push(&settled).unwrap();
    }
    book
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_injected_difference_is_found_and_none_is_invented(
        settlements in prop::collection::vec((0..FAULTS.len() * 2, any::<bool>(), any::<u8>(), any::<u8>()), 0..80),
        turn in any::<u64>(),
    ) {
        let mut books = Books::default();
        // A list that has no number at all is matched without them, and that is no difference; this one has.
        books.add(0, (Fault::None, false, 0, 0));
        for (of, (fault, refunded, whom, days)) in (1..).zip(settlements) {
            // Half of them are without fault.
            let fault = FAULTS.get(fault).copied().unwrap_or(Fault::None);
            books.add(of, (fault, refunded, whom, days));
        }
        shuffle(&mut books.hospital, turn);
        shuffle(&mut books.ledger, turn.rotate_left(17));
        let scope = Scope { from: june(0), to: june(29), with_refunds: true };
        let (hospital, ledger) = (book(&books.hospital), book(&books.ledger));
        let reconciled = reconcile(&scope, &hospital, &ledger);
        let name = |rows: &[Row], at: u32| {
            let row = &rows[usize::try_from(at).unwrap()];
            (row.of, row.is_refund)
        };
        let mut found: Vec<(Class, usize, bool)> = Vec::new();
        for difference in &reconciled.differences {
            let (of, is_refund) = match (difference.hospital, difference.ledger) {
                (Some(at), _) => name(&books.hospital, at),
                (None, Some(at)) => name(&books.ledger, at),
                (None, None) => panic!("a difference without rows"),
            };
            found.push((difference.class, of, is_refund));
        }
        found.sort_unstable();
        books.expected.sort_unstable();
        prop_assert_eq!(&found, &books.expected);

        // Every row comes out once, and balanced where nothing is wrong with it.
        let outcomes: Vec<_> = reconciled.outcomes().collect();
        let ledger_only = outcomes.iter().filter(|one| one.hospital.is_none()).count();
        prop_assert_eq!(outcomes.len() - ledger_only, hospital.len());
        let balanced = outcomes.iter().filter(|one| one.balance == Balance::Balanced).count();
        prop_assert_eq!(balanced == outcomes.len(), found.is_empty());

        // Totals are sums of what is listed, and nothing else.
        let sum: i64 = books.hospital.iter().map(|row| if row.is_refund { -row.amounts[0] } else { row.amounts[0] }).sum();
        prop_assert_eq!(reconciled.hospital.total, Money::from_fen(sum));
    }
}

/// The same order for the same number.
fn shuffle(rows: &mut [Row], mut seed: u64) {
    for index in (1..rows.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(seed >> 33).unwrap() % (index + 1);
        rows.swap(index, other);
    }
}
