//! `onestop ledger export`, `import` and `backup`: the same entries with the same digests elsewhere.

use crate::cli::ledger::Stopped;
use crate::cli::ledger::journal_of;
use crate::cli::progress;
use crate::proto;
use crate::store;
use crate::store::fault::chain;
use crate::store::journal::Journal;
use crate::store::journal::Options;
use crate::store::journal::walk::walk;

use prost::Message;
use serde::Deserialize;
use serde::Serialize;

use std::fs::File;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::BufWriter;
use std::io::Write;
use std::path::Path;

/// Entries that are appended with one sync.
const GROUP: usize = 512;

/// A line of an export.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExportLine {
    number: u64,
    digest: String,
    entry: proto::LedgerEntry,
}

fn failed(path: &Path) -> impl Fn(io::Error) -> Stopped {
    move |error| Stopped::Failed(format!("`{}`: {error}", path.display()))
}

/// Writes the ledger as JSON lines.
pub(super) fn export(store: &Path, file: &Path) -> Result<String, Stopped> {
    let out: Box<dyn Write> = if file == Path::new("-") {
        Box::new(io::stdout().lock())
    } else {
        Box::new(File::create_new(file).map_err(failed(file))?)
    };
    let mut out = BufWriter::with_capacity(1 << 20, out);
    let bar = progress::entries();
    let mut entries = 0_u64;
    for record in walk(&journal_of(store)?, 1)? {
        let (record, _) = record?;
        let unreadable = |error| Stopped::Found(format!("entry {}: {error}", record.sequence));
        let entry = proto::LedgerEntry::decode(record.content.as_slice()).map_err(unreadable)?;
        let line = ExportLine { number: record.sequence, digest: record.digest.to_string(), entry };
        serde_json::to_writer(&mut out, &line)
            .map_err(|error| Stopped::Failed(error.to_string()))?;
        out.write_all(b"\n").map_err(failed(file))?;
        entries += 1;
        bar.inc(1);
    }
    out.flush().map_err(failed(file))?;
    bar.finish_and_clear();
    Ok(if file == Path::new("-") { String::new() } else { format!("{entries} entries exported") })
}

/// Restores an export into an empty store. A line whose digest comes out differently stops it before that line.
pub(super) fn import(store: &Path, file: &Path) -> Result<String, Stopped> {
    let mut journal = fresh(store)?;
    if journal.head().sequence != 0 {
        let why = format!("`{}` is not empty; an import needs an empty store", store.display());
        return Err(Stopped::Usage(why));
    }
    let input = BufReader::with_capacity(1 << 20, File::open(file).map_err(failed(file))?);
    let bar = progress::entries();
    let mut group: Vec<(u64, String, Vec<u8>)> = Vec::with_capacity(GROUP);
    for (index, line) in input.lines().enumerate() {
        let line = line.map_err(failed(file))?;
        let wrong = |why: String| Stopped::Found(format!("line {}: {why}", index + 1));
        let line: ExportLine =
            serde_json::from_str(&line).map_err(|error| wrong(error.to_string()))?;
        group.push((line.number, line.digest, line.entry.encode_to_vec()));
        if group.len() == GROUP {
            append(&mut journal, &mut group)?;
            bar.inc(512);
        }
    }
    append(&mut journal, &mut group)?;
    bar.finish_and_clear();
    let head = journal.head();
    Ok(format!("{} entries imported; head {} {}", head.sequence, head.sequence, head.digest))
}

/// Appends a group, unless it would come out with other numbers or digests.
fn append(journal: &mut Journal, group: &mut Vec<(u64, String, Vec<u8>)>) -> Result<(), Stopped> {
    let mut head = journal.head();
    for (number, digest, content) in group.iter() {
        head = head.next(content);
        if head.sequence != *number || head.digest.to_string() != *digest {
            return Err(Stopped::Found(format!(
                "entry {number} has digest {digest} in the export, but comes out as {} {}",
                head.sequence, head.digest
            )));
        }
    }
    let contents: Vec<Vec<u8>> = group.drain(..).map(|(_, _, content)| content).collect();
    journal.append(&contents)?;
    Ok(())
}

/// Copies what another directory does not have yet.
pub(super) fn backup(store: &Path, to: &Path) -> Result<String, Stopped> {
    let from = journal_of(store)?;
    let mut journal = fresh(to)?;
    let has = journal.head();
    let bar = progress::entries();
    let mut contents = Vec::with_capacity(GROUP);
    let mut copied = 0_u64;
    // From the last entry that the copy has, to see that it is the same ledger.
    for record in walk(&from, has.sequence.max(1))? {
        let (record, _) = record?;
        if record.sequence == has.sequence {
            if record.digest != has.digest {
                let why = "the directory holds a backup of another ledger";
                return Err(Stopped::Usage(format!("`{}`: {why}", to.display())));
            }
            continue;
        }
        contents.push(record.content);
        copied += 1;
        if contents.len() == GROUP {
            journal.append(&contents)?;
            bar.inc(512);
            contents.clear();
        }
    }
    if !contents.is_empty() {
        journal.append(&contents)?;
    }
    bar.finish_and_clear();
    let head = journal.head();
    if head.sequence < has.sequence {
        return Err(Stopped::Usage("the backup has more entries than the ledger".to_owned()));
    }
    Ok(format!("{copied} entries copied; head {} {}", head.sequence, head.digest))
}

/// The journal of a store that no server has open; makes one where there is none.
fn fresh(store: &Path) -> Result<Journal, Stopped> {
    store::prepare(store).map_err(|fault| Stopped::Usage(chain(&fault)))?;
    let (journal, _) = Journal::open(&store.join("journal"), Options::default(), 0)?;
    Ok(journal)
}
