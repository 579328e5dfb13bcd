//! `onestop ledger verify`.

use crate::cli::ledger::Stopped;
use crate::cli::ledger::journal_of;
use crate::cli::progress;
use crate::proto;
use crate::refusal::Lang;
use crate::service;
use crate::store::fault::Fault;
use crate::store::fault::chain;
use crate::store::journal::Options;
use crate::store::journal::error::JournalError;
use crate::store::journal::reader::Reader;
use crate::store::journal::record::Position;
use crate::store::journal::walk::Walk;
use crate::store::journal::walk::walk;
use crate::store::seal::Place;
use crate::verify::Misfit;
use crate::verify::Verified;
use crate::verify::Verifier;

use prost::DecodeError;
use prost::Message;

use std::path::Path;
use std::sync::mpsc;
use std::sync::mpsc::SyncSender;
use std::thread;

/// How many entries are handed over at once, and how many such batches may wait.
const BATCH: usize = 64;
const WAITING_MAX: usize = 16;

/// Reads an entry again by its number.
type Fetch<'f> = &'f dyn Fn(u64) -> Result<proto::LedgerEntry, Fault>;

/// An entry of the journal: its number, where it stands, and what it says.
type Read = (u64, Position, Result<proto::LedgerEntry, DecodeError>);

/// A journal that is walked from its first record.
pub(super) struct Walked {
    records: Walk,
    reader: Reader,
    bytes: u64,
}

impl Walked {
    /// Of a journal, with or without a server on it.
    pub(super) fn of(store: Place<'_>) -> Result<Walked, Stopped> {
        let journal = &journal_of(store)?;
        let options = Options { seal: store.seal.clone(), ..Options::default() };
        let reader = Reader::new(journal, &options);
        let files = std::fs::read_dir(journal).into_iter().flatten().flatten();
        let bytes = files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum();
        Ok(Walked { records: walk(journal, store.seal, 1)?, reader, bytes })
    }

    /// Hands every entry over; the first that does not fit ends the walk. One thread reads, checks digests and decodes, while
    /// this one does what is asked with the entries.
    pub(super) fn each(
        &mut self,
        mut next: impl FnMut(u64, &proto::LedgerEntry, Fetch<'_>) -> Result<(), Misfit>,
    ) -> Result<(), Stopped> {
        let Walked { records, reader, bytes } = self;
        let bar = progress::bytes(Some(*bytes));
        let mut positions: Vec<Position> = Vec::new();
        let done = thread::scope(|scope| {
            let (sender, receiver) = mpsc::sync_channel(WAITING_MAX);
            let reading = scope.spawn(move || read(records, &sender));
            for batch in receiver {
                let mut batch_bytes = 0;
                for (sequence, position, entry) in batch {
                    batch_bytes += u64::from(position.length);
                    positions.push(position);
                    let misfit = |why: &dyn std::error::Error| {
                        let why = chain(why);
                        Stopped::Found(format!("entry {sequence} does not fit: {why}"))
                    };
                    let entry = entry.map_err(|error| misfit(&error))?;
                    let fetch = |number| fetch(reader, &positions, number);
                    next(sequence, &entry, &fetch).map_err(|error| misfit(&error))?;
                }
                bar.inc(batch_bytes);
            }
            match reading.join() {
                Ok(read) => read.map_err(Stopped::from),
                Err(_) => Err(Stopped::Failed("the journal could not be read".to_owned())),
            }
        });
        bar.finish_and_clear();
        done
    }
}

/// Reads everything, until nobody takes it any more.
fn read(records: &mut Walk, sender: &SyncSender<Vec<Read>>) -> Result<(), JournalError> {
    let mut batch = Vec::with_capacity(BATCH);
    for record in records {
        let Ok((record, position)) = record else {
            // What stands before it is looked at first.
            let _ = sender.send(batch);
            return record.map(drop);
        };
        let entry = proto::LedgerEntry::decode(record.content.as_slice());
        batch.push((record.sequence, position, entry));
        if batch.len() == BATCH && sender.send(std::mem::take(&mut batch)).is_err() {
            return Ok(());
        }
    }
    // Whoever has found something does not take it.
    let _ = sender.send(batch);
    Ok(())
}

/// Reads an entry again where it stands.
fn fetch(
    reader: &Reader,
    positions: &[Position],
    number: u64,
) -> Result<proto::LedgerEntry, Fault> {
    let index = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
    let position = positions.get(index).copied().unwrap_or_default();
    let content = reader.read(position)?.content;
    proto::LedgerEntry::decode(content.as_slice()).map_err(Fault::undecodable)
}

/// Verifies a ledger from its first entry; the first that does not fit is named.
pub(super) fn verify(store: Place<'_>, rules: &Path, lang: Lang) -> Result<String, Stopped> {
    journal_of(store)?;
    let book = service::read_rules(rules).map_err(|error| Stopped::Usage(chain(&error)))?;
    let mut verifier = Verifier::new(&book);
    let mut walked = Walked::of(store)?;
    walked.each(|sequence, entry, fetch| verifier.next(sequence, entry, fetch))?;
    let head = walked.records.head().map(|head| format!("{} {}", head.sequence, head.digest));
    let torn = walked.records.torn().map_or(0, |torn| torn.bytes);
    Ok(said(verifier.verified(), &head.unwrap_or_else(|| "0".to_owned()), torn, lang))
}

fn said(verified: Verified, head: &str, torn: u64, lang: Lang) -> String {
    let Verified { entries, settlements, reversals, openings, registers, .. } = verified;
    let Verified { visits, signs, files, cancellations, office, .. } = verified;
    let his = visits + signs + files + cancellations;
    let mut said = match lang {
        Lang::Zh => format!(
            "账本无误:共 {entries} 条(结算 {settlements}、撤销 {reversals}、期初 {openings}、登记 {registers}、\
             国家接口就诊等 {his}、后台 {office}),\
             逐条重算与记录一分不差。末条 {head}"
        ),
        Lang::En => format!(
            "the ledger fits: {entries} entries ({settlements} settlements, {reversals} reversals, \
             {openings} opening balances, {registers} register writes, {his} of the national interface, \
             {office} office records), each the \
             same to the fen when settled again; head {head}"
        ),
    };
    if 0 < torn {
        said.push_str(&match lang {
            Lang::Zh => format!("\n末尾有 {torn} 字节未写完(从未确认,下次启动时截去)"),
            Lang::En => format!(
                "\n{torn} bytes at the end are a torn write; never acknowledged, cut off at the next start"
            ),
        });
    }
    said
}
