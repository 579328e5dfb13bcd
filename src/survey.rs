//! The survey (运行分析): where the money of a period went. What each layer paid, what patients bear, how guarantees came out, who is
//! near a cap, and which facilities differ from the others. Pure.
//!
//! A reversal takes off what it undoes, in the period in which it happens; lists of settlements leave out what was reversed.

mod facility;
mod lists;
mod patients;

use crate::calendar::Day;
use crate::extract::Extract;
use crate::extract::Kind;
use crate::extract::Settled;
use crate::money::Money;
use crate::money::Ratio;
use crate::report::Cell;
use crate::report::Report;
use crate::report::Title;
use crate::survey::facility::Facilities;
use crate::survey::lists::Lists;
use crate::survey::patients::Patients;

use std::collections::BTreeMap;

/// Which settlements are looked at. What is empty is all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// Recorded on or after this day.
    pub from: Day,
    /// Recorded on or before this day.
    pub to: Day,
    /// Of this facility.
    pub facility: String,
    /// Of those insured in this place.
    pub place: String,
    /// Insurance type.
    pub insutype: String,
    /// Of those with this identity.
    pub identity: String,
}

impl Looked {
    fn has(&self, extract: &Extract, settled: &Settled) -> bool {
        let fits = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
        self.from <= extract.recorded_on
            && extract.recorded_on <= self.to
            && fits(&self.facility, &settled.facility)
            && fits(&self.place, &settled.place)
            && fits(&self.insutype, &settled.insutype)
            && (self.identity.is_empty() || settled.identities.contains(&self.identity))
    }
}

/// How many settlements stand, and what they come to.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    count: i64,
    total: Money,
    payments: Money,
    patient_pay: Money,
    facility_borne: Money,
}

impl Sums {
    fn add(&mut self, settled: &Settled, sign: i64) {
        self.count += sign;
        self.total += settled.total;
        self.payments += settled.payments;
        self.patient_pay += settled.patient_pay;
        self.facility_borne += settled.facility_borne;
    }

    /// Count, bills, payments, patients' shares, what facilities bear, and what share of the bills was paid.
    fn cells(&self) -> Vec<Cell> {
        vec![
            count(self.count),
            Cell::Money(self.total),
            Cell::Money(self.payments),
            Cell::Money(self.patient_pay),
            Cell::Money(self.facility_borne),
            Cell::ratio(share_rest(self.patient_pay, self.total - self.facility_borne)),
        ]
    }
}

const SUMS: [Title; 6] = [
    ("笔数", "Settlements"),
    ("医疗费总额", "Bills"),
    ("基金等支付", "Payments"),
    ("个人负担", "Patients' shares"),
    ("机构负担", "Borne by facilities"),
    ("实际报销比例", "Share paid"),
];

/// A count; more reversals than settlements in a period count as none.
fn count(count: i64) -> Cell {
    Cell::Count(u64::try_from(count).unwrap_or(0))
}

/// `1 − part / whole`, where there is something to divide by.
fn share_rest(part: Money, whole: Money) -> Option<Ratio> {
    if whole <= Money::ZERO || part.is_negative() || whole < part {
        return None;
    }
    Ratio::rest_rounded(part, whole)
}

/// `part / whole`, where there is something to divide by.
fn share(part: Money, whole: Money) -> Option<Ratio> {
    share_rest(whole - part, whole)
}

/// What a layer paid.
#[derive(Debug, Clone, Copy, Default)]
struct Layer {
    count: i64,
    payment: Money,
    measured: Money,
    stepped_in: i64,
    missed: i64,
    shortfall: Money,
    has_guarantee: bool,
}

/// A survey that is being made.
#[derive(Debug)]
pub struct Survey {
    looked: Looked,
    all: Sums,
    /// By payer, fund and step.
    layers: BTreeMap<(String, String, String), Layer>,
    identities: BTreeMap<String, Sums>,
    patients: Patients,
    facilities: Facilities,
    lists: Lists,
}

impl Survey {
    /// Without any entry yet.
    pub fn new(looked: Looked) -> Survey {
        Survey {
            looked,
            all: Sums::default(),
            layers: BTreeMap::new(),
            identities: BTreeMap::new(),
            patients: Patients::default(),
            facilities: Facilities::default(),
            lists: Lists::default(),
        }
    }

