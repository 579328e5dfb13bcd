//! A longest time for a request, and a most of requests at once, each in a span of its own.

use crate::http::national::National;
use crate::traces;

use axum::extract::Request;
use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::IntoResponse;
use axum::response::Response;
use tokio::sync::Semaphore;
use tracing::Instrument;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

static REQUESTS: AtomicU64 = AtomicU64::new(0);

/// The limits of a listener.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    free: Arc<Semaphore>,
    longest: Duration,
    national: National,
}

impl Limits {
    /// At most so many at once, each at most so long.
    pub(super) fn new(requests_max: usize, longest: Duration, national: National) -> Limits {
        let free = Arc::new(Semaphore::new(requests_max.min(Semaphore::MAX_PERMITS)));
        Limits { free, longest, national }
    }
}

/// Refuses what is too much at once, so that those before it are answered in time; ends what takes too long.
pub(super) async fn limit(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let id = REQUESTS.fetch_add(1, Ordering::Relaxed) + 1;
    traces::request(id);
    let span = tracing::info_span!("http", id, path = request.uri().path());
    let by_his = limits.national.is_asked(request.method(), request.uri().path());
    let Ok(_turn) = limits.free.try_acquire() else {
        if by_his {
            return limits
                .national
                .refuse("同时办理的业务过多,本次未写入。请稍后用原报文ID重新发送。");
        }
        let too_many =
            "同时请求过多,请稍后重发。 Too many requests at once; send it again in a moment.\n";
        return (StatusCode::SERVICE_UNAVAILABLE, too_many).into_response();
    };
    match tokio::time::timeout(limits.longest, next.run(request)).instrument(span).await {
        Ok(answer) => answer,
        Err(_) if by_his => {
            limits.national.refuse("处理超时,可能已经办理。请用原报文ID重新发送,或以 2601 冲正。")
        }
        Err(_) => {
            let late = "处理超时;写入可能已经发生,请用同一编号再问。 Out of time; a write may have happened, ask again under its id.\n";
            (StatusCode::GATEWAY_TIMEOUT, late).into_response()
        }
    }
}
