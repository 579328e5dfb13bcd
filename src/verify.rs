//! Verification (账本校验): every entry is settled again with the pack that it names and compared to the fen, all accumulators are
//! folded again, and the first entry that does not fit is named. Spec 9.7.
//!
//! Reads entries as it is given them; whoever walks the journal has checked its digests.

mod again;
pub mod corrections;
pub mod what_if;

use crate::accumulators::AccumulatorKey;
use crate::accumulators::Accumulators;
use crate::accumulators::Sums;
use crate::proto;
use crate::proto::ledger_entry::Kind;
use crate::rules::RuleBook;
use crate::store::apply::accumulators_of;
use crate::store::apply::check_version;
use crate::store::apply::opening_key;
use crate::store::apply::settlement_key;
use crate::store::apply::writer;
use crate::store::fault::Fault;
use crate::store::visit::visit_id;
use crate::wire::compare;
use crate::wire::from_proto;
use crate::wire::to_proto;

use std::collections::BTreeMap;

/// Why an entry does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// Its request id was used before.
    #[error("its request id was used by entry {0}")]
    RequestId(u64),
    /// Its admission or opening reference has an effective entry.
    #[error("entry {0} for the same admission or reference is still effective")]
    StillEffective(u64),
    /// It undoes something that is not the latest effective entry of its year.
    #[error("it undoes entry {of}, but {latest} is the latest effective entry of that year")]
    NotLatest {
        /// What it undoes.
        of: u64,
        /// What it could undo; 0: nothing.
        latest: u64,
    },
    /// The pack that it names is not there, or has changed since.
    #[error("the pack {pack} with digest {digest} is not among the packs")]
    Pack {
        /// Family and effective date.
        pack: String,
        /// As recorded.
        digest: String,
    },
    /// Settled again, it comes out differently.
    #[error("settled again, `{field}` differs")]
    Statement {
        /// The first field that differs.
        field: String,
    },
    /// It is not the next entry of its visit.
    #[error("it is entry {version} of its visit, which has {entries} before it")]
    Visit {
        /// As recorded.
        version: u64,
        /// How many there are before it.
        entries: u64,
    },
    /// Its accumulators are not the fold of the ledger.
    #[error("its accumulators are not the fold of the entries before it: `{field}` differs")]
    Accumulators {
        /// The first field that differs.
        field: String,
    },
}

impl From<Fault> for Misfit {
    fn from(fault: Fault) -> Misfit {
        Misfit::Unreadable(crate::store::fault::chain(&fault))
    }
}

/// What was verified.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verified {
    /// All entries.
    pub entries: u64,
    /// Settlements, each settled again.
    pub settlements: u64,
    /// Reversals.
    pub reversals: u64,
    /// Opening balances.
    pub openings: u64,
    /// Writes to registers.
    pub registers: u64,
    /// Records of the back office.
    pub office: u64,
    /// Writes to visits.
    pub visits: u64,
    /// Sign-ins and sign-outs.
    pub signs: u64,
    /// Files that are kept.
    pub files: u64,
    /// Request ids that were taken back.
    pub cancellations: u64,
}

/// A benefit year as the entries so far make it.
#[derive(Debug, Clone, Default)]
struct Year {
    version: u64,
    /// The effective entries, the latest last.
    effective: Vec<u64>,
    sums: Sums,
}

/// Folds a ledger from its first entry.
#[derive(Debug)]
pub struct Verifier<'b> {
    book: &'b RuleBook,
    years: BTreeMap<AccumulatorKey, Year>,
    /// Facility and request id of every write.
    requests: BTreeMap<(String, String), u64>,
    /// What is effective: facility and admission, or key and reference.
    effective: BTreeMap<(String, String), u64>,
    /// Facility and visit, and how many entries it has.
    visits: BTreeMap<(String, String), u64>,
    verified: Verified,
}

