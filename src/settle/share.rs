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
use crate::statement::SegmentResult;
use crate::statement::ShareTrace;

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
    let segments = bands.map_or_else(Vec::new, |entry| cut(entry, points, from, to));
    let skip = by_bands(&segments, skipped);
    let paid_up_to = |point: Money| (by_bands(&segments, point) - skip).round2();
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
        segments,
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

/// Every segment, with its rate after the adjustments and what of the cost between two points lies in it.
fn cut<'p>(
    bands: &'p Entry<Vec<Segment>>,
    points: Points,
    from: Money,
    to: Money,
) -> Vec<SegmentResult<'p>> {
    let mut start = Money::ZERO;
    let cut_one = |segment: &'p Segment| {
        let begins = start;
        let upper = |point: Money| segment.up_to.map_or(point, |end| point.min(end));
        let amount = upper(to).less(begins.max(from));
        let rate = if segment.rate.is_zero() { segment.rate } else { segment.rate.plus(points) };
        start = segment.up_to.unwrap_or(start);
        SegmentResult {
            from: begins,
            segment,
            rate,
            amount,
            pays: amount * rate,
            source: segment.source.as_ref().unwrap_or(&bands.source),
        }
    };
    bands.value.iter().map(cut_one).collect()
}

/// `G`: the exact amount that the bands pay on the span from 0 to a point (spec 5.2).
fn by_bands(segments: &[SegmentResult<'_>], point: Money) -> Exact {
    let reached = segments.iter().take_while(|segment| segment.from < point);
    reached.fold(Exact::ZERO, |sum, band| {
        let end = band.segment.up_to.map_or(point, |end| point.min(end));
        sum + (end - band.from) * band.rate
    })
}
