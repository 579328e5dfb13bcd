//! Named operators (经办人): who may work at the pages, and how they say who they are.
//!
//! Accounts are a file of their own in the data directory, so that the command line can mend them also while a server runs, and also
//! where the ledger cannot be opened. Each change waits in that file until it is in the ledger, so that none is made without a trace.
//! Sessions are in memory alone; wrong passwords too, but for those for which an account has to wait, which it keeps.

pub mod account;
pub mod password;

mod file;
mod lockout;
mod session;

pub use crate::operators::file::FileError;

use crate::access::Actor;
use crate::access::Role;
use crate::calendar::Moment;
use crate::operators::account::Account;
use crate::operators::account::AccountError;
use crate::operators::account::Accounts;
use crate::operators::account::Author;
use crate::operators::account::Post;
use crate::operators::account::What;
use crate::operators::file::Kept;
use crate::operators::file::Stamp;
use crate::operators::lockout::Lockout;
use crate::operators::password::Hashed;
use crate::operators::password::Weak;
use crate::operators::session::Sessions;

use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

/// Bytes of a change's id before they are written in hexadecimal.
const ID_BYTES: usize = 16;
/// A day. Unit: milliseconds.
const DAY_MS: i64 = 24 * 3600 * 1000;
/// The administrator that a first start makes.
pub const FIRST: &str = "admin";

/// How long sessions and passwords are good.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// How long a session may be left alone. Unit: seconds.
    pub idle_s: u64,
    /// How long it may last. Unit: seconds.
    pub longest_s: u64,
    /// How long a password may be used; 0: without end. Unit: days.
    pub password_days: u32,
}

/// Why accounts were not changed.
#[derive(Debug, thiserror::Error)]
pub enum OperatorsError {
    /// The file of accounts cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The change makes no sense.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The password is none.
    #[error("{}", .0.said().1)]
    Weak(Weak),
    /// The old password is wrong.
    #[error("the old password is wrong")]
    Wrong,
    /// There is no randomness.
    #[error("no randomness on this machine")]
    NoRandomness,
}

/// Why somebody was not let in.
#[derive(Debug)]
pub enum Refused {
    /// The name, the password or both are wrong, or the account is kept out: which of them is not said.
    Wrong {
        /// Whether there is an account that has to wait from now on; to be noted once the answer is given, which would else take
        /// longer where somebody has the name.
        locked: bool,
    },
    /// There were too many wrong ones; try again later. Unit: seconds.
    Wait(i64),
    /// The accounts cannot be used.
    Failed(OperatorsError),
}

/// Copies the accounts of a data directory, if it has any, into another, in the place of those that are there.
pub fn copy(from: &Path, to: &Path) -> Result<(), FileError> {
    let from = Kept::new(from);
    if from.stamp()?.is_none() {
        return Ok(());
    }
    let accounts = from.read()?;
    Kept::new(to).change(|there| {
        *there = accounts;
        Ok(())
    })
}

/// Somebody who has said who he is.
#[derive(Debug, Clone)]
pub struct Known {
    /// Who.
    pub actor: Arc<Actor>,
    /// Where.
    pub post: Post,
    /// Whether the password must be changed before anything else.
    pub must_change: bool,
}

/// The operators of a data directory.
#[derive(Debug)]
pub struct Operators {
    kept: Kept,
    read: Mutex<(Option<Stamp>, Arc<Accounts>)>,
    sessions: Mutex<Sessions>,
    lockout: Mutex<Lockout>,
    /// What a password is compared with where nobody has the name, so that it takes as long.
    nobody: Hashed,
    password_days: u32,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who changes accounts, with a new id for the change.
pub fn author(by: &str, from: &str, now: Moment) -> Result<Author, OperatorsError> {
    let mut bytes = [0; ID_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| OperatorsError::NoRandomness)?;
    let id = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Author { by: by.to_owned(), from: from.to_owned(), at: now.to_string(), id })
}

fn known(name: String, post: &Post, must_change: bool) -> Known {
    let facilities = [post.facility.clone()].into_iter().filter(|one| !one.is_empty());
    let actor = Actor { name, roles: post.roles.clone(), facilities: facilities.collect() };
    Known { actor: Arc::new(actor), post: post.clone(), must_change }
}

