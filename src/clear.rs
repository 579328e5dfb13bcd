//! Clearing (清算): what a month's settlements and reversals come to, by fund, payer and whose share; what facilities bear, and which
//! checks were breached. Pure.
//!
//! A reversal counts in the month in which it happens, with a minus, also where what it undoes was of an earlier month: so the months
//! add up, and a closed one never changes.

use crate::calendar::Day;
use crate::extract::Extract;
use crate::extract::Kind;
use crate::extract::Settled;
use crate::money::Money;
use crate::report::Cell;
use crate::report::Report;
use crate::report::Title;

use std::collections::BTreeMap;

/// A calendar month in Asia/Shanghai.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    first: Day,
    last: Day,
}

impl Month {
    /// Reads `2018-06`.
    pub fn parse(text: &str) -> Option<Month> {
        if text.len() != 7 {
            return None;
        }
        let first = Day::parse(&format!("{text}-01"))?;
        let last = (28..=31).rev().find_map(|day| Day::parse(&format!("{text}-{day}")))?;
        Some(Month { first, last })
    }

    /// Its first day.
    pub fn first(&self) -> Day {
        self.first
    }

    /// Its last day.
    pub fn last(&self) -> Day {
        self.last
    }

    fn has(&self, day: Day) -> bool {
        self.first <= day && day <= self.last
    }
}

/// What is cleared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clearing {
    /// The month in which entries were recorded.
    pub month: Month,
    /// Of this facility; empty: of all.
    pub facility: String,
    /// Of those insured in this place; empty: of all.
    pub place: String,
    /// Insurance type; empty: all.
    pub insutype: String,
}

/// Sums of settlements, of reversals of this month's, and of reversals of earlier months'.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    settled: u64,
    reversed: u64,
    reversed_earlier: u64,
    total: Money,
    payments: Money,
    earlier_payments: Money,
    patient_pay: Money,
    account: Money,
    cash: Money,
    facility_borne: Money,
}

/// What a fund paid, for one payer.
#[derive(Debug, Clone, Copy, Default)]
struct Paid {
    count: u64,
    settled: Money,
    reversed: Money,
    reversed_earlier: Money,
}

/// A statement that is being drawn up.
#[derive(Debug)]
pub struct Statement {
    clearing: Clearing,
    by_facility: BTreeMap<String, Sums>,
    /// By payer, fund and step.
    by_fund: BTreeMap<(String, String, String), Paid>,
    /// By payer, fund and whose share.
    by_share: BTreeMap<(String, String, String), Money>,
    /// By check and measure.
    breaches: BTreeMap<(String, String), (u64, Money, Money)>,
    earlier: Vec<Vec<Cell>>,
    borne: Vec<Vec<Cell>>,
}

impl Statement {
    /// Without any entry yet.
    pub fn new(clearing: Clearing) -> Statement {
        Statement {
            clearing,
            by_facility: BTreeMap::new(),
            by_fund: BTreeMap::new(),
            by_share: BTreeMap::new(),
            breaches: BTreeMap::new(),
            earlier: Vec::new(),
            borne: Vec::new(),
        }
    }

    /// Adds an entry, if it is of the month and of what is cleared.
    pub fn add(&mut self, extract: &Extract) {
        let Some(settled) = &extract.settled else { return };
        let fits = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
        let clearing = &self.clearing;
        let is_of_it = clearing.month.has(extract.recorded_on)
            && fits(&clearing.facility, &settled.facility)
            && fits(&clearing.place, &settled.place)
            && fits(&clearing.insutype, &settled.insutype);
        if !is_of_it {
            return;
        }
        let undone = extract.undoes.as_ref();
        let is_earlier = undone.is_some_and(|one| one.recorded_on < clearing.month.first);
        self.add_sums(extract, settled, is_earlier);
        self.add_layers(settled, (extract.kind, is_earlier));
        for breach in &settled.breaches {
            let key = (breach.check.clone(), breach.measure.clone());
            let (count, excess, moved) = self.breaches.entry(key).or_default();
            *count += u64::from(extract.kind == Kind::Settlement);
            *excess += breach.excess;
            *moved += breach.moved;
        }
        if let Some(undone) = undone.filter(|_| is_earlier) {
            self.earlier.push(vec![
                Cell::Count(extract.number),
                Cell::Day(extract.recorded_on),
                Cell::Count(undone.number),
                Cell::Day(undone.recorded_on),
                Cell::text(&settled.facility),
                Cell::text(&settled.admission),
                Cell::Money(settled.total),
                Cell::Money(settled.payments),
                Cell::text(&extract.remark),
            ]);
        }
        if !settled.facility_borne.is_zero() {
            self.borne.push(vec![
                Cell::Count(extract.number),
                Cell::Day(extract.recorded_on),
                Cell::text(&settled.facility),
                Cell::text(&settled.admission),
                Cell::Money(settled.total),
                Cell::Money(settled.facility_borne),
            ]);
        }
    }

