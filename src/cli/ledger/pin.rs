//! `onestop ledger head` and `prove`: a number and digest to keep elsewhere, and whether they lie on the chain.

use crate::cli::ledger::Stopped;
use crate::cli::ledger::journal_of;
use crate::cli::output::in_lang;
use crate::refusal::Lang;
use crate::store::journal::Head;
use crate::store::journal::digest::Digest;
use crate::store::journal::walk::walk;
use crate::store::seal::Place;

/// Number and digest of the last entry.
pub(super) fn head(store: Place<'_>) -> Result<String, Stopped> {
    let mut records = walk(&journal_of(store)?, store.seal, 1)?;
    for record in &mut records {
        record?;
    }
    let Head { sequence, digest } = records.head().unwrap_or(Head::EMPTY);
    Ok(format!("{sequence} {digest}"))
}

/// Whether an entry has this digest, and all entries after it follow from it.
pub(super) fn prove(
    store: Place<'_>,
    number: u64,
    digest: &str,
    lang: Lang,
) -> Result<String, Stopped> {
    let pinned = Digest::parse(digest).ok_or_else(|| {
        let want = in_lang(lang, "不是 64 位小写十六进制摘要", "is no digest of 64 hex digits");
        Stopped::Usage(format!("`{digest}` {want}"))
    })?;
    // Before the first entry stands the same digest in every ledger.
    let mut found = (number == 0).then_some(Digest::GENESIS);
    let mut records = walk(&journal_of(store)?, store.seal, 1)?;
    for record in &mut records {
        let (record, _) = record?;
        if record.sequence == number {
            found = Some(record.digest);
        }
    }
    let Head { sequence, digest: last } = records.head().unwrap_or(Head::EMPTY);
    let Some(found) = found else {
        return Err(Stopped::Found(match lang {
            Lang::Zh => {
                format!("账本没有第 {number} 条,末条是第 {sequence} 条:账本被截短,或不是同一账本")
            }
            Lang::En => format!(
                "the ledger has no entry {number}, it ends with {sequence}: it was shortened, or is another ledger"
            ),
        }));
    };
    if found != pinned {
        return Err(Stopped::Found(match lang {
            Lang::Zh => format!("第 {number} 条的摘要是 {found},不是 {pinned}"),
            Lang::En => format!("entry {number} has digest {found}, not {pinned}"),
        }));
    }
    Ok(match lang {
        Lang::Zh => format!("第 {number} 条的摘要一致,且在通往末条 {sequence} {last} 的链上"),
        Lang::En => format!(
            "entry {number} has this digest and lies on the chain that leads to entry {sequence} {last}"
        ),
    })
}
