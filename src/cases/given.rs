//! Reads what a case settles, and puts it as the registers would hold it.

use crate::accumulators::Accumulators;
use crate::accumulators::StepYear;
use crate::accumulators::Sums;
use crate::admission::Admission;
use crate::admission::Referral;
use crate::calendar::Day;
use crate::calendar::Span;
use crate::cases::Given;
use crate::cases::bill;
use crate::cases::read::amounts;
use crate::cases::read::money;
use crate::cases::read::named;
use crate::id::FacilityId;
use crate::id::PersonId;
use crate::money::Exact;
use crate::register::Enrolment;
use crate::register::Facility;
use crate::register::FacilityEntry;
use crate::register::HeldIdentity;
use crate::register::LEVEL_MAX;
use crate::register::Person;
use crate::register::Place;
use crate::register::Tier;
use crate::rules::problem::Problem;
use crate::rules::read::errors::Read;
use crate::rules::read::errors::all;
use crate::rules::read::errors::quoted;
use crate::rules::read::reader::Field;
use crate::rules::read::reader::Keys;

/// Since when a person is insured where the case does not say.
const INSURED_FROM: (i16, i8, i8) = (2000, 1, 1);

/// The kind of care where the case does not say: an ordinary stay.
const MED_TYPE: &str = "21";

/// Always, as the register knows it.
const ALWAYS: Span = Span { from: Day::FIRST, to: None };

pub(super) fn given(keys: &mut Keys<'_>) -> Read<Given> {
    // Nobody else is there, so any id will do.
    let ids = PersonId::parse("patient").zip(FacilityId::parse("hospital"));
    let Some(ids) = ids else { return Err(keys.report("person", Problem::Missing)) };
    let switch_on = keys.may("switch_on", |field| field.set_of(Field::text));
    let person = keys.must("person", |field| person(field, ids.0.clone()));
    let facility = keys.must("facility", |field| facility(field, ids.1.clone()));
    let admission = keys.must("admission", |field| admission(field, ids));
    let bill = bill::bill(keys);
    let year = keys.may("year", year);
    Ok(Given {
        switch_on: switch_on?.unwrap_or_default(),
        person: person?,
        facility: facility?,
        admission: admission?,
        bill: bill?,
        year: year?.unwrap_or_default(),
    })
}

fn person(field: Field<'_>, id: PersonId) -> Read<Person> {
    let mut keys = field.keys()?;
    let place = keys.must("place", place);
    let insutype = keys.must("insutype", |field| field.spelt(is_digits, DIGITS));
    let birth = keys.must("birth", Field::day);
    let insured_from = keys.may("insured_from", Field::day);
    let identities = texts(&mut keys, "identities");
    keys.finish();
    let (year, month, day) = INSURED_FROM;
    let from = insured_from?.or_else(|| Day::new(year, month, day)).unwrap_or(Day::FIRST);
    let held = |identity: String| HeldIdentity { identity, span: ALWAYS };
    let (place, insutype) = (place?, insutype?);
    Ok(Person {
        id,
        name: String::new(),
        certificate_no: String::new(),
        birth: birth?,
        enrolments: vec![Enrolment { place, insutype, span: Span { from, to: None } }],
        identities: identities?.into_iter().map(held).collect(),
    })
}

fn facility(field: Field<'_>, id: FacilityId) -> Read<Facility> {
    let mut keys = field.keys()?;
    let place = keys.must("place", place);
    let level = keys.must("level", |field| field.integer(u32::from(LEVEL_MAX)));
    let tier = keys.must("tier", |field| field.one_of(&Tier::ALL, Tier::name));
    let tags = texts(&mut keys, "tags");
    keys.finish();
    let entry = FacilityEntry {
        place: place?,
        level: u8::try_from(level?).unwrap_or(LEVEL_MAX),
        tier: tier?,
        tags: tags?,
        designated: true,
        span: ALWAYS,
    };
    Ok(Facility { id, name: String::new(), entries: vec![entry] })
}

fn admission(field: Field<'_>, (person, facility): (PersonId, FacilityId)) -> Read<Admission> {
    let mut keys = field.keys()?;
    let admitted_on = keys.must("admitted", Field::day);
    let discharged_on = keys.must("discharged", Field::day);
    let med_type = keys.may("med_type", Field::text);
    let referral = keys.may("referral", |field| field.one_of(&Referral::ALL, Referral::name));
    let diagnoses = keys.may("diagnoses", |field| all(field.members()?.into_iter().map(icd)));
    let episode = keys.may("episode", Field::text);
    keys.finish();
    Ok(Admission {
        id: None,
        person,
        facility: Some(facility),
        admitted_on: admitted_on?,
        discharged_on: discharged_on?,
        med_type: Some(med_type?.unwrap_or_else(|| MED_TYPE.to_owned())),
        referral: referral?.unwrap_or_default(),
        diagnoses: diagnoses?.unwrap_or_default(),
        episode: episode?,
    })
}

/// What the year has already. `allowed` left out is `remaining`, as in an opening balance (spec 8.3).
fn year(field: Field<'_>) -> Read<Accumulators> {
    let mut keys = field.keys()?;
    let admissions = keys.may("admissions", |field| field.integer(u32::MAX));
    let steps = keys.may("steps", |field| named(field, step_year));
    let chains = keys.may("chains", |field| named(field, amounts));
    keys.finish();
    let sums = Sums {
        admissions: u64::from(admissions?.unwrap_or_default()),
        steps: steps?.unwrap_or_default(),
        chains: chains?.unwrap_or_default(),
        ..Sums::default()
    };
    Ok(Accumulators { version: 0, sums })
}

fn step_year(field: Field<'_>) -> Read<StepYear> {
    let mut keys = field.keys()?;
    let eligible = keys.may("eligible", money);
    let paid = keys.may("paid", money);
    let allowed = keys.may("allowed", |field| field.decimal(Exact::parse_allowed));
    let measured = keys.may("measured", money);
    let remaining = keys.may("remaining", money);
    keys.finish();
    let remaining = remaining?.unwrap_or_default();
    Ok(StepYear {
        eligible: eligible?.unwrap_or_default(),
        paid: paid?.unwrap_or_default(),
        allowed: allowed?.unwrap_or_else(|| Exact::from(remaining)),
        measured: measured?.unwrap_or_default(),
        remaining,
    })
}

/// A list of texts, which may be absent or empty.
pub(super) fn texts(keys: &mut Keys<'_>, key: &str) -> Read<Vec<String>> {
    let read = keys.may(key, |field| all(field.members()?.into_iter().map(Field::text)));
    read.map(Option::unwrap_or_default)
}

const DIGITS: (&str, &str) = ("digits", "数字");

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn icd(field: Field<'_>) -> Read<String> {
    let upper = |text: &str| !text.bytes().any(|byte| byte.is_ascii_lowercase());
    field.spelt(upper, ("an ICD-10 code in upper case", "大写的 ICD-10 编码"))
}

fn place(field: Field<'_>) -> Read<Place> {
    let (spot, errors) = (field.spot.clone(), field.errors());
    let text = field.text()?;
    let want = ("six digits", "六位数字");
    Place::parse(&text)
        .ok_or_else(|| errors.report(&spot, Problem::Spelling { text: quoted(&text), want }))
}