    fn add_sums(&mut self, extract: &Extract, settled: &Settled, is_earlier: bool) {
        let sums = self.by_facility.entry(settled.facility.clone()).or_default();
        match extract.kind {
            Kind::Reversal if is_earlier => sums.reversed_earlier += 1,
            Kind::Reversal => sums.reversed += 1,
            Kind::Settlement | Kind::Opening | Kind::Register | Kind::Office | Kind::Interface => {
                sums.settled += 1
            }
        }
        sums.total += settled.total;
        sums.payments += settled.payments;
        if is_earlier {
            sums.earlier_payments += settled.payments;
        }
        sums.patient_pay += settled.patient_pay;
        sums.account += settled.account;
        sums.cash += settled.cash();
        sums.facility_borne += settled.facility_borne;
    }

    fn add_layers(&mut self, settled: &Settled, (kind, is_earlier): (Kind, bool)) {
        for layer in &settled.layers {
            let key = (layer.payer.clone(), layer.fund.clone(), layer.step.clone());
            let paid = self.by_fund.entry(key).or_default();
            match kind {
                Kind::Reversal if is_earlier => paid.reversed_earlier += layer.payment,
                Kind::Reversal => paid.reversed += layer.payment,
                Kind::Settlement
                | Kind::Opening
                | Kind::Register
                | Kind::Office
                | Kind::Interface => {
                    paid.count += u64::from(!layer.payment.is_zero());
                    paid.settled += layer.payment;
                }
            }
            for (from, amount) in &layer.financing {
                let key = (layer.payer.clone(), layer.fund.clone(), from.clone());
                *self.by_share.entry(key).or_default() += *amount;
            }
        }
    }

    /// What it says: sums by facility, by fund and payer, by share, then reversals of earlier months, what facilities bear, and
    /// breaches of checks.
    pub fn reports(self) -> Vec<Report> {
        let mut sheets = vec![facilities(&self.by_facility), funds(&self.by_fund)];
        let mut shares = Report::new("shares", ("按出资方", "By whose share"), &SHARES);
        for ((payer, fund, from), amount) in self.by_share {
            let cells =
                [Cell::text(payer), Cell::text(fund), Cell::text(from), Cell::Money(amount)];
            shares.rows.push(cells.to_vec());
        }
        sheets.push(shares);
        let title = ("以前月份结算的撤销", "Reversals of earlier months' settlements");
        let mut earlier = Report::new("earlier-reversals", title, &EARLIER);
        earlier.rows = self.earlier;
        sheets.push(earlier);
        let mut borne =
            Report::new("facility-borne", ("医疗机构负担", "Borne by facilities"), &BORNE);
        borne.rows = self.borne;
        sheets.push(borne);
        let mut breaches = Report::new("breaches", ("指标超限", "Breaches of checks"), &BREACHES);
        for ((check, measure), (count, excess, moved)) in self.breaches {
            breaches.rows.push(vec![
                Cell::text(check),
                Cell::text(measure),
                Cell::Count(count),
                Cell::Money(excess),
                Cell::Money(moved),
            ]);
        }
        sheets.push(breaches);
        sheets
    }
}

