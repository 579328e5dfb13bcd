//! `onestop whatif`: settles a period of a ledger again under other packs, on all cores; also while a server runs on the store.

use crate::calendar::Day;
use crate::calendar::Span;
use crate::cli::Context;
use crate::cli::Exit;
use crate::cli::clear::SheetFiles;
use crate::cli::clear::write_sheets;
use crate::cli::output;
use crate::cli::progress;
use crate::outline;
use crate::pages;
use crate::proto;
use crate::proto::ledger_entry::Kind;
use crate::rules::RuleBook;
use crate::service;
use crate::spreadsheet;
use crate::store::fault::chain;
use crate::store::journal::walk::walk;
use crate::verify::what_if::WhatIf;
use crate::whatif::Comparison;
use crate::wire::office;

use clap::Args;
use prost::Message;

use std::collections::BTreeSet;
use std::hash::BuildHasher;
use std::hash::BuildHasherDefault;
use std::hash::DefaultHasher;
use std::num::NonZero;
use std::path::Path;
use std::path::PathBuf;
use std::thread;

/// How many entries are read before they are settled again.
const CHUNK: usize = 8192;

#[derive(Debug, Args)]
pub(super) struct WhatIfArguments {
    /// Folder with the other packs.
    #[arg(long, value_name = "FOLDER")]
    packs: PathBuf,
    /// Discharged on or after this day.
    #[arg(long, value_name = "DAY")]
    from: String,
    /// Discharged on or before this day.
    #[arg(long, value_name = "DAY")]
    to: String,
    /// The store; by default the configured one.
    #[arg(long, value_name = "DIRECTORY")]
    data: Option<PathBuf>,
    /// Write a report with plots to this file.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// How many threads; all cores by default.
    #[arg(long, value_name = "N")]
    jobs: Option<NonZero<usize>>,
    #[command(flatten)]
    files: SheetFiles,
}

pub(super) fn run(context: &Context, arguments: &WhatIfArguments) -> Exit {
    let day = |text: &str| {
        Day::parse(text).ok_or_else(|| format!("`{text}` is not a day such as 2018-06-15"))
    };
    let (from, to) = match (day(&arguments.from), day(&arguments.to)) {
        (Ok(from), Ok(to)) => (from, to),
        (Err(why), _) | (_, Err(why)) => {
            output::complain(&why);
            return Exit::Usage;
        }
    };
    let book = match service::read_rules(&arguments.packs) {
        Ok(book) => book,
        Err(error) => {
            output::complain(&chain(&error));
            return Exit::Usage;
        }
    };
    let store = arguments.data.as_ref().unwrap_or(&context.config.store.path);
    let jobs = arguments.jobs.or(thread::available_parallelism().ok()).map_or(1, NonZero::get);
    let comparison = match compare(store, &book, Span { from, to: Some(to) }, jobs) {
        Ok(comparison) => comparison,
        Err(why) => {
            output::complain(&why);
            return Exit::Failed;
        }
    };
    let sheets: Vec<_> = comparison.reports().iter().map(office::sheet).collect();
    if let Err(why) = written(context, arguments, &sheets) {
        output::complain(&why);
        return Exit::Failed;
    }
    if context.json {
        sheets.iter().for_each(output::print_json);
    } else {
        output::print(&spreadsheet::text(&sheets, context.lang));
    }
    Exit::Done
}

fn written(
    context: &Context,
    arguments: &WhatIfArguments,
    sheets: &[proto::Sheet],
) -> Result<(), String> {
    write_sheets(sheets, &arguments.files, context.lang)?;
    let Some(file) = &arguments.html else { return Ok(()) };
    let period = format!("{} – {}", arguments.from, arguments.to);
    let page = pages::what_if(sheets, &period, context.lang);
    std::fs::write(file, page).map_err(|error| format!("{}: {error}", file.display()))
}

