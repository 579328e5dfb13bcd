//! Random predicates and entries.

use proptest::prelude::*;

/// One table of a predicate: kinds of fact with a choice of value each.
pub(super) type Facts = Vec<(usize, usize)>;

/// A predicate: tables of which one must hold; none always holds.
pub(super) type When = Vec<Facts>;

/// What a predicate may ask for where it stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scope {
    /// The number of earlier steps, where `reached` may be asked for.
    pub(super) reached: Option<usize>,
    /// Whether `ordinal` may be asked for.
    pub(super) ordinal: bool,
}

impl Scope {
    /// Of what acts on the bill.
    pub(super) const BILL: Scope = Scope { reached: None, ordinal: true };
}

/// Kinds of fact, each with values of which some fit the visits that are generated.
const FACTS: [(&str, &[&str]); 15] = [
    ("identity", &["[\"poor\"]", "[\"poor\", \"low\"]", "[\"old\"]"]),
    ("identity_all", &["[\"poor\", \"old\"]", "[\"poor\", \"low\"]"]),
    ("not_identity", &["[\"low\"]", "[\"poor\", \"old\"]"]),
    ("locality", &["[\"county\"]", "[\"county\", \"city\"]", "[\"province\", \"outside\"]"]),
    ("level", &["[0, 1]", "[2]", "[2, 3]", "[3]"]),
    ("tier", &["[\"township\", \"county\"]", "[\"city\", \"province\"]"]),
    ("facility_tag", &["[\"alliance\"]"]),
    ("med_type", &["[\"21\"]", "[\"21\", \"52\"]", "[\"14\"]"]),
    ("insutype", &["[\"390\"]", "[\"310\"]"]),
    ("referral", &["[\"none\"]", "[\"registered\", \"emergency\"]"]),
    ("diagnosis", &["[\"C50\", \"N18\"]", "[\"A\"]"]),
    ("principal", &["[\"A15\", \"A16\"]", "[\"N18\"]"]),
    ("compliant", &["true", "false"]),
    ("age_from", &["18", "60"]),
    ("insured_years_from", &["2", "6"]),
];

const REACHED: usize = FACTS.len();
const ORDINAL: usize = FACTS.len() + 1;
const ORDINALS: [&str; 3] = ["ordinal_from = 2", "ordinal_to = 1", "ordinal_from = 3"];

/// A predicate that often holds.
pub(super) fn when() -> impl Strategy<Value = When> {
    let facts = || {
        let map = prop::collection::btree_map(0..=ORDINAL, 0..60usize, 1..=2);
        map.prop_map(|facts| facts.into_iter().collect::<Facts>())
    };
    prop_oneof![
        5 => Just(Vec::new()),
        4 => facts().prop_map(|one| vec![one]),
        1 => prop::collection::vec(facts(), 2),
    ]
}

/// The predicate as a key of a table, or nothing.
pub(super) fn text(when: &When, scope: Scope) -> String {
    let tables: Vec<String> = when.iter().map(|facts| table(facts, scope)).collect();
    match tables.as_slice() {
        [] => String::new(),
        [one] => format!("when = {one}"),
        many => format!("when = [{}]", many.join(", ")),
    }
}

fn table(facts: &Facts, scope: Scope) -> String {
    let facts: Vec<String> = facts.iter().filter_map(|fact| one(*fact, scope)).collect();
    format!("{{ {} }}", facts.join(", "))
}

fn one((kind, choice): (usize, usize), scope: Scope) -> Option<String> {
    match kind {
        REACHED => {
            let earlier = scope.reached.filter(|earlier| *earlier > 0)?;
            Some(format!("reached = [\"s{}\"]", choice % earlier))
        }
        ORDINAL => scope.ordinal.then(|| ORDINALS[choice % ORDINALS.len()].to_owned()),
        kind => {
            let (key, values) = FACTS[kind];
            Some(format!("{key} = {}", values[choice % values.len()]))
        }
    }
}

/// An entry of a list on the bill.
pub(super) fn entry(when: &When, value: &str) -> String {
    entry_in(when, value, Scope::BILL)
}

/// An entry of a list.
pub(super) fn entry_in(when: &When, value: &str, scope: Scope) -> String {
    let when = text(when, scope);
    let keys = [when.as_str(), value, "source = \"n1 1\""];
    let keys: Vec<&str> = keys.into_iter().filter(|key| !key.is_empty()).collect();
    format!("{{ {} }}", keys.join(", "))
}