const SHARES: [Title; 4] =
    [("支付方", "Payer"), ("基金", "Fund"), ("出资方", "Whose share"), ("金额", "Amount")];

const EARLIER: [Title; 9] = [
    ("撤销号", "Number"),
    ("撤销日期", "Reversed on"),
    ("原结算号", "Of number"),
    ("原结算日期", "Settled on"),
    ("机构", "Facility"),
    ("就诊", "Admission"),
    ("医疗费总额", "Bill"),
    ("基金等支付", "Payments"),
    ("原因", "Reason"),
];

const BORNE: [Title; 6] = [
    ("流水号", "Number"),
    ("日期", "Day"),
    ("机构", "Facility"),
    ("就诊", "Admission"),
    ("医疗费总额", "Bill"),
    ("机构负担", "Borne by the facility"),
];

const BREACHES: [Title; 5] = [
    ("指标", "Check"),
    ("口径", "Measure"),
    ("超限结算数", "Settlements"),
    ("超限金额", "Too much by"),
    ("转机构负担", "Moved to the facility"),
];

const FACILITIES: [Title; 12] = [
    ("机构", "Facility"),
    ("结算笔数", "Settlements"),
    ("本月撤销笔数", "Reversals of this month's"),
    ("撤销以前月份笔数", "Reversals of earlier months'"),
    ("医疗费总额", "Bills"),
    ("基金等支付", "Payments"),
    ("其中撤销以前月份", "Of it: reversals of earlier months'"),
    ("个人账户", "Personal accounts"),
    ("应付机构", "Payable to the facility"),
    ("个人现金", "Cash"),
    ("个人负担", "Patients' shares"),
    ("机构负担", "Borne by the facility"),
];

fn facilities(by_facility: &BTreeMap<String, Sums>) -> Report {
    let mut report = Report::new("facilities", ("清算汇总", "Summary"), &FACILITIES);
    let mut all = Sums::default();
    for (facility, sums) in by_facility {
        report.rows.push(row(Cell::text(facility), sums));
        all.settled += sums.settled;
        all.reversed += sums.reversed;
        all.reversed_earlier += sums.reversed_earlier;
        all.total += sums.total;
        all.payments += sums.payments;
        all.earlier_payments += sums.earlier_payments;
        all.patient_pay += sums.patient_pay;
        all.account += sums.account;
        all.cash += sums.cash;
        all.facility_borne += sums.facility_borne;
    }
    report.rows.push(row(Cell::Words("合计", "Sum"), &all));
    report
}

fn row(facility: Cell, sums: &Sums) -> Vec<Cell> {
    vec![
        facility,
        Cell::Count(sums.settled),
        Cell::Count(sums.reversed),
        Cell::Count(sums.reversed_earlier),
        Cell::Money(sums.total),
        Cell::Money(sums.payments),
        Cell::Money(sums.earlier_payments),
        Cell::Money(sums.account),
        Cell::Money(sums.payments + sums.account),
        Cell::Money(sums.cash),
        Cell::Money(sums.patient_pay),
        Cell::Money(sums.facility_borne),
    ]
}

const FUNDS: [Title; 8] = [
    ("支付方", "Payer"),
    ("基金", "Fund"),
    ("环节", "Step"),
    ("支付笔数", "Settlements paid"),
    ("结算金额", "Settled"),
    ("本月撤销", "Reversals of this month's"),
    ("撤销以前月份", "Reversals of earlier months'"),
    ("净额", "Net"),
];

fn funds(by_fund: &BTreeMap<(String, String, String), Paid>) -> Report {
    let mut report = Report::new("funds", ("按支付方与基金", "By payer and fund"), &FUNDS);
    for ((payer, fund, step), paid) in by_fund {
        report.rows.push(vec![
            Cell::text(payer),
            Cell::text(fund),
            Cell::text(step),
            Cell::Count(paid.count),
            Cell::Money(paid.settled),
            Cell::Money(paid.reversed),
            Cell::Money(paid.reversed_earlier),
            Cell::Money(paid.settled + paid.reversed + paid.reversed_earlier),
        ]);
    }
    report
}