impl Operators {
    /// Those of a data directory.
    pub fn open(directory: &Path, terms: Terms) -> Result<Operators, OperatorsError> {
        let kept = Kept::new(directory);
        // The stamp is older than what is read, so that nothing is missed.
        let stamp = kept.stamp()?;
        let accounts = Arc::new(kept.read()?);
        let mut lockout = Lockout::default();
        for account in accounts.all() {
            if let Some(wrong) = account.wrong {
                lockout.take(&account.name, wrong);
            }
        }
        Ok(Operators {
            kept,
            read: Mutex::new((stamp, accounts)),
            sessions: Mutex::new(Sessions::new(terms.idle_s, terms.longest_s)),
            lockout: Mutex::new(lockout),
            nobody: Hashed::of("nobody has this password").ok_or(OperatorsError::NoRandomness)?,
            password_days: terms.password_days,
        })
    }

    /// All accounts as they stand now, whoever changed them.
    pub fn accounts(&self) -> Result<Arc<Accounts>, OperatorsError> {
        let stamp = self.kept.stamp()?;
        let mut read = held(&self.read);
        if read.0 != stamp {
            *read = (stamp, Arc::new(self.kept.read()?));
        }
        Ok(Arc::clone(&read.1))
    }

    /// Adds an account, and gives the password with which its operator comes the first time.
    pub fn add(
        &self,
        name: &str,
        post: Post,
        (by, from): (&str, &str),
        now: Moment,
    ) -> Result<String, OperatorsError> {
        let password = password::one_time().ok_or(OperatorsError::NoRandomness)?;
        let account = Account {
            name: name.to_owned(),
            post,
            password: Hashed::of(&password).ok_or(OperatorsError::NoRandomness)?,
            must_change: true,
            password_set_ms: now.unix_millis(),
            disabled: false,
            wrong: None,
        };
        let author = author(by, from, now)?;
        self.change(|accounts| Ok(accounts.add(account, &author)?))?;
        Ok(password)
    }

