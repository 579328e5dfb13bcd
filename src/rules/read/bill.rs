//! Reads what acts on the bill before any step: overrides, waivers, deposit exemptions and checks. Packs 5–7.

use crate::bill::Class;
use crate::money::Rate;
use crate::rules::entry::Entry;
use crate::rules::pack::Check;
use crate::rules::pack::Measure;
use crate::rules::pack::OnBreach;
use crate::rules::pack::Override;
use crate::rules::pack::Waiver;
use crate::rules::problem::Problem;
use crate::rules::read::errors::Read;
use crate::rules::read::header::WORD;
use crate::rules::read::header::is_word;
use crate::rules::read::names::Names;
use crate::rules::read::names::Scope;
use crate::rules::read::reader::Field;
use crate::rules::read::reader::Keys;
use crate::rules::read::source::entries;

use std::cell::Cell;

/// Reads the entries of a key that may be absent.
fn list<'e, T>(
    keys: &mut Keys<'e>,
    key: &str,
    scope: &Scope<'_>,
    value: impl Fn(&mut Keys<'e>) -> Read<T>,
) -> Read<Vec<Entry<T>>> {
    keys.may(key, |field| entries(field, scope, value)).map(Option::unwrap_or_default)
}

/// `[[override]]`.
pub(super) fn overrides(keys: &mut Keys<'_>, scope: &Scope<'_>) -> Read<Vec<Entry<Override>>> {
    list(keys, "override", scope, |keys| {
        let tags = keys.must("tags", |field| field.list_of(Field::text));
        let treat_as = class(keys, "treat_as");
        Ok(Override { tags: tags?, treat_as: treat_as? })
    })
}

/// The class, with the first-copay rate that class B needs and no other has.
pub(crate) fn class(keys: &mut Keys<'_>, key: &str) -> Read<Class> {
    let letters = |field: Field<'_>| field.one_of(&["A", "B", "C"], |letter| letter);
    let letter = keys.must(key, letters);
    let rate_asked = keys.has("first_copay_rate");
    let rate = keys.may("first_copay_rate", |field| field.decimal(Rate::parse));
    match letter? {
        "B" => {
            let missing = || keys.report("first_copay_rate", Problem::FirstCopayMissing);
            rate?.map(Class::B).ok_or_else(missing)
        }
        _ if rate_asked => Err(keys.report("first_copay_rate", Problem::FirstCopayUnasked)),
        "A" => Ok(Class::A),
        _ => Ok(Class::C),
    }
}

/// `[[waiver]]`.
pub(super) fn waivers(keys: &mut Keys<'_>, scope: &Scope<'_>) -> Read<Vec<Entry<Waiver>>> {
    list(keys, "waiver", scope, |keys| {
        let categories = keys.may("categories", |field| field.list_of(Field::text));
        let tags = keys.may("tags", |field| field.list_of(Field::text));
        match (categories?, tags?) {
            (None, None) => Err(keys.report("", Problem::NoneOf { keys: &["categories", "tags"] })),
            (categories, tags) => Ok(Waiver {
                categories: categories.unwrap_or_default(),
                tags: tags.unwrap_or_default(),
            }),
        }
    })
}

/// `[[deposit_exempt]]`.
pub(super) fn deposit_exempt(keys: &mut Keys<'_>, scope: &Scope<'_>) -> Read<Vec<Entry<()>>> {
    list(keys, "deposit_exempt", scope, |_| Ok(()))
}

/// `[[check]]`.
pub(super) fn checks(keys: &mut Keys<'_>, names: &Names) -> Read<Vec<Entry<Check>>> {
    let scope = Scope::of_bill(names);
    let next = Cell::new(0);
    list(keys, "check", &scope, |keys| {
        let place = next.replace(next.get() + 1);
        let id = keys.must("id", |field| check_id(field, names, place));
        let measure = measure(keys);
        let on_breach = keys.must("on_breach", |field| {
            let set = [("warn", OnBreach::Warn), ("facility_borne", OnBreach::FacilityBorne)];
            field.one_of(&set, |(name, _)| name).map(|(_, on_breach)| on_breach)
        });
        Ok(Check { id: id?, measure: measure?, on_breach: on_breach? })
    })
}

fn check_id(field: Field<'_>, names: &Names, place: usize) -> Read<String> {
    let (spot, errors) = (field.spot.clone(), field.errors());
    let id = field.spelt(is_word, WORD)?;
    if names.check_is_double(place) {
        return Err(errors.report(&spot, Problem::DuplicateId { id }));
    }
    Ok(id)
}

/// A measure with the limit that it takes.
fn measure(keys: &mut Keys<'_>) -> Read<Measure> {
    const DRUGS: &str = "catalogue_drug_share";
    const OWN: &str = "own_expense_share";
    let measure = match keys.must("measure", |field| field.one_of(&[DRUGS, OWN], |measure| measure))
    {
        Ok(measure) => measure,
        Err(reported) => {
            keys.overlook(&["at_least", "at_most"]);
            return Err(reported);
        }
    };
    let (takes, other) =
        if measure == DRUGS { ("at_least", "at_most") } else { ("at_most", "at_least") };
    let has_other = keys.optional(other).is_some();
    if has_other {
        keys.report(other, Problem::OtherLimit { measure, takes });
    }
    let limit = keys.must(takes, |field| field.decimal(Rate::parse))?;
    if measure == DRUGS {
        Ok(Measure::CatalogueDrugShare(limit))
    } else {
        Ok(Measure::OwnExpenseShare(limit))
    }
}
