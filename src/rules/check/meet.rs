//! Whether two predicates can hold at once. Says yes where it cannot tell.

use crate::admission::IdentitySet;
use crate::admission::Referral;
use crate::register::Locality;
use crate::rules::when::Bounds;
use crate::rules::when::Conditions;
use crate::rules::when::When;

/// The tables of a predicate; of one that always holds, a table that asks for nothing.
pub(super) fn tables(when: &When) -> Vec<Conditions> {
    if when.any_of.is_empty() { vec![Conditions::default()] } else { when.any_of.clone() }
}

/// The identities that a table asks for.
pub(super) fn asked(table: &Conditions) -> IdentitySet {
    table.identity.unwrap_or_default().and(table.identity_all.unwrap_or_default())
}

/// Whether one admission can fit both tables, where no referral is needed within `compliant_within`.
pub(super) fn can_meet(a: &Conditions, b: &Conditions, compliant_within: Locality) -> bool {
    identities_can_meet(a, b)
        && share_one(&a.level, &b.level)
        && share_one(&a.tier, &b.tier)
        && share_one(&a.med_type, &b.med_type)
        && share_one(&a.insutype, &b.insutype)
        && principals_can_meet(a, b)
        && bounds_meet(a.age, b.age)
        && bounds_meet(a.insured_years, b.insured_years)
        && bounds_meet(a.ordinal, b.ordinal)
        && treatment_can_meet(a, b, compliant_within)
}

fn identities_can_meet(a: &Conditions, b: &Conditions) -> bool {
    let none = a.not_identity.unwrap_or_default().and(b.not_identity.unwrap_or_default());
    let all = a.identity_all.unwrap_or_default().and(b.identity_all.unwrap_or_default());
    let left = |one_of: Option<IdentitySet>| one_of.is_none_or(|one_of| !none.has_all_of(one_of));
    !all.has_any_of(none) && left(a.identity) && left(b.identity)
}

fn share_one<T: PartialEq>(a: &Option<Vec<T>>, b: &Option<Vec<T>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.iter().any(|one| b.contains(one)),
        (None, _) | (_, None) => true,
    }
}

/// One diagnosis begins with both prefixes only if one prefix begins with the other.
fn principals_can_meet(a: &Conditions, b: &Conditions) -> bool {
    match (&a.principal, &b.principal) {
        (Some(a), Some(b)) => a
            .iter()
            .any(|one| b.iter().any(|other| one.starts_with(other) || other.starts_with(one))),
        (None, _) | (_, None) => true,
    }
}

fn bounds_meet(a: Bounds, b: Bounds) -> bool {
    let below =
        |from: Option<u32>, to: Option<u32>| from.zip(to).is_none_or(|(from, to)| from <= to);
    below(a.from, b.to) && below(b.from, a.to)
}

/// Locality, referral and `compliant` hang together (spec 3.5).
fn treatment_can_meet(a: &Conditions, b: &Conditions, compliant_within: Locality) -> bool {
    if !share_one(&a.locality, &b.locality) || !share_one(&a.referral, &b.referral) {
        return false;
    }
    if a.compliant.zip(b.compliant).is_some_and(|(a, b)| a != b) {
        return false;
    }
    let Some(compliant) = a.compliant.or(b.compliant) else {
        return true;
    };
    let localities = common(&a.locality, &b.locality, &Locality::ALL);
    let referrals = common(&a.referral, &b.referral, &Referral::ALL);
    localities.iter().any(|locality| {
        referrals.iter().any(|referral| {
            let followed = *locality <= compliant_within || *referral != Referral::None;
            followed == compliant
        })
    })
}

fn common<T: PartialEq + Copy>(a: &Option<Vec<T>>, b: &Option<Vec<T>>, all: &[T]) -> Vec<T> {
    let fits = |list: &Option<Vec<T>>, one: &T| list.as_ref().is_none_or(|list| list.contains(one));
    all.iter().copied().filter(|one| fits(a, one) && fits(b, one)).collect()
}
