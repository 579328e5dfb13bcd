//! A span for each request, with its method and an id of its own.

use crate::traces;

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
        traces::request(id);
        let span = tracing::info_span!("request", id, path = request.uri().path());
        self.inner.call(request).instrument(span)
    }
}
