//! What nearly every request asks for, decoded: persons, facilities, the catalogue entries of an item code, and years.

use crate::store::fault::Fault;
use crate::store::index::posting::AsItIs;
use crate::store::index::posting::Key;

use quick_cache::UnitWeighter;
use quick_cache::sync::Cache;

use std::fmt;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

/// How many of a kind are kept: who comes rarely makes room for who comes again.
const KEPT_MAX: usize = 65_536;

/// What was decoded, and from which entry it is.
pub(super) struct Decoded<T> {
    kept: Cache<Key, (u64, Arc<T>), UnitWeighter, BuildHasherDefault<AsItIs>>,
}

impl<T> Default for Decoded<T> {
    fn default() -> Decoded<T> {
        let weight = u64::try_from(KEPT_MAX).unwrap_or(u64::MAX);
        let kept = Cache::with(
            KEPT_MAX,
            weight,
            UnitWeighter,
            BuildHasherDefault::default(),
            Default::default(),
        );
        Decoded { kept }
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
        if let Some((from, value)) = self.kept.get(&key)
            && from == number
        {
            return Ok(value);
        }
        let value = Arc::new(read()?);
        self.kept.insert(key, (number, Arc::clone(&value)));
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

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let decoded = Decoded::default();
        for key in 0..KEPT_MAX * 2 {
            let key = Key(u128::try_from(key).unwrap());
            decoded.get(key, 1, || Ok(())).unwrap();
        }
        assert!(decoded.kept.len() <= KEPT_MAX);
    }
}