    /// The first administrator, with the password for one use; none where there are accounts.
    pub fn first(&self, now: Moment) -> Result<Option<String>, OperatorsError> {
        if !self.accounts()?.all().is_empty() {
            return Ok(None);
        }
        let post = Post { roles: vec![Role::Administrator], ..Post::default() };
        match self.add(FIRST, post, (FIRST, "first start"), now) {
            Ok(password) => Ok(Some(password)),
            // Somebody else was faster.
            Err(OperatorsError::Account(AccountError::Taken)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sets a password for one use, and gives it; whoever is logged in under the name no longer is.
    pub fn reset(
        &self,
        name: &str,
        (by, from): (&str, &str),
        now: Moment,
    ) -> Result<String, OperatorsError> {
        let password = password::one_time().ok_or(OperatorsError::NoRandomness)?;
        let hashed = Hashed::of(&password).ok_or(OperatorsError::NoRandomness)?;
        let (author, set_ms) = (author(by, from, now)?, now.unix_millis());
        self.change(|accounts| {
            Ok(accounts.password((name, What::Reset), hashed, set_ms, &author)?)
        })?;
        held(&self.lockout).forget(name);
        held(&self.sessions).end_of(name);
        Ok(password)
    }

    /// Changes accounts: all of it or nothing, on stable storage before this returns.
    pub fn change<T>(
        &self,
        change: impl FnOnce(&mut Accounts) -> Result<T, OperatorsError>,
    ) -> Result<T, OperatorsError> {
        self.kept.change(change)
    }

    /// Lets somebody in, and gives the id of the session. Takes the time of a password, whether anybody has the name or not.
    pub fn log_in(
        &self,
        (name, password): (&str, &str),
        from: &str,
        now: Moment,
    ) -> Result<String, Refused> {
        let accounts = self.accounts().map_err(Refused::Failed)?;
        let account = accounts.get(name);
        if let Some(account) = account {
            // Also where the command line has set another while the server runs.
            held(&self.lockout).forget_before(name, account.password_set_ms);
        }
        let locked = self.tried(name, from, now).map_err(Refused::Wait)?;
        let fits = account.map_or(&self.nobody, |one| &one.password).fits(password);
        if let Some(account) = account.filter(|one| fits && !one.disabled) {
            self.passed(account, from).map_err(Refused::Failed)?;
            let begun = held(&self.sessions).begin((name, account.password_set_ms), None, now);
            return begun.ok_or(Refused::Failed(OperatorsError::NoRandomness));
        }
        Err(Refused::Wrong { locked: locked && account.is_some() })
    }

    /// Notes that an account has to wait after wrong passwords.
    pub fn note_locked(&self, name: &str, from: &str, now: Moment) -> Result<(), OperatorsError> {
        let author = author(name, from, now)?;
        self.change(|accounts| {
            // The right one may have come meanwhile.
            let wrong = held(&self.lockout).of(name);
            Ok(accounts.locked(name, wrong, &author)?)
        })
    }

    /// The right password came.
    fn passed(&self, account: &Account, from: &str) -> Result<(), OperatorsError> {
        held(&self.lockout).passed(&account.name, from);
        if account.wrong.is_none() {
            return Ok(());
        }
        self.change(|accounts| {
            accounts.unlocked(&account.name);
            Ok(())
        })
    }

    /// Counts an attempt, and says whether the name is locked should it be wrong; or how long it has to wait.
    fn tried(&self, name: &str, from: &str, now: Moment) -> Result<bool, i64> {
        let mut lockout = held(&self.lockout);
        let wait = lockout.wait(name, from, now);
        if 0 < wait { Err(wait) } else { Ok(lockout.tried(name, from, now)) }
    }

    /// Whose session it is. An account that was disabled, or whose password was set, meanwhile has none any more; another post holds
    /// at once.
    pub fn who(&self, session: &str, now: Moment) -> Result<Option<Known>, OperatorsError> {
        let found = held(&self.sessions).find(session, now);
        let Some((name, with, post)) = found else { return Ok(None) };
        if let Some(post) = post {
            return Ok(Some(known(name, &post, false)));
        }
        let accounts = self.accounts()?;
        let good = |one: &&Account| !one.disabled && one.password_set_ms == with;
        let Some(account) = accounts.get(&name).filter(good) else {
            held(&self.sessions).end(session);
            return Ok(None);
        };
        let age = now.unix_millis().saturating_sub(account.password_set_ms);
        let is_old = self.password_days != 0 && i64::from(self.password_days) <= age / DAY_MS;
        Ok(Some(known(name, &account.post, account.must_change || is_old)))
    }

    /// Begins a session for somebody whom an identity provider has let in.
    pub fn enter(&self, name: &str, post: Post, now: Moment) -> Option<String> {
        held(&self.sessions).begin((name, 0), Some(post), now)
    }

    /// Ends a session.
    pub fn log_out(&self, session: &str) {
        held(&self.sessions).end(session);
    }

    /// Ends all sessions of somebody.
    pub fn put_out(&self, name: &str) {
        held(&self.sessions).end_of(name);
    }

    /// Changes one's own password. All sessions under the name end; the new one is given. A wrong old password counts like any other.
    pub fn change_own(
        &self,
        name: &str,
        (old, new): (&str, &str),
        from: &str,
        now: Moment,
    ) -> Result<String, OperatorsError> {
        let accounts = self.accounts()?;
        let account = accounts.get(name).ok_or(AccountError::Unknown)?;
        if self.tried(name, from, now).is_err() || !account.password.fits(old) {
            return Err(OperatorsError::Wrong);
        }
        self.passed(account, from)?;
        if old == new {
            return Err(OperatorsError::Weak(Weak::Before));
        }
        password::check(new, name).map_err(OperatorsError::Weak)?;
        let hashed = Hashed::of(new).ok_or(OperatorsError::NoRandomness)?;
        let (author, set_ms) = (author(name, from, now)?, now.unix_millis());
        self.change(|accounts| {
            Ok(accounts.password((name, What::Password), hashed, set_ms, &author)?)
        })?;
        let mut sessions = held(&self.sessions);
        sessions.end_of(name);
        sessions.begin((name, set_ms), None, now).ok_or(OperatorsError::NoRandomness)
    }
}
