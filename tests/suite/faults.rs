//! Faults: a real server is killed, loses power, runs out of disk, gets errors from the system and finds bytes flipped. Whatever it
//! acknowledged must be there afterwards, once; what it did not must be there once when it is sent again.
//!
//! `ONESTOP_FAULTS_LONG=1` takes minutes instead of seconds; `ONESTOP_FAULTS_KILLS`, `_CUTS` and `_SEED` set numbers one by one.
#![allow(clippy::wildcard_enum_match_arm, reason = "a test names what it expects")]

mod damage;
mod disk;
mod failing;
mod kill;
mod load;
mod model;
mod power;
mod random;
mod server;
mod shim;

use model::Checked;

/// A number from the environment; without it one for every day, or one for long runs.
fn setting(name: &str, short: usize, long: usize) -> usize {
    let given = std::env::var(format!("ONESTOP_FAULTS_{name}")).ok();
    given.map_or(if is_long() { long } else { short }, |text| text.parse().unwrap())
}

fn is_long() -> bool {
    std::env::var_os("ONESTOP_FAULTS_LONG").is_some_and(|value| value != "0")
}

/// Says something that the test runner does not swallow.
fn say(what: &str) {
    eprintln!("faults: {what}");
}

/// What was checked; anything lost or doubled would have ended the test.
fn words(checked: &Checked) -> String {
    let Checked { settlements, reversals, registers, years, sent_again } = checked;
    format!(
        "acknowledged settlements checked {settlements}, reversals {reversals}, register writes {registers}, \
         benefit years {years}, unacknowledged sent again {sent_again}, lost 0, doubled 0"
    )
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
