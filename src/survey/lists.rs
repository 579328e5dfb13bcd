//! Settlements that somebody should look at: a guarantee was missed, or a cap is near.

use crate::extract::Extract;
use crate::extract::Layer;
use crate::extract::Settled;
use crate::id::masked;
use crate::report::Cell;
use crate::report::Report;
use crate::report::Title;

use std::collections::BTreeMap;

/// A cap is near from nine tenths of it on.
const NEAR: (i128, i128) = (9, 10);

/// Person, step and benefit year.
type NearKey = (String, String, i32);

/// Lists by the settlement's number, so that a reversed one can be taken off.
#[derive(Debug, Default)]
pub(super) struct Lists {
    missed: BTreeMap<u64, Vec<Vec<Cell>>>,
    near: BTreeMap<u64, Vec<(NearKey, Vec<Cell>)>>,
}

impl Lists {
    pub(super) fn take_off(&mut self, number: u64) {
        self.missed.remove(&number);
        self.near.remove(&number);
    }

    pub(super) fn add(&mut self, extract: &Extract, settled: &Settled) {
        for layer in &settled.layers {
            if let Some(row) = missed(extract, settled, layer) {
                self.missed.entry(extract.number).or_default().push(row);
            }
            if let Some((cap, paid)) = layer.year_cap
                && cap.fen() * NEAR.0 <= paid.fen() * NEAR.1
                && !cap.is_zero()
            {
                let key = (settled.person.clone(), layer.step.clone(), settled.benefit_year);
                let row = vec![
                    Cell::text(masked(&settled.person)),
                    Cell::text(&layer.step),
                    Cell::text(&layer.fund),
                    Cell::text(settled.benefit_year.to_string()),
                    Cell::Money(cap),
                    Cell::Money(paid),
                    Cell::Money(cap.less(paid)),
                    Cell::Count(extract.number),
                ];
                self.near.entry(extract.number).or_default().push((key, row));
            }
        }
    }

    pub(super) fn reports(self) -> [Report; 2] {
        let title = ("未达到保障比例的结算及原因", "Who received less than the guarantee, and why");
        let mut missed = Report::new("shortfalls", title, &MISSED);
        missed.rows = self.missed.into_values().flatten().collect();
        let mut near = Report::new("near-caps", ("接近封顶线的参保人", "Near a cap"), &NEAR_CAPS);
        // The last that stands says how much is left.
        let last: BTreeMap<NearKey, Vec<Cell>> = self.near.into_values().flatten().collect();
        near.rows = last.into_values().collect();
        [missed, near]
    }
}

/// A guarantee that was missed, and why.
fn missed(extract: &Extract, settled: &Settled, layer: &Layer) -> Option<Vec<Cell>> {
    let guarantee = layer.guarantee.as_ref().filter(|one| !one.shortfall.is_zero())?;
    let why = match layer.bound.as_str() {
        "admission" => Cell::Words("单次封顶", "capped for the admission"),
        "year" => Cell::Words("年度封顶", "capped for the year"),
        "base_share" => Cell::Words("按基数比例封顶", "capped at a share of the base"),
        _ => Cell::Words("该环节可支付的部分已付完", "nothing is left that the step may pay"),
    };
    let promised = guarantee.ratio.map(|ratio| format!("{}.{:04}", ratio / 10_000, ratio % 10_000));
    let reached = super::share_rest(guarantee.remaining, guarantee.measured);
    Some(vec![
        Cell::Count(extract.number),
        Cell::Day(extract.recorded_on),
        Cell::text(&settled.facility),
        Cell::text(&settled.admission),
        Cell::text(masked(&settled.person)),
        Cell::text(settled.identities.join("+")),
        Cell::text(&layer.step),
        Cell::text(promised.unwrap_or_default()),
        Cell::ratio(reached),
        Cell::Money(guarantee.measured),
        Cell::Money(guarantee.remaining),
        Cell::Money(guarantee.shortfall),
        why,
    ])
}

const MISSED: [Title; 13] = [
    ("结算号", "Number"),
    ("日期", "Day"),
    ("机构", "Facility"),
    ("就诊", "Admission"),
    ("参保人", "Person"),
    ("身份", "Identities"),
    ("环节", "Step"),
    ("应达比例", "Promised"),
    ("实达比例", "Reached"),
    ("计量金额", "Measured"),
    ("个人剩余", "Remains"),
    ("缺口", "Shortfall"),
    ("原因", "Why"),
];

const NEAR_CAPS: [Title; 8] = [
    ("参保人", "Person"),
    ("环节", "Step"),
    ("基金", "Fund"),
    ("待遇年度", "Benefit year"),
    ("年度封顶线", "Cap of the year"),
    ("已支付", "Paid"),
    ("余额", "Left"),
    ("最近结算号", "Last settlement"),
];
