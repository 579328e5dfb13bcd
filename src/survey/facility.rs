//! Facilities: the busiest first, and where one differs from the others.

use crate::bill::Part;
use crate::extract::Settled;
use crate::money::Money;
use crate::report::Cell;
use crate::report::Report;
use crate::survey::SUMS;
use crate::survey::Sums;
use crate::survey::share;

use std::collections::BTreeMap;

/// A share is unusual from twice that of all facilities on.
const UNUSUAL: i128 = 2;

#[derive(Debug, Clone, Copy, Default)]
struct Facility {
    sums: Sums,
    own_expense: Money,
    noncompliant: Money,
    class_c_drugs: Money,
    drugs: Money,
    breaches: i64,
}

/// Facilities by their code.
#[derive(Debug, Default)]
pub(super) struct Facilities(BTreeMap<String, Facility>);

impl Facility {
    fn take(&mut self, settled: &Settled, sign: i64) {
        self.sums.add(settled, sign);
        self.own_expense += settled.parts[Part::OwnExpense];
        self.noncompliant += settled.parts[Part::FacilityBorne];
        if let Some((class_c, drugs)) = settled.drugs {
            self.class_c_drugs += class_c;
            self.drugs += drugs;
        }
        self.breaches += if settled.breaches.is_empty() { 0 } else { sign };
    }

    /// Which of its shares are at least twice those of all.
    fn unusual(&self, all: &Facility) -> Cell {
        let total = self.sums.total;
        let of_all = all.sums.total;
        let is_unusual = |part: Money, whole: Money, part_of_all: Money, whole_of_all: Money| {
            let one = part.fen().saturating_mul(whole_of_all.fen());
            let other = part_of_all.fen().saturating_mul(whole.fen()).saturating_mul(UNUSUAL);
            Money::ZERO < part && other <= one
        };
        let borne = is_unusual(self.noncompliant, total, all.noncompliant, of_all);
        let own = is_unusual(self.own_expense, total, all.own_expense, of_all);
        let drugs = is_unusual(self.class_c_drugs, self.drugs, all.class_c_drugs, all.drugs);
        match (borne, own, drugs) {
            (false, false, false) => Cell::Empty,
            (true, false, false) => Cell::Words("不合规费用偏高", "non-compliant cost"),
            (false, true, false) => Cell::Words("自费偏高", "own expense"),
            (false, false, true) => Cell::Words("目录外药品偏高", "drugs outside the catalogue"),
            _ => Cell::Words("多项偏高", "several"),
        }
    }
}

impl Facilities {
    pub(super) fn add(&mut self, settled: &Settled, sign: i64) {
        self.0.entry(settled.facility.clone()).or_default().take(settled, sign);
    }

    pub(super) fn report(self) -> Report {
        let mut columns = vec![("机构", "Facility")];
        columns.extend(SUMS);
        columns.extend([
            ("自费占比", "Own expense"),
            ("不合规占比", "Non-compliant"),
            ("目录外药品占比", "Drugs outside the catalogue"),
            ("指标超限笔数", "Breaches"),
            ("异常提示", "Unusual"),
        ]);
        let mut report = Report::new("facilities", ("医疗机构", "Facilities"), &columns);
        let mut all = Facility::default();
        for one in self.0.values() {
            all.sums.count += one.sums.count;
            all.sums.total += one.sums.total;
            all.own_expense += one.own_expense;
            all.noncompliant += one.noncompliant;
            all.class_c_drugs += one.class_c_drugs;
            all.drugs += one.drugs;
        }
        let mut busiest: Vec<_> = self.0.into_iter().collect();
        busiest.sort_by_key(|(_, one)| std::cmp::Reverse(one.sums.count));
        for (facility, one) in busiest {
            let total = one.sums.total;
            let mut cells = vec![Cell::text(facility)];
            cells.extend(one.sums.cells());
            cells.extend([
                Cell::ratio(share(one.own_expense, total)),
                Cell::ratio(share(one.noncompliant, total)),
                Cell::ratio(share(one.class_c_drugs, one.drugs)),
                super::count(one.breaches),
                one.unusual(&all),
            ]);
            report.rows.push(cells);
        }
        report
    }
}
