//! Bands as they apply to one settlement: where each segment starts, at which rate, and what of the cost lies in it. Spec 5.2.

use crate::money::Exact;
use crate::money::Money;
use crate::money::Points;
use crate::money::Rate;
use crate::rules::entry::Entry;
use crate::rules::entry::Source;
use crate::rules::pack::Segment;
use crate::statement::ShareTrace;

/// One band segment, after the adjustments.
pub(crate) struct Band<'p> {
    /// Where it starts.
    pub(crate) from: Money,
    /// The segment.
    pub(crate) segment: &'p Segment,
    /// Its rate, with the points that adjustments add to every rate above 0.
    pub(crate) rate: Rate,
}

impl Band<'_> {
    /// The point, or its upper end where that comes first.
    pub(crate) fn upper(&self, point: Money) -> Money {
        self.segment.up_to.map_or(point, |end| point.min(end))
    }
}

/// All segments of an entry, in order.
pub(crate) fn bands(entry: &Entry<Vec<Segment>>, points: Points) -> impl Iterator<Item = Band<'_>> {
    let mut start = Money::ZERO;
    entry.value.iter().map(move |segment| {
        let from = start;
        start = segment.up_to.unwrap_or(start);
        let keeps = segment.rate.is_zero() || points.is_zero();
        let rate = if keeps { segment.rate } else { segment.rate.plus(points) };
        Band { from, segment, rate }
    })
}

/// What one band segment paid now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentResult<'p> {
    /// Where it starts.
    pub from: Money,
    /// The segment.
    pub segment: &'p Segment,
    /// The rate after the adjustments.
    pub rate: Rate,
    /// What of the cost lies in it now.
    pub amount: Money,
    /// What it pays, exactly.
    pub pays: Exact,
    /// Its source.
    pub source: &'p Source,
}

impl<'p> ShareTrace<'p> {
    /// Every segment of the bands entry that held.
    pub fn segments(&self) -> impl Iterator<Item = SegmentResult<'p>> {
        let (points, (from, to)) = (self.points, self.counted);
        self.bands.into_iter().flat_map(move |entry| {
            bands(entry, points).map(move |band| {
                let amount = band.upper(to).less(band.from.max(from));
                SegmentResult {
                    from: band.from,
                    segment: band.segment,
                    rate: band.rate,
                    amount,
                    pays: amount * band.rate,
                    source: band.segment.source.as_ref().unwrap_or(&entry.source),
                }
            })
        })
    }
}
