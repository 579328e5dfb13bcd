//! Reads the keys of a step of kind `floor`. Spec 6.

use crate::money::Money;
use crate::money::Rate;
use crate::rules::pack::Floor;
use crate::rules::pack::Guarantee;
use crate::rules::problem::Problem;
use crate::rules::read::errors::Read;
use crate::rules::read::names::Scope;
use crate::rules::read::reader::Keys;
use crate::rules::read::source::entries;

/// All of them.
pub(super) const KEYS: [&str; 1] = ["guarantee"];

pub(super) fn floor(keys: &mut Keys<'_>, scope: &Scope<'_>) -> Read<Floor> {
    let guarantee = keys.must("guarantee", |field| entries(field, scope, guarantee))?;
    Ok(Floor { guarantee })
}

fn guarantee(keys: &mut Keys<'_>) -> Read<Guarantee> {
    let ratio = keys.may("ratio", |field| field.decimal(Rate::parse));
    let patient_at_most = keys.may("patient_at_most", |field| field.decimal(Money::parse));
    let guarantee = Guarantee { ratio: ratio?, patient_at_most: patient_at_most? };
    if guarantee == Guarantee::default() {
        return Err(keys.report("", Problem::NoneOf { keys: &["ratio", "patient_at_most"] }));
    }
    Ok(guarantee)
}
