//! The index as it follows the journal: found as it was left or built anew, at opening and while the store is open.

use crate::store::fault::Fault;
use crate::store::index;
use crate::store::index::Index;
use crate::store::index::SetAside;
use crate::store::index::Unopened;
use crate::store::journal::Head;
use crate::store::journal::reader::Reader;
use crate::store::seal::Place;
use crate::store::seal::Seal;

use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::RwLockReadGuard;

/// The index of a store. There is none while it is built anew.
#[derive(Debug)]
pub(super) struct Following {
    directory: PathBuf,
    seal: Seal,
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
    /// Takes the index of a store in a directory as far as it goes, or builds it anew.
    pub(super) fn open(
        Place { directory, seal }: Place<'_>,
        (head, reader): (Head, &Reader),
    ) -> Result<(Following, Found), Fault> {
        let path = directory.join("index");
        let (mut index, mut set_aside) = match Index::open(&path, seal) {
            Ok(index) => (index, None),
            Err(unopened) => renewed(&path, seal, unopened)?,
        };
        if let Some(why) = misfit(&index, head, reader)? {
            index.discard();
            set_aside = index::set_aside(&path, &why)?;
            index = begin(&path, seal)?;
        }
        let replayed = index.follow(&directory.join("journal"), head)?;
        let index = RwLock::new(Some(index));
        let (directory, seal) = (directory.to_owned(), seal.clone());
        let following = Following { directory, seal, index };
        Ok((following, Found { set_aside, replayed }))
    }

    /// The index, unless it is being built anew.
    pub(super) fn index(&self) -> RwLockReadGuard<'_, Option<Index>> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Builds the index anew while the store is open; `head` is where the journal ends. Returns how many entries it followed.
    pub(super) fn renew(&self, head: Head) -> Result<u64, Fault> {
        if let Some(index) = self.take() {
            index.discard();
        }
        let path = self.directory.join("index");
        index::set_aside(&path, "it could not be read any more")?;
        let index = begin(&path, &self.seal)?;
        let replayed = index.follow(&self.directory.join("journal"), head);
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

/// Sets an index aside that cannot be opened, and begins anew.
fn renewed(path: &Path, seal: &Seal, unopened: Unopened) -> Result<(Index, SetAside), Fault> {
    match unopened {
        Unopened::Full(source) => Err(Fault::File { path: path.to_owned(), source }),
        Unopened::Unusable(why) => {
            let set_aside = index::set_aside(path, &why)?;
            Ok((begin(path, seal)?, set_aside))
        }
    }
}

/// Begins an index in a directory that is not there.
fn begin(path: &Path, seal: &Seal) -> Result<Index, Fault> {
    let source = match Index::open(path, seal) {
        Ok(index) => return Ok(index),
        Err(Unopened::Full(source)) => source,
        Err(Unopened::Unusable(why)) => io::Error::other(why),
    };
    Err(Fault::File { path: path.to_owned(), source })
}

/// Why the index cannot belong to this journal, if it cannot.
fn misfit(index: &Index, head: Head, reader: &Reader) -> Result<Option<String>, Fault> {
    let stands_at = index.head();
    if stands_at.sequence == 0 {
        return Ok(None);
    }
    if head.sequence < stands_at.sequence {
        let (index, journal) = (stands_at.sequence, head.sequence);
        return Ok(Some(format!("the index is at {index}, the journal only at {journal}")));
    }
    let row = index.row(stands_at.sequence)?;
    let digest = row.and_then(|row| reader.read(row.position).ok()).map(|record| record.digest);
    if digest == Some(stands_at.digest) {
        return Ok(None);
    }
    Ok(Some(format!("the index does not know entry {} as the journal has it", stands_at.sequence)))
}
