//! The waterfall: a bill, a pack and the year so far come to a statement. Spec 4 and 7.

mod classify;
mod floor;
mod share;

use crate::accumulators::Accumulators;
use crate::accumulators::StepYear;
use crate::accumulators::Sums;
use crate::bill::Bill;
use crate::bill::Part;
use crate::bill::Parts;
use crate::money::Money;
use crate::money::Ratio;
use crate::refusal::Refusal;
use crate::register::Catalogue;
use crate::rules::entry::Entry;
use crate::rules::entry::first;
use crate::rules::pack::Cap;
use crate::rules::pack::Kind;
use crate::rules::pack::Payer;
use crate::rules::pack::Period;
use crate::rules::pack::Step;
use crate::rules::when::StepSet;
use crate::settle::classify::Classified;
use crate::situation::Situation;
use crate::statement::Basis;
use crate::statement::CapKind;
use crate::statement::Run;
use crate::statement::Statement;
use crate::statement::StepResult;
use crate::statement::Summary;

/// What comes with a bill, beside its charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Terms {
    /// To be paid from the personal account (个人账户支出).
    pub account_pay: Money,
    /// Paid in advance (押金).
    pub deposit: Money,
    /// Whether lines may carry their own catalogue facts (spec 2.4).
    pub line_facts: bool,
}

/// What a step sees when it runs.
struct View<'a, 'p> {
    situation: &'p Situation<'p>,
    reached: StepSet,
    year: StepYear,
    sums: &'a Sums,
    parts: &'a Parts,
    owed: &'a Parts,
}

/// Computes what everybody pays, and why. Writes nothing; the same input gives the same statement.
pub fn settle<'p>(
    situation: &'p Situation<'p>,
    bill: &'p Bill,
    catalogue: &'p Catalogue,
    year: &Accumulators,
    terms: Terms,
) -> Result<Statement<'p>, Refusal> {
    let classified = classify::classify(situation, bill, catalogue, terms.line_facts)?;
    let parts = classified.parts;
    let mut owed = parts;
    owed[Part::FacilityBorne] = Money::ZERO;

    let mut steps = waterfall(situation, &parts, &mut owed, &year.sums);
    for result in &mut steps {
        floor::close(result, &owed);
    }
    let patient_pay = owed.total();
    if terms.account_pay > patient_pay {
        return Err(Refusal::AccountPay { account_pay: terms.account_pay, patient_pay });
    }
    Ok(state(situation, classified, steps, owed, (year.version, terms)))
}

/// Runs the enabled steps in order (spec 4.1); `owed` is what each leaves to the next.
fn waterfall<'p>(
    situation: &'p Situation<'p>,
    parts: &Parts,
    owed: &mut Parts,
    sums: &Sums,
) -> Vec<StepResult<'p>> {
    let pack = situation.pack;
    let mut reached = StepSet::default();
    for (index, step) in pack.steps.iter().enumerate() {
        if Money::ZERO < sums.step(&step.id).paid {
            reached = reached.with(index);
        }
    }
    let mut results = Vec::with_capacity(pack.steps.len());
    for (index, step) in pack.steps.iter().enumerate().filter(|(_, step)| step.enabled) {
        let run = step.when.holds(&situation.facts, reached).then(|| {
            let year = sums.step(&step.id);
            let view = View { situation, reached, year, sums, parts, owed };
            run(step, &view)
        });
        if let Some(run) = &run {
            *owed = *owed - run.from;
            if Money::ZERO < run.payment {
                reached = reached.with(index);
            }
        }
        results.push(StepResult { step, run });
    }
    results
}

/// Runs one step: what its kind would pay, cut by its caps, taken from its base in order.
fn run<'p>(step: &'p Step, view: &View<'_, 'p>) -> Run<'p> {
    let (uncapped, basis) = match &step.kind {
        Kind::Share(terms) => {
            let (paid, trace) = share::pay(step, terms, view);
            (paid, Basis::Share(trace))
        }
        Kind::Floor(terms) => {
            let (paid, trace) = floor::pay(step, terms, view);
            (paid, Basis::Floor(trace))
        }
    };
    let cap = first(&step.cap, &view.situation.facts, view.reached);
    let least = cap.and_then(|entry| least_cap(entry, view.parts.over(&step.base), view.year.paid));
    let bound = least.filter(|(_, most)| *most < uncapped);
    let payment = bound.map_or(uncapped, |(_, most)| most);
    Run {
        payment,
        uncapped,
        from: take(step, payment, view.owed),
        cap,
        bound,
        paid_before: view.year.paid,
        basis,
    }
}

