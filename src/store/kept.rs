//! A bounded memory of what was found under keys: who comes rarely makes room for who comes again.

use crate::store::index::posting::AsItIs;
use crate::store::index::posting::Key;

use quick_cache::UnitWeighter;
use quick_cache::sync::Cache;
use quick_cache::sync::DefaultLifecycle;

use std::fmt;
use std::hash::BuildHasherDefault;

/// How many of a kind are kept.
pub(super) const KEPT_MAX: usize = 65_536;

/// What was found, and the number of the entry of which that holds.
pub(super) struct Kept<T> {
    kept: Cache<Key, (u64, T), UnitWeighter, BuildHasherDefault<AsItIs>>,
}

impl<T: Clone> Default for Kept<T> {
    fn default() -> Kept<T> {
        let weight = u64::try_from(KEPT_MAX).unwrap_or(u64::MAX);
        let (hasher, lifecycle) = (BuildHasherDefault::default(), DefaultLifecycle::default());
        Kept { kept: Cache::with(KEPT_MAX, weight, UnitWeighter, hasher, lifecycle) }
    }
}

impl<T> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

impl<T: Clone> Kept<T> {
    /// What is kept under a key.
    pub(super) fn get(&self, key: Key) -> Option<(u64, T)> {
        self.kept.get(&key)
    }

    /// Keeps what was found.
    pub(super) fn put(&self, key: Key, number: u64, found: T) {
        self.kept.insert(key, (number, found));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let kept = Kept::default();
        for key in 0..KEPT_MAX * 2 {
            kept.put(Key(u128::try_from(key).unwrap()), 1, ());
        }
        assert!(kept.kept.len() <= KEPT_MAX);
    }
}
