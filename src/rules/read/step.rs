//! Reads a step: what both kinds have, and then the keys of its kind. Packs, «Keys».

use crate::bill::Part;
use crate::money::Money;
use crate::money::Rate;
use crate::rules::pack::Cap;
use crate::rules::pack::Financing;
use crate::rules::pack::Kind;
use crate::rules::pack::Payer;
use crate::rules::pack::Period;
use crate::rules::pack::Step;
use crate::rules::problem::Problem;
use crate::rules::read::errors::Read;
use crate::rules::read::errors::Spot;
use crate::rules::read::errors::quoted;
use crate::rules::read::floor;
use crate::rules::read::header;
use crate::rules::read::names::Names;
use crate::rules::read::names::Scope;
use crate::rules::read::reader::Field;
use crate::rules::read::reader::Keys;
use crate::rules::read::share;
use crate::rules::read::source::entries;
use crate::rules::read::source::source;
use crate::rules::read::when;

/// Most digits of a fund code.
const FUND_DIGITS_MAX: usize = 10;

const PERIODS: [Period; 2] = [Period::Admission, Period::Year];

/// Reads the step at a place of the file.
pub(super) fn step(field: Field<'_>, names: &Names, place: usize) -> Read<Step> {
    let number = (place + 1).to_string();
    let spot = Spot::step(&quoted(names.step(place).unwrap_or(&number)));
    let mut keys = field.at(spot).keys()?;
    let scope = &Scope::of_step(names, place);
    let id = id(&mut keys, names, place);
    let title = keys.must("title", header::title);
    let fund = keys.must("fund", fund);
    let fund_source = keys.may("fund_source", |field| source(field, scope));
    let payer = keys.may("payer", |field| field.one_of(&Payer::ALL, Payer::name));
    let base = keys.must("base", |field| field.set_of(|one| one.one_of(&Part::OWED, Part::name)));
    let period = keys.must("period", |field| field.one_of(&PERIODS, Period::name));
    let when = when::when(&mut keys, scope);
    let enabled = keys.may("enabled", Field::flag);
    let cap = keys.may("cap", |field| entries(field, scope, cap));
    let financing = keys.may("financing", |field| financing(field, scope));
    let kind = kind(&mut keys, scope, period.ok());
    keys.finish();
    Ok(Step {
        id: id?,
        title: title?,
        kind: kind?,
        fund: fund?,
        fund_source: fund_source?,
        payer: payer?.unwrap_or(Payer::Fund),
        base: base?,
        period: period?,
        when: when?,
        enabled: enabled?.unwrap_or(true),
        cap: cap?.unwrap_or_default(),
        financing: financing?.unwrap_or_default(),
    })
}

fn id(keys: &mut Keys<'_>, names: &Names, place: usize) -> Read<String> {
    let id = keys.must("id", header::id)?;
    if names.step_is_double(place) {
        return Err(keys.report("id", Problem::DuplicateId { id }));
    }
    Ok(id)
}

/// The keys of the step's kind. Of a kind that nobody knows, the keys of both are overlooked: one error is enough.
fn kind(keys: &mut Keys<'_>, scope: &Scope<'_>, period: Option<Period>) -> Read<Kind> {
    match keys.must("kind", |field| field.one_of(&["share", "floor"], |kind| kind)) {
        Ok("share") => share::share(keys, scope, period).map(Kind::Share),
        Ok(_) => floor::floor(keys, scope).map(Kind::Floor),
        Err(reported) => {
            keys.overlook(&share::KEYS);
            keys.overlook(&floor::KEYS);
            Err(reported)
        }
    }
}

fn fund(field: Field<'_>) -> Read<String> {
    let fits = |text: &str| text.len() <= FUND_DIGITS_MAX && header::is_digits(text);
    field.spelt(fits, ("a fund code of at most 10 digits", "不超过 10 位数字的基金支付类型代码"))
}

fn cap(keys: &mut Keys<'_>) -> Read<Cap> {
    let admission = keys.may("admission", |field| field.decimal(Money::parse));
    let year = keys.may("year", |field| field.decimal(Money::parse));
    let base_share = keys.may("base_share", |field| field.decimal(Rate::parse));
    let cap = Cap { admission: admission?, year: year?, base_share: base_share? };
    if cap == Cap::default() {
        return Err(keys.report("", Problem::NoneOf { keys: &["admission", "year", "base_share"] }));
    }
    Ok(cap)
}

/// Who finances the step: each named once, all shares together 1.
fn financing(field: Field<'_>, scope: &Scope<'_>) -> Read<Vec<Financing>> {
    let (spot, errors) = (field.spot.clone(), field.errors());
    let shares: Vec<Financing> = field.list_of(|one| {
        let mut keys = one.keys()?;
        let from = keys.must("from", Field::text);
        let share = keys.must("share", |field| field.decimal(Rate::parse));
        let source = keys.must("source", |field| source(field, scope));
        keys.finish();
        Ok(Financing { from: from?, share: share?, source: source? })
    })?;
    let mut reported = None;
    for (index, one) in shares.iter().enumerate() {
        if shares[..index].iter().any(|earlier| earlier.from == one.from) {
            reported = Some(errors.report(&spot.member(index).key("from"), Problem::Repeated));
        }
    }
    if !Rate::sums_to_one(shares.iter().map(|one| one.share)) {
        reported = Some(errors.report(&spot, Problem::FinancingSum));
    }
    reported.map_or(Ok(shares), Err)
}
