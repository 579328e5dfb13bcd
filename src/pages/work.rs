//! Work that takes longer than somebody waits for a page: begun, watched, called off, and looked at when it is done.
//!
//! It lives in memory: nothing of it is written until it is done, and a restart ends it. It is known by the request id of the form
//! that began it, so that a form sent twice begins it once.

use crate::proto;
use crate::service::Failure;

use tokio::sync::watch;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

/// Most pieces of work that run at once.
const RUNNING_MAX: usize = 2;
/// How many are remembered.
const REMEMBERED_MAX: usize = 16;

/// How a piece of work came out.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    /// What it came to is on this page.
    Page(String),
    /// What it came to, of a period that is named.
    Sheets(Arc<Vec<proto::Sheet>>, String),
    /// It failed, and nothing was written.
    Failed(Arc<Failure>),
    /// Somebody called it off, and nothing was written.
    CalledOff,
}

/// A piece of work.
#[derive(Debug)]
pub(crate) struct Work {
    id: String,
    done: AtomicU64,
    of: AtomicU64,
    called_off: AtomicBool,
    outcome: watch::Sender<Option<Outcome>>,
}

impl Work {
    /// Its id.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Says how far it is. Whether it should go on.
    pub(crate) fn is_at(&self, done: u64, of: u64) -> bool {
        self.of.store(of, Ordering::Relaxed);
        self.done.store(done, Ordering::Relaxed);
        !self.called_off.load(Ordering::Relaxed)
    }

    /// How far it is, and of how much; 0 of 0 while that is not known.
    pub(crate) fn progress(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.of.load(Ordering::Relaxed))
    }

    /// Calls it off. It ends a little later.
    pub(crate) fn call_off(&self) {
        self.called_off.store(true, Ordering::Relaxed);
    }

    /// Says how it came out.
    pub(crate) fn end(&self, outcome: Outcome) {
        self.outcome.send_replace(Some(outcome));
    }

    /// How it came out; none while it runs.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        self.outcome.borrow().clone()
    }

    /// Waits until it has come out.
    pub(crate) async fn ended(&self) {
        // The sender is in here, so that it cannot be gone.
        let _ = self.outcome.subscribe().wait_for(Option::is_some).await;
    }
}

/// The work of the pages of one server. Dropped, all of it is called off.
#[derive(Debug, Default)]
pub(crate) struct Works {
    all: Mutex<VecDeque<Arc<Work>>>,
}

/// What came of beginning a piece of work.
pub(crate) enum Begun {
    /// It is to be done now.
    New(Arc<Work>),
    /// It was begun before.
    Before,
    /// Others have to end first.
    Full,
}

impl Works {
    /// A piece of work by its id.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<Work>> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().find(|work| work.id == id).cloned()
    }

    /// Begins a piece of work.
    pub(crate) fn begin(&self, id: &str) -> Begun {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if all.iter().any(|work| work.id == id) {
            return Begun::Before;
        }
        if RUNNING_MAX <= all.iter().filter(|work| work.outcome().is_none()).count() {
            return Begun::Full;
        }
        while REMEMBERED_MAX <= all.len() {
            let Some(at) = all.iter().position(|work| work.outcome().is_some()) else { break };
            all.remove(at);
        }
        let work = Arc::new(Work {
            id: id.to_owned(),
            done: AtomicU64::new(0),
            of: AtomicU64::new(0),
            called_off: AtomicBool::new(false),
            outcome: watch::Sender::new(None),
        });
        all.push_back(Arc::clone(&work));
        Begun::New(work)
    }
}

impl Drop for Works {
    fn drop(&mut self) {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().for_each(|work| work.call_off());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_begun_once_and_only_so_much_of_it_runs_at_once() {
        let works = Works::default();
        let begun = |id: &str| match works.begin(id) {
            Begun::New(work) => Some(work),
            Begun::Before | Begun::Full => None,
        };
        let one = begun("1").unwrap();
        assert!(matches!(works.begin("1"), Begun::Before));
        let two = begun("2").unwrap();
        assert!(matches!(works.begin("3"), Begun::Full));
        one.end(Outcome::CalledOff);
        let three = begun("3").unwrap();
        assert!(two.is_at(1, 2));
        assert_eq!(two.progress(), (1, 2));
        drop(works);
        // Whoever does it hears of it at the next step.
        assert!(!two.is_at(2, 2) && !three.is_at(0, 0));
    }

    #[test]
    fn the_oldest_that_has_ended_is_forgotten_first() {
        let works = Works::default();
        for number in 0..REMEMBERED_MAX + 1 {
            let Begun::New(work) = works.begin(&number.to_string()) else { panic!("{number}") };
            if number != 0 {
                work.end(Outcome::CalledOff);
            }
        }
        assert!(works.find("0").is_some() && works.find("1").is_none());
    }
}
