//! What callers can ask: read, decide, append. All effects and the only clock are here; amounts are the core's.

pub mod office;
mod opening;
mod operators;
mod people;
mod packs;
mod query;
pub mod quote;
mod register;
mod reverse;
mod settle;
pub mod visit;
pub mod national;
mod standing;
mod trail;

pub use crate::service::query::ListPage;
pub use crate::service::trail::Onlooker;

use crate::admission::Admission;
use crate::bill::Bill;
use crate::bill::Charges;
use crate::calendar::Moment;
use crate::clearing_types::ClearingTypes;
use crate::folder;
use crate::folder::FolderError;
use crate::id::FacilityId;
use crate::id::PersonId;
use crate::id::RequestId;
use crate::proto;
use crate::proto::ledger_entry::Kind;
use crate::refusal::EntryName;
use crate::refusal::Refusal;
use crate::register::Catalogue;
use crate::register::Facility;
use crate::register::Person;
use crate::rules::PackError;
use crate::rules::PackFile;
use crate::rules::RuleBook;
use crate::store::Receipt;
use crate::store::Store;
use crate::store::Stored;
use crate::store::apply::ENTRY_VERSION;
use crate::store::fault::Fault;
use crate::store::halt::Halted;
use crate::store::journal::record::RECORD_BYTES_MAX;
use crate::store::seal::Place;
use crate::table::settlements::ColumnNames;
use crate::trail::Trail;

use prost::Message;
use tokio::sync::watch;

use std::hash::BuildHasher;
use std::hash::BuildHasherDefault;
use std::hash::DefaultHasher;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

/// How often a write begins again because another was faster.
const RETRIES_MAX: u32 = 16;
/// Writes for one person go one after another; persons share this many locks.
const LOCKS: usize = 1024;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The caller must do something else. Nothing was written.
    #[error("{}", .0.sentence(crate::refusal::Lang::En))]
    Refusal(Refusal),
    /// The operator must do something.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        Failure::Refusal(refusal)
    }
}

/// Why the pack folder was not taken over.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// The folder cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A pack is not as it should be.
    #[error("{} complaints about rule packs; the first: {}", .0.len(), first(.0))]
    Packs(Vec<PackError>),
    /// What is taken over is recorded first, and could not be.
    #[error("the packs could not be recorded as read again; nothing was taken over")]
    Record(#[source] Box<Failure>),
}

fn first(errors: &[PackError]) -> String {
    errors.first().map(ToString::to_string).unwrap_or_default()
}

/// The service behind every way in: gRPC, JSON, pages and the national interface.
#[derive(Debug)]
pub struct Service {
    store: Store,
    book: RwLock<Arc<RuleBook>>,
    rules: PathBuf,
    /// Whether lines may carry their own catalogue facts (spec 2.4).
    line_facts: bool,
    locks: Vec<tokio::sync::Mutex<()>>,
    /// Writes for one visit go one after another too; a person's turn comes within a visit's.
    visit_locks: Vec<tokio::sync::Mutex<()>>,
    register_lock: tokio::sync::Mutex<()>,
    office_lock: tokio::sync::Mutex<()>,
    columns: ColumnNames,
    clearing_types: ClearingTypes,
    trail: Option<Trail>,
    started: Moment,
}

/// Reads all packs of a folder.
pub fn read_rules(folder: &std::path::Path) -> Result<RuleBook, RulesError> {
    let files = folder::pack_files(folder)?;
    RuleBook::read(&files).map_err(RulesError::Packs)
}

/// Now. The only place that asks.
#[allow(clippy::disallowed_methods, reason = "the one clock")]
pub fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    Moment::from_unix_millis(millis).or_else(|| Moment::from_unix_millis(0)).unwrap_or_default()
}

impl Service {
    /// A service on a store and the packs of a folder.
    pub fn new(store: Store, book: RuleBook, rules: PathBuf, line_facts: bool) -> Service {
        let some = || (0..LOCKS).map(|_| tokio::sync::Mutex::new(())).collect();
        let (locks, visit_locks) = (some(), some());
        let book = RwLock::new(Arc::new(book));
        let (register_lock, office_lock) = Default::default();
        Service {
            store,
            book,
            rules,
            line_facts,
            locks,
            visit_locks,
            register_lock,
            office_lock,
            columns: ColumnNames::default(),
            clearing_types: ClearingTypes::default(),
            trail: None,
            started: now(),
        }
    }

    /// With other names for the columns of hospitals' lists, and a region's clearing types.
    #[must_use]
    pub fn naming(mut self, columns: ColumnNames, clearing_types: ClearingTypes) -> Service {
        self.columns = columns;
        self.clearing_types = clearing_types;
        self
    }

    /// Under which clearing types medical types are cleared.
    pub fn clearing_types(&self) -> &ClearingTypes {
        &self.clearing_types
    }

    /// With a trail in which looks at persons' records are recorded.
    #[must_use]
    pub fn recording(mut self, trail: Trail) -> Service {
        self.trail = Some(trail);
        self
    }

    /// What the columns of hospitals' lists are called.
    pub fn columns(&self) -> &ColumnNames {
        &self.columns
    }

