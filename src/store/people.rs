//! Persons by what people say and cards hold: the beginning of a name.

use crate::id::PersonId;
use crate::store::Store;
use crate::store::fault::Fault;
use crate::store::index::keys;

impl Store {
    /// Persons that were put with a name that begins so, now or earlier; at most so many.
    pub fn persons_named(&self, beginning: &str, most: usize) -> Result<Vec<PersonId>, Fault> {
        let under = keys::persons_named(beginning);
        let found = self.read(|view| view.index().some_under(&under, most))?;
        let read = |bytes: &sled::IVec| PersonId::parse(std::str::from_utf8(bytes).ok()?);
        Ok(found.iter().filter_map(read).collect())
    }
}
