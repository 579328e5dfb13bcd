//! Sessions (会话): who is at a browser. The browser has a random id, here is its digest alone. Pure but for the randomness;
//! forgotten at a restart, after which everybody says again who he is.

use crate::calendar::Moment;
use crate::operators::account::Post;

use sha2::Digest;
use sha2::Sha256;

use std::collections::BTreeMap;

/// Bytes of an id before they are written in hexadecimal.
const ID_BYTES: usize = 32;
/// Most sessions at once; the one that was used least lately is ended first.
const SESSIONS_MAX: usize = 10_000;

#[derive(Debug, Clone)]
struct Session {
    name: String,
    /// Which password it was begun with: when that was set. Unit: milliseconds since 1970.
    password_set_ms: i64,
    /// What somebody is here for whom an identity provider has let in; an account says it itself.
    post: Option<Post>,
    begun: i64,
    used: i64,
}

/// All sessions.
#[derive(Debug)]
pub(super) struct Sessions {
    by_digest: BTreeMap<[u8; 32], Session>,
    idle_ms: i64,
    longest_ms: i64,
}

fn digest(id: &str) -> [u8; 32] {
    Sha256::digest(id.as_bytes()).into()
}

impl Sessions {
    /// Without any yet; one ends when it was not used for so long, and after so long in any case. Unit: seconds.
    pub(super) fn new(idle_s: u64, longest_s: u64) -> Sessions {
        let millis = |seconds: u64| i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
        let (idle_ms, longest_ms) = (millis(idle_s), millis(longest_s));
        Sessions { by_digest: BTreeMap::new(), idle_ms, longest_ms }
    }

    fn is_over(&self, session: &Session, now: i64) -> bool {
        self.idle_ms <= now.saturating_sub(session.used)
            || self.longest_ms <= now.saturating_sub(session.begun)
    }

    /// Begins one, under an id that nobody has had; none where the machine has no randomness to give.
    pub(super) fn begin(
        &mut self,
        (name, password_set_ms): (&str, i64),
        post: Option<Post>,
        now: Moment,
    ) -> Option<String> {
        let now = now.unix_millis();
        let mut bytes = [0; ID_BYTES];
        getrandom::fill(&mut bytes).ok()?;
        let id: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        if SESSIONS_MAX <= self.by_digest.len() {
            let over: Vec<[u8; 32]> = self
                .by_digest
                .iter()
                .filter(|(_, session)| self.is_over(session, now))
                .map(|(digest, _)| *digest)
                .collect();
            for digest in over {
                self.by_digest.remove(&digest);
            }
            let oldest = self.by_digest.iter().min_by_key(|(_, session)| session.used);
            if let Some(oldest) = oldest.map(|(digest, _)| *digest)
                && SESSIONS_MAX <= self.by_digest.len()
            {
                self.by_digest.remove(&oldest);
            }
        }
        let name = name.to_owned();
        let session = Session { name, password_set_ms, post, begun: now, used: now };
        self.by_digest.insert(digest(&id), session);
        Some(id)
    }

    /// Whose it is, with which password it was begun, and what for if no account says it; used now.
    pub(super) fn find(&mut self, id: &str, now: Moment) -> Option<(String, i64, Option<Post>)> {
        let (key, now) = (digest(id), now.unix_millis());
        let session = self.by_digest.get(&key)?;
        if self.is_over(session, now) {
            self.by_digest.remove(&key);
            return None;
        }
        let session = self.by_digest.get_mut(&key)?;
        session.used = now;
        Some((session.name.clone(), session.password_set_ms, session.post.clone()))
    }

    /// Ends one.
    pub(super) fn end(&mut self, id: &str) {
        self.by_digest.remove(&digest(id));
    }

    /// Ends all of somebody.
    pub(super) fn end_of(&mut self, name: &str) {
        self.by_digest.retain(|_, session| session.name != name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Moment {
        Moment::from_unix_millis(seconds * 1000).unwrap()
    }

    #[test]
    fn a_session_ends_when_it_is_not_used_and_at_the_latest_after_its_longest_time() {
        let mut sessions = Sessions::new(100, 250);
        let id = sessions.begin(("li", 0), None, at(0)).unwrap();
        assert_eq!(id.len(), 64);
        for second in [99, 198, 249] {
            assert_eq!(
                sessions.find(&id, at(second)),
                Some(("li".to_owned(), 0, None)),
                "{second}"
            );
        }
        assert_eq!(sessions.find(&id, at(250)), None, "however much it is used");
        assert_eq!(sessions.find(&id, at(249)), None, "and once over, over");
        let id = sessions.begin(("li", 0), None, at(0)).unwrap();
        assert_eq!(sessions.find(&id, at(100)), None);
    }

    #[test]
    fn an_ended_session_is_nobodys_and_the_id_itself_is_not_kept() {
        let mut sessions = Sessions::new(100, 100);
        let (one, two) =
            (sessions.begin(("li", 0), None, at(0)), sessions.begin(("li", 0), None, at(0)));
        let (one, two) = (one.unwrap(), two.unwrap());
        let other = sessions.begin(("wang", 0), None, at(0)).unwrap();
        assert_ne!(one, two);
        assert!(!format!("{sessions:?}").contains(&one));
        sessions.end(&one);
        assert_eq!(sessions.find(&one, at(1)), None);
        assert!(sessions.find(&two, at(1)).is_some());
        sessions.end_of("li");
        assert_eq!(sessions.find(&two, at(1)), None);
        assert!(sessions.find(&other, at(1)).is_some());
        assert_eq!(sessions.find("", at(1)), None);
    }

    #[test]
    fn there_are_never_more_sessions_than_the_most() {
        let mut sessions = Sessions::new(100, 100);
        let first = sessions.begin(("li", 0), None, at(0)).unwrap();
        for _ in 0..SESSIONS_MAX {
            sessions.begin(("wang", 0), None, at(1)).unwrap();
        }
        assert_eq!(sessions.by_digest.len(), SESSIONS_MAX);
        assert_eq!(sessions.find(&first, at(1)), None, "the one used least lately went");
    }
}
