//! A guaranteed ratio, or a ceiling on the patient's part. Spec 6.

use crate::accumulators::StepYear;
use crate::bill::Parts;
use crate::money::Exact;
use crate::money::Money;
use crate::money::Ratio;
use crate::rules::entry::first;
use crate::rules::pack::Floor;
use crate::rules::pack::Step;
use crate::settle::View;
use crate::settle::begin;
use crate::statement::Basis;
use crate::statement::FloorTrace;
use crate::statement::StepResult;

/// What tops payment up to the guarantee, before caps, and how it came to that.
///
/// Rounding: what may remain is cut to the fen, in favour of the patient. Spec 6.2.
pub(super) fn pay<'p>(
    step: &'p Step,
    terms: &'p Floor,
    view: &View<'_, 'p>,
) -> (Money, FloorTrace<'p>) {
    let (measured, owed) = (view.parts.over(&step.base), view.owed.over(&step.base));
    let year = begin(step.period, view.year);
    let guarantee = first(&terms.guarantee, &view.situation.facts, view.reached);
    let ratio = guarantee.and_then(|entry| entry.value.ratio);
    let allowed = ratio.map(|ratio| year.allowed + measured * ratio.complement());
    let at_most = guarantee.and_then(|entry| entry.value.patient_at_most);
    let limit = [allowed.map(Exact::floor2), at_most].into_iter().flatten().min();
    let paid = limit.map_or(Money::ZERO, |limit| (year.remaining + owed).less(limit).min(owed));
    let trace = FloorTrace {
        measured,
        owed,
        guarantee,
        allowed_before: year.allowed,
        allowed,
        remaining_before: year.remaining,
        limit,
        measured_before: year.measured,
        remaining: year.remaining,
        reached: None,
        shortfall: None,
    };
    (paid, trace)
}

/// Says what remained and what was reached, once the waterfall has ended (spec 6.3, 6.4).
pub(super) fn close(result: &mut StepResult<'_>, owed: &Parts) {
    let Some(run) = &mut result.run else { return };
    let Basis::Floor(trace) = &mut run.basis else { return };
    let remaining = trace.remaining_before + owed.over(&result.step.base);
    trace.remaining = remaining;
    trace.reached = Ratio::rest_cut(remaining, trace.measured_before + trace.measured);
    trace.shortfall = trace.limit.map(|limit| remaining.less(limit));
}

/// What the step's year gains (spec 6.3).
pub(super) fn year(trace: &FloorTrace<'_>, paid: Money) -> StepYear {
    let remaining = trace.remaining - trace.remaining_before;
    let allowed = match trace.allowed {
        Some(allowed) => allowed - trace.allowed_before,
        None => Exact::from(remaining),
    };
    StepYear { eligible: Money::ZERO, paid, allowed, measured: trace.measured, remaining }
}
