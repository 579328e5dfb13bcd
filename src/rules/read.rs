//! Reads one pack file by hand, strictly: what is not known, not declared or not in range is refused, all of it at once,
//! each with its place. Packs 8.

pub(crate) mod bill;
pub(crate) mod errors;
mod exact;
mod floor;
mod header;
mod names;
pub(crate) mod reader;
mod share;
mod source;
mod step;
mod when;

use crate::rules::PACK_BYTES_MAX;
use crate::rules::PackError;
use crate::rules::PackFile;
use crate::rules::pack::Pack;
use crate::rules::problem::Form;
use crate::rules::problem::Problem;
use crate::rules::read::errors::Errors;
use crate::rules::read::errors::Read;
use crate::rules::read::errors::Spot;
use crate::rules::read::names::Names;
use crate::rules::read::names::Scope;
use crate::rules::read::reader::Keys;
use crate::rules::when::STEPS_MAX;

use std::fmt::Write;

use std::sync::Arc;

use sha2::Digest;
use sha2::Sha256;
use toml::Table;
use toml::Value;

/// The only schema there is.
const SCHEMA: i64 = 1;

/// Reads one file. What needs the other files of the set is left to [`crate::rules::check`].
pub(super) fn read(file: &PackFile) -> Result<Pack, Vec<PackError>> {
    let errors = Errors::new(&file.path);
    let pack = read_text(&file.text, &errors);
    let errors = errors.into_list();
    match pack {
        Ok(pack) if errors.is_empty() => Ok(pack),
        Ok(_) | Err(_) => Err(errors),
    }
}

fn read_text(text: &str, errors: &Errors<'_>) -> Read<Pack> {
    let table = table(text, errors)?;
    let names = Names::of(&table);
    let mut keys = Keys::new(Spot::file(), table, errors);
    read_schema(&mut keys)?;
    read_pack(&mut keys, &names, text)
}

/// A file as the table that it is, before anything in it is understood.
pub(crate) fn table(text: &str, errors: &Errors<'_>) -> Read<Table> {
    if text.len() > PACK_BYTES_MAX {
        return Err(errors.report(&Spot::file(), Problem::TooLarge { max: PACK_BYTES_MAX }));
    }
    text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let message = error.message().replace('\n', ", ");
        errors.report(&Spot::line(line), Problem::Syntax { message })
    })
}

/// Another schema is another language: what it says is not looked at.
fn read_schema(keys: &mut Keys<'_>) -> Read<()> {
    let Ok(field) = keys.required("schema") else {
        return Ok(());
    };
    match field.value {
        Value::Integer(SCHEMA) => Ok(()),
        Value::Integer(found) => Err(field.report(Problem::Schema { found })),
        Value::String(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_)
        | Value::Array(_)
        | Value::Table(_) => Err(field.report(Problem::WrongForm { want: Form::Integer })),
    }
}

fn read_pack(keys: &mut Keys<'_>, names: &Names, text: &str) -> Read<Pack> {
    let scope = Scope::of_bill(names);
    let identities = header::identities(keys);
    let documents = header::documents(keys);
    let head = keys.must("pack", header::head);
    let overrides = bill::overrides(keys, &scope);
    let waivers = bill::waivers(keys, &scope);
    let deposit_exempt = bill::deposit_exempt(keys, &scope);
    let checks = bill::checks(keys, names);
    let steps = keys.must("step", |field| {
        let steps = field.list_of_at_most(STEPS_MAX)?.into_iter().enumerate();
        errors::all(steps.map(|(place, one)| step::step(one, names, place)))
    });
    keys.finish();
    let head = head?;
    Ok(Pack {
        id: head.id,
        title: head.title,
        admdvs: head.admdvs,
        insutype: head.insutype,
        span: head.span,
        counts_as_admission: head.counts_as_admission,
        benefit_year_start: head.benefit_year_start,
        identity_date: head.identity_date,
        policy_scope: head.policy_scope,
        compliant_within: head.compliant_within,
        checked_on: head.checked_on,
        identities: identities?,
        documents: documents?,
        overrides: overrides?,
        waivers: waivers?,
        deposit_exempt: deposit_exempt?,
        checks: checks?,
        steps: steps?,
        digest: digest(text),
        text: Arc::from(text),
    })
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_sha_256_in_small_hex() {
        for (text, expected) in [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ] {
            assert_eq!(digest(text), expected, "{text}");
        }
    }
}
