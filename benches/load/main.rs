//! A load generator: what the built server answers through gRPC, beside the limits of the machine in the same run.
//!
//! - `cargo bench --bench load` runs the whole table, each row for three seconds (`ONESTOP_LOAD_SECONDS`).
//! - `cargo bench --bench load -- settle connections=64 persons=hot lines=30 rate=2000 seconds=10` runs one row, once; `quote`,
//!   `stream`, `echo`, `his-quote` (2303) and `his-settle` (2401, 2301 and 2304) are the other calls. With `settling=10` so many
//!   seconds of settlements come first, so that persons have a year. Without `rate` the loop is closed: each connection sends when it
//!   has its answer. With it the loop is open: requests are due at fixed times, and a time is counted from when its request was due,
//!   so that one slow answer is felt by all that wait behind it.
//!
//! Workload: the demo pack, a registered poor person at the county hospital, six steps, full trace; `lines=0` is a bill of totals.
//! Cold persons are 50,000 in turn, hot ones 16. Server and clients share the machine's cores, over loopback. The store stands in
//! the directory that `ONESTOP_BENCH_DIR` names, or the temporary one: `fdatasync` is as fast as that disk.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::as_conversions,
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "a benchmark may fail loudly, prints, and reports times"
)]

#[path = "../demo.rs"]
mod demo;
mod disk;
mod drive;
mod echo;
#[path = "../items.rs"]
mod items;
mod national;
mod server;
mod work;

use crate::drive::Measured;
use crate::drive::Row;
use crate::server::Server;
use crate::work::Call;
use crate::work::Persons;

use std::path::Path;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|one| one != "--bench").collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    if let [call, ready] = arguments.as_slice()
        && call == "serve-echo"
    {
        return runtime.block_on(echo::serve(Path::new(ready)));
    }
    let base = std::env::var_os("ONESTOP_BENCH_DIR").map_or_else(std::env::temp_dir, Into::into);
    let directory = base.join(format!("onestop-bench-load-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let seconds = std::env::var("ONESTOP_LOAD_SECONDS").map_or(3, |text| text.parse().unwrap());
    runtime.block_on(async {
        let server = Server::start(&directory).await;
        if arguments.is_empty() {
            table(&server, &directory, seconds).await;
        } else {
            let row = Row::parse(&arguments, seconds);
            if row.settling != 0 {
                let settles = Row { call: Call::Settle, connections: 32, ..Row::default() };
                drive::run(&server, &Row { seconds: row.settling, ..settles });
            }
            heads();
            print(&row, &drive::run(&server, &row));
        }
        server.stop();
    });
    std::fs::remove_dir_all(&directory).unwrap();
}

/// Every row, with the disk's own figures before and after.
async fn table(server: &Server, directory: &Path, seconds: u64) {
    let row = |call, connections| Row { call, connections, seconds, ..Row::default() };
    say_disk(directory, "before");
    let (request, answer) = work::sizes(server, Call::Settle, 0).await;
    let (quote, statement) = work::sizes(server, Call::Quote, 0).await;
    println!("settle: {request} bytes there, {answer} back; quote: {quote} and {statement}\n");
    heads();
    let mut rows = Vec::new();
    for connections in [1, 8, 32, 64, 256] {
        rows.push(Row { sizes: (quote, statement), ..row(Call::Echo, connections) });
        rows.push(row(Call::Quote, connections));
        rows.push(Row { sizes: (request, answer), ..row(Call::Echo, connections) });
        rows.push(row(Call::Settle, connections));
    }
    rows.push(row(Call::Stream, 1));
    rows.push(row(Call::Stream, 4));
    for lines in [30, 100, 500] {
        rows.push(Row { lines, ..row(Call::Quote, 8) });
        rows.push(Row { lines, ..row(Call::Settle, 64) });
    }
    rows.push(Row { persons: Persons::Hot, ..row(Call::Settle, 64) });
    for connections in [1, 8, 64] {
        rows.push(Row { lines: 30, ..row(Call::HisQuote, connections) });
        rows.push(Row { lines: 30, ..row(Call::HisSettle, connections) });
    }
    let mut closed = 0.0;
    for row in rows {
        let measured = drive::run(server, &row);
        print(&row, &measured);
        if row.call == Call::Settle && row.connections == 64 && row.lines == 0 {
            closed = f64::max(closed, measured.rate);
        }
    }
    for share in [0.25, 0.5, 0.75] {
        let row = Row { rate: Some(closed * share), ..row(Call::Settle, 64) };
        print(&row, &drive::run(server, &row));
    }
    println!();
    for group in [1, 8, 32, 64, 256] {
        let rate = disk::group_commit(directory, group, answer);
        println!(
            "raw append + fdatasync of {group} records of {answer} bytes: {rate:.0} records/s"
        );
    }
    say_disk(directory, "after");
}

fn say_disk(directory: &Path, when: &str) {
    let control = disk::group_commit(directory, 1, 4096);
    println!("raw 4 KiB append + fdatasync, {when}: {control:.0}/s, {:.2} ms each", 1e3 / control);
}

fn heads() {
    println!(
        "| call | lines | persons | connections | loop | per second | p50 ms | p99 ms | p99.9 ms | max ms |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
}

fn print(row: &Row, measured: &Measured) {
    let Measured { rate, times } = measured;
    let at = |quantile: f64| times.value_at_quantile(quantile) as f64 / 1e3;
    println!(
        "| {} | {} | {} | {} | {} | {rate:.0} | {:.3} | {:.3} | {:.3} | {:.3} |",
        row.call.name(row.sizes),
        row.lines,
        row.persons.name(),
        row.connections,
        row.rate.map_or("closed".to_owned(), |rate| format!("open, {rate:.0}/s")),
        at(0.5),
        at(0.99),
        at(0.999),
        times.max() as f64 / 1e3,
    );
}
