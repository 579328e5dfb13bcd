//! Calls that fail: for every call of a short history, the server is told that it failed, once or from then on. Half of the
//! histories are on a sealed store.

use super::disk::Disk;
use super::disk::Leaves;
use super::load;
use super::model::Checked;
use super::model::Model;
use super::random::Random;
use super::say;
use super::server::Clients;
use super::server::Environment;
use super::server::Home;
use super::server::Server;
use super::server::verify_cleanly;
use super::setting;
use super::shim;
use super::shim::Failing;
use super::shim::Watch;

use std::fs;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A row: what fails, where, how, and every which call in an everyday run (1: all).
struct Row {
    name: &'static str,
    kinds: u64,
    places: u64,
    errno: u64,
    short: bool,
    /// The call and all after it, instead of the call alone.
    goes_on: bool,
    stride: usize,
}

/// Every write, sync, open and rename in every place fails once, by itself; then what fails in other ways, or from then on.
#[rustfmt::skip]
const ROWS: [Row; 20] = [
    Row { name: "a journal write: EIO", kinds: shim::WRITE, places: shim::IN_JOURNAL, errno: shim::EIO, short: false, goes_on: false, stride: 1 },
    Row { name: "a journal sync: EIO", kinds: shim::SYNC, places: shim::IN_JOURNAL, errno: shim::EIO, short: false, goes_on: false, stride: 1 },
    Row { name: "a journal open: EIO", kinds: shim::OPEN, places: shim::IN_JOURNAL, errno: shim::EIO, short: false, goes_on: false, stride: 1 },
    Row { name: "a write beside: EIO", kinds: shim::WRITE, places: shim::BESIDE, errno: shim::EIO, short: false, goes_on: false, stride: 1 },
    Row { name: "a sync beside: EIO", kinds: shim::SYNC, places: shim::BESIDE, errno: shim::EIO, short: false, goes_on: false, stride: 1 },
    Row { name: "an open beside: EIO", kinds: shim::OPEN, places: shim::BESIDE, errno: shim::EIO, short: false, goes_on: false, stride: 1 },
    Row { name: "a rename anywhere: EIO", kinds: shim::RENAME, places: shim::IN_JOURNAL | shim::IN_INDEX | shim::BESIDE, errno: shim::EIO, short: false, goes_on: false, stride: 1 },
    Row { name: "an index write: EIO", kinds: shim::WRITE, places: shim::IN_INDEX, errno: shim::EIO, short: false, goes_on: false, stride: 1 },
    Row { name: "an index sync: EIO", kinds: shim::SYNC | shim::RANGE, places: shim::IN_INDEX, errno: shim::EIO, short: false, goes_on: false, stride: 1 },
    Row { name: "an index open: EIO", kinds: shim::OPEN, places: shim::IN_INDEX, errno: shim::EIO, short: false, goes_on: false, stride: 1 },
    Row { name: "a full disk from then on", kinds: shim::WRITE, places: shim::IN_JOURNAL | shim::IN_INDEX | shim::BESIDE, errno: shim::ENOSPC, short: false, goes_on: true, stride: 2 },
    Row { name: "a journal write: ENOSPC from then on", kinds: shim::WRITE, places: shim::IN_JOURNAL, errno: shim::ENOSPC, short: false, goes_on: true, stride: 2 },
    Row { name: "a journal write: half of it, then EDQUOT", kinds: shim::WRITE, places: shim::IN_JOURNAL, errno: shim::EDQUOT, short: true, goes_on: true, stride: 2 },
    Row { name: "a journal write and what would cut it off: EIO", kinds: shim::WRITE | shim::TRUNCATE | shim::UNLINK, places: shim::IN_JOURNAL, errno: shim::EIO, short: true, goes_on: true, stride: 1 },
    Row { name: "a journal write and all that follows: EIO", kinds: shim::WRITE | shim::TRUNCATE | shim::SYNC, places: shim::IN_JOURNAL, errno: shim::EIO, short: false, goes_on: true, stride: 3 },
    Row { name: "a journal sync: ENOSPC", kinds: shim::SYNC, places: shim::IN_JOURNAL, errno: shim::ENOSPC, short: false, goes_on: false, stride: 4 },
    Row { name: "anything beside: ENOSPC from then on", kinds: shim::WRITE | shim::SYNC | shim::OPEN | shim::RENAME, places: shim::BESIDE, errno: shim::ENOSPC, short: false, goes_on: true, stride: 4 },
    Row { name: "an index write: ENOSPC from then on", kinds: shim::WRITE, places: shim::IN_INDEX, errno: shim::ENOSPC, short: false, goes_on: true, stride: 3 },
    Row { name: "an index sync: EIO from then on", kinds: shim::SYNC | shim::RANGE, places: shim::IN_INDEX, errno: shim::EIO, short: false, goes_on: true, stride: 4 },
    Row { name: "an index truncation, removal or directory: EIO", kinds: shim::TRUNCATE | shim::UNLINK | shim::MKDIR, places: shim::IN_INDEX, errno: shim::EIO, short: false, goes_on: false, stride: 2 },
];

