//! Where a number comes from, and entries, which all have a `when` and a source. Packs 2.

use crate::rules::entry::Entry;
use crate::rules::entry::Source;
use crate::rules::problem::Problem;
use crate::rules::read::errors::Read;
use crate::rules::read::errors::quoted;
use crate::rules::read::names::Scope;
use crate::rules::read::reader::Field;
use crate::rules::read::reader::Keys;
use crate::rules::read::when;

use std::sync::Arc;

/// What stands before the reason of an assumption; no document may be called so.
pub(super) const ASSUMED: &str = "assumed";

/// A declared source and its clause, or an assumption and its reason.
pub(super) fn source(field: Field<'_>, scope: &Scope<'_>) -> Read<Source> {
    let (spot, errors) = (field.spot.clone(), field.errors());
    let text = field.text()?;
    let (id, clause) = text.split_once(' ').unwrap_or((&text, ""));
    if clause.trim().is_empty() {
        return Err(errors.report(&spot, Problem::SourceForm));
    }
    let assumed = id.strip_suffix(':') == Some(ASSUMED);
    if !assumed && !scope.has_source(id) {
        return Err(errors.report(&spot, Problem::UndeclaredSource { id: quoted(id) }));
    }
    Ok(Source { assumed, text: Arc::from(text) })
}

/// Reads a list of entries, whose own keys `value` takes.
pub(super) fn entries<'e, T>(
    field: Field<'e>,
    scope: &Scope<'_>,
    value: impl Fn(&mut Keys<'e>) -> Read<T>,
) -> Read<Vec<Entry<T>>> {
    field.list_of(|one| {
        let mut keys = one.keys()?;
        let when = when::when(&mut keys, scope);
        let value = value(&mut keys);
        let source = keys.must("source", |field| source(field, scope));
        keys.finish();
        Ok(Entry { when: when?, source: source?, value: value? })
    })
}
