//! Power cuts: the server is killed, and its disk holds only what was synced, or that and a part of the rest.

use super::disk::Disk;
use super::disk::Leaves;
use super::load;
use super::model::Checked;
use super::model::Model;
use super::random::Random;
use super::say;
use super::server::Environment;
use super::server::Home;
use super::server::Server;
use super::server::verify_cleanly;
use super::setting;
use super::shim;
use super::shim::Watch;

use std::fs;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

/// How many cuts follow each other on one store, each beginning with what the one before left; every other store is sealed.
const CUTS_EACH: usize = 6;

#[test]
fn nothing_acknowledged_is_lost_in_a_power_cut() {
    if shim::library().is_none() {
        return;
    }
    let cuts = setting("CUTS", 12, 300);
    let seed = setting("SEED", 1, 1);
    let mut random = Random::new(u64::try_from(seed).unwrap()).fork();
    let runtime = super::runtime();
    let mut checked = Checked::default();
    for first in (0..cuts).step_by(CUTS_EACH) {
        let is_sealed = first / CUTS_EACH % 2 == 1;
        let (mut home, mut model) = (Home::new().sealed(is_sealed), Model::default());
        for _ in first..cuts.min(first + CUTS_EACH) {
            let more;
            (home, more) = runtime.block_on(round(home, &mut model, &mut random));
            checked += more;
        }
    }
    say(&format!("power cuts, seed {seed}: cuts {cuts}, {}", super::words(&checked)));
}

fn small_segments() -> Environment {
    vec![("ONESTOP_STORE_SEGMENT_BYTES_MAX".to_owned(), "100000".to_owned())]
}

/// Load under watch, the cut, the store opened on what is left, the check.
async fn round(home: Home, model: &mut Model, random: &mut Random) -> (Home, Checked) {
    let mut disk = Disk::of(&home.disk());
    let watch = Watch::new(&home, "1");
    run(&home, &watch, model, random).await;

    let log = fs::read(&watch.log).unwrap();
    let records = shim::read(&log);
    // The moment of the cut: the end, shortly before it, or any.
    let length = match random.below(5) {
        0 | 1 => records.len(),
        2 | 3 => records.len() - random.below(40.min(records.len()).max(1)),
        _ => random.below(records.len() + 1),
    };
    for (number, logged) in records[..length].iter().enumerate() {
        disk.follow(logged);
        let is_closed = disk.holds(&["data", "state"]).is_some_and(|it| it.starts_with("closed"));
        let index_waits = disk.waits_in(&["data", "index"]);
        assert!(
            !is_closed || !index_waits,
            "closed, but the index is not on the disk: {number} {logged:?}"
        );
    }
    let at = length.checked_sub(1).map_or(0, |last| records[last].end);
    model.rewind(at);
    model.settle_log();
    let leaves = match random.below(4) {
        0 => Leaves::NOTHING,
        // A file system with a journal of its own keeps most names.
        1 | 2 => Leaves { names: 100, pages: [0, 0, 50][random.below(3)] },
        _ => Leaves { names: [5, 50, 100][random.below(3)], pages: [5, 50, 95][random.below(3)] },
    };
    let after = home.another();
    disk.cut(leaves, random, &after.disk());

    let situation = format!("cut after {length} of {} calls, leaving {leaves:?}", records.len());
    let server = Server::start(&after, &small_segments())
        .unwrap_or_else(|ended| panic!("{situation}: {ended:?}"));
    let mut clients = server.connect().await;
    if model.sent.is_empty() {
        load::fill(&mut clients, model).await;
    }
    let checked = model.check(&mut clients).await;
    verify_cleanly(&after);
    if random.percent(50) {
        server.stop_cleanly();
    } else {
        server.kill();
    }
    (after, checked)
}

/// A server with load, until it is killed or, now and then, stopped: its disk loses power right afterwards.
async fn run(home: &Home, watch: &Watch, model: &mut Model, random: &mut Random) {
    let environment = [watch.environment(), small_segments()].concat();
    let server = Server::start(home, &environment).unwrap();
    if model.sent.is_empty() {
        let mut clients = server.connect().await;
        load::fill(&mut clients, model).await;
        // Acknowledged now at the latest.
        let bytes = fs::metadata(&watch.log).unwrap().len();
        model.sent.iter_mut().for_each(|sent| sent.log_bytes = bytes);
    }
    let shared = Arc::new(Mutex::new(std::mem::take(model)));
    let clients = load::begin(&server, &shared, random, Some(watch.log.clone())).await;
    // Some runs last long enough for the index to be flushed in the background.
    let longest = if random.percent(30) { 1500 } else { 250 };
    let moment = Duration::from_millis(10 + u64::try_from(random.below(longest)).unwrap());
    tokio::time::sleep(moment).await;
    if random.percent(40) {
        server.stop_cleanly();
    } else {
        server.kill();
    }
    for client in clients {
        client.await.unwrap();
    }
    *model = Arc::into_inner(shared).unwrap().into_inner().unwrap();
}