    /// Adds an entry, if it is one of those that are looked at.
    pub fn add(&mut self, extract: &Extract) {
        let Some(settled) = &extract.settled else { return };
        if let Some(undone) = &extract.undoes {
            self.lists.take_off(undone.number);
        }
        if !self.looked.has(extract, settled) {
            return;
        }
        let sign = if extract.kind == Kind::Reversal { -1 } else { 1 };
        self.all.add(settled, sign);
        for layer in &settled.layers {
            let key = (layer.payer.clone(), layer.fund.clone(), layer.step.clone());
            let sums = self.layers.entry(key).or_default();
            let paid = !layer.payment.is_zero();
            sums.payment += layer.payment;
            sums.count += if paid { sign } else { 0 };
            if let Some(guarantee) = &layer.guarantee {
                sums.has_guarantee = true;
                sums.measured += guarantee.measured;
                sums.stepped_in += if paid { sign } else { 0 };
                sums.missed += if guarantee.shortfall.is_zero() { 0 } else { sign };
                sums.shortfall += guarantee.shortfall;
            }
        }
        let none = [String::new()];
        let identities =
            if settled.identities.is_empty() { &none } else { settled.identities.as_slice() };
        for identity in identities {
            self.identities.entry(identity.clone()).or_default().add(settled, sign);
        }
        self.patients.add(settled, sign);
        self.facilities.add(settled, sign);
        if extract.kind == Kind::Settlement {
            self.lists.add(extract, settled);
        }
    }

    /// What it shows: layers, patients' shares, identities, guarantees, who missed one, who is near a cap, and facilities.
    pub fn reports(self) -> Vec<Report> {
        let total = self.all.total;
        let mut layers = Report::new("layers", ("各环节支付", "What each layer paid"), &LAYERS);
        let mut guarantees = Report::new("guarantees", ("兜底情况", "Guarantees"), &GUARANTEES);
        for ((payer, fund, step), layer) in &self.layers {
            let names = [Cell::text(payer), Cell::text(fund), Cell::text(step)];
            let mut cells = names.to_vec();
            cells.extend([
                count(layer.count),
                Cell::Money(layer.payment),
                Cell::ratio(share(layer.payment, total)),
            ]);
            layers.rows.push(cells);
            if layer.has_guarantee {
                let mut cells = names.to_vec();
                cells.extend([
                    Cell::Money(layer.measured),
                    count(layer.stepped_in),
                    Cell::Money(layer.payment),
                    count(layer.missed),
                    Cell::Money(layer.shortfall),
                ]);
                guarantees.rows.push(cells);
            }
        }
        layers.rows.push(vec![
            Cell::Words("个人", "Patients"),
            Cell::Empty,
            Cell::Empty,
            count(self.all.count),
            Cell::Money(self.all.patient_pay),
            Cell::ratio(share(self.all.patient_pay, total)),
        ]);
        layers.rows.push(vec![
            Cell::Words("医疗机构", "Facilities"),
            Cell::Empty,
            Cell::Empty,
            Cell::Empty,
            Cell::Money(self.all.facility_borne),
            Cell::ratio(share(self.all.facility_borne, total)),
        ]);
        let mut columns = vec![("身份", "Identity")];
        columns.extend(SUMS);
        let mut identities = Report::new("identities", ("按身份", "By identity"), &columns);
        for (identity, sums) in &self.identities {
            let name = match identity.as_str() {
                "" => Cell::Words("无", "none"),
                identity => Cell::text(identity),
            };
            identities.rows.push(std::iter::once(name).chain(sums.cells()).collect());
        }
        let mut reports = vec![layers, self.patients.report(), identities, guarantees];
        reports.extend(self.lists.reports());
        reports.push(self.facilities.report());
        reports
    }
}

const LAYERS: [Title; 6] = [
    ("支付方", "Payer"),
    ("基金", "Fund"),
    ("环节", "Step"),
    ("支付笔数", "Settlements paid"),
    ("金额", "Amount"),
    ("占总额", "Share of bills"),
];

const GUARANTEES: [Title; 8] = [
    ("支付方", "Payer"),
    ("基金", "Fund"),
    ("环节", "Step"),
    ("计量金额", "Measured"),
    ("兜底笔数", "Stepped in"),
    ("兜底金额", "Paid"),
    ("未达标笔数", "Missed"),
    ("缺口", "Shortfall"),
];
