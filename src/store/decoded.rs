//! What nearly every request asks for, decoded: persons, facilities, the catalogue entries of an item code, and years.

use crate::store::fault::Fault;
use crate::store::index::posting::Key;
use crate::store::kept::Kept;

use std::sync::Arc;

/// What was decoded, and from which entry it is.
#[derive(Debug)]
pub(super) struct Decoded<T> {
    kept: Kept<Arc<T>>,
}

impl<T> Default for Decoded<T> {
    fn default() -> Decoded<T> {
        Decoded { kept: Kept::default() }
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
        if let Some((from, value)) = self.kept.get(key)
            && from == number
        {
            return Ok(value);
        }
        let value = Arc::new(read()?);
        self.kept.put(key, number, Arc::clone(&value));
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
