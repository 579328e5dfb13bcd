//! Random registers, and random bills that a server must accept.

use crate::generate::pack::decimal;
use crate::generate::pack::fen;
use crate::generate::pack::millionths;
use crate::generate::pack::yuan;

use onestop::money::Money;
use onestop::proto;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::sample::subsequence;

/// An admission with its bill.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    pub(crate) admission: proto::Admission,
    pub(crate) bill: proto::Bill,
    pub(crate) deposit: Money,
}

impl Visit {
    /// The same with ids of its own.
    pub(crate) fn numbered(mut self, index: usize) -> Visit {
        self.admission.id = format!("A{index}");
        self
    }
}

const PERSON: &str = "P1";
const FACILITIES: [&str; 3] = ["H1", "H2", "H3"];
/// Item codes; the last has no entry in the catalogue.
const ITEMS: [&str; 6] = ["I1", "I2", "I3", "I4", "I5", "X9"];

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

/// A person of 510401 with whatever identities.
pub(crate) fn person() -> impl Strategy<Value = proto::Person> {
    let enrolments = select(vec![
        vec![("2010-01-01", "", "390")],
        vec![("2012-03-01", "2015-12-31", "310"), ("2016-01-01", "", "390")],
        vec![("2010-01-01", "2016-12-31", "390"), ("2017-06-01", "", "310")],
        vec![("2010-01-01", "2018-06-30", "390"), ("2018-07-01", "", "310")],
    ]);
    let identities = subsequence(vec!["poor", "low", "old", "2302", "9"], 0..=3);
    let from = select(vec!["2016-01-01", "2018-06-15", "2019-01-01"]);
    let to = select(vec!["", "2018-09-30", "2019-06-30"]);
    (1930..=2017u32, enrolments, identities, from, to).prop_map(
        |(year, enrolments, identities, from, to)| proto::Person {
            id: PERSON.to_owned(),
            birth: format!("{year}-02-28"),
            enrolments: enrolments
                .into_iter()
                .map(|(from, to, insutype)| proto::Enrolment {
                    place: "510401".to_owned(),
                    insutype: insutype.to_owned(),
                    from: from.to_owned(),
                    to: to.to_owned(),
                })
                .collect(),
            identities: identities
                .into_iter()
                .map(|identity| proto::HeldIdentity {
                    identity: identity.to_owned(),
                    from: from.to_owned(),
                    to: to.to_owned(),
                })
                .collect(),
            ..proto::Person::default()
        },
    )
}

/// Three facilities, near and far.
pub(crate) fn facilities() -> impl Strategy<Value = Vec<proto::Facility>> {
    let place = select(vec!["510401", "510402", "510101", "110101"]);
    let tier = select(vec!["township", "county", "city", "province"]);
    let tags = select(vec![texts(&["alliance"]), Vec::new()]);
    vec((place, 0..=3u32, tier, tags), FACILITIES.len()).prop_map(|facilities| {
        let named = FACILITIES.iter().zip(facilities);
        named
            .map(|(id, (place, level, tier, tags))| proto::Facility {
                id: (*id).to_owned(),
                name: String::new(),
                entries: vec![proto::FacilityEntry {
                    place: place.to_owned(),
                    level,
                    tier: tier.to_owned(),
                    tags,
                    from: "2015-01-01".to_owned(),
                    to: String::new(),
                    not_designated: false,
                }],
            })
            .collect()
    })
}

/// Catalogue entries of all classes, some with a limit, some for one place only.
pub(crate) fn items() -> impl Strategy<Value = Vec<proto::Item>> {
    let class = select(vec!["A", "B", "C"]);
    let limit = prop::option::of(0..=400_000_000u64);
    let tags = subsequence(vec!["essential", "expert"], 0..=2);
    let admdvs = select(vec!["", "51", "510401", "11"]);
    vec((class, millionths(), limit, tags, admdvs), ITEMS.len() - 1).prop_map(|items| {
        let named = ITEMS.iter().zip(items);
        let mut items: Vec<proto::Item> = named
            .map(|(code, (class, rate, limit, tags, admdvs))| {
                let rate = if class == "B" { decimal(rate) } else { String::new() };
                let limit = limit.map(decimal).unwrap_or_default();
                item(code, (class, rate, limit), (texts(&tags), admdvs))
            })
            .collect();
        items.push(item("A0", ("A", String::new(), String::new()), (Vec::new(), "")));
        items
    })
}

