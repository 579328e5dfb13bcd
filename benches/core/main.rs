//! The core by itself: classification, one settlement of every pack, pack loading, the fold of a year.
//!
//! - `cargo bench --bench core` measures times; a word behind `--` picks tasks by name.
//! - `cargo bench --bench core -- instructions` counts instructions under `valgrind`, which a busy machine does not disturb, and
//!   compares them with `benches/core/instructions.txt`; it fails where a task has become dearer by more than a twentieth.
//!   `UPDATE_INSTRUCTIONS=1` writes that file anew. Counts hold for one processor and compiler: compare on one machine.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::as_conversions,
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "a benchmark may fail loudly, prints, and reports times; not every one uses all of the demo"
)]

mod count;
#[path = "../demo.rs"]
mod demo;
#[path = "../items.rs"]
mod items;
mod tasks;

use divan::Bencher;
use mimalloc::MiMalloc;

/// As in the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [_, "instructions", ..] => count::all(),
        [_, "rounds", name, rounds, ..] => tasks::run(name, rounds.parse().unwrap()),
        _ => divan::main(),
    }
}

#[divan::bench(args = tasks::NAMES)]
fn core(bencher: Bencher<'_, '_>, name: &str) {
    bencher.bench_local(tasks::task(name));
}