/// The least of what the cap entry allows; never below 0, also where the year has paid more already. Spec 5.6.
fn least_cap(entry: &Entry<Cap>, parts: Money, paid: Money) -> Option<(CapKind, Money)> {
    let cap = &entry.value;
    let admission = cap.admission.map(|most| (CapKind::Admission, most));
    let year = cap.year.map(|most| (CapKind::Year, most - paid));
    let share = cap.base_share.map(|share| (CapKind::BaseShare, (parts * share).floor2()));
    let least = [admission, year, share].into_iter().flatten().min_by_key(|(_, most)| *most);
    least.map(|(kind, most)| (kind, most.max(Money::ZERO)))
}

/// Takes a payment from the base, part by part (spec 4.3).
fn take(step: &Step, payment: Money, owed: &Parts) -> Parts {
    let mut from = Parts::default();
    let mut left = payment;
    for part in &step.base {
        let taken = left.min(owed[*part]);
        from[*part] = taken;
        left = left - taken;
    }
    from
}

/// What the statement adds to the accumulators (spec 5.7, 6.3, 8.1).
pub fn added(situation: &Situation<'_>, statement: &Statement<'_>) -> Sums {
    let counts = situation.facts.med_type.is_some_and(|med_type| {
        situation.pack.counts_as_admission.iter().any(|one| one == med_type)
    });
    let mut added = Sums {
        admissions: u64::from(counts),
        total: statement.total,
        parts: statement.parts,
        patient_pay: statement.patient_pay,
        ..Sums::default()
    };
    for result in &statement.steps {
        let Some(run) = &result.run else { continue };
        let id = &result.step.id;
        let step_year = match &run.basis {
            Basis::Share(trace) => {
                if let Some((_, chain)) = &trace.chain
                    && !trace.met.is_zero()
                {
                    added.chains.entry(id.clone()).or_default().insert(chain.clone(), trace.met);
                }
                StepYear { eligible: trace.eligible, paid: run.payment, ..StepYear::default() }
            }
            Basis::Floor(trace) => floor::year(trace, run.payment),
        };
        if step_year != StepYear::default() {
            added.steps.insert(id.clone(), step_year);
        }
    }
    added
}

/// Draws the statement up (spec 7.1–7.3).
fn state<'p>(
    situation: &'p Situation<'p>,
    classified: Classified<'p>,
    steps: Vec<StepResult<'p>>,
    owed: Parts,
    (version, terms): (u64, Terms),
) -> Statement<'p> {
    let pack = situation.pack;
    let (total, parts, patient_pay) = (classified.total, classified.parts, owed.total());
    let of_payer = |payer: Payer| -> Money {
        let of_payer = steps.iter().filter(|result| result.step.payer == payer);
        of_payer.map(StepResult::payment).sum()
    };
    let by_payer: Vec<(Payer, Money)> = Payer::ALL
        .into_iter()
        .filter(|payer| *payer != Payer::Facility)
        .filter(|payer| steps.iter().any(|result| result.step.payer == *payer))
        .map(|payer| (payer, of_payer(payer)))
        .collect();
    let payments = by_payer.iter().map(|(_, paid)| *paid).sum();
    let facility_borne = parts[Part::FacilityBorne] + of_payer(Payer::Facility);
    let summary = Summary { payments, facility_borne, by_payer };
    let advance = terms.account_pay + terms.deposit;
    Statement {
        version,
        ordinal: situation.facts.ordinal,
        deposit_exempt: first(&pack.deposit_exempt, &situation.facts, StepSet::default()),
        total,
        parts,
        lines: classified.lines,
        checks: classified.checks,
        warnings: classified.warnings,
        steps,
        patient_pay,
        account_pay: terms.account_pay,
        deposit: terms.deposit,
        cash_due: patient_pay.less(advance),
        refund: advance.less(patient_pay),
        actual_ratio: Ratio::rest_rounded(patient_pay, total - facility_borne),
        policy_scope_ratio: Ratio::rest_rounded(
            owed.over(&pack.policy_scope),
            parts.over(&pack.policy_scope),
        ),
        summary,
    }
}

/// What a step's year counts as when it runs: an admission is a year that begins at zero (spec 4.6).
fn begin(period: Period, year: StepYear) -> StepYear {
    match period {
        Period::Admission => StepYear { paid: year.paid, ..StepYear::default() },
        Period::Year => year,
    }
}
