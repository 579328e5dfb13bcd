//! Warns of adjustments that add up where only the best should count, and of such as harm whom they name. Packs 8.

use crate::money::Money;
use crate::register::Locality;
use crate::rules::check::Concern;
use crate::rules::check::Found;
use crate::rules::check::meet::asked;
use crate::rules::check::meet::can_meet;
use crate::rules::check::meet::tables;
use crate::rules::entry::Entry;
use crate::rules::pack::Adjust;
use crate::rules::pack::Deductible;
use crate::rules::pack::Pack;
use crate::rules::pack::Share;
use crate::rules::when::Conditions;

/// Looks at the adjustments of one step, which stand at `place`.
pub(super) fn check(pack: &Pack, share: &Share, place: &str, found: &mut Found) {
    let within = pack.compliant_within;
    for (index, entry) in share.adjust.iter().enumerate() {
        let place = format!("{place}[{}]", index + 1);
        let others = share.adjust[..index].iter().enumerate();
        for (other, _) in others.filter(|(_, other)| add_up(other, entry, within)) {
            found.push((place.clone(), Concern::AddsUp { other: other + 1 }));
        }
        for key in worsening(share, entry, within) {
            found.push((format!("{place}.{key}"), Concern::Worsens));
        }
    }
}

/// Whether both add to the rate under different identities that one person can have.
fn add_up(a: &Entry<Adjust>, b: &Entry<Adjust>, within: Locality) -> bool {
    let adds = |entry: &Entry<Adjust>| entry.value.rate_add.is_some_and(|add| !add.is_zero());
    if !adds(a) || !adds(b) {
        return false;
    }
    let others = tables(&b.when);
    tables(&a.when).iter().any(|one| {
        others.iter().any(|other| {
            let (first, second) = (asked(one), asked(other));
            let differ = !first.is_empty() && !second.is_empty() && first != second;
            differ && can_meet(one, other, within)
        })
    })
}

/// The keys of an adjustment that lower a rate or raise a deductible of the identity that it names.
fn worsening(share: &Share, entry: &Entry<Adjust>, within: Locality) -> Vec<&'static str> {
    let named: Vec<Conditions> =
        tables(&entry.when).into_iter().filter(|table| !asked(table).is_empty()).collect();
    if named.is_empty() {
        return Vec::new();
    }
    let adjust = entry.value;
    let set = adjust
        .deductible_set
        .map(|set| adjust.deductible_at_most.map_or(set, |most| most.min(set)));
    [
        ("rate_add", adjust.rate_add.is_some_and(|add| add.is_negative())),
        ("deductible_set", set.is_some_and(|set| is_above_an_amount(share, set, &named, within))),
        ("deductible_multiply", adjust.deductible_multiply.is_some_and(|factor| factor.raises())),
        ("deductible_add", adjust.deductible_add.is_some_and(|add| add > Money::ZERO)),
    ]
    .into_iter()
    .filter_map(|(key, worsens)| worsens.then_some(key))
    .collect()
}

/// Whether a deductible so set lies above one that it stands in for; a step without deductibles has 0.
fn is_above_an_amount(share: &Share, set: Money, named: &[Conditions], within: Locality) -> bool {
    let fits = |table: &Conditions| named.iter().any(|one| can_meet(one, table, within));
    let is_below = |entry: &&Entry<Deductible>| entry.value.amounts.iter().any(|one| *one < set);
    let mut below = share.deductible.iter().filter(is_below);
    (share.deductible.is_empty() && set > Money::ZERO)
        || below.any(|entry| tables(&entry.when).iter().any(fits))
}
