//! Signatures that were used: the same request a second time, with the same signature, is refused for as long as its timestamp would
//! still be taken.
//!
//! A client that sends a message id again signs anew, and is answered as the first time. What tells two requests of a scheme apart:
//! `x-tif-*` has a nonce, so that its signature counts once, whatever body comes with it. `_api_*` signs a time and the name of a
//! service alone, and clients sign many requests alike within a second or even a millisecond; there a signature counts once for each
//! body. Where that time is in whole seconds, the same request signed anew within a second is the same to the byte, and is taken.
//!
//! Kept in memory and in files beside the ledger, so that one that was used before a restart is known after it.

mod kept;

use crate::his::auth::Signed;
use crate::his::replay::kept::Kept;
use crate::his::replay::kept::Once;

use sha2::Digest;
use sha2::Sha256;

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;

/// Most signatures that are remembered, about 100 MB; beyond that the oldest are forgotten first.
const REMEMBERED_MAX: usize = 1_000_000;
/// For how long a request that was signed in whole seconds cannot be told from one signed anew. Unit: milliseconds.
const SAME_SECOND: i64 = 1000;

/// The signatures that were used.
#[derive(Debug, Default)]
pub(super) struct Replays {
    used: Mutex<Used>,
}

#[derive(Debug, Default)]
struct Used {
    /// When each was used first. Unit: milliseconds since 1970.
    first: BTreeMap<[u8; 32], i64>,
    /// All of them in the order in which they came, and when each can be forgotten.
    order: VecDeque<([u8; 32], i64)>,
    /// Where they are kept over a restart.
    kept: Option<Kept>,
}

impl Replays {
    /// Those that a data directory holds, where more are kept from now on. `now`, and for how long after its own time a signature
    /// is taken, in milliseconds.
    pub(super) fn of(data: &Path, (now, lives): (i64, u64)) -> Replays {
        let lives = i64::try_from(lives).unwrap_or(i64::MAX);
        // One may be of a time to come, as far as it may be of the past.
        let (kept, held) = Kept::open(data, lives.saturating_mul(2), now);
        let mut used = Used { kept: Some(kept), ..Used::default() };
        for once in held.into_iter().filter(|once| now <= once.until) {
            used.know(&once);
        }
        Replays { used: Mutex::new(used) }
    }

    /// Whether a signature that holds is used for the first time, which it is from now on.
    ///
    /// `now`, and for how long after its own time a signature is taken, in milliseconds.
    pub(super) fn is_new(
        &self,
        signed: &Signed<'_>,
        body: &[u8],
        (now, lives): (i64, u64),
    ) -> bool {
        let lives = i64::try_from(lives).unwrap_or(i64::MAX);
        let mut hash = Sha256::new();
        hash.update([u8::from(signed.has_nonce)]);
        hash.update(signed.message.as_bytes());
        if !signed.has_nonce {
            hash.update([0]);
            hash.update(body);
        }
        let name: [u8; 32] = hash.finalize().into();
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.forget(now);
        if let Some(first) = used.first.get(&name) {
            return !signed.has_nonce && signed.in_seconds && now - first < SAME_SECOND;
        }
        let once = Once { name, first: now, until: signed.at.saturating_add(lives) };
        used.know(&once);
        if let Some(kept) = &mut used.kept {
            kept.add(&once);
        }
        true
    }
}

impl Used {
    fn know(&mut self, once: &Once) {
        self.first.insert(once.name, once.first);
        self.order.push_back((once.name, once.until));
    }

    /// Drops what would be refused for its time anyway. What comes later in the order may have to be kept for less long; it is
    /// dropped a little late.
    fn forget(&mut self, now: i64) {
        while let Some((name, until)) = self.order.front()
            && (*until < now || REMEMBERED_MAX <= self.order.len())
        {
            self.first.remove(name);
            self.order.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::config::HisKey;

    const WINDOW: u64 = 1_800_000;

    fn key() -> HisKey {
        HisKey {
            id: "AK".to_owned(),
            secret: "SK".to_owned(),
            role: crate::access::Role::His,
            facilities: Vec::new(),
            cainfo: Default::default(),
            sm2_public_key: String::new(),
        }
    }

    #[test]
    fn a_nonce_counts_once_until_its_time_is_over() {
        let (key, replays) = (key(), Replays::default());
        let signed = |message: &str| Signed {
            key: &key,
            message: message.to_owned(),
            has_nonce: true,
            at: 1000,
            in_seconds: true,
        };
        assert!(replays.is_new(&signed("a"), b"one", (2000, WINDOW)));
        assert!(!replays.is_new(&signed("a"), b"one", (2001, WINDOW)));
        assert!(!replays.is_new(&signed("a"), b"another", (1_801_000, WINDOW)));
        assert!(replays.is_new(&signed("b"), b"one", (2002, WINDOW)));
        // From here on the timestamp itself is refused, so that nothing need be remembered.
        assert!(replays.is_new(&signed("c"), b"", (1_801_001, WINDOW)));
        assert_eq!(replays.used.lock().unwrap().first.len(), 1);
    }

    #[test]
    fn a_restart_forgets_no_signature_that_could_still_be_taken() {
        let (home, key) = (tempfile::tempdir().unwrap(), key());
        let signed = |message: &str, at| Signed {
            key: &key,
            message: message.to_owned(),
            has_nonce: true,
            at,
            in_seconds: true,
        };
        let (now, later) = (10_000_000, 10_000_000 + 1_800_000);
        let replays = Replays::of(home.path(), (now, WINDOW));
        // One clock is right, one is as far ahead as may be.
        for (message, at) in [("a", now), ("ahead", later)] {
            assert!(replays.is_new(&signed(message, at), b"", (now, WINDOW)));
        }
        drop(replays);
        let replays = Replays::of(home.path(), (now + 1, WINDOW));
        assert!(!replays.is_new(&signed("a", now), b"", (now + 1, WINDOW)));
        assert!(replays.is_new(&signed("b", now), b"", (now + 1, WINDOW)));
        drop(replays);
        let replays = Replays::of(home.path(), (later + 1, WINDOW));
        assert!(!replays.is_new(&signed("ahead", later), b"", (later + 1, WINDOW)));
        assert_eq!(replays.used.lock().unwrap().first.len(), 1, "what is over is let go");
    }

    #[test]
    fn without_a_nonce_the_same_body_counts_once_and_in_whole_seconds_within_a_second() {
        let (key, replays) = (key(), Replays::default());
        let signed = |message: &str, in_seconds| Signed {
            key: &key,
            message: message.to_owned(),
            has_nonce: false,
            at: 1000,
            in_seconds,
        };
        assert!(replays.is_new(&signed("ms", false), b"one", (2000, WINDOW)));
        assert!(!replays.is_new(&signed("ms", false), b"one", (2001, WINDOW)));
        assert!(replays.is_new(&signed("ms", false), b"two", (2001, WINDOW)));
        assert!(replays.is_new(&signed("s", true), b"one", (2000, WINDOW)));
        assert!(replays.is_new(&signed("s", true), b"one", (2999, WINDOW)));
        assert!(!replays.is_new(&signed("s", true), b"one", (3000, WINDOW)));
    }
}
