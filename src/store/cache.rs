//! What is asked for most: each benefit year's accumulators (年度累计) and the records of registers, as the latest entry has them.
//! Without it they are read from the journal.
//!
//! The newest values are in memory and go to sled when they make room for newer ones, or when the store is closed: a year that is
//! settled several times is written there once. Nothing is lost by that, since the cache of a store that was killed is not kept.

mod disk;

use crate::store::cache::disk::Disk;
use crate::store::index::posting::AsItIs;
use crate::store::index::posting::Key;
use crate::store::index::view::Part;
use crate::store::journal::Head;
use crate::store::seal::Seal;

use quick_cache::Lifecycle;
use quick_cache::Weighter;

use std::collections::BTreeMap;
use std::fmt;
use std::hash::BuildHasherDefault;
use std::path::Path;
use std::sync::Arc;

/// What of the cache's memory the newest values have; sled has the rest.
const NEWEST_SHARE: u64 = 4;
/// What a value takes beside its bytes, about. Unit: bytes.
const BESIDE_BYTES: u64 = 100;

/// What an entry has under a key.
type Value = (u64, Arc<[u8]>);
type Newest = quick_cache::sync::Cache<Key, Value, Length, BuildHasherDefault<AsItIs>, ToDisk>;

/// The cache.
pub(super) struct Cache {
    newest: Newest,
    disk: Arc<Disk>,
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cache")
    }
}

impl Cache {
    /// Opens the cache of a store that was closed at `closed_at`; another one, or one with another key, is removed.
    pub(super) fn open(
        directory: &Path,
        bytes: u64,
        closed_at: Option<Head>,
        seal: &Seal,
    ) -> Cache {
        let of_newest = bytes / NEWEST_SHARE;
        let disk = Arc::new(Disk::open(directory, bytes - of_newest, closed_at, seal));
        let values = usize::try_from(of_newest / 1024).unwrap_or_default();
        let (hasher, to_disk) = (BuildHasherDefault::default(), ToDisk(Arc::clone(&disk)));
        Cache { newest: Newest::with(values, of_newest, Length, hasher, to_disk), disk }
    }

    /// What is under a key, if it is from this entry.
    pub(super) fn get(&self, key: Key, number: u64) -> Option<Arc<[u8]>> {
        match self.newest.get(&key) {
            Some((from, value)) => (from == number).then_some(value),
            None => self.disk.get(key, number).map(Arc::from),
        }
    }

    /// Keeps what an entry has.
    pub(super) fn put_all(&self, parts: Vec<Part>) {
        for part in last_of_each(parts).into_values() {
            self.put(part.key, part.number, &part.bytes);
        }
    }

    /// Keeps what an entry has under a key.
    pub(super) fn put(&self, key: Key, number: u64, value: &[u8]) {
        let mut leaving = Leaving::default();
        self.newest.insert_with_lifecycle(key, (number, value.into()), &mut leaving);
        // What it replaces leaves too, and nobody asks for that any more.
        leaving.0.retain(|(_, of, (from, _))| *of != key || number <= *from);
    }

    /// Brings it to stable storage, as of a store that is closed at this entry.
    pub(super) fn close(self, directory: &Path, head: Head) {
        let Cache { newest, disk } = self;
        for (key, (number, value)) in newest.drain() {
            disk.put(key, number, &value);
        }
        drop(newest);
        if let Some(disk) = Arc::into_inner(disk) {
            disk.close(directory, head);
        }
    }
}

/// A put may name a record twice, and the last one stands. The earlier one must not be seen in between: what is found under the right
/// number is believed.
fn last_of_each(parts: Vec<Part>) -> BTreeMap<Key, Part> {
    parts.into_iter().map(|part| (part.key, part)).collect()
}

/// A value counts as many bytes as it takes.
#[derive(Clone)]
struct Length;

impl Weighter<Key, Value> for Length {
    fn weight(&self, _: &Key, (_, value): &Value) -> u64 {
        u64::try_from(value.len()).unwrap_or(u64::MAX).saturating_add(BESIDE_BYTES)
    }
}

/// Sends what makes room to sled.
#[derive(Clone)]
struct ToDisk(Arc<Disk>);

impl Lifecycle<Key, Value> for ToDisk {
    type RequestState = Leaving;

    fn on_evict(&self, leaving: &mut Leaving, key: Key, value: Value) {
        leaving.0.push((Arc::clone(&self.0), key, value));
    }
}

/// What made room for one value. It is written when nobody is kept waiting any more.
#[derive(Default)]
struct Leaving(Vec<(Arc<Disk>, Key, Value)>);

impl Drop for Leaving {
    fn drop(&mut self) {
        for (disk, key, (number, value)) in self.0.drain(..) {
            disk.put(key, number, &value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::store::journal::digest::Digest;

    #[test]
    fn of_a_record_that_an_entry_has_twice_the_last_is_kept() {
        let part = |key, bytes: &[u8]| Part { key: Key(key), number: 3, bytes: bytes.to_vec() };
        let parts = vec![part(1, b"early"), part(2, b"other"), part(1, b"late")];
        let kept: Vec<_> = last_of_each(parts).into_values().map(|part| part.bytes).collect();
        assert_eq!(kept, [b"late".to_vec(), b"other".to_vec()]);
    }

    #[test]
    fn what_is_replaced_is_not_written() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::open(&directory.path().join("cache"), 64 << 20, None, &Seal::NONE);
        for number in 1..=100 {
            cache.put(Key(7), number, b"a year");
        }
        assert_eq!(cache.get(Key(7), 100).as_deref(), Some(b"a year".as_slice()));
        assert!((1..=100).all(|number| cache.disk.get(Key(7), number).is_none()));
    }

    #[test]
    fn what_makes_room_and_what_is_there_at_the_end_is_found_in_sled() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("cache");
        let open = |closed_at| Cache::open(&path, 1 << 20, closed_at, &Seal::NONE);
        let head = Head { sequence: 9000, digest: Digest::GENESIS };
        let value = |number: u64| number.to_be_bytes().repeat(40);
        let key = |number: u64| Key(u128::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C));
        let cache = open(None);
        for number in 1..=3000 {
            cache.put(key(number), number, b"put again later");
            cache.put(key(number), number + 1, &value(number));
        }
        assert_eq!(cache.disk.get(key(1), 1), None);
        let in_memory = cache.newest.len();
        assert!((1..3000).contains(&in_memory), "{in_memory}");
        let found = |cache: &Cache| {
            (1..=3000).all(|number| {
                cache.get(key(number), number + 1).as_deref() == Some(&value(number))
                    && cache.get(key(number), number).is_none()
            })
        };
        assert!(found(&cache));
        cache.close(&path, head);
        let cache = open(Some(head));
        assert_eq!(cache.newest.len(), 0);
        assert!(found(&cache));
    }
}
