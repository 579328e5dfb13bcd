//! Reads the keys of a step of kind `share`. Spec 5.

use crate::money::Factor;
use crate::money::Money;
use crate::money::Points;
use crate::money::Rate;
use crate::rules::entry::Entry;
use crate::rules::pack::Adjust;
use crate::rules::pack::ChainBy;
use crate::rules::pack::Deductible;
use crate::rules::pack::Origin;
use crate::rules::pack::Period;
use crate::rules::pack::Segment;
use crate::rules::pack::Share;
use crate::rules::problem::Problem;
use crate::rules::read::errors::Read;
use crate::rules::read::exact;
use crate::rules::read::names::Scope;
use crate::rules::read::reader::Field;
use crate::rules::read::reader::Keys;
use crate::rules::read::source::entries;
use crate::rules::read::source::source;
use crate::rules::read::when;

/// All of them.
pub(super) const KEYS: [&str; 5] = ["origin", "deductible", "bands", "adjust", "chain"];

/// What an adjustment may do, at least one of it.
const ADJUSTMENTS: [&str; 5] =
    ["rate_add", "deductible_set", "deductible_multiply", "deductible_add", "deductible_at_most"];

/// Reads them; `period` is none where it could not be read, and then nothing is said of it.
pub(super) fn share(keys: &mut Keys<'_>, scope: &Scope<'_>, period: Option<Period>) -> Read<Share> {
    let on_year = period == Some(Period::Year);
    let origin = keys.may("origin", origin);
    let deductible =
        keys.may("deductible", |field| entries(field, scope, |keys| deductible(keys, on_year)));
    let bands = keys.must("bands", |field| field.list_of(|one| bands(one.keys()?, scope)));
    let adjust = keys.may("adjust", |field| entries(field, scope, adjust));
    let chain = keys.may("chain", |field| {
        if on_year {
            field.report(Problem::ChainOnYear);
        }
        field.list_of(|one| chain(one.keys()?, scope))
    });
    let (deductible, adjust) = (deductible?.unwrap_or_default(), adjust?.unwrap_or_default());
    exact::check(&deductible, &adjust, keys)?;
    Ok(Share {
        origin: origin?.unwrap_or(Origin::Deductible),
        deductible,
        bands: bands?,
        adjust,
        chain: chain?.unwrap_or_default(),
    })
}

fn origin(field: Field<'_>) -> Read<Origin> {
    let set = [("deductible", Origin::Deductible), ("zero", Origin::Zero)];
    field.one_of(&set, |(name, _)| name).map(|(_, origin)| origin)
}

/// One amount, or one for each admission of the year in turn.
fn deductible(keys: &mut Keys<'_>, on_year: bool) -> Read<Deductible> {
    let money = |field: Field<'_>| field.decimal(Money::parse);
    let amount = keys.may("amount", money);
    let amounts = keys.may("amounts", |field| {
        if on_year {
            field.report(Problem::AmountsOnYear);
        }
        field.list_of(money)
    });
    match (amount?, amounts?) {
        (Some(amount), None) => Ok(Deductible { amounts: vec![amount] }),
        (None, Some(amounts)) => Ok(Deductible { amounts }),
        (Some(_), Some(_)) => Err(keys.report("amounts", Problem::Both { other: "amount" })),
        (None, None) => Err(keys.report("", Problem::NoneOf { keys: &["amount", "amounts"] })),
    }
}

/// An entry of bands. Without a source of its own every segment needs one, and it takes the first.
fn bands(mut keys: Keys<'_>, scope: &Scope<'_>) -> Read<Entry<Vec<Segment>>> {
    let when = when::when(&mut keys, scope);
    let segments = keys.must("segments", |field| segments(field, scope));
    let own = keys.may("source", |field| source(field, scope));
    keys.finish();
    let (when, segments, own) = (when?, segments?, own?);
    let sourced = segments.iter().all(|segment| segment.source.is_some());
    let of_first = segments.first().filter(|_| sourced).and_then(|first| first.source.clone());
    let missing = || keys.report("source", Problem::Missing);
    let source = own.or(of_first).ok_or_else(missing)?;
    Ok(Entry { when, source, value: segments })
}

fn segments(field: Field<'_>, scope: &Scope<'_>) -> Read<Vec<Segment>> {
    let (spot, errors) = (field.spot.clone(), field.errors());
    let segments: Vec<Segment> = field.list_of(|one| {
        let mut keys = one.keys()?;
        let rate = keys.must("rate", |field| field.decimal(Rate::parse));
        let up_to = keys.may("up_to", |field| field.decimal(Money::parse));
        let source = keys.may("source", |field| source(field, scope));
        keys.finish();
        Ok(Segment { up_to: up_to?, rate: rate?, source: source? })
    })?;
    let last = segments.len() - 1;
    let mut below = Money::ZERO;
    let mut reported = None;
    for (index, segment) in segments.iter().enumerate() {
        let problem = match segment.up_to {
            None if index < last => Problem::BandsOpenEarly,
            None => continue,
            Some(_) if index == last => Problem::BandsClosed,
            Some(up_to) if up_to <= below => Problem::BandsRising,
            Some(up_to) => {
                below = up_to;
                continue;
            }
        };
        reported = Some(errors.report(&spot.member(index).key("up_to"), problem));
    }
    reported.map_or(Ok(segments), Err)
}

fn adjust(keys: &mut Keys<'_>) -> Read<Adjust> {
    let rate_add = keys.may("rate_add", |field| field.decimal(Points::parse));
    let set = keys.may("deductible_set", |field| field.decimal(Money::parse));
    let multiply = keys.may("deductible_multiply", |field| field.decimal(Factor::parse));
    let add = keys.may("deductible_add", |field| field.decimal(Money::parse_signed));
    let at_most = keys.may("deductible_at_most", |field| field.decimal(Money::parse));
    let adjust = Adjust {
        rate_add: rate_add?,
        deductible_set: set?,
        deductible_multiply: multiply?,
        deductible_add: add?,
        deductible_at_most: at_most?,
    };
    if adjust == Adjust::default() {
        return Err(keys.report("", Problem::NoneOf { keys: &ADJUSTMENTS }));
    }
    Ok(adjust)
}

fn chain(mut keys: Keys<'_>, scope: &Scope<'_>) -> Read<Entry<ChainBy>> {
    let when = when::when(&mut keys, scope);
    let by = keys.must("by", |field| field.one_of(&["episode", "diagnosis"], |by| by));
    let source = keys.must("source", |field| source(field, scope));
    keys.finish();
    let (when, by, source) = (when?, by?, source?);
    if by == "episode" {
        return Ok(Entry { when, source, value: ChainBy::Episode });
    }
    let principal = match when.any_of.as_slice() {
        [table] => table.principal.clone(),
        _ => None,
    };
    let Some(mut prefixes) = principal else {
        return Err(keys.report("when", Problem::ChainWithoutPrincipal));
    };
    prefixes.sort();
    prefixes.dedup();
    Ok(Entry { when, source, value: ChainBy::Diagnosis(prefixes) })
}
