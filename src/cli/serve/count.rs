//! Counts and traces what gRPC answered, by call and status. The status of an answer that has begun stands behind it, so that is looked
//! at too; an answer that was not read to its end is one that the caller cancelled.

use crate::metrics;
use crate::metrics::Way;
use crate::proto;
use crate::service::now;
use crate::traces;
use crate::traces::Ended;
use crate::traces::Traces;

use http_body::Frame;
use http_body::SizeHint;
use tonic::Code;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::HeaderMap;
use tonic::codegen::http::Request;
use tonic::codegen::http::Response;
use tower::BoxError;
use tower::Layer;
use tower::Service;

use std::pin::Pin;
use std::task::Context;
use std::task::Poll;

/// Counts every request, and traces it where somebody traces.
#[derive(Debug, Clone)]
pub(super) struct CountLayer(pub(super) Traces);

/// A service whose answers are counted.
#[derive(Debug, Clone)]
pub(super) struct Counted<S> {
    inner: S,
    traces: Traces,
}

impl<S> Layer<S> for CountLayer {
    type Service = Counted<S>;
    fn layer(&self, inner: S) -> Counted<S> {
        Counted { inner, traces: self.0.clone() }
    }
}

impl<S, A, B> Service<Request<A>> for Counted<S>
where
    S: Service<Request<A>, Response = Response<B>, Error = BoxError>,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let parent = request.headers().get("traceparent").and_then(|parent| parent.to_str().ok());
        let traced = self.traces.begin(now(), parent);
        let mut open = Open { call: call(request.uri().path()), ended: false, traced };
        let answer = match &open.traced {
            Some(traced) => traced.within(|| self.inner.call(request)),
            None => self.inner.call(request),
        };
        Box::pin(async move {
            match traces::under(open.traced.as_ref(), answer).await {
                Ok(answer) => {
                    if let Some(code) = code(answer.headers()) {
                        open.end(code);
                    }
                    Ok(answer.map(|inner| Body::new(CountedBody { inner, open })))
                }
                Err(error) => {
                    let status = error.downcast_ref::<Status>();
                    open.end(status.map_or(Code::Unknown, Status::code));
                    Err(error)
                }
            }
        })
    }
}

/// The name of a call; what is none of the contract's has one name, however it is written.
fn call(path: &str) -> &'static str {
    proto::CALLS.iter().find(|call| **call == path).copied().unwrap_or("other")
}

fn code(headers: &HeaderMap) -> Option<Code> {
    headers.get("grpc-status").map(|status| Code::from_bytes(status.as_bytes()))
}

/// An answer that is counted once.
#[derive(Debug)]
struct Open {
    call: &'static str,
    ended: bool,
    traced: Option<traces::Open>,
}

impl Open {
    fn end(&mut self, code: Code) {
        if !self.ended {
            self.ended = true;
            metrics::answered(Way::Grpc, self.call, &format!("{code:?}"));
            if let Some(traced) = self.traced.take() {
                traced.end(Ended::Grpc(self.call, code.into()));
            }
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

/// The body of an answer, with the status behind it.
struct CountedBody<B> {
    inner: B,
    open: Open,
}

impl<B> http_body::Body for CountedBody<B>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(code) = frame.trailers_ref().and_then(code)
        {
            self.open.end(code);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
