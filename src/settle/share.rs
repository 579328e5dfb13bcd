//! A banded share above a deductible. Spec 5.

use crate::accumulators::StepYear;
use crate::money::Exact;
use crate::money::Money;
use crate::money::Points;
use crate::rules::entry::Entry;
use crate::rules::entry::every;
use crate::rules::entry::first;
use crate::rules::pack::Adjust;
use crate::rules::pack::ChainBy;
use crate::rules::pack::Deductible;
use crate::rules::pack::Origin;
use crate::rules::pack::Segment;
use crate::rules::pack::Share;
use crate::rules::pack::Step;
use crate::settle::View;
use crate::settle::begin;
use crate::statement::ShareTrace;
use crate::statement::segments::bands;

/// What the bands pay on what is owed over the base, before caps, and how it came to that.
///
/// Rounding: `round2` of all that the bands pay up to a point, never of one band, so that a year pays the same however its
/// cost was cut into admissions. Spec 5.5.
pub(super) fn pay<'p>(
    step: &'p Step,
    terms: &'p Share,
    view: &View<'_, 'p>,
) -> (Money, ShareTrace<'p>) {
    let facts = &view.situation.facts;
    let eligible = view.owed.over(&step.base);
    let StepYear { eligible: before, .. } = begin(step.period, view.year);
    let after = before + eligible;

    let deductible = first(&terms.deductible, facts, view.reached);
    let adjustments: Vec<_> = every(&terms.adjust, facts, view.reached).collect();
    let nominal = deductible.map_or(Money::ZERO, |entry| by_ordinal(&entry.value, facts.ordinal));
    let adjusted = adjust(nominal, &adjustments);
    let chain = chain(terms, view);
    let chain_before =
        chain.as_ref().map_or(Money::ZERO, |(_, name)| view.sums.chain(&step.id, name));
    let left = adjusted.less(chain_before);

    let bands = first(&terms.bands, facts, view.reached);
    let points = adjustments
        .iter()
        .filter_map(|entry| entry.value.rate_add)
        .fold(Points::default(), |sum, points| sum + points);
    let (from, to) = match terms.origin {
        Origin::Deductible => (before.less(left), after.less(left)),
        Origin::Zero => (before.max(left), after.max(left)),
    };
    // For origin `zero`, what lies below the deductible is no part of F: both ends are taken less it.
    let skipped = match terms.origin {
        Origin::Deductible => Money::ZERO,
        Origin::Zero => left,
    };
    let paid_exactly =
        |point: Money| bands.map_or(Exact::ZERO, |entry| by_bands(entry, points, point));
    let skip = paid_exactly(skipped);
    let paid_up_to = |point: Money| (paid_exactly(point) - skip).round2();
    let paid = paid_up_to(to) - paid_up_to(from);
    let trace = ShareTrace {
        eligible,
        eligible_before: before,
        deductible,
        nominal,
        adjusted,
        adjustments,
        points,
        chain,
        chain_before,
        met: after.min(left) - before.min(left),
        bands,
        counted: (from, to),
    };
    (paid, trace)
}

/// The amount for this admission; the last one stands for all later ones (spec 5.1).
fn by_ordinal(deductible: &Deductible, ordinal: u64) -> Money {
    let index = usize::try_from(ordinal.saturating_sub(1)).unwrap_or(usize::MAX);
    let last = deductible.amounts.last().copied().unwrap_or_default();
    deductible.amounts.get(index).copied().unwrap_or(last)
}

/// The deductible after the adjustments, in order; within one, set, multiply, add, at most (spec 5.1).
fn adjust(nominal: Money, adjustments: &[&Entry<Adjust>]) -> Money {
    let adjusted = adjustments.iter().fold(Exact::from(nominal), |stands, entry| {
        let Adjust { deductible_set, deductible_multiply, deductible_add, .. } = entry.value;
        let set = deductible_set.map_or(stands, Exact::from);
        let multiplied = deductible_multiply.map_or(set, |factor| set * factor);
        let added = deductible_add.map_or(multiplied, |add| multiplied + Exact::from(add));
        entry.value.deductible_at_most.map_or(added, |most| added.min(Exact::from(most)))
    });
    adjusted.round2().max(Money::ZERO)
}

/// The first chain entry that holds and has a chain (spec 5.4).
fn chain<'p>(terms: &'p Share, view: &View<'_, 'p>) -> Option<(&'p Entry<ChainBy>, String)> {
    let episode = view.situation.episode;
    every(&terms.chain, &view.situation.facts, view.reached).find_map(|entry| {
        let name = match &entry.value {
            ChainBy::Episode => format!("episode:{}", episode?),
            ChainBy::Diagnosis(prefixes) => format!("diagnosis:{}", prefixes.join(",")),
        };
        Some((entry, name))
    })
}

/// `G`: the exact amount that the bands pay on the span from 0 to a point (spec 5.2).
fn by_bands(entry: &Entry<Vec<Segment>>, points: Points, point: Money) -> Exact {
    let reached = bands(entry, points).take_while(|band| band.from < point);
    reached.fold(Exact::ZERO, |sum, band| sum + (band.upper(point) - band.from) * band.rate)
}
