//! Records of registers that nearly every request asks for, decoded: facilities, and the catalogue entries of an item code. Persons come
//! once a year; theirs are decoded from the cache each time.

use crate::store::fault::Fault;
use crate::store::index::posting::Key;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;

/// How many are kept; whoever asks for more lets all go.
const KEPT_MAX: usize = 100_000;

/// What was decoded, and from which entry it is.
pub(super) struct Decoded<T> {
    kept: RwLock<BTreeMap<Key, (u64, Arc<T>)>>,
}

impl<T> Default for Decoded<T> {
    fn default() -> Decoded<T> {
        Decoded { kept: RwLock::default() }
    }
}

impl<T> fmt::Debug for Decoded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Decoded")
    }
}

impl<T> Decoded<T> {
    /// What an entry has under a key, read where it is not kept.
    pub(super) fn get(
        &self,
        key: Key,
        number: u64,
        read: impl FnOnce() -> Result<T, Fault>,
    ) -> Result<Arc<T>, Fault> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((from, value)) = kept.get(&key)
            && *from == number
        {
            return Ok(Arc::clone(value));
        }
        drop(kept);
        let value = Arc::new(read()?);
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if KEPT_MAX <= kept.len() {
            kept.clear();
        }
        kept.insert(key, (number, Arc::clone(&value)));
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_later_entry_has_is_read_again() {
        let decoded = Decoded::default();
        let read = |number, value| decoded.get(Key(1), number, || Ok(value)).unwrap();
        assert_eq!(*read(1, "first"), "first");
        assert_eq!(*read(1, "not asked"), "first");
        assert_eq!(*read(2, "second"), "second");
        let other = decoded.get(Key(2), 2, || Err(Fault::Unconfirmed));
        assert!(other.is_err());
        assert_eq!(*decoded.get(Key(2), 2, || Ok("other")).unwrap(), "other");
    }
}
