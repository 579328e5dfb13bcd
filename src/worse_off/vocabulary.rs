//! What a pack names: the facts and amounts around which its policy changes.

use crate::money::Money;
use crate::rules::entry::Entry;
use crate::rules::pack::Deductible;
use crate::rules::pack::Kind;
use crate::rules::pack::Pack;
use crate::rules::pack::Step;
use crate::rules::when::Bounds;
use crate::rules::when::Conditions;
use crate::rules::when::When;

use std::collections::BTreeSet;

/// A kind of care that hardly any pack of stays covers.
const OTHER_MED_TYPE: &str = "11";

/// Amounts that are tried in every pack, in yuan.
const AMOUNTS: [i64; 4] = [100, 1_000, 10_000, 100_000];

/// What can be asked of an admission under a pack, and the amounts that its policy turns on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Vocabulary {
    /// One of each group that the pack never tells apart.
    pub(super) med_types: Vec<String>,
    /// ICD-10 prefixes, one of each such group.
    pub(super) diagnoses: Vec<String>,
    pub(super) facility_tags: Vec<String>,
    pub(super) ages: Vec<u32>,
    pub(super) insured_years: Vec<u32>,
    pub(super) ordinals: Vec<u32>,
    pub(super) amounts: Vec<Money>,
    /// Tags of items.
    pub(super) item_tags: Vec<String>,
    /// Charge categories.
    pub(super) categories: Vec<String>,
    /// Steps with their yearly caps.
    pub(super) year_caps: Vec<(String, Money)>,
}

impl Vocabulary {
    pub(super) fn of(pack: &Pack) -> Vocabulary {
        let tables = tables(pack);
        let lists = |list: fn(&Conditions) -> Option<&Vec<String>>| -> Vec<&Vec<String>> {
            tables.iter().filter_map(|table| list(table)).collect()
        };
        let mut med_types = lists(|table| table.med_type.as_ref());
        med_types.push(&pack.counts_as_admission);
        let mut diagnoses = lists(|table| table.diagnosis.as_ref());
        diagnoses.extend(lists(|table| table.principal.as_ref()));
        let listed = |code: &String, list: &[String]| list.contains(code);
        let begun = |code: &String, list: &[String]| list.iter().any(|one| code.starts_with(one));
        let mut med_types = told_apart(&med_types, listed);
        med_types.push(OTHER_MED_TYPE.to_owned());
        let amounts = amounts(pack);
        let counts = pack.steps.iter().flat_map(deductibles).map(|one| one.value.amounts.len());
        let counts = counts.filter_map(|count| u32::try_from(count).ok());
        Vocabulary {
            med_types,
            diagnoses: told_apart(&diagnoses, begun),
            facility_tags: all(&lists(|table| table.facility_tag.as_ref())),
            ages: around(&tables, |table| table.age, [40].into_iter()),
            insured_years: around(&tables, |table| table.insured_years, [10].into_iter()),
            ordinals: around(&tables, |table| table.ordinal, counts.chain([1, 2])),
            amounts,
            item_tags: all(&pack
                .overrides
                .iter()
                .map(|entry| &entry.value.tags)
                .chain(pack.waivers.iter().map(|entry| &entry.value.tags))
                .collect::<Vec<_>>()),
            categories: all(&pack
                .waivers
                .iter()
                .map(|entry| &entry.value.categories)
                .collect::<Vec<_>>()),
            year_caps: pack.steps.iter().flat_map(year_caps).collect(),
        }
    }
}

/// Every table of conditions that an enabled part of the pack asks for.
fn tables(pack: &Pack) -> Vec<&Conditions> {
    fn of<T>(entries: &[Entry<T>]) -> impl Iterator<Item = &When> {
        entries.iter().map(|entry| &entry.when)
    }
    let mut whens: Vec<&When> = Vec::new();
    whens.extend(of(&pack.overrides));
    whens.extend(of(&pack.waivers));
    whens.extend(of(&pack.checks));
    for step in pack.steps.iter().filter(|step| step.enabled) {
        whens.push(&step.when);
        whens.extend(of(&step.cap));
        match &step.kind {
            Kind::Share(share) => {
                whens.extend(of(&share.deductible));
                whens.extend(of(&share.bands));
                whens.extend(of(&share.adjust));
                whens.extend(of(&share.chain));
            }
            Kind::Floor(floor) => whens.extend(of(&floor.guarantee)),
        }
    }
    whens.into_iter().flat_map(|when| &when.any_of).collect()
}

/// All that some lists name, each once.
fn all(lists: &[&Vec<String>]) -> Vec<String> {
    let named: BTreeSet<&String> = lists.iter().copied().flatten().collect();
    named.into_iter().cloned().collect()
}

/// One of each group of codes that stand in the same lists: the pack cannot tell the others from it.
fn told_apart(lists: &[&Vec<String>], fits: impl Fn(&String, &[String]) -> bool) -> Vec<String> {
    let mut groups = BTreeSet::new();
    let mut one_of_each = Vec::new();
    for code in all(lists) {
        if groups.insert(lists.iter().map(|list| fits(&code, list)).collect::<Vec<bool>>()) {
            one_of_each.push(code);
        }
    }
    one_of_each
}

/// The numbers at bounds and beside them, and some more.
fn around(
    tables: &[&Conditions],
    bounds: fn(&Conditions) -> Bounds,
    more: impl Iterator<Item = u32>,
) -> Vec<u32> {
    let mut numbers: BTreeSet<u32> = more.collect();
    for bounds in tables.iter().map(|table| bounds(table)) {
        numbers.extend(bounds.from.into_iter().flat_map(|from| [from.saturating_sub(1), from]));
        numbers.extend(bounds.to.into_iter().flat_map(|to| [to, to.saturating_add(1)]));
    }
    numbers.into_iter().collect()
}

fn deductibles(step: &Step) -> &[Entry<Deductible>] {
    match &step.kind {
        Kind::Share(share) => &share.deductible,
        Kind::Floor(_) => &[],
    }
}

/// Deductibles, band ends, caps and guaranteed amounts.
fn amounts(pack: &Pack) -> Vec<Money> {
    let mut amounts: BTreeSet<Money> =
        AMOUNTS.into_iter().map(|yuan| Money::from_fen(yuan * 100)).collect();
    for step in pack.steps.iter().filter(|step| step.enabled) {
        amounts.extend(deductibles(step).iter().flat_map(|entry| entry.value.amounts.clone()));
        for entry in &step.cap {
            amounts.extend([entry.value.admission, entry.value.year].into_iter().flatten());
        }
        match &step.kind {
            Kind::Share(share) => {
                let segments = share.bands.iter().flat_map(|entry| &entry.value);
                amounts.extend(segments.filter_map(|segment| segment.up_to));
                for entry in &share.adjust {
                    let adjust = entry.value;
                    let set = [adjust.deductible_set, adjust.deductible_at_most];
                    amounts.extend(set.into_iter().flatten());
                }
            }
            Kind::Floor(floor) => {
                let guarantees = floor.guarantee.iter();
                amounts.extend(guarantees.filter_map(|entry| entry.value.patient_at_most));
            }
        }
    }
    amounts.into_iter().filter(|amount| !amount.is_zero()).collect()
}

fn year_caps(step: &Step) -> impl Iterator<Item = (String, Money)> {
    let enabled = step.cap.iter().filter(|_| step.enabled);
    enabled.filter_map(|entry| entry.value.year.map(|most| (step.id.clone(), most)))
}
