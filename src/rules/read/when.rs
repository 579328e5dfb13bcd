//! Reads the predicate. Packs 1.

use crate::admission::IdentitySet;
use crate::admission::Referral;
use crate::register::LEVEL_MAX;
use crate::register::Locality;
use crate::register::Tier;
use crate::rules::problem::Problem;
use crate::rules::read::errors::Read;
use crate::rules::read::errors::quoted;
use crate::rules::read::names::Scope;
use crate::rules::read::reader::Field;
use crate::rules::read::reader::Keys;
use crate::rules::when::Bounds;
use crate::rules::when::Conditions;
use crate::rules::when::StepSet;
use crate::rules::when::When;

/// A table of facts, or a list of such tables; an absent one always holds.
pub(super) fn when(keys: &mut Keys<'_>, scope: &Scope<'_>) -> Read<When> {
    let Some(field) = keys.optional("when") else {
        return Ok(When::default());
    };
    let any_of = if field.is_list() {
        field.list_of(|table| conditions(table.keys()?, scope))?
    } else {
        vec![conditions(field.keys()?, scope)?]
    };
    Ok(When { any_of })
}

fn conditions(mut keys: Keys<'_>, scope: &Scope<'_>) -> Read<Conditions> {
    let keys = &mut keys;
    let identities = |field: Field<'_>| identity_set(field, scope);
    let identity = keys.may("identity", identities);
    let identity_all = keys.may("identity_all", identities);
    let not_identity = keys.may("not_identity", identities);
    let locality = keys
        .may("locality", |field| field.list_of(|one| one.one_of(&Locality::ALL, Locality::name)));
    let level = keys.may("level", |field| field.list_of(level));
    let tier = keys.may("tier", |field| field.list_of(|one| one.one_of(&Tier::ALL, Tier::name)));
    let facility_tag = texts(keys, "facility_tag");
    let med_type = texts(keys, "med_type");
    let insutype = texts(keys, "insutype");
    let referral = keys
        .may("referral", |field| field.list_of(|one| one.one_of(&Referral::ALL, Referral::name)));
    let diagnosis = keys.may("diagnosis", |field| field.list_of(prefix));
    let principal = keys.may("principal", |field| field.list_of(prefix));
    let reached = keys.may("reached", |field| reached(field, scope));
    let compliant = keys.may("compliant", Field::flag);
    let age = bounds(keys, "age_from", "age_to");
    let insured_years = bounds(keys, "insured_years_from", "insured_years_to");
    let ordinal = bounds(keys, "ordinal_from", "ordinal_to");
    keys.finish();
    Ok(Conditions {
        identity: identity?,
        identity_all: identity_all?,
        not_identity: not_identity?,
        locality: locality?,
        level: level?,
        tier: tier?,
        facility_tag: facility_tag?,
        med_type: med_type?,
        insutype: insutype?,
        referral: referral?,
        diagnosis: diagnosis?,
        principal: principal?,
        reached: reached?,
        compliant: compliant?,
        age: age?,
        insured_years: insured_years?,
        ordinal: ordinal?,
    })
}

fn texts(keys: &mut Keys<'_>, key: &str) -> Read<Option<Vec<String>>> {
    keys.may(key, |field| field.list_of(Field::text))
}

fn level(field: Field<'_>) -> Read<u8> {
    let level = field.integer(u32::from(LEVEL_MAX))?;
    Ok(u8::try_from(level).unwrap_or(LEVEL_MAX))
}

/// An ICD-10 prefix. One in lower case would never fit, since codes are compared in upper case (spec 3.7).
fn prefix(field: Field<'_>) -> Read<String> {
    let upper = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_lowercase())
            && text.starts_with(|first: char| first.is_ascii_uppercase())
    };
    field.spelt(upper, ("an ICD-10 prefix in upper case", "大写的 ICD-10 编码前缀"))
}

fn identity_set(field: Field<'_>, scope: &Scope<'_>) -> Read<IdentitySet> {
    let places = field.list_of(|one| {
        let (spot, errors) = (one.spot.clone(), one.errors());
        let key = one.text()?;
        let undeclared = || errors.report(&spot, Problem::UndeclaredIdentity { key: quoted(&key) });
        scope.identity(&key).ok_or_else(undeclared)
    })?;
    // A file with more identities is refused where they are declared.
    let last = IdentitySet::MAX - 1;
    Ok(places.into_iter().fold(IdentitySet::default(), |set, place| set.with(place.min(last))))
}

/// Earlier steps of the file, enabled or not.
fn reached(field: Field<'_>, scope: &Scope<'_>) -> Read<StepSet> {
    if !scope.is_in_step() {
        return Err(field.report(Problem::ReachedOutside));
    }
    let places = field.list_of(|one| {
        let (spot, errors) = (one.spot.clone(), one.errors());
        let id = one.text()?;
        let unknown = || errors.report(&spot, Problem::ReachedStep { id: quoted(&id) });
        scope.earlier_step(&id).ok_or_else(unknown)
    })?;
    Ok(places.into_iter().fold(StepSet::default(), StepSet::with))
}

/// Two bounds, both included.
fn bounds(keys: &mut Keys<'_>, from_key: &str, to_key: &str) -> Read<Bounds> {
    let from = keys.may(from_key, |field| field.integer(u32::MAX));
    let to = keys.may(to_key, |field| field.integer(u32::MAX));
    let (from, to) = (from?, to?);
    match (from, to) {
        (Some(from), Some(to)) if from > to => {
            Err(keys.report(to_key, Problem::BoundsOrder { from, to }))
        }
        _ => Ok(Bounds { from, to }),
    }
}
