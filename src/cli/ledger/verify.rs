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
use crate::store::journal::reader::Reader;
use crate::store::journal::record::Position;
use crate::store::journal::walk::Walk;
use crate::store::journal::walk::walk;
use crate::verify::Misfit;
use crate::verify::Verified;
use crate::verify::Verifier;

use prost::Message;

use std::path::Path;

/// How often the progress bar is told.
const TOLD_EVERY: u64 = 1000;

/// Reads an entry again by its number.
type Fetch<'f> = &'f dyn Fn(u64) -> Result<proto::LedgerEntry, Fault>;

/// A journal that is walked from its first record.
pub(super) struct Walked {
    records: Walk,
    reader: Reader,
}

impl Walked {
    /// Of a journal, with or without a server on it.
    pub(super) fn of(journal: &Path) -> Result<Walked, Stopped> {
        let reader = Reader::new(journal, Options::default());
        Ok(Walked { records: walk(journal, 1)?, reader })
    }

    /// Hands every entry over; the first that does not fit ends the walk.
    pub(super) fn each(
        &mut self,
        mut next: impl FnMut(u64, &proto::LedgerEntry, Fetch<'_>) -> Result<(), Misfit>,
    ) -> Result<(), Stopped> {
        let bar = progress::entries();
        let mut positions: Vec<Position> = Vec::new();
        for record in &mut self.records {
            let (record, position) = record?;
            let misfit = |why: &dyn std::error::Error| {
                Stopped::Found(format!("entry {} does not fit: {}", record.sequence, chain(why)))
            };
            let entry = proto::LedgerEntry::decode(record.content.as_slice())
                .map_err(|error| misfit(&error))?;
            positions.push(position);
            let fetch = |sequence: u64| {
                let index = usize::try_from(sequence.saturating_sub(1)).unwrap_or(usize::MAX);
                let position = positions.get(index).copied().unwrap_or_default();
                let content = self.reader.read(position)?.content;
                proto::LedgerEntry::decode(content.as_slice()).map_err(Fault::undecodable)
            };
            next(record.sequence, &entry, &fetch).map_err(|error| misfit(&error))?;
            if record.sequence.is_multiple_of(TOLD_EVERY) {
                bar.inc(TOLD_EVERY);
            }
        }
        bar.finish_and_clear();
        Ok(())
    }
}

/// Verifies a ledger from its first entry; the first that does not fit is named.
pub(super) fn verify(store: &Path, rules: &Path, lang: Lang) -> Result<String, Stopped> {
    let journal = journal_of(store)?;
    let book = service::read_rules(rules).map_err(|error| Stopped::Usage(chain(&error)))?;
    let mut verifier = Verifier::new(&book);
    let mut walked = Walked::of(&journal)?;
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