fn item(
    code: &str,
    (class, first_copay_rate, price_limit): (&str, String, String),
    (tags, admdvs): (Vec<String>, &str),
) -> proto::Item {
    proto::Item {
        code: code.to_owned(),
        admdvs: admdvs.to_owned(),
        name: String::new(),
        facts: Some(proto::ItemFacts {
            class: class.to_owned(),
            first_copay_rate,
            price_limit,
            tags,
        }),
        from: "2015-01-01".to_owned(),
        to: String::new(),
        category: String::new(),
    }
}

/// What a step has in a year already.
pub(crate) fn step_year() -> impl Strategy<Value = proto::StepYear> {
    let step = select(super::pack::STEPS.to_vec());
    (step, [fen(), fen(), fen(), fen(), fen()]).prop_map(
        |(step, [eligible, paid, allowed, measured, remaining])| proto::StepYear {
            step: step.to_owned(),
            eligible: yuan(eligible),
            paid: yuan(paid),
            allowed: yuan(allowed),
            measured: yuan(measured),
            remaining: yuan(remaining),
        },
    )
}

/// A visit with a bill of either form.
pub(crate) fn visit() -> impl Strategy<Value = Visit> {
    let bill = prop_oneof![totals(), lines()];
    let deposit = (0..=1_000_000i64).prop_map(Money::from_fen);
    (admission(), bill, prop::bool::weighted(0.05), deposit).prop_map(
        |(admission, mut bill, noncompliant, deposit)| {
            bill.noncompliant = noncompliant;
            Visit { admission, bill, deposit }
        },
    )
}

fn admission() -> impl Strategy<Value = proto::Admission> {
    let diagnoses = select(vec![texts(&[]), texts(&["A15.0"]), texts(&["n18", "C50.1"])]);
    let days = (2018..=2019u32, 1..=12u32, 1..=28u32, 0..=27u32);
    (
        select(FACILITIES.to_vec()),
        select(vec!["21", "52", "14"]),
        select(vec!["", "registered", "emergency"]),
        diagnoses,
        select(vec!["", "E1", "E2"]),
        days,
    )
        .prop_map(|(facility, med_type, referral, diagnoses, episode, days)| {
            let (year, month, day, earlier) = days;
            let admitted = day.saturating_sub(earlier).max(1);
            proto::Admission {
                id: String::new(),
                person: PERSON.to_owned(),
                facility: facility.to_owned(),
                admitted_on: format!("{year}-{month:02}-{admitted:02}"),
                discharged_on: format!("{year}-{month:02}-{day:02}"),
                med_type: med_type.to_owned(),
                referral: referral.to_owned(),
                diagnoses,
                episode: episode.to_owned(),
                work_injury: false,
            }
        })
}

/// A bill that the HIS has classified; some say what their drugs were.
fn totals() -> impl Strategy<Value = proto::Bill> {
    let drugs = prop::option::of((0..=100u64, 0..=100u64));
    ([fen(), fen(), fen(), fen(), fen()], drugs).prop_map(|(parts, shares)| {
        let drugs = shares.map(|(of_total, of_drugs)| {
            let all = parts.iter().sum::<u64>() / 100 * of_total;
            let class_c = (all / 100 * of_drugs).min(parts[3]);
            (yuan(all), yuan(class_c))
        });
        bill_of(parts, drugs)
    })
}

/// A bill of totals.
pub(crate) fn bill_of(parts: [u64; 5], drugs: Option<(String, String)>) -> proto::Bill {
    let total = yuan(parts.iter().sum());
    let [in_scope, copay_first, over_limit, own_expense, facility_borne] = parts.map(yuan);
    let parts = proto::Parts { in_scope, copay_first, over_limit, own_expense, facility_borne };
    let (drugs, class_c_drugs) = drugs.unwrap_or_default();
    let totals = proto::Totals { parts: Some(parts), drugs, class_c_drugs };
    proto::Bill { total, totals: Some(totals), ..proto::Bill::default() }
}