    /// The packs in force.
    pub fn book(&self) -> Arc<RuleBook> {
        Arc::clone(&self.book.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The packs of the folder, with edited ones in place of those of the same family and first day. The packs in force stay.
    pub fn book_with(&self, edited: Vec<PackFile>) -> Result<RuleBook, RulesError> {
        let mut files = folder::pack_files(&self.rules)?;
        files.retain(|file| {
            let stands_for = |one: &PackFile| file.path.ends_with(&format!("/{}", one.path));
            !edited.iter().any(stands_for)
        });
        files.extend(edited);
        RuleBook::read(&files).map_err(RulesError::Packs)
    }

    /// Where the store is, for whoever reads the ledger beside the service.
    pub fn place(&self) -> Place<'_> {
        self.store.place()
    }

    /// Finishes what was accepted and closes the store.
    pub fn close(self) -> Result<(), Fault> {
        self.store.close()
    }

    /// To wait for a failure after which the store must be opened again.
    pub fn halted(&self) -> watch::Receiver<Halted> {
        self.store.halted()
    }

    /// The store's last entry.
    pub fn head(&self) -> Result<crate::store::journal::Head, Fault> {
        self.store.head()
    }

    fn lock_of(&self, person: &PersonId) -> &tokio::sync::Mutex<()> {
        one_of(&self.locks, person.as_str())
    }

    /// Person, facility and catalogue entries for an admission.
    fn look_up(&self, admission: &Admission, bill: Option<&Bill>) -> Result<LookedUp, Failure> {
        let person = self.store.person(&admission.person)?.ok_or(Refusal::UnknownPerson)?;
        let facility = match &admission.facility {
            Some(id) => Some(self.facility(id)?),
            None => None,
        };
        let catalogue = match bill.map(|bill| &bill.charges) {
            Some(Charges::Lines(lines)) => {
                self.store.catalogue(lines.iter().map(|line| line.code.as_str()))?
            }
            Some(Charges::Totals { .. }) | None => Catalogue::default(),
        };
        Ok(LookedUp { person, facility, catalogue })
    }

    fn facility(&self, id: &FacilityId) -> Result<Arc<Facility>, Failure> {
        let unknown = || Refusal::UnknownFacility { facility: id.to_string() };
        Ok(self.store.facility(id)?.ok_or_else(unknown)?)
    }

    /// The entry that a request made before, if any.
    fn made_by(
        &self,
        (facility, request): &(FacilityId, RequestId),
    ) -> Result<Option<Stored>, Failure> {
        let Some(sequence) = self.store.by_request(facility, request)? else { return Ok(None) };
        let stored = self.stored(sequence)?;
        if let Some(Kind::Cancellation(taken)) = &stored.entry.kind
            && taken.request_id == request.as_str()
        {
            return Err(Refusal::RequestCancelled.into());
        }
        Ok(Some(stored))
    }

    fn stored(&self, sequence: u64) -> Result<Stored, Failure> {
        let unknown = || Refusal::UnknownEntry { name: sequence.to_string() };
        Ok(self.store.entry(sequence)?.ok_or_else(unknown)?)
    }

    /// What a caller calls an entry.
    fn entry_name(&self, sequence: u64) -> Result<EntryName, Failure> {
        let stored = self.stored(sequence)?;
        let id = match &stored.entry.kind {
            Some(Kind::Settlement(record)) => record
                .request
                .as_ref()
                .and_then(|request| request.admission.as_ref())
                .map(|admission| admission.id.clone()),
            Some(Kind::Opening(opening)) => {
                opening.request.as_ref().map(|request| request.id.clone())
            }
            Some(Kind::Reversal(reversal)) => Some(format!("-{}", reversal.of_id)),
            Some(
                Kind::Register(_)
                | Kind::Visit(_)
                | Kind::Sign(_)
                | Kind::File(_)
                | Kind::Cancellation(_)
                | Kind::Office(_),
            )
            | None => None,
        };
        Ok(EntryName { id: id.unwrap_or_default(), sequence })
    }
}

struct LookedUp {
    person: Arc<Person>,
    facility: Option<Arc<Facility>>,
    catalogue: Catalogue,
}

/// The lock that a name shares with others.
fn one_of<'l>(locks: &'l [tokio::sync::Mutex<()>], name: &str) -> &'l tokio::sync::Mutex<()> {
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(name);
    let index = usize::try_from(hash % 1024).unwrap_or_default();
    &locks[index % LOCKS]
}

/// A ledger entry of now. One that is longer than a record of the journal may be is refused here, before it is in a group
/// with those of others.
fn entry(kind: Kind, at: Moment) -> Result<proto::LedgerEntry, Refusal> {
    let recorded_at = at.to_string();
    let entry = proto::LedgerEntry {
        version: ENTRY_VERSION,
        recorded_at,
        kind: Some(kind),
        salt: Vec::new(),
    };
    refuse_too_long(entry.encoded_len())?;
    Ok(entry)
}

fn refuse_too_long(bytes: usize) -> Result<(), Refusal> {
    if RECORD_BYTES_MAX < bytes {
        let what = "bytes in one ledger entry".to_owned();
        return Err(Refusal::TooMany { what, max: RECORD_BYTES_MAX });
    }
    Ok(())
}

/// An entry as it was acknowledged.
fn acknowledged(receipt: Receipt, entry: proto::LedgerEntry) -> Stored {
    let Receipt { sequence, digest } = receipt;
    Stored { sequence, digest, entry, reversed_by: 0 }
}

fn used_for_another_kind() -> Failure {
    Failure::Refusal(Refusal::RequestIdReused { field: "request".to_owned() })
}
