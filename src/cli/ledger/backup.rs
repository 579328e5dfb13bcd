//! `onestop ledger backup`: the same entries with the same digests in another directory, also while a server runs; and beside them the
//! trail of looks at records, and the accounts of operators.

use crate::cli::ledger::Stopped;
use crate::cli::ledger::journal_of;
use crate::cli::progress;
use crate::operators;
use crate::refusal::Lang;
use crate::store;
use crate::store::fault::chain;
use crate::store::journal::Head;
use crate::store::journal::Journal;
use crate::store::journal::Options;
use crate::store::journal::walk::Walk;
use crate::store::journal::walk::walk;
use crate::store::seal::Place;
use crate::store::seal::Seal;
use crate::trail;

use std::path::Path;

/// Entries that are appended with one sync.
const GROUP: usize = 512;

/// Copies what another directory does not have yet. Nothing is copied from a ledger that is not the one copied before.
pub(super) fn backup(store: Place<'_>, to: &Path, lang: Lang) -> Result<String, Stopped> {
    let from = journal_of(store)?;
    let journal = fresh(Place { directory: to, seal: store.seal })?;
    let (copied, Head { sequence, digest }) = copy((&from, store.seal), journal, to, lang)?;
    let trail = store.directory.join(trail::FOLDER);
    if trail.is_dir() {
        let to = to.join(trail::FOLDER);
        copy((&trail, store.seal), journal_in(&to, store.seal)?, &to, lang)?;
    }
    operators::copy(store.directory, to).map_err(|error| Stopped::Failed(chain(&error)))?;
    Ok(match lang {
        Lang::Zh => format!("已复制 {copied} 条;末条 {sequence} {digest}"),
        Lang::En => format!("{copied} entries copied; head {sequence} {digest}"),
    })
}

/// Copies what a journal does not have yet of another; returns how much that was, and what it has then.
fn copy(
    (from, seal): (&Path, &Seal),
    mut journal: Journal,
    to: &Path,
    lang: Lang,
) -> Result<(u64, Head), Stopped> {
    let has = journal.head();
    // From the last entry that the copy has, to see that it is the same ledger.
    let mut records = walk(from, seal, has.sequence.max(1))?;
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
    Ok((journal.head().sequence - has.sequence, journal.head()))
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
pub(super) fn fresh(store: Place<'_>) -> Result<Journal, Stopped> {
    store::prepare(store.directory).map_err(|fault| Stopped::Usage(chain(&fault)))?;
    journal_in(&store.directory.join("journal"), store.seal)
}

fn journal_in(directory: &Path, seal: &Seal) -> Result<Journal, Stopped> {
    let options = Options { seal: seal.clone(), ..Options::default() };
    Ok(Journal::open(directory, options, 0)?.0)
}
