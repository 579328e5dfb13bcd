//! What is counted for whoever watches the server, in the text form of OpenMetrics: numbers of things, never of whom.
//!
//! One set for the process, from its start on. Labels are of closed lists, so that no caller can make more of them.

mod labels;
mod standing;

pub use crate::metrics::standing::Pack;
pub use crate::metrics::standing::Standing;

use crate::metrics::labels::Asked;
use crate::metrics::labels::Certificate;
use crate::metrics::labels::Numbered;
use crate::metrics::labels::Outcome;

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::histogram::exponential_buckets;
use prometheus_client::registry::Registry;
use prometheus_client::registry::Unit;

use std::sync::LazyLock;
use std::time::Duration;
use std::time::Instant;

static COUNTED: LazyLock<Counted> = LazyLock::new(Counted::new);

/// The media type of what `page` writes.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The way that a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// gRPC.
    Grpc,
    /// HTTP: pages, probes, the national interface.
    Http,
}

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CertificateUse {
    /// What this server shows.
    Server,
    /// What clients' certificates are checked against.
    ClientCa,
}

#[derive(Debug)]
struct Counted {
    registry: Registry,
    requests: Family<Asked, Counter>,
    refusals: Family<Numbered, Counter>,
    reloads: Family<Outcome, Counter>,
    spans: Family<Outcome, Counter>,
    guarantees_missed: Counter,
    certificates: Family<Certificate, Gauge>,
    settle: Histogram,
    group_entries: Histogram,
    group: Histogram,
}

impl Counted {
    fn new() -> Counted {
        // From half a millisecond to eight seconds; groups from one entry to 256.
        let seconds = || Histogram::new(exponential_buckets(0.0005, 2.0, 15));
        let mut counted = Counted {
            registry: Registry::with_prefix("onestop"),
            requests: Family::default(),
            refusals: Family::default(),
            reloads: Family::default(),
            spans: Family::default(),
            guarantees_missed: Counter::default(),
            certificates: Family::default(),
            settle: seconds(),
            group_entries: Histogram::new(exponential_buckets(1.0, 2.0, 9)),
            group: seconds(),
        };
        counted.register();
        counted
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "requests",
            "Requests answered, by way in, call and outcome",
            self.requests.clone(),
        );
        registry.register("refusals", "Refusals, by their number", self.refusals.clone());
        registry.register(
            "rules_reloads",
            "Reloads of the rule packs while running; failed: the old ones stayed in force",
            self.reloads.clone(),
        );
        registry.register(
            "trace_spans",
            "Spans of requests; dropped: the collector did not take them in time",
            self.spans.clone(),
        );
        registry.register(
            "guarantees_missed",
            "Guarantees of settlements that their step could not reach",
            self.guarantees_missed.clone(),
        );
        registry.register(
            "certificate_expiry_timestamp_seconds",
            "When the first certificate of a file expires, in seconds since 1970",
            self.certificates.clone(),
        );
        registry.register_with_unit(
            "settle",
            "Time to settle, from the request to its answer from stable storage",
            Unit::Seconds,
            self.settle.clone(),
        );
        registry.register(
            "commit_entries",
            "Ledger entries that shared one sync",
            self.group_entries.clone(),
        );
        registry.register_with_unit(
            "commit",
            "Time to bring a group of entries to stable storage",
            Unit::Seconds,
            self.group.clone(),
        );
    }
}

/// Counts an answered request. Call and outcome must be of closed lists: a path as a caller wrote it is none.
pub fn answered(way: Way, call: &str, outcome: &str) {
    let (call, outcome) = (call.to_owned(), outcome.to_owned());
    COUNTED.requests.get_or_create(&Asked { way, call, outcome }).inc();
}

/// Counts a refusal that a caller got, by its number.
pub fn refused(code: u16) {
    COUNTED.refusals.get_or_create(&Numbered { code: code.into() }).inc();
}

/// Counts a reload of the rule packs.
pub fn reloaded(taken: bool) {
    let outcome = if taken { "taken" } else { "failed" };
    COUNTED.reloads.get_or_create(&Outcome { outcome }).inc();
}

/// Counts spans that a collector took, or that were dropped.
pub fn spans(taken: bool, number: u64) {
    let outcome = if taken { "taken" } else { "dropped" };
    COUNTED.spans.get_or_create(&Outcome { outcome }).inc_by(number);
}

/// Counts guarantees (保证支付比例) that a settlement did not reach.
pub fn guarantees_missed(number: u64) {
    COUNTED.guarantees_missed.inc_by(number);
}

/// Says when a certificate expires. Unit: seconds since 1970.
pub fn certificate_expires(of: CertificateUse, at: i64) {
    COUNTED.certificates.get_or_create(&Certificate { of }).set(at);
}

/// Times a settlement until what it gives is dropped.
pub fn settling() -> Timed {
    Timed { begun: Instant::now(), histogram: &COUNTED.settle }
}

/// Counts a group of entries that was brought to stable storage.
pub fn committed(entries: usize, took: Duration) {
    let entries = u32::try_from(entries).unwrap_or(u32::MAX);
    COUNTED.group_entries.observe(entries.into());
    COUNTED.group.observe(took.as_secs_f64());
}

/// Something being timed.
#[derive(Debug)]
pub struct Timed {
    begun: Instant,
    histogram: &'static Histogram,
}

impl Drop for Timed {
    fn drop(&mut self) {
        self.histogram.observe(self.begun.elapsed().as_secs_f64());
    }
}

/// All that was counted, and how the server stands now.
pub fn page(standing: Standing) -> String {
    let mut page = String::new();
    let written = text::encode_registry(&mut page, &COUNTED.registry)
        .and_then(|()| text::encode_registry(&mut page, &standing.registry()))
        .and_then(|()| text::encode_eof(&mut page));
    // Writing to a string does not fail.
    debug_assert!(written.is_ok());
    page
}
