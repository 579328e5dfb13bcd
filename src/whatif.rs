//! What if (政策测算): what settlements came to, and what they would come to under other packs: by layer, payer, identity and facility,
//! and who would gain and lose most. Pure.

use crate::money::Money;
use crate::report::Cell;
use crate::report::Report;
use crate::report::Title;

use std::collections::BTreeMap;

/// Most winners and losers that are listed.
const LISTED_MAX: usize = 100;

/// What one settlement comes to, in one of the two ways.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Side {
    /// All payments but the facility's.
    pub payments: Money,
    /// What the patient owes.
    pub patient_pay: Money,
    /// What the facility bears.
    pub facility_borne: Money,
    /// What each step paid: payer, fund, step.
    pub layers: Vec<((String, String, String), Money)>,
}

/// Whose settlement it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whose {
    /// Its number in the ledger.
    pub number: u64,
    /// The facility.
    pub facility: String,
    /// The admission.
    pub admission: String,
    /// The identities that it was made with.
    pub identities: Vec<String>,
}

/// Two sums.
#[derive(Debug, Clone, Copy, Default)]
struct Both {
    before: Money,
    after: Money,
}

impl Both {
    fn add(&mut self, before: Money, after: Money) {
        self.before += before;
        self.after += after;
    }

    fn cells(self) -> [Cell; 3] {
        let by = self.after - self.before;
        [Cell::Money(self.before), Cell::Money(self.after), Cell::Money(by)]
    }
}

/// How many, what was paid, and what patients bear.
#[derive(Debug, Clone, Copy, Default)]
struct Group {
    count: u64,
    payments: Both,
    patient_pay: Both,
}

impl Group {
    fn add(&mut self, before: &Side, after: &Side) {
        self.count += 1;
        self.payments.add(before.payments, after.payments);
        self.patient_pay.add(before.patient_pay, after.patient_pay);
    }

    fn merge(&mut self, other: &Group) {
        self.count += other.count;
        self.payments.add(other.payments.before, other.payments.after);
        self.patient_pay.add(other.patient_pay.before, other.patient_pay.after);
    }

    fn row(self, name: Cell) -> Vec<Cell> {
        let counted = [name, Cell::Count(self.count)];
        counted.into_iter().chain(self.payments.cells()).chain(self.patient_pay.cells()).collect()
    }
}

/// A comparison that is being made.
#[derive(Debug, Default)]
pub struct Comparison {
    all: Group,
    facility_borne: Both,
    layers: BTreeMap<(String, String, String), Both>,
    payers: BTreeMap<String, Both>,
    identities: BTreeMap<String, Group>,
    facilities: BTreeMap<String, Group>,
    /// Unchanged, better off, worse off.
    counts: [u64; 3],
    /// By the patient's difference and the number; the greatest.
    gains: BTreeMap<(Money, u64), Vec<Cell>>,
    losses: BTreeMap<(Money, u64), Vec<Cell>>,
    /// Settlements that the other packs refuse, by the sentence that says why.
    refused: BTreeMap<(String, String), u64>,
}

impl Comparison {
    /// Adds a settlement as it was made, and as it would be.
    pub fn add(&mut self, whose: &Whose, before: &Side, after: &Side) {
        self.all.add(before, after);
        self.facility_borne.add(before.facility_borne, after.facility_borne);
        for (key, payment) in &before.layers {
            self.layers.entry(key.clone()).or_default().before += *payment;
            self.payers.entry(key.0.clone()).or_default().before += *payment;
        }
        for (key, payment) in &after.layers {
            self.layers.entry(key.clone()).or_default().after += *payment;
            self.payers.entry(key.0.clone()).or_default().after += *payment;
        }
        let none = [String::new()];
        let identities =
            if whose.identities.is_empty() { &none } else { whose.identities.as_slice() };
        for identity in identities {
            self.identities.entry(identity.clone()).or_default().add(before, after);
        }
        self.facilities.entry(whose.facility.clone()).or_default().add(before, after);
        let by = after.patient_pay - before.patient_pay;
        let list = if by.is_zero() {
            self.counts[0] += 1;
            return;
        } else if by.is_negative() {
            self.counts[1] += 1;
            &mut self.gains
        } else {
            self.counts[2] += 1;
            &mut self.losses
        };
        list.insert((by.abs(), whose.number), listed(whose, before, after));
        if LISTED_MAX < list.len() {
            list.pop_first();
        }
    }

    /// Counts a settlement that the other packs refuse.
    pub fn refuse(&mut self, (english, chinese): (String, String)) {
        *self.refused.entry((english, chinese)).or_default() += 1;
    }

