//! A year at several counters, simulated from a seed, beside an auditor who keeps books of his own.
//!
//! `ONESTOP_SIM_SEED=7 ONESTOP_SIM_OPERATIONS=100000 cargo test simulation::` runs another year, or a failed one again.

mod auditor;
mod bills;
mod days;
mod doctored;
mod fen;
mod found;
mod random;
mod run;
mod world;

use crate::simulation::run::Plan;
use crate::simulation::run::Run;

use std::time::Instant;

/// Seeds and operations without the environment's.
const SEEDS: [u64; 2] = [1, 2];
const OPERATIONS: u64 = 2000;

fn given(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

async fn year(plan: Plan) {
    let began = Instant::now();
    let mut run = Run::begin(plan).await;
    run.all().await;
    let seconds = began.elapsed().as_secs();
    eprintln!(
        "simulation: {plan:?}, {} entries, {seconds} s: {:?}",
        run.auditor.entries.len() + run.auditor.registers.len(),
        run.counts
    );
}

#[tokio::test]
async fn a_year_at_several_counters_comes_out_as_an_auditor_sums_it_up() {
    let operations = given("ONESTOP_SIM_OPERATIONS").unwrap_or(OPERATIONS);
    match given("ONESTOP_SIM_SEED") {
        Some(seed) => year(Plan { seed, operations }).await,
        None => {
            for seed in SEEDS {
                year(Plan { seed, operations }).await;
            }
        }
    }
}

/// The same with counters on several threads, where requests really meet. A failure may not come again by its seed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_year_at_several_counters_on_several_threads_comes_out_too() {
    let operations = given("ONESTOP_SIM_OPERATIONS").unwrap_or(OPERATIONS);
    year(Plan { seed: given("ONESTOP_SIM_SEED").unwrap_or(4), operations }).await;
}
