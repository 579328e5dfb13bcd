//! Traces (调用链): a span for each request, sent to a collector by the OpenTelemetry protocol where one is configured.
//!
//! A span has names of closed lists, numbers and times, and nothing that a caller wrote but the ids of a `traceparent`. Sending never
//! keeps a request waiting: what the collector does not take in time is dropped and counted.

mod otlp;
mod parent;
mod send;

pub use crate::traces::send::TracesError;

use crate::calendar::Moment;
use crate::metrics;
use crate::traces::otlp::KeyValue;
use crate::traces::otlp::Span;
use crate::traces::parent::Parent;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Most spans that wait for the collector; more are dropped.
const WAITING_MAX: usize = 4096;

/// Where spans go; nowhere by default.
#[derive(Debug, Clone, Default)]
pub struct Traces(Option<mpsc::Sender<Span>>);

/// What is noted of a request while it is answered, wherever that is.
#[derive(Debug, Default)]
struct Noted {
    /// Its number in the log; 0: none.
    request: AtomicU64,
    /// The number of its refusal; 0: none.
    refusal: AtomicU32,
    /// The number of its transaction of the national interface; 0: none.
    transaction: AtomicU32,
}

tokio::task_local! {
    static CURRENT: Arc<Noted>;
}

/// A request whose span has begun.
#[derive(Debug)]
pub struct Open {
    at: Moment,
    begun: Instant,
    parent: Parent,
    noted: Arc<Noted>,
    sender: mpsc::Sender<Span>,
}

/// How a request came in and what came of it: names of closed lists, and statuses of their protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended<'a> {
    /// A call of gRPC, and its status.
    Grpc(&'a str, i32),
    /// Method and route of HTTP, and the status.
    Http(&'a str, &'a str, u16),
}

impl Traces {
    /// To a collector that speaks OTLP over gRPC; `ca` is that of its certificate, in PEM, where the address begins with `https`.
    /// What is returned beside it ends once nobody traces any more and the last spans are sent.
    ///
    /// Errors: an address that is none, a CA that cannot be read. A collector that is not there is none.
    pub fn to(endpoint: &str, ca: &Path) -> Result<(Traces, JoinHandle<()>), TracesError> {
        let channel = send::channel(endpoint, ca)?;
        let (sender, spans) = mpsc::channel(WAITING_MAX);
        Ok((Traces(Some(sender)), tokio::spawn(send::send(spans, channel))))
    }

    /// Begins the span of a request; none where nobody traces, or where whoever asks has decided that this one is not traced.
    pub fn begin(&self, at: Moment, traceparent: Option<&str>) -> Option<Open> {
        let sender = self.0.clone()?;
        let parent = Parent::read(traceparent).or_else(Parent::none)?;
        let noted = Arc::default();
        parent.sampled.then(|| Open { at, begun: Instant::now(), parent, noted, sender })
    }
}

impl Open {
    /// Runs something as a part of this request.
    pub fn within<T>(&self, part: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(Arc::clone(&self.noted), part)
    }

    /// Ends the span and sends it on its way.
    pub fn end(self, ended: Ended<'_>) {
        let Noted { request, refusal, transaction } = &*self.noted;
        let transaction = transaction.load(Ordering::Relaxed);
        let mut attributes = Vec::with_capacity(6);
        let numbers = [
            ("onestop.request", request.load(Ordering::Relaxed)),
            ("onestop.refusal", refusal.load(Ordering::Relaxed).into()),
            ("onestop.transaction", transaction.into()),
        ];
        for (name, number) in numbers.into_iter().filter(|(_, number)| *number != 0) {
            attributes.push(KeyValue::number(name, number));
        }
        let (name, failed) = match ended {
            Ended::Grpc(call, status) => {
                attributes.push(KeyValue::text("rpc.system", "grpc"));
                let number = u64::try_from(status).unwrap_or_default();
                attributes.push(KeyValue::number("rpc.grpc.status_code", number));
                (call.trim_start_matches('/').to_owned(), FAILED.contains(&status))
            }
            Ended::Http(method, route, status) => {
                attributes.push(KeyValue::text("http.request.method", method));
                attributes.push(KeyValue::number("http.response.status_code", status.into()));
                let name = match transaction {
                    0 => format!("{method} {route}"),
                    number => format!("{route}/{number}"),
                };
                (name, 500 <= status)
            }
        };
        let took = self.begun.elapsed();
        let span = self.parent.span(name, (self.at, took), attributes, failed);
        if self.sender.try_send(span).is_err() {
            metrics::spans(false, 1);
        }
    }
}

/// The statuses of gRPC that say that the server failed: unknown, deadline exceeded, unimplemented, internal, unavailable, data loss.
const FAILED: [i32; 6] = [2, 4, 12, 13, 14, 15];

/// Runs a request, or what is split off from it, under its span.
pub async fn under<F: Future>(open: Option<&Open>, request: F) -> F::Output {
    match open {
        Some(open) => CURRENT.scope(Arc::clone(&open.noted), request).await,
        None => request.await,
    }
}

/// What runs as a task of its own goes on under the span that it was split off from.
pub fn carried<F: Future>(task: F) -> impl Future<Output = F::Output> {
    let noted = CURRENT.try_with(Arc::clone).ok();
    async {
        match noted {
            Some(noted) => CURRENT.scope(noted, task).await,
            None => task.await,
        }
    }
}

fn note(what: impl FnOnce(&Noted)) {
    // Whoever is not traced has nothing to note in.
    let _ = CURRENT.try_with(|noted| what(noted));
}

/// Notes the number that a request has in the log.
pub fn request(number: u64) {
    note(|noted| noted.request.store(number, Ordering::Relaxed));
}

/// Notes the number of the refusal that a request is answered with.
pub fn refused(code: u16) {
    note(|noted| noted.refusal.store(code.into(), Ordering::Relaxed));
}

/// Notes the transaction that a request is, by its number; one that there is.
pub fn transaction(number: &str) {
    note(|noted| noted.transaction.store(number.parse().unwrap_or(0), Ordering::Relaxed));
}