    /// Adds what another comparison has, of other settlements.
    pub fn merge(&mut self, other: Comparison) {
        self.all.merge(&other.all);
        self.facility_borne.add(other.facility_borne.before, other.facility_borne.after);
        for (key, both) in other.layers {
            self.layers.entry(key).or_default().add(both.before, both.after);
        }
        for (key, both) in other.payers {
            self.payers.entry(key).or_default().add(both.before, both.after);
        }
        for (key, group) in other.identities {
            self.identities.entry(key).or_default().merge(&group);
        }
        for (key, group) in other.facilities {
            self.facilities.entry(key).or_default().merge(&group);
        }
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
        for (ours, theirs) in [(&mut self.gains, other.gains), (&mut self.losses, other.losses)] {
            ours.extend(theirs);
            while LISTED_MAX < ours.len() {
                ours.pop_first();
            }
        }
        for (why, count) in other.refused {
            *self.refused.entry(why).or_default() += count;
        }
    }

    /// What it shows: sums, layers, payers, identities, facilities, who gains and who loses most, and what was refused.
    pub fn reports(self) -> Vec<Report> {
        let mut sums = Report::new("sums", ("总体", "In all"), &GROUPS);
        sums.rows.push(self.all.row(Cell::Words("全部", "all")));
        let mut layers = Report::new("layers", ("按环节", "By layer"), &LAYERS);
        for ((payer, fund, step), both) in self.layers {
            let names = [Cell::text(payer), Cell::text(fund), Cell::text(step)];
            layers.rows.push(names.into_iter().chain(both.cells()).collect());
        }
        let mut payers = Report::new("payers", ("按承担方", "By who bears it"), &PAYERS);
        let mut row = |name: Cell, both: Both| {
            payers.rows.push(std::iter::once(name).chain(both.cells()).collect());
        };
        for (payer, both) in self.payers {
            row(Cell::text(payer), both);
        }
        row(Cell::Words("个人", "patients"), self.all.patient_pay);
        row(
            Cell::Words("医疗机构(含机构支付环节)", "facilities, their steps included"),
            self.facility_borne,
        );
        let mut identities = Report::new("identities", ("按身份", "By identity"), &GROUPS);
        for (identity, group) in self.identities {
            let name = match identity.as_str() {
                "" => Cell::Words("无", "none"),
                identity => Cell::text(identity),
            };
            identities.rows.push(group.row(name));
        }
        let mut facilities = Report::new("facilities", ("按医疗机构", "By facility"), &GROUPS);
        for (facility, group) in self.facilities {
            facilities.rows.push(group.row(Cell::text(facility)));
        }
        let mut changes =
            Report::new("changes", ("受影响人次", "Who is better or worse off"), &CHANGES);
        let names = [("不变", "unchanged"), ("负担减轻", "better off"), ("负担加重", "worse off")];
        for ((zh, en), count) in names.into_iter().zip(self.counts) {
            changes.rows.push(vec![Cell::Words(zh, en), Cell::Count(count)]);
        }
        let mut winners = Report::new("winners", ("负担减轻最多", "Better off most"), &LISTED);
        winners.rows = self.gains.into_values().rev().collect();
        let mut losers = Report::new("losers", ("负担加重最多", "Worse off most"), &LISTED);
        losers.rows = self.losses.into_values().rev().collect();
        let mut refused =
            Report::new("refused", ("新规则下无法结算", "Refused by the other packs"), &REFUSED);
        for ((english, chinese), count) in self.refused {
            refused.rows.push(vec![Cell::Text(chinese), Cell::Text(english), Cell::Count(count)]);
        }
        vec![sums, payers, layers, identities, facilities, changes, winners, losers, refused]
    }
}

fn listed(whose: &Whose, before: &Side, after: &Side) -> Vec<Cell> {
    vec![
        Cell::Count(whose.number),
        Cell::text(&whose.facility),
        Cell::text(&whose.admission),
        Cell::text(whose.identities.join("+")),
        Cell::Money(before.patient_pay),
        Cell::Money(after.patient_pay),
        Cell::Money(after.patient_pay - before.patient_pay),
    ]
}

const GROUPS: [Title; 8] = [
    ("", ""),
    ("笔数", "Settlements"),
    ("原支付", "Paid"),
    ("新支付", "Would be paid"),
    ("支付变化", "Difference"),
    ("原个人负担", "Patients bear"),
    ("新个人负担", "Patients would bear"),
    ("个人负担变化", "Patients' difference"),
];

const LAYERS: [Title; 6] = [
    ("支付方", "Payer"),
    ("基金", "Fund"),
    ("环节", "Step"),
    ("原支付", "Paid"),
    ("新支付", "Would be paid"),
    ("变化", "Difference"),
];

const PAYERS: [Title; 4] = [
    ("承担方", "Who bears it"),
    ("原金额", "Amount"),
    ("新金额", "Would be"),
    ("变化", "Difference"),
];

const CHANGES: [Title; 2] = [("", ""), ("人次", "Settlements")];

const LISTED: [Title; 7] = [
    ("结算号", "Number"),
    ("机构", "Facility"),
    ("就诊", "Admission"),
    ("身份", "Identities"),
    ("原个人负担", "Patient bears"),
    ("新个人负担", "Would bear"),
    ("变化", "Difference"),
];

const REFUSED: [Title; 3] = [("原因", "原因"), ("Why", "Why"), ("笔数", "Settlements")];
