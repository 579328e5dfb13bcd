//! The pack's checks of the bill, in file order, each on the parts as the earlier ones left them. Spec 2.6, packs 7.

use crate::bill::Drugs;
use crate::bill::Part;
use crate::money::Money;
use crate::rules::pack::Measure;
use crate::rules::pack::OnBreach;
use crate::rules::when::StepSet;
use crate::settle::classify::Classified;
use crate::situation::Situation;
use crate::statement::CheckResult;
use crate::statement::Found;
use crate::statement::Warning;

/// Runs the checks; `drugs` is none where a bill of totals does not say.
pub(super) fn run<'p>(
    situation: &'p Situation<'p>,
    classified: &mut Classified<'p>,
    drugs: Option<Drugs>,
) {
    let holding = situation
        .pack
        .checks
        .iter()
        .filter(|entry| entry.when.holds(&situation.facts, StepSet::default()));
    // What earlier drug checks have moved is not moved twice.
    let mut drugs_moved = Money::ZERO;
    for entry in holding {
        let found = match entry.value.measure {
            Measure::CatalogueDrugShare(at_least) => drugs.map(|drugs| {
                let allowed = (drugs.all * at_least.complement()).floor2();
                let excess = drugs.class_c.less(allowed).less(drugs_moved);
                Found { part: drugs.class_c, whole: drugs.all, excess }
            }),
            Measure::OwnExpenseShare(at_most) => {
                let own_expense = classified.parts[Part::OwnExpense];
                let excess = own_expense.less((classified.total * at_most).floor2());
                Some(Found { part: own_expense, whole: classified.total, excess })
            }
        };
        if found.is_none() {
            classified.warnings.push(Warning::DrugsNotMeasured);
        }
        let moved = match entry.value.on_breach {
            OnBreach::Warn => Money::ZERO,
            OnBreach::FacilityBorne => found
                .map_or(Money::ZERO, |found| found.excess)
                .min(classified.parts[Part::OwnExpense]),
        };
        classified.parts[Part::OwnExpense] = classified.parts[Part::OwnExpense] - moved;
        classified.parts[Part::FacilityBorne] += moved;
        if matches!(entry.value.measure, Measure::CatalogueDrugShare(_)) {
            drugs_moved += moved;
        }
        classified.checks.push(CheckResult { check: entry, found, moved });
    }
}
