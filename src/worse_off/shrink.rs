//! Makes a finding smaller for as long as it is one, so that an author can redo it with a pocket calculator.

use crate::accumulators::Accumulators;
use crate::admission::IdentitySet;
use crate::admission::Referral;
use crate::bill::Charges;
use crate::bill::Line;
use crate::bill::Part;
use crate::cases::Given;
use crate::money::Money;
use crate::money::Price;
use crate::worse_off::Finding;
use crate::worse_off::scene::Scene;

/// Most times that all ways to make it smaller are tried.
const ROUNDS_MAX: usize = 40;

/// How large a finding is: first by what it takes to state it, then by its amount.
pub(super) fn size(finding: &Finding) -> (usize, Money) {
    let year = &finding.given.year.sums;
    let (kinds, total) = match &finding.given.bill.charges {
        Charges::Lines(lines) => (lines.len(), lines.iter().map(|line| line.amount).sum()),
        Charges::Totals { parts, drugs } => {
            let charged = Part::ALL.iter().filter(|part| !parts[**part].is_zero()).count();
            (charged + usize::from(drugs.is_some()), parts.total())
        }
    };
    let held = usize::from(!finding.held.is_empty());
    (year.steps.len() + year.chains.len() + kinds + held, total)
}

/// The smallest finding that simple changes lead to.
pub(super) fn shrink(scene: &Scene<'_>, mut finding: Finding) -> Finding {
    for _ in 0..ROUNDS_MAX {
        let mut smaller = smaller(&finding).into_iter().filter_map(|one| retry(scene, one));
        match smaller.next() {
            Some(found) => finding = found,
            None => break,
        }
    }
    finding
}

/// Settles a changed finding; none where it is one no more.
fn retry(scene: &Scene<'_>, finding: Finding) -> Option<Finding> {
    let Finding { given, held, added, .. } = finding;
    let without = scene.patient_pays(&given, held)?;
    let with = scene.patient_pays(&given, held.with(added))?;
    (without + scene.slack < with).then_some(Finding { given, held, added, without, with })
}

/// The ways to make it smaller, the boldest first.
fn smaller(finding: &Finding) -> Vec<Finding> {
    let given = &finding.given;
    let mut changed: Vec<Given> = Vec::new();
    let mut add = |change: &dyn Fn(&mut Given)| {
        let mut one = given.clone();
        change(&mut one);
        if one != *given {
            changed.push(one);
        }
    };
    add(&|one| one.year = Accumulators::default());
    add(&|one| one.year.sums.admissions = 0);
    add(&|one| one.year.sums.chains.clear());
    add(&|one| one.year.sums.parts = crate::bill::Parts::default());
    for step in given.year.sums.steps.keys() {
        add(&|one| one.year.sums.steps.retain(|id, _| id != step));
    }
    add(&|one| one.admission.episode = None);
    add(&|one| one.admission.diagnoses.clear());
    add(&|one| one.admission.referral = Referral::None);
    add(&|one| one.facility.entries.iter_mut().for_each(|entry| entry.tags.clear()));
    match &given.bill.charges {
        Charges::Totals { .. } => {
            add(&|one| each_total(one, |drugs| *drugs = None, |_, amount| amount));
            for part in Part::OWED {
                add(&|one| {
                    let nothing = |its, amount| if its == part { Money::ZERO } else { amount };
                    each_total(one, |_| {}, nothing);
                });
                for unit in UNITS {
                    let cut = |its, amount| if its == part { halved(amount, unit) } else { amount };
                    add(&|one| each_total(one, |_| {}, cut));
                    let round =
                        |its, amount| if its == part { cut_to(amount, unit) } else { amount };
                    add(&|one| each_total(one, |_| {}, round));
                }
            }
        }
        Charges::Lines(lines) => {
            for index in 0..lines.len() {
                add(&|one| of_lines(one, |lines| drop(lines.remove(index))));
                for unit in UNITS {
                    add(&|one| of_lines(one, |lines| charge(&mut lines[index], halved, unit)));
                    add(&|one| of_lines(one, |lines| charge(&mut lines[index], cut_to, unit)));
                }
            }
        }
    }
    let others = |given| Finding { given, ..finding.clone() };
    let mut smaller: Vec<Finding> = changed.into_iter().map(others).collect();
    if !finding.held.is_empty() {
        smaller.insert(0, Finding { held: IdentitySet::default(), ..finding.clone() });
    }
    smaller
}

/// Yuan to which amounts are cut, the coarsest first; finer ones would show little but roundings.
const UNITS: [i64; 3] = [10_000, 1_000, 100];

fn cut_to(amount: Money, unit: i64) -> Money {
    let fen = i64::try_from(amount.fen()).unwrap_or(0);
    Money::from_fen(fen / (unit * 100) * (unit * 100))
}

fn halved(amount: Money, unit: i64) -> Money {
    let fen = i64::try_from(amount.fen()).unwrap_or(0);
    cut_to(Money::from_fen(fen / 2), unit)
}

fn each_total(
    given: &mut Given,
    of_drugs: impl Fn(&mut Option<crate::bill::Drugs>),
    of_part: impl Fn(Part, Money) -> Money,
) {
    if let Charges::Totals { parts, drugs } = &mut given.bill.charges {
        of_drugs(drugs);
        for part in Part::ALL {
            parts[part] = of_part(part, parts[part]);
        }
    }
}

fn of_lines(given: &mut Given, change: impl Fn(&mut Vec<Line>)) {
    if let Charges::Lines(lines) = &mut given.bill.charges {
        change(lines);
    }
}

fn charge(line: &mut Line, change: fn(Money, i64) -> Money, unit: i64) {
    line.amount = change(line.amount, unit);
    if let Ok(price) = Price::parse(&line.amount.to_string()) {
        line.price = price;
    }
}
