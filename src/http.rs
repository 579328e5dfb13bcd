//! HTTP: one listener beside gRPC, for browsers, probes and the national interface. Limits are those of the gRPC server.
//!
//! Who asks whether the process lives gets `/alive`; who asks whether it can settle gets `/ready`.

mod browser;
mod limits;
mod national;
mod watch;

use crate::his::Gateway;
use crate::http::limits::Limits;
use crate::http::national::National;
use crate::listen::Door;
use crate::pages;
use crate::pages::Encrypted;
use crate::service::Service;

use axum::Extension;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::get;
use axum::routing::post;

use std::io;
use std::sync::Arc;
use std::time::Duration;

/// What the listener is told by the configuration.
#[derive(Debug, Clone, Copy)]
pub struct HttpOptions {
    /// Whether pages, which have no logins, are served.
    pub pages: bool,
    /// Largest body of a request. Unit: bytes.
    pub message_bytes_max: usize,
    /// Requests served at once; more are refused with 503.
    pub requests_max: usize,
    /// Longest time for a request.
    pub request_timeout: Duration,
}

/// Serves until `stop` ends, then finishes what was accepted.
pub async fn serve(
    door: Door,
    service: Arc<Service>,
    gateway: Gateway,
    options: HttpOptions,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let encrypted = Encrypted(door.is_encrypted());
    let router = router(service, gateway, options).layer(Extension(encrypted));
    axum::serve(door, router).with_graceful_shutdown(stop).await
}

fn router(service: Arc<Service>, gateway: Gateway, options: HttpOptions) -> Router {
    let national = National {
        gateway: Arc::new(gateway),
        message_bytes_max: options.message_bytes_max,
        pages: options.pages,
    };
    let limits = Limits::new(options.requests_max, options.request_timeout, national.clone());
    let pages = match options.pages {
        // The root is a page to those who GET it, and the address of some hospitals' interface.
        true => pages::router(Arc::clone(&service))
            .route("/", post(national::answer).with_state(national.clone())),
        // Routes of their own would take the requests of the national interface, which come on any path.
        false => Router::new(),
    };
    Router::new()
        .route("/ready", get(ready))
        .with_state(Arc::clone(&service))
        .fallback(national::answer)
        .with_state(national)
        .merge(pages)
        .layer(DefaultBodyLimit::max(options.message_bytes_max))
        .layer(middleware::from_fn_with_state(limits, limits::limit))
        // Answered also under load: a busy server is alive, and somebody wants to see how busy.
        .route("/alive", get(alive))
        .route("/metrics", get(watch::page).with_state(service))
        .layer(middleware::from_fn(watch::count))
}

async fn alive() -> &'static str {
    "alive\n"
}

/// Ready means that what is asked is answered, and what is written is acknowledged.
async fn ready(State(service): State<Arc<Service>>) -> (StatusCode, &'static str) {
    let has_stopped = service.halted().borrow().anything();
    if has_stopped {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            "not ready: the store has stopped, see the log\n",
        );
    }
    (StatusCode::OK, "ready\n")
}
