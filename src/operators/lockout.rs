//! Wrong passwords, counted: after some of them a name or an address has to wait, each time twice as long. Names that nobody has
//! are counted like others, so that the answer does not tell which they are. Pure. Over a restart an
//! account keeps those for which it has to wait; addresses, other names and fewer wrong ones are forgotten.

use crate::calendar::Moment;
use crate::operators::account::Wrong;

use std::collections::BTreeMap;

/// How often a name may be tried before it waits.
pub(super) const FREE_BY_NAME: u32 = 5;
/// How often an address may; many persons may sit behind one.
pub(super) const FREE_BY_ADDRESS: u32 = 30;
/// How long it then waits at first. Unit: seconds.
pub(super) const WAIT_S: i64 = 30;
/// How long at most. Unit: seconds.
const WAIT_MAX_S: i64 = 3600;
/// After so long without a wrong password, those before are forgotten. Unit: seconds.
const FORGOTTEN_S: i64 = 24 * 3600;
/// Most names, and most addresses, that are counted; the oldest are forgotten first.
const COUNTED_MAX: usize = 10_000;

/// When somebody may try again. Unit: milliseconds since 1970.
fn until(wrong: Wrong, free: u32) -> i64 {
    match wrong.count.checked_sub(free) {
        None => i64::MIN,
        Some(beyond) => {
            let doubled = WAIT_S.saturating_mul(1 << beyond.min(16));
            wrong.last_ms.saturating_add(doubled.min(WAIT_MAX_S) * 1000)
        }
    }
}

#[derive(Debug, Default)]
struct Counted(BTreeMap<String, Wrong>);

impl Counted {
    fn until(&self, who: &str, free: u32) -> i64 {
        self.0.get(who).map_or(i64::MIN, |wrong| until(*wrong, free))
    }

    fn count(&mut self, who: &str, now: i64) -> u32 {
        if COUNTED_MAX <= self.0.len() && !self.0.contains_key(who) {
            self.0.retain(|_, failures| now - failures.last_ms < FORGOTTEN_S * 1000);
            let oldest = self.0.iter().min_by_key(|(_, failures)| failures.last_ms);
            if let Some(oldest) = oldest.map(|(who, _)| who.clone())
                && COUNTED_MAX <= self.0.len()
            {
                self.0.remove(&oldest);
            }
        }
        let failures = self.0.entry(who.to_owned()).or_insert(Wrong { count: 0, last_ms: now });
        if FORGOTTEN_S * 1000 <= now - failures.last_ms {
            failures.count = 0;
        }
        failures.count = failures.count.saturating_add(1);
        failures.last_ms = now;
        failures.count
    }
}

/// Wrong passwords, by name and by address.
#[derive(Debug, Default)]
pub(super) struct Lockout {
    names: Counted,
    addresses: Counted,
}

impl Lockout {
    /// How long somebody still has to wait. Unit: seconds; 0 if he need not.
    pub(super) fn wait(&self, name: &str, address: &str, now: Moment) -> i64 {
        let until = self
            .names
            .until(name, FREE_BY_NAME)
            .max(self.addresses.until(address, FREE_BY_ADDRESS));
        // A part of a second is a second to wait.
        until.saturating_sub(now.unix_millis()).max(0).saturating_add(999) / 1000
    }

    /// Counts an attempt before its password is looked at, so that many at once are no more than the most; says whether the name
    /// has to wait from now on, should it be wrong.
    pub(super) fn tried(&mut self, name: &str, address: &str, now: Moment) -> bool {
        self.addresses.count(address, now.unix_millis());
        FREE_BY_NAME <= self.names.count(name, now.unix_millis())
    }

    /// The attempt was right: a name's wrong ones are forgotten. An address's are kept but for this one: whoever has one account
    /// could else go on trying others.
    pub(super) fn passed(&mut self, name: &str, address: &str) {
        self.names.0.remove(name);
        if let Some(failures) = self.addresses.0.get_mut(address) {
            failures.count = failures.count.saturating_sub(1);
        }
    }

    /// A name's wrong passwords.
    pub(super) fn of(&self, name: &str) -> Option<Wrong> {
        self.names.0.get(name).copied()
    }

    /// Takes a name's wrong passwords as an account has kept them over a restart.
    pub(super) fn take(&mut self, name: &str, wrong: Wrong) {
        self.names.0.insert(name.to_owned(), wrong);
    }

    /// Forgets a name's wrong passwords of before another was set. Unit: milliseconds since 1970.
    pub(super) fn forget_before(&mut self, name: &str, set_ms: i64) {
        if self.names.0.get(name).is_some_and(|wrong| wrong.last_ms < set_ms) {
            self.names.0.remove(name);
        }
    }

    /// Forgets a name's wrong passwords: it has another now.
    pub(super) fn forget(&mut self, name: &str) {
        self.names.0.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Moment {
        Moment::from_unix_millis(seconds * 1000).unwrap()
    }

    #[test]
    fn a_name_waits_after_some_wrong_passwords_and_each_time_twice_as_long() {
        let mut lockout = Lockout::default();
        for _ in 1..FREE_BY_NAME {
            assert!(!lockout.tried("li", "a", at(0)));
            assert_eq!(lockout.wait("li", "a", at(0)), 0);
        }
        let mut now = 0;
        for wait in [30, 60, 120, 240, 480, 960, 1920, 3600, 3600] {
            assert!(lockout.tried("li", "a", at(now)));
            assert_eq!(lockout.wait("li", "b", at(now)), wait, "from any address");
            assert_eq!(lockout.wait("wang", "b", at(now)), 0, "another name need not");
            now += wait;
            assert_eq!(lockout.wait("li", "a", at(now)), 0);
        }
        lockout.passed("li", "c");
        assert!(!lockout.tried("li", "a", at(now)));
    }

    #[test]
    fn an_address_that_tries_many_names_waits_too() {
        let mut lockout = Lockout::default();
        for one in 0..FREE_BY_ADDRESS {
            assert_eq!(lockout.wait("next", "a", at(0)), 0, "{one}");
            lockout.tried(&format!("name{one}"), "a", at(0));
        }
        assert_eq!(lockout.wait("next", "a", at(0)), WAIT_S);
        assert_eq!(lockout.wait("next", "b", at(0)), 0);
        lockout.tried("own", "a", at(0));
        lockout.passed("own", "a");
        assert_eq!(lockout.wait("next", "a", at(0)), WAIT_S, "one right password opens no door");
    }

    #[test]
    fn what_was_long_ago_is_forgotten_and_what_is_counted_is_bounded() {
        let mut lockout = Lockout::default();
        for _ in 0..FREE_BY_NAME {
            lockout.tried("li", "a", at(0));
        }
        assert!(!lockout.tried("li", "a", at(FORGOTTEN_S)));
        for one in 0..(COUNTED_MAX + 10) {
            lockout.tried(&one.to_string(), &one.to_string(), at(FORGOTTEN_S + 1));
        }
        assert_eq!(lockout.names.0.len(), COUNTED_MAX);
        assert_eq!(lockout.addresses.0.len(), COUNTED_MAX);
    }
}
