//! `onestop ledger backup`: the same entries with the same digests in another directory, also while a server runs.

use crate::cli::ledger::Stopped;
use crate::cli::ledger::journal_of;
use crate::cli::progress;
use crate::refusal::Lang;
use crate::store;
use crate::store::fault::chain;
use crate::store::journal::Head;
use crate::store::journal::Journal;
use crate::store::journal::Options;
use crate::store::journal::walk::Walk;
use crate::store::journal::walk::walk;

use std::path::Path;

/// Entries that are appended with one sync.
const GROUP: usize = 512;

/// Copies what another directory does not have yet. Nothing is copied from a ledger that is not the one copied before.
pub(super) fn backup(store: &Path, to: &Path, lang: Lang) -> Result<String, Stopped> {
    let from = journal_of(store)?;
    let mut journal = fresh(to)?;
    let has = journal.head();
    // From the last entry that the copy has, to see that it is the same ledger.
    let mut records = walk(&from, has.sequence.max(1))?;
    go_on_from(&mut records, has, to, lang)?;
    let bar = progress::entries();
    let mut contents = Vec::with_capacity(GROUP);
    for record in records {
        let (record, _) = record?;
        contents.push(record.content);
        if contents.len() == GROUP {
            journal.append(&contents)?;
            bar.inc(512);
            contents.clear();
        }
    }
    journal.append(&contents)?;
    bar.finish_and_clear();
    let Head { sequence, digest } = journal.head();
    let copied = sequence - has.sequence;
    Ok(match lang {
        Lang::Zh => format!("已复制 {copied} 条;末条 {sequence} {digest}"),
        Lang::En => format!("{copied} entries copied; head {sequence} {digest}"),
    })
}

/// Goes behind the last entry of the copy, if the ledger has it as the copy has it.
fn go_on_from(records: &mut Walk, has: Head, to: &Path, lang: Lang) -> Result<(), Stopped> {
    if has.sequence == 0 {
        return Ok(());
    }
    let found = match records.next() {
        Some(record) => Some(record?.0.digest),
        None => None,
    };
    if found == Some(has.digest) {
        return Ok(());
    }
    let (to, Head { sequence, digest }) = (to.display(), has);
    let last = records.head().unwrap_or(Head::EMPTY).sequence;
    Err(Stopped::Found(match (found, lang) {
        (Some(found), Lang::Zh) => {
            format!(
                "`{to}` 是另一账本的备份:第 {sequence} 条在备份中是 {digest},在账本中是 {found}"
            )
        }
        (Some(found), Lang::En) => format!(
            "`{to}` is a backup of another ledger: entry {sequence} is {digest} in the backup, {found} in the ledger"
        ),
        (None, Lang::Zh) => {
            format!("账本被截短:备份 `{to}` 有 {sequence} 条,账本只到第 {last} 条;未复制任何内容")
        }
        (None, Lang::En) => format!(
            "the ledger was shortened: the backup `{to}` has {sequence} entries, the ledger ends with {last}; nothing was copied"
        ),
    }))
}

/// The journal of a store that no server has open; makes one where there is none.
pub(super) fn fresh(store: &Path) -> Result<Journal, Stopped> {
    store::prepare(store).map_err(|fault| Stopped::Usage(chain(&fault)))?;
    let (journal, _) = Journal::open(&store.join("journal"), Options::default(), 0)?;
    Ok(journal)
}
