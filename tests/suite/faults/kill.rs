//! kill -9 at random moments, also while the server starts.

use super::load;
use super::model::Checked;
use super::model::Model;
use super::random::Random;
use super::say;
use super::server::Home;
use super::server::Server;
use super::server::verify_cleanly;
use super::setting;

use std::sync::Arc;
use std::sync::Mutex;
use std::thread::sleep;
use std::time::Duration;

/// How many rounds one store is used for; every other store is sealed.
const ROUNDS_EACH: usize = 6;

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
    let rounds = setting("KILLS", 12, 300);
    let seed = setting("SEED", 1, 1);
    let mut random = Random::new(u64::try_from(seed).unwrap());
    let runtime = super::runtime();
    let mut kills = 0;
    let mut checked = Checked::default();
    for first in (0..rounds).step_by(ROUNDS_EACH) {
        let is_sealed = first / ROUNDS_EACH % 2 == 1;
        let (home, mut model) = (Home::new().sealed(is_sealed), Model::default());
        let server = Server::start(&home, &small_segments()).unwrap();
        runtime.block_on(async {
            load::fill(&mut server.connect().await, &mut model).await;
        });
        server.kill();
        kills += 1;
        for _ in first..rounds.min(first + ROUNDS_EACH) {
            kills += starts_that_are_killed(&home, &mut random);
            let (after, more) = runtime.block_on(round(&home, model, &mut random));
            model = after;
            kills += more.0;
            checked += more.1;
            verify_cleanly(&home);
        }
    }
    say(&format!("kill -9, seed {seed}: kills {kills}, {}", super::words(&checked)));
}

fn small_segments() -> super::server::Environment {
    vec![("ONESTOP_STORE_SEGMENT_BYTES_MAX".to_owned(), "200000".to_owned())]
}

/// Now and then the server is killed while it opens the store.
fn starts_that_are_killed(home: &Home, random: &mut Random) -> usize {
    let mut kills = 0;
    while random.percent(30) {
        let server = Server::spawn(home, &small_segments());
        sleep(Duration::from_millis(u64::try_from(random.below(120)).unwrap()));
        server.kill();
        kills += 1;
    }
    kills
}

/// Load, kill, start again, check.
async fn round(home: &Home, model: Model, random: &mut Random) -> (Model, (usize, Checked)) {
    let server = Server::start(home, &small_segments()).unwrap();
    let model = Arc::new(Mutex::new(model));
    let clients = load::begin(&server, &model, random, None).await;
    let moment = Duration::from_millis(20 + u64::try_from(random.below(250)).unwrap());
    tokio::time::sleep(moment).await;
    server.kill();
    for client in clients {
        client.await.unwrap();
    }
    let mut model = Arc::into_inner(model).unwrap().into_inner().unwrap();

    let server = Server::start(home, &small_segments()).unwrap();
    let checked = model.check(&mut server.connect().await).await;
    if random.percent(50) {
        server.stop_cleanly();
        (model, (1, checked))
    } else {
        server.kill();
        (model, (2, checked))
    }
}