/// Settles what stands again. Each thread has persons of its own, so that a year is followed in order by one of them.
fn compare(store: &Path, book: &RuleBook, period: Span, jobs: usize) -> Result<Comparison, String> {
    let mut reversed = BTreeSet::new();
    let head = outline::each(store, 0, |extract| {
        if let Some(undone) = extract.undoes {
            reversed.insert(undone.number);
        }
    })
    .map_err(|error| chain(&error))?;
    let bar = progress::count(head.sequence);
    let mut workers: Vec<_> = (0..jobs).map(|_| WhatIf::new(book, period)).collect();
    let mut records = walk(&store.join("journal"), 1).map_err(|error| chain(&error))?;
    loop {
        let mut contents = Vec::with_capacity(CHUNK);
        for record in records.by_ref().take(CHUNK) {
            let (record, _) = record.map_err(|error| chain(&error))?;
            if record.sequence <= head.sequence && !reversed.contains(&record.sequence) {
                contents.push((record.sequence, record.content));
            }
        }
        let Some((last, _)) = contents.last() else { break };
        let last = *last;
        chunk(&mut workers, &contents)?;
        bar.set_position(last);
    }
    bar.finish_and_clear();
    let mut all = Comparison::default();
    for worker in workers {
        all.merge(worker.comparison());
    }
    Ok(all)
}

/// Decodes a chunk on all threads, and then settles it on all threads.
fn chunk(workers: &mut [WhatIf<'_>], contents: &[(u64, Vec<u8>)]) -> Result<(), String> {
    let each = contents.len().div_ceil(workers.len()).max(1);
    let decoded: Vec<Result<Vec<Decoded>, String>> = thread::scope(|scope| {
        let parts: Vec<_> =
            contents.chunks(each).map(|part| scope.spawn(|| decode(part))).collect();
        parts.into_iter().map(|part| part.join().unwrap_or_else(|_| stopped())).collect()
    });
    let decoded = decoded.into_iter().collect::<Result<Vec<_>, _>>()?;
    let (decoded, jobs) = (&decoded, u64::try_from(workers.len()).unwrap_or(1));
    thread::scope(|scope| {
        let running: Vec<_> = (0..)
            .zip(workers)
            .map(|(index, worker)| {
                scope.spawn(move || {
                    let own = decoded.iter().flatten().filter(|one| one.person % jobs == index);
                    for one in own {
                        worker
                            .next(one.number, &one.entry)
                            .map_err(|why| format!("entry {}: {}", one.number, chain(&why)))?;
                    }
                    Ok(())
                })
            })
            .collect();
        running.into_iter().try_for_each(|one| one.join().unwrap_or_else(|_| stopped()))
    })
}

fn stopped<T>() -> Result<T, String> {
    Err("a thread stopped".to_owned())
}

struct Decoded {
    number: u64,
    /// A hash of the person's number.
    person: u64,
    entry: proto::LedgerEntry,
}

fn decode(part: &[(u64, Vec<u8>)]) -> Result<Vec<Decoded>, String> {
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    let mut decoded = Vec::with_capacity(part.len());
    for (number, content) in part {
        let entry = proto::LedgerEntry::decode(content.as_slice())
            .map_err(|error| format!("entry {number}: {error}"))?;
        let person = match &entry.kind {
            Some(Kind::Settlement(record)) => record
                .request
                .as_ref()
                .and_then(|request| request.admission.as_ref())
                .map(|admission| admission.person.as_str()),
            Some(Kind::Opening(opening)) => {
                opening.request.as_ref().map(|request| request.person.as_str())
            }
            Some(
                Kind::Reversal(_)
                | Kind::Register(_)
                | Kind::Visit(_)
                | Kind::Sign(_)
                | Kind::File(_)
                | Kind::Cancellation(_)
                | Kind::Office(_),
            )
            | None => None,
        };
        if let Some(person) = person {
            decoded.push(Decoded { number: *number, person: hasher.hash_one(person), entry });
        }
    }
    Ok(decoded)
}