/// What came of a row.
#[derive(Debug, Default)]
struct Outcome {
    failures: usize,
    not_opened: usize,
    refused: usize,
    halted: usize,
    mended: usize,
    acknowledged: usize,
    hangs: usize,
    sealed: usize,
    checked: Checked,
}

#[test]
fn a_call_that_fails_costs_nothing_acknowledged() {
    if shim::library().is_none() {
        return;
    }
    let runtime = super::runtime();
    let templates = [false, true].map(|is_sealed| runtime.block_on(Template::of(is_sealed)));
    let wanted = std::env::var("ONESTOP_FAULTS_ROW").ok();
    for row in ROWS.iter().filter(|row| wanted.as_ref().is_none_or(|it| row.name.contains(it))) {
        // A run in which nothing fails says how many calls there are.
        let runs = templates.each_ref().map(|one| runtime.block_on(run(one, row, u64::MAX)).0);
        let calls = runs.into_iter().max().unwrap_or_default();
        let stride = setting("STRIDE", row.stride, 1);
        let cases: Vec<u64> = (1..=calls + 1).step_by(stride).collect();
        let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Outcome::default()));
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while let Some(call) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                        // Which it is, is by chance, and the same in every run of the tests.
                        let template = &templates[usize::from(Random::new(*call).percent(50))];
                        let (_, outcome) = runtime.block_on(run(template, row, *call));
                        outcomes.lock().unwrap().add(&outcome);
                    }
                });
            }
        });
        let outcome = outcomes.into_inner().unwrap();
        let Outcome { failures, not_opened, refused, halted, mended, acknowledged, hangs, .. } =
            outcome;
        let Outcome { sealed, checked, .. } = outcome;
        let Row { name, .. } = row;
        say(&format!(
            "{name}: {} of {calls} calls, {sealed} of them on a sealed store, {failures} failures, starts refused {not_opened}, writes refused {refused}, \
             servers that said NOT_SERVING {halted}, of which went on by themselves {mended}, \
             acknowledged {acknowledged}, servers that did not stop {hangs}; {}",
            cases.len(),
            super::words(&checked)
        ));
        assert_eq!(hangs, 0, "{name}");
    }
}

impl Outcome {
    fn add(&mut self, other: &Outcome) {
        self.failures += other.failures;
        self.not_opened += other.not_opened;
        self.refused += other.refused;
        self.halted += other.halted;
        self.mended += other.mended;
        self.acknowledged += other.acknowledged;
        self.hangs += other.hangs;
        self.sealed += other.sealed;
        self.checked += other.checked;
    }
}

fn small_segments() -> Environment {
    vec![("ONESTOP_STORE_SEGMENT_BYTES_MAX".to_owned(), "9000".to_owned())]
}

/// A closed store with registers and a few settlements, and what is in it.
struct Template {
    home: Home,
    model: Model,
    is_sealed: bool,
}

impl Template {
    async fn of(is_sealed: bool) -> Template {
        let (home, mut model) = (Home::in_memory().sealed(is_sealed), Model::default());
        let server = Server::start(&home, &small_segments()).unwrap();
        let mut clients = server.connect().await;
        load::fill(&mut clients, &mut model).await;
        for number in 0..3 {
            let asked = load::settle(format!("t-{number}"), "P0-0", &format!("T-{number}"), 900);
            model.ask(&mut clients, asked).await.unwrap();
        }
        server.stop_cleanly();
        Template { home, model, is_sealed }
    }
}

