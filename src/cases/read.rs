//! Reads case files strictly: a case that is misread proves nothing.

use crate::bill::Part;
use crate::bill::Parts;
use crate::cases::Case;
use crate::cases::CaseFile;
use crate::cases::Expected;
use crate::cases::given;
use crate::money::Money;
use crate::rules::PackError;
use crate::rules::problem::Problem;
use crate::rules::read::errors::Errors;
use crate::rules::read::errors::Read;
use crate::rules::read::errors::Spot;
use crate::rules::read::errors::all;
use crate::rules::read::errors::quoted;
use crate::rules::read::reader::Field;
use crate::rules::read::reader::Keys;
use crate::rules::read::table;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Reads a set of case files.
///
/// Errors: all that is wrong with every file.
pub fn read(files: &[CaseFile]) -> Result<Vec<Case>, Vec<PackError>> {
    let mut cases = Vec::new();
    let mut wrong = Vec::new();
    let mut names = BTreeSet::new();
    for file in files {
        let errors = Errors::new(&file.path);
        if let Ok(read) = file_cases(file, &errors) {
            for case in &read {
                if !names.insert((file.family.clone(), case.name.clone())) {
                    let problem = Problem::DuplicateId { id: quoted(&case.name) };
                    errors.report(&spot(&case.name).key("name"), problem);
                }
            }
            cases.extend(read);
        }
        wrong.extend(errors.into_list());
    }
    if wrong.is_empty() { Ok(cases) } else { Err(wrong) }
}

fn spot(name: &str) -> Spot {
    Spot::case(&quoted(name))
}

fn file_cases(file: &CaseFile, errors: &Errors<'_>) -> Read<Vec<Case>> {
    let mut keys = Keys::new(Spot::file(), table(&file.text, errors)?, errors);
    let cases = keys.must("case", |field| {
        let members = field.list()?.into_iter();
        all(members.map(|member| {
            let name = member.value.get("name").and_then(toml::Value::as_str).map(spot);
            let at = name.unwrap_or_else(|| member.spot.clone());
            case(member.at(at), file)
        }))
    });
    keys.finish();
    cases
}

fn case(field: Field<'_>, file: &CaseFile) -> Read<Case> {
    let mut keys = field.keys()?;
    let name = keys.must("name", Field::text);
    let from = keys.must("from", Field::text);
    let given = given::given(&mut keys);
    let pays = keys.must("pays", amounts);
    let expected = keys.must("expects", expects);
    keys.finish();
    Ok(Case {
        family: file.family.clone(),
        path: file.path.clone(),
        name: name?,
        from: from?,
        given: given?,
        expected: Expected { pays: pays?, ..expected? },
    })
}

/// What a case must come to, but for what each step pays.
fn expects(field: Field<'_>) -> Read<Expected> {
    let mut keys = field.keys()?;
    let patient_pay = keys.must("patient_pay", money);
    let facility_borne = keys.may("facility_borne", money);
    let parts = keys.may("parts", |field| {
        let mut keys = field.keys()?;
        let parts = parts(&mut keys);
        keys.finish();
        parts
    });
    let deposit_exempt = keys.may("deposit_exempt", Field::flag);
    let financing = keys.may("financing", |field| named(field, amounts));
    let shortfall = keys.may("shortfall", amounts);
    let excess = keys.may("excess", amounts);
    keys.finish();
    Ok(Expected {
        pays: BTreeMap::new(),
        patient_pay: patient_pay?,
        facility_borne: facility_borne?,
        parts: parts?,
        deposit_exempt: deposit_exempt?,
        financing: financing?.unwrap_or_default(),
        shortfall: shortfall?.unwrap_or_default(),
        excess: excess?.unwrap_or_default(),
    })
}

/// An amount.
pub(super) fn money(field: Field<'_>) -> Read<Money> {
    field.decimal(Money::parse)
}

/// Amounts by name.
pub(super) fn amounts(field: Field<'_>) -> Read<BTreeMap<String, Money>> {
    named(field, money)
}

/// A table whose keys are names.
pub(super) fn named<'e, T>(
    field: Field<'e>,
    read: impl Fn(Field<'e>) -> Read<T>,
) -> Read<BTreeMap<String, T>> {
    let entries = field.keys()?.rest().into_iter();
    let entries = all(entries.map(|(name, field)| Ok((name, read(field)?))))?;
    Ok(entries.into_iter().collect())
}

/// The five parts; those left out are nothing.
pub(super) fn parts(keys: &mut Keys<'_>) -> Read<Parts> {
    let amounts = all(Part::ALL.map(|part| Ok((part, keys.may(part.name(), money)?))).into_iter())?;
    let mut parts = Parts::default();
    for (part, amount) in amounts {
        parts[part] = amount.unwrap_or_default();
    }
    Ok(parts)
}