#[derive(Debug, Clone)]
struct LineSeed {
    code: &'static str,
    category: &'static str,
    /// Thousandths.
    quantity: u64,
    /// Millionths of a yuan.
    price: u64,
    /// Whether the HIS rounds up.
    rounds_up: bool,
    noncompliant: bool,
    /// How many thousandths are taken back; all if that is more than there are.
    refund: Option<u64>,
}

impl LineSeed {
    /// Thousandths of millionths to fen, up or down to less than a fen.
    fn amount(&self, quantity: u64) -> u64 {
        let exact = u128::from(quantity) * u128::from(self.price);
        let fen = if self.rounds_up { exact.div_ceil(10_000_000) } else { exact / 10_000_000 };
        u64::try_from(fen).unwrap()
    }

    fn line(&self, id: &str, quantity: u64, amount: u64) -> proto::Line {
        proto::Line {
            id: id.to_owned(),
            code: self.code.to_owned(),
            category: self.category.to_owned(),
            quantity: format!("{}.{:03}", quantity / 1000, quantity % 1000),
            price: decimal(self.price),
            amount: yuan(amount),
            noncompliant: self.noncompliant,
            ..proto::Line::default()
        }
    }
}

/// A bill of lines, with refunds behind them.
fn lines() -> impl Strategy<Value = proto::Bill> {
    let quantity = prop_oneof![(1..=20u64).prop_map(|whole| whole * 1000), 0..=20_000u64];
    let price = prop_oneof![0..=5_000_000_000u64, 0..=50_000u64];
    let seed = (
        select(ITEMS.to_vec()),
        select(vec!["09", "10", "11", "05", "01"]),
        quantity,
        price,
        (any::<bool>(), prop::bool::weighted(0.1)),
        prop::option::weighted(0.2, 1..=30_000u64),
    )
        .prop_map(|(code, category, quantity, price, (rounds_up, noncompliant), refund)| {
            LineSeed { code, category, quantity, price, rounds_up, noncompliant, refund }
        });
    (vec(seed, 0..=12), any::<bool>())
        .prop_map(|(seeds, says_total)| bill_of_lines(&seeds, says_total))
}

fn bill_of_lines(seeds: &[LineSeed], says_total: bool) -> proto::Bill {
    let mut lines = Vec::new();
    let mut refunds = Vec::new();
    let mut total = 0;
    for (index, seed) in seeds.iter().enumerate() {
        let id = format!("L{index}");
        let amount = seed.amount(seed.quantity);
        lines.push(seed.line(&id, seed.quantity, amount));
        total += amount;
        let Some(refund) = seed.refund.filter(|_| seed.quantity > 0) else { continue };
        let quantity = refund.min(seed.quantity);
        // What is left of a line without quantity must be nothing, and never less.
        let back =
            if quantity == seed.quantity { amount } else { seed.amount(quantity).min(amount) };
        let mut line = seed.line(&format!("R{index}"), quantity, back);
        line.quantity.insert(0, '-');
        if back > 0 {
            line.amount.insert(0, '-');
        }
        line.refund_of = id;
        refunds.push(line);
        total -= back;
    }
    lines.extend(refunds);
    let total = if says_total { yuan(total) } else { String::new() };
    proto::Bill { total, lines, ..proto::Bill::default() }
}

/// The same bill with more in-scope cost.
pub(crate) fn with_more_in_scope(bill: &proto::Bill, more: u64) -> proto::Bill {
    let mut bill = bill.clone();
    let add = |text: &str| {
        let fen: u64 = text.replace('.', "").parse().unwrap_or(0);
        yuan(fen + more)
    };
    if let Some(totals) = &mut bill.totals {
        let parts = totals.parts.get_or_insert_default();
        parts.in_scope = add(&parts.in_scope);
        bill.total = add(&bill.total);
        return bill;
    }
    if !bill.total.is_empty() {
        bill.total = add(&bill.total);
    }
    bill.lines.push(proto::Line {
        id: "more".to_owned(),
        code: "A0".to_owned(),
        category: "99".to_owned(),
        quantity: "1".to_owned(),
        price: yuan(more),
        amount: yuan(more),
        ..proto::Line::default()
    });
    bill
}