/// The history with a failure, then the store opened again and checked. Returns how many calls could have failed.
async fn run(template: &Template, row: &Row, call: u64) -> (u64, Outcome) {
    let (home, mut model) = (template.home.copy(), template.model.clone());
    let sealed = usize::from(template.is_sealed);
    let mut outcome = Outcome { sealed, ..Outcome::default() };
    let mut disk = Disk::of(&home.disk());
    let watch = Watch::new(&home, "1");
    let last = if row.goes_on { u64::MAX } else { call };
    let Row { kinds, places, errno, short, .. } = *row;
    watch.fail(Failing { kinds, places, first: call, last, errno, short });
    let environment = [watch.environment(), small_segments()].concat();
    let situation = format!("{}, call {call}, sealed {sealed}", row.name);
    match Server::start(&home, &environment) {
        Ok(mut server) => {
            let mut clients = server.connect().await;
            history(&mut clients, &mut model, row, &watch).await;
            assert!(server.is_up(), "{situation}: {}", server.said());
            let refused = model.sent.len() - model.acknowledged();
            if refused != 0 && kinds == shim::SYNC && places == shim::IN_JOURNAL {
                assert!(clients.becomes(false).await, "{situation}: healthy after a failed sync");
            }
            let is_healthy = clients.is_healthy().await;
            outcome.halted += usize::from(!is_healthy);
            model.check_answers(&mut clients, is_healthy).await;
            if 0 < watch.hits() && goes_on_by_itself(&server, row, &situation) {
                // The failure is over: without a restart everything is there and everything can be written again.
                watch.mend();
                assert!(clients.becomes(true).await, "{situation}: {}", server.said());
                outcome.mended += usize::from(!is_healthy);
                // An index that failed in the background says so when it is written to next.
                let asked = load::settle("h-space".to_owned(), "P4-0", "H-space", 800);
                model.insist(&mut clients, asked, &server).await;
                outcome.checked += model.check(&mut clients).await;
            }
            outcome.refused += refused;
            assert!(refused == 0 || server.said().contains("ERROR"), "{situation}: not a word");
            let (status, _) = server.stop();
            outcome.hangs += usize::from(status.is_none());
        }
        Err(ended) => {
            outcome.not_opened += 1;
            assert!(ended.status.code() == Some(3), "{situation}: {ended:?}");
            assert!(ended.said.contains("onestop: "), "{situation}: {ended:?}");
        }
    }
    outcome.failures += usize::try_from(watch.hits()).unwrap();
    outcome.acknowledged += model.acknowledged();
    let calls = watch.calls();
    watch.mend();
    disk.follow_all(&fs::read(&watch.log).unwrap());

    // Again without failures, and with a power cut after that: what a failed sync gave up must have been written again.
    let watch = Watch::new(&home, "2");
    let environment = [watch.environment(), small_segments()].concat();
    let server =
        Server::start(&home, &environment).unwrap_or_else(|it| panic!("{situation}: {it:?}"));
    outcome.checked += model.check(&mut server.connect().await).await;
    server.kill();
    verify_cleanly(&home);
    if kinds & shim::SYNC != 0 && places & shim::IN_JOURNAL != 0 {
        disk.follow_all(&fs::read(&watch.log).unwrap());
        let after = Home::in_memory().sealed(template.is_sealed);
        disk.cut(Leaves::NOTHING, &mut Random::new(1), &after.disk());
        let server = Server::start(&after, &small_segments()).unwrap();
        outcome.checked += model.check(&mut server.connect().await).await;
    }
    (calls, outcome)
}

/// Settlements, a reversal, and a pause in which the index is written in the background. A person whose write failed is let be, so
/// that what was not acknowledged can be sent again in the same order.
async fn history(clients: &mut Clients, model: &mut Model, row: &Row, watch: &Watch) {
    let mut let_be = Vec::new();
    for number in 0..8 {
        let person = ["P0-0", "P1-0", "P2-0", "P3-0"][number % 4];
        if let_be.contains(&person) {
            continue;
        }
        let asked = match number {
            5 => load::reverse(format!("h-{number}"), "H-1"),
            _ => load::settle(format!("h-{number}"), person, &format!("H-{number}"), 700 + number),
        };
        if row.places & shim::IN_INDEX != 0 && number == 4 {
            tokio::time::sleep(Duration::from_millis(700)).await;
        }
        let hits = watch.hits();
        let was_refused = !let_be.is_empty();
        match model.ask(clients, asked).await {
            Ok(_) => {
                let is_sync = row.kinds == shim::SYNC && row.places == shim::IN_JOURNAL;
                assert!(!(is_sync && was_refused && 0 < hits), "acknowledged after a failed sync");
            }
            Err(_) => let_be.push(person),
        }
    }
}

/// Only a sync of the journal that failed needs a restart.
fn goes_on_by_itself(server: &Server, row: &Row, situation: &str) -> bool {
    let has_stopped = server.said().contains("the store writes nothing any more");
    let may_stop = row.kinds & shim::SYNC != 0 && row.places & shim::IN_JOURNAL != 0;
    assert!(may_stop || !has_stopped, "{situation}: {}", server.said());
    !has_stopped
}
