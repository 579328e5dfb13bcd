//! `/metrics`: what whoever watches the server reads every few seconds. Numbers of things, never of whom.

use crate::metrics;
use crate::metrics::Way;
use crate::service::Service;
use crate::service::now;
use crate::traces;
use crate::traces::Ended;
use crate::traces::Traces;

use axum::extract::MatchedPath;
use axum::extract::Request;
use axum::extract::State;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::middleware::Next;
use axum::response::IntoResponse;
use axum::response::Response;

use std::sync::Arc;

/// All metrics.
pub(super) async fn page(State(service): State<Arc<Service>>) -> Response {
    // Sizes are asked of the file system.
    let standing = tokio::task::spawn_blocking(move || service.standing()).await;
    match standing {
        Ok(standing) => {
            let media_type = [(header::CONTENT_TYPE, metrics::MEDIA_TYPE)];
            (media_type, metrics::page(standing)).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Counts and traces what was answered, by the route that took it.
pub(super) async fn count(State(traces): State<Traces>, request: Request, next: Next) -> Response {
    let parent = request.headers().get("traceparent").and_then(|parent| parent.to_str().ok());
    let open = traces.begin(now(), parent);
    let method = match *request.method() {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        _ => "_OTHER",
    };
    let route = request.extensions().get::<MatchedPath>().cloned();
    // The national interface takes every POST that no route takes.
    let unrouted = if request.method() == Method::POST { "national" } else { "other" };
    let answer = traces::under(open.as_ref(), next.run(request)).await;
    let call = route.as_ref().map_or(unrouted, MatchedPath::as_str);
    metrics::answered(Way::Http, call, answer.status().as_str());
    if let Some(open) = open {
        open.end(Ended::Http(method, call, answer.status().as_u16()));
    }
    answer
}
