//! A span for each request, with its method and an id of its own, and a refusal for those that are too many.

use tonic::Status;
use tonic::codegen::http::Request;
use tonic::codegen::http::Response;
use tower::Layer;
use tower::Service;
use tracing::Instrument;
use tracing::instrument::Instrumented;

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::task::Poll;

static REQUESTS: AtomicU64 = AtomicU64::new(0);

/// Puts every request into a span.
#[derive(Debug, Clone, Copy)]
pub(super) struct TraceLayer;

/// A service whose requests run in a span.
#[derive(Debug, Clone)]
pub(super) struct Traced<S> {
    inner: S,
}

impl<S> Layer<S> for TraceLayer {
    type Service = Traced<S>;
    fn layer(&self, inner: S) -> Traced<S> {
        Traced { inner }
    }
}

impl<S, A, B> Service<Request<A>> for Traced<S>
where
    S: Service<Request<A>, Response = Response<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Instrumented<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let id = REQUESTS.fetch_add(1, Ordering::Relaxed) + 1;
        let span = tracing::info_span!("request", id, path = request.uri().path());
        self.inner.call(request).instrument(span)
    }
}

/// What the limits on number and time say to a caller. A request over the limit is refused at once, so that those before it are
/// answered in time; one whose time is over may have been written, since what was accepted is finished.
pub(super) fn in_words(error: tower::BoxError) -> tower::BoxError {
    if error.is::<tower::load_shed::error::Overloaded>() {
        let too_many = "too many requests at once; send it again in a moment";
        return Box::new(Status::resource_exhausted(too_many));
    }
    if error.is::<tower::timeout::error::Elapsed>() {
        let late = "no answer in time; a write may have happened: send it again under the same id";
        return Box::new(Status::deadline_exceeded(late));
    }
    error
}