impl<'b> Verifier<'b> {
    /// With the packs that entries name.
    pub fn new(book: &'b RuleBook) -> Verifier<'b> {
        Verifier {
            book,
            years: BTreeMap::new(),
            requests: BTreeMap::new(),
            effective: BTreeMap::new(),
            visits: BTreeMap::new(),
            verified: Verified::default(),
        }
    }

    /// What has been verified so far.
    pub fn verified(&self) -> Verified {
        self.verified
    }

    /// What stands in a year so far.
    fn stands(&self, key: &AccumulatorKey) -> Accumulators {
        let year = self.years.get(key);
        year.map_or_else(Accumulators::default, |year| Accumulators {
            version: year.version,
            sums: year.sums.clone(),
        })
    }

    /// The accumulators of every year so far.
    pub fn accumulators(&self) -> impl Iterator<Item = (&AccumulatorKey, Accumulators)> {
        self.years.iter().map(|(key, year)| {
            (key, Accumulators { version: year.version, sums: year.sums.clone() })
        })
    }

    /// Verifies the next entry; `fetch` reads an earlier one again, which a reversal needs.
    pub fn next(
        &mut self,
        sequence: u64,
        entry: &proto::LedgerEntry,
        fetch: &dyn Fn(u64) -> Result<proto::LedgerEntry, Fault>,
    ) -> Result<(), Misfit> {
        check_version(entry)?;
        let Some((writer, kind)) = writer(entry) else {
            return Err(Misfit::Unreadable("it has no content".to_owned()));
        };
        let name = (writer.facility.clone(), writer.request_id.clone());
        if let Some(before) = self.requests.insert(name, sequence) {
            return Err(Misfit::RequestId(before));
        }
        match kind {
            Kind::Settlement(record) => self.settlement(sequence, record)?,
            Kind::Opening(opening) => self.opening(sequence, opening)?,
            Kind::Reversal(reversal) => self.reversal(reversal, fetch)?,
            Kind::Register(_) => self.verified.registers += 1,
            Kind::Office(_) => self.verified.office += 1,
            Kind::Visit(write) => self.visit((sequence, &entry.recorded_at), write)?,
            Kind::Sign(_) => self.verified.signs += 1,
            Kind::File(_) => self.verified.files += 1,
            Kind::Cancellation(taken) => {
                let name = (writer.facility.clone(), taken.request_id.clone());
                if let Some(before) = self.requests.insert(name, sequence) {
                    return Err(Misfit::RequestId(before));
                }
                self.verified.cancellations += 1;
            }
        }
        self.verified.entries += 1;
        Ok(())
    }

    /// A write to a visit is the next one of that visit.
    fn visit(
        &mut self,
        (sequence, recorded_at): (u64, &str),
        write: &proto::VisitWrite,
    ) -> Result<(), Misfit> {
        let facility = write.writer.as_ref().map(|writer| writer.facility.clone());
        let opens = write.visit.is_empty();
        let id = if opens { visit_id(recorded_at, sequence) } else { write.visit.clone() };
        self.next_of_visit((facility.unwrap_or_default(), id), opens, write.version)?;
        self.verified.visits += 1;
        Ok(())
    }

    fn next_of_visit(
        &mut self,
        name: (String, String),
        opens: bool,
        version: u64,
    ) -> Result<(), Misfit> {
        let entries = self.visits.entry(name).or_default();
        let before = *entries;
        *entries += 1;
        if *entries == version && opens == (before == 0) {
            return Ok(());
        }
        Err(Misfit::Visit { version, entries: before })
    }

    fn settlement(
        &mut self,
        sequence: u64,
        record: &proto::SettlementRecord,
    ) -> Result<(), Misfit> {
        let request = record.request.as_ref().filter(|request| !request.visit.is_empty());
        if let Some(request) = request {
            let facility = request.writer.as_ref().map(|writer| writer.facility.clone());
            let name = (facility.unwrap_or_default(), request.visit.clone());
            self.next_of_visit(name, false, request.visit_version.saturating_add(1))?;
        }
        let key = settlement_key(record)?;
        self.claim(name_of_settlement(record), sequence)?;
        let year = self.years.entry(key).or_default();
        let stands = Accumulators { version: year.version, sums: year.sums.clone() };
        let added = again::settle(self.book, record, &stands)?;
        stand(year, sequence, &added);
        compare(year, record.accumulators.as_ref())?;
        self.verified.settlements += 1;
        Ok(())
    }

    fn opening(&mut self, sequence: u64, opening: &proto::Opening) -> Result<(), Misfit> {
        let Some(request) = &opening.request else {
            return Err(Misfit::Unreadable("an opening balance without a request".to_owned()));
        };
        let key = opening_key(request)?;
        self.claim(name_of_opening(request), sequence)?;
        let balances = request.balances.as_ref();
        let added = from_proto::balances(balances).map_err(Fault::unreadable)?;
        let year = self.years.entry(key).or_default();
        stand(year, sequence, &added);
        compare(year, opening.accumulators.as_ref())?;
        self.verified.openings += 1;
        Ok(())
    }

    fn reversal(
        &mut self,
        reversal: &proto::Reversal,
        fetch: &dyn Fn(u64) -> Result<proto::LedgerEntry, Fault>,
    ) -> Result<(), Misfit> {
        let key = from_proto::key(reversal.key.as_ref()).map_err(Fault::unreadable)?;
        let year = self.years.entry(key).or_default();
        let latest = year.effective.pop().unwrap_or_default();
        if latest != reversal.of_number || latest == 0 {
            return Err(Misfit::NotLatest { of: reversal.of_number, latest });
        }
        // The entries before were verified, so what stood after the one below is what stood before this one.
        year.sums = match year.effective.last() {
            Some(below) => after(&fetch(*below)?)?,
            None => Sums::default(),
        };
        year.version += 1;
        compare(year, reversal.accumulators.as_ref())?;
        if let Some(name) = claimed(&fetch(latest)?) {
            self.effective.remove(&name);
        }
        self.verified.reversals += 1;
        Ok(())
    }

    /// An admission, or a reference of a year, has one effective entry at a time.
    fn claim(&mut self, name: (String, String), sequence: u64) -> Result<(), Misfit> {
        match self.effective.insert(name, sequence) {
            Some(before) => Err(Misfit::StillEffective(before)),
            None => Ok(()),
        }
    }
}

/// A settlement or opening balance stands upon the year.
fn stand(year: &mut Year, sequence: u64, added: &Sums) {
    year.sums.add(added);
    year.version += 1;
    year.effective.push(sequence);
}

/// Whether recorded accumulators are those of the fold.
fn compare(year: &Year, recorded: Option<&proto::Accumulators>) -> Result<(), Misfit> {
    let folded = to_proto::sums(&year.sums, year.version);
    let recorded = recorded.cloned().unwrap_or_default();
    if recorded == folded {
        return Ok(());
    }
    let field = compare::difference_of(&recorded, &folded).unwrap_or_default();
    Err(Misfit::Accumulators { field })
}

/// The sums after an entry, as it recorded them.
fn after(entry: &proto::LedgerEntry) -> Result<Sums, Fault> {
    let accumulators = accumulators_of(entry).cloned().unwrap_or_default();
    Ok(from_proto::accumulators(&accumulators).map_err(Fault::unreadable)?.sums)
}

/// What an effective entry claims for itself.
fn claimed(entry: &proto::LedgerEntry) -> Option<(String, String)> {
    match &entry.kind {
        Some(Kind::Settlement(record)) => Some(name_of_settlement(record)),
        Some(Kind::Opening(opening)) => opening.request.as_ref().map(name_of_opening),
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
    }
}

fn name_of_settlement(record: &proto::SettlementRecord) -> (String, String) {
    let admission = record.request.as_ref().and_then(|request| request.admission.as_ref());
    admission.map(|one| (one.facility.clone(), one.id.clone())).unwrap_or_default()
}

fn name_of_opening(request: &proto::LoadOpeningRequest) -> (String, String) {
    let proto::LoadOpeningRequest { id, person, insutype, family, benefit_year, .. } = request;
    // A zero byte is in no identifier, so that no facility is named so.
    (format!("\0{person}\0{insutype}\0{family}\0{benefit_year}"), id.clone())
}
