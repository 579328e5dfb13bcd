//! `onestop ledger export` and `import`: the whole ledger as JSON lines, and back with the same digests.

use crate::cli::ledger::Stopped;
use crate::cli::ledger::backup::fresh;
use crate::cli::ledger::journal_of;
use crate::cli::progress;
use crate::proto;
use crate::refusal::Lang;
use crate::store;
use crate::store::apply::check_version;
use crate::store::fault::chain;
use crate::store::journal::Head;
use crate::store::journal::Journal;
use crate::store::journal::Options;
use crate::store::journal::record::Record;
use crate::store::journal::walk::walk;
use crate::store::seal::Place;
use crate::store::seal::Seal;

use prost::Message;
use serde::Deserialize;
use serde::Serialize;

use std::fs;
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

/// Writes the ledger as JSON lines. A file that could not be finished is removed: it would look like a shorter ledger.
pub(super) fn export(store: Place<'_>, file: &Path, lang: Lang) -> Result<String, Stopped> {
    let journal = journal_of(store)?;
    if file == Path::new("-") {
        write((&journal, store.seal), io::stdout().lock(), file)?;
        return Ok(String::new());
    }
    let out = File::create_new(file).map_err(failed(file))?;
    let written = write((&journal, store.seal), &out, file)
        .and_then(|head| out.sync_all().map(|()| head).map_err(failed(file)));
    let Head { sequence, digest } = written.inspect_err(|_| {
        // It says already what went wrong.
        let _ = fs::remove_file(file);
    })?;
    Ok(match lang {
        Lang::Zh => format!("已导出 {sequence} 条;末条 {sequence} {digest}"),
        Lang::En => format!("{sequence} entries exported; head {sequence} {digest}"),
    })
}

fn write((journal, seal): (&Path, &Seal), out: impl Write, file: &Path) -> Result<Head, Stopped> {
    let mut out = BufWriter::with_capacity(1 << 20, out);
    let bar = progress::entries();
    let mut records = walk(journal, seal, 1)?;
    for record in &mut records {
        let (record, _) = record?;
        let entry = whole(&record)
            .map_err(|why| Stopped::Found(format!("entry {}: {why}", record.sequence)))?;
        let line = ExportLine { number: record.sequence, digest: record.digest.to_string(), entry };
        serde_json::to_writer(&mut out, &line)
            .map_err(|error| Stopped::Failed(format!("`{}`: {error}", file.display())))?;
        out.write_all(b"\n").map_err(failed(file))?;
        bar.inc(1);
    }
    out.flush().map_err(failed(file))?;
    bar.finish_and_clear();
    Ok(records.head().unwrap_or(Head::EMPTY))
}

/// An entry that this program knows to the last field; another would lose something on the way.
fn whole(record: &Record) -> Result<proto::LedgerEntry, String> {
    let entry = proto::LedgerEntry::decode(record.content.as_slice());
    let entry = entry.map_err(|error| error.to_string())?;
    check_version(&entry).map_err(|fault| chain(&fault))?;
    if entry.encode_to_vec() != record.content {
        return Err("it has fields that this program does not know".to_owned());
    }
    Ok(entry)
}

/// Restores an export into an empty store. A line that does not come out as it says stops it, and nothing is there.
pub(super) fn import(store: Place<'_>, file: &Path, lang: Lang) -> Result<String, Stopped> {
    let input: Box<dyn BufRead> = if file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::with_capacity(1 << 20, File::open(file).map_err(failed(file))?))
    };
    if fresh(store)?.head() != Head::EMPTY {
        let store = store.directory.display();
        return Err(Stopped::Usage(match lang {
            Lang::Zh => format!("`{store}` 不是空的;导入须在空目录进行"),
            Lang::En => format!("`{store}` is not empty; an import needs an empty store"),
        }));
    }
    // A ledger that is there in part would look like a shorter one.
    let part = store.directory.join("journal.import");
    let remove = || match fs::remove_dir_all(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&part)(error)),
        Ok(()) | Err(_) => Ok(()),
    };
    remove()?;
    let read = read(input, (&part, store.seal), file);
    let Head { sequence, digest } = match read {
        Ok(head) => head,
        Err(stopped) => {
            remove()?;
            return Err(stopped);
        }
    };
    store::put_journal(store, &part).map_err(|fault| Stopped::Failed(chain(&fault)))?;
    Ok(match lang {
        Lang::Zh => format!("已导入 {sequence} 条;末条 {sequence} {digest}"),
        Lang::En => format!("{sequence} entries imported; head {sequence} {digest}"),
    })
}

/// Reads all lines into a journal of their own.
fn read(
    input: Box<dyn BufRead>,
    (part, seal): (&Path, &Seal),
    file: &Path,
) -> Result<Head, Stopped> {
    let (mut journal, _) =
        Journal::open(part, Options { seal: seal.clone(), ..Options::default() }, 0)?;
    let bar = progress::entries();
    let mut group = Vec::with_capacity(GROUP);
    let mut head = Head::EMPTY;
    for (index, line) in input.lines().enumerate() {
        let line = line.map_err(failed(file))?;
        let content = next(&line, &mut head)
            .map_err(|why| Stopped::Found(format!("line {}: {why}", index + 1)))?;
        group.push(content);
        if group.len() == GROUP {
            journal.append(&group)?;
            group.clear();
            bar.inc(512);
        }
    }
    journal.append(&group)?;
    bar.finish_and_clear();
    Ok(head)
}

/// The content of a line, if number and digest come out as it says.
fn next(line: &str, head: &mut Head) -> Result<Vec<u8>, String> {
    let line: ExportLine = serde_json::from_str(line).map_err(|error| error.to_string())?;
    check_version(&line.entry).map_err(|fault| chain(&fault))?;
    let content = line.entry.encode_to_vec();
    let after = head.next(&content);
    if after.sequence != line.number || after.digest.to_string() != line.digest {
        let ExportLine { number, digest, .. } = line;
        let Head { sequence, digest: found } = after;
        return Err(format!("entry {number} {digest} comes out as {sequence} {found}"));
    }
    *head = after;
    Ok(content)
}
