//! The index as it follows the journal: found as it was closed or built anew, at opening and while the store is open.

use crate::proto;
use crate::store::apply::apply;
use crate::store::fault::Fault;
use crate::store::halt::Lost;
use crate::store::index;
use crate::store::index::Index;
use crate::store::index::Seal;
use crate::store::index::SetAside;
use crate::store::index::view::View;
use crate::store::journal;
use crate::store::journal::Head;
use crate::store::journal::error::Damage;
use crate::store::journal::error::JournalError;
use crate::store::journal::reader::Reader;

use prost::Message;

use std::path::Path;
use std::path::PathBuf;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::RwLockReadGuard;

/// How many values are put in order before they are written: the more, the closer together they fall.
const VALUES_AT_ONCE: usize = 400_000;

/// The index of a store. There is none while it is built anew.
#[derive(Debug)]
pub(super) struct Following {
    directory: PathBuf,
    cache_bytes: u64,
    index: RwLock<Option<Index>>,
}

/// What bringing the index up found and did.
pub(super) struct Found {
    /// Why the index was set aside, and where it is now.
    pub(super) set_aside: SetAside,
    /// How many entries the index followed.
    pub(super) replayed: u64,
}

impl Following {
    /// Takes the index of a store in a directory as it was closed with this seal, or builds it anew.
    pub(super) fn open(
        directory: &Path,
        cache_bytes: u64,
        seal: Option<Seal>,
        (head, reader): (Head, &Reader),
    ) -> Result<(Following, Found), Fault> {
        let path = directory.join("index");
        let mut set_aside = aside_unless_sealed(&path, seal)?;
        let (mut index, aside) = Index::open_or_renew(&path, cache_bytes)?;
        set_aside = set_aside.or(aside);
        if let Some(why) = misfit(&index, head, reader)? {
            index.discard();
            set_aside = index::set_aside(&path, &why)?;
            index = Index::begin(&path, cache_bytes)?;
        }
        let replayed = replay(&index, &directory.join("journal"), head)?;
        let index = RwLock::new(Some(index));
        let following = Following { directory: directory.to_owned(), cache_bytes, index };
        Ok((following, Found { set_aside, replayed }))
    }

    /// The index, unless it is being built anew.
    pub(super) fn index(&self) -> RwLockReadGuard<'_, Option<Index>> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Builds the index anew while the store is open; `head` is where the journal ends. Returns how many entries it followed.
    pub(super) fn renew(&self, lost: Lost, head: Head) -> Result<u64, Fault> {
        if let Some(index) = self.take() {
            index.discard();
        }
        let path = self.directory.join("index");
        match lost {
            // What it takes may be what is missing on the disk.
            Lost::Behind => index::remove(&path)?,
            Lost::Unreadable => drop(index::set_aside(&path, "it could not be read any more")?),
        }
        let index = Index::begin(&path, self.cache_bytes)?;
        let replayed = replay(&index, &self.directory.join("journal"), head);
        if replayed.is_err() {
            index.discard();
        } else {
            *self.index.write().unwrap_or_else(PoisonError::into_inner) = Some(index);
        }
        replayed
    }

    /// Takes the index out of use, once nobody reads it any more.
    pub(super) fn take(&self) -> Option<Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Puts an index away that is not as it was closed: with nothing wrong that is known it is removed, else set aside.
fn aside_unless_sealed(path: &Path, seal: Option<Seal>) -> Result<SetAside, Fault> {
    let Some(seal) = seal else {
        index::remove(path)?;
        return Ok(None);
    };
    match Seal::of(path) {
        Ok(found) if found == seal => Ok(None),
        Ok(_) => index::set_aside(path, "its files are not as they were when it was closed"),
        Err(error) => index::set_aside(path, &format!("its files cannot be read: {error}")),
    }
}

/// Why the index cannot belong to this journal, if it cannot.
fn misfit(index: &Index, head: Head, reader: &Reader) -> Result<Option<String>, Fault> {
    let stands_at = index.stands_at()?;
    if stands_at.sequence == 0 {
        return Ok(None);
    }
    if head.sequence < stands_at.sequence {
        let (index, journal) = (stands_at.sequence, head.sequence);
        return Ok(Some(format!("the index is at {index}, the journal only at {journal}")));
    }
    let link = View::of(index).link(stands_at.sequence)?;
    let digest = match link {
        Some(link) => reader.read(link.position).map(|record| record.digest).ok(),
        None => None,
    };
    if digest == Some(stands_at.digest) {
        return Ok(None);
    }
    Ok(Some(format!("the index does not know entry {} as the journal has it", stands_at.sequence)))
}

/// Follows what the journal has more than the index.
fn replay(index: &Index, journal: &Path, head: Head) -> Result<u64, Fault> {
    let from = index.stands_at()?.sequence + 1;
    if head.sequence < from {
        return Ok(0);
    }
    let mut view = View::of(index);
    let mut last = from - 1;
    for record in journal::walk::walk(journal, from)? {
        let (record, position) = record?;
        if head.sequence < record.sequence {
            break;
        }
        let entry = proto::LedgerEntry::decode(&*record.content).map_err(Fault::undecodable)?;
        apply(&mut view, record.sequence, &entry)?;
        view.place(record.sequence, position);
        last = record.sequence;
        if VALUES_AT_ONCE <= view.len() {
            view.load(Head { sequence: last, digest: record.digest })?;
        }
    }
    if last < head.sequence {
        let damage = Damage::Acknowledged { last, acknowledged: head.sequence };
        return Err(JournalError::damaged(journal, 0, damage).into());
    }
    view.load(head)?;
    Ok(head.sequence + 1 - from)
}
