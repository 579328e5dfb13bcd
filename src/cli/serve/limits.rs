//! The statuses of limits: what takes too long is DEADLINE_EXCEEDED, what is too much RESOURCE_EXHAUSTED. The library that
//! serves would say CANCELLED and OUT_OF_RANGE, which clients do not take for something to send again or to make smaller.

use tonic::Code;
use tonic::Status;
use tonic::codegen::http::HeaderValue;
use tonic::codegen::http::Request;
use tonic::codegen::http::Response;
use tower::BoxError;
use tower::Layer;
use tower::Service;

use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

/// Gives every request a longest time, and statuses of limits their right names.
#[derive(Debug, Clone, Copy)]
pub(super) struct LimitLayer(pub(super) Duration);

/// A service whose requests have a longest time.
#[derive(Debug, Clone)]
pub(super) struct Limited<S> {
    inner: S,
    longest: Duration,
}

impl<S> Layer<S> for LimitLayer {
    type Service = Limited<S>;
    fn layer(&self, inner: S) -> Limited<S> {
        Limited { inner, longest: self.0 }
    }
}

impl<S, A, B> Service<Request<A>> for Limited<S>
where
    S: Service<Request<A>, Response = Response<B>, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let answer = tokio::time::timeout(self.longest, self.inner.call(request));
        Box::pin(async move {
            match answer.await {
                Ok(answer) => answer.map(renamed),
                Err(_) => {
                    let late = "out of time; a write may have happened, ask again under its id";
                    Err(Status::deadline_exceeded(late).into())
                }
            }
        })
    }
}

/// A message over the limit; nothing here answers OUT_OF_RANGE for another reason.
fn renamed<B>(mut answer: Response<B>) -> Response<B> {
    const STATUS: &str = "grpc-status";
    let status = answer.headers().get(STATUS);
    if status.is_some_and(|status| Code::from_bytes(status.as_bytes()) == Code::OutOfRange) {
        let code = HeaderValue::from(i32::from(Code::ResourceExhausted));
        answer.headers_mut().insert(STATUS, code);
    }
    answer
}

/// A request over the limit is refused at once, so that those before it are answered in time.
pub(super) fn overloaded(error: BoxError) -> BoxError {
    if error.is::<tower::load_shed::error::Overloaded>() {
        let too_many = "too many requests at once; send it again in a moment";
        return Box::new(Status::resource_exhausted(too_many));
    }
    error
}
