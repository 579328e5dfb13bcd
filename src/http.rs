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
use crate::listen::Peer;
use crate::oidc::Oidc;
use crate::operators::Operators;
use crate::pages;
use crate::pages::CameFrom;
use crate::pages::Encrypted;
use crate::service::Service;
use crate::traces::Traces;

use axum::Extension;
use axum::Router;
use axum::extract::ConnectInfo;
use axum::extract::DefaultBodyLimit;
use axum::extract::Request;
use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware;
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tower::Layer;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// What the listener is told by the configuration.
#[derive(Debug, Clone, Copy)]
pub struct HttpOptions {
    /// Largest body of a request. Unit: bytes.
    pub message_bytes_max: usize,
    /// Requests served at once; more are refused with 503.
    pub requests_max: usize,
    /// Longest time for a request.
    pub request_timeout: Duration,
}

/// Who is behind what is asked: the service, the converter of the national interface, and the operators of the pages, if they are
/// asked who they are.
#[derive(Debug)]
pub struct Behind {
    /// What is asked.
    pub service: Arc<Service>,
    /// The converter.
    pub gateway: Gateway,
    /// The operators.
    pub operators: Option<Arc<Operators>>,
    /// Who else may say who somebody is.
    pub oidc: Option<Arc<Oidc>>,
    /// Where spans of requests go.
    pub traces: Traces,
}

/// Serves until `stop` ends, then finishes what was accepted.
///
/// A connection on which no whole head of a request comes within the longest time for a request is closed: one that sends it a
/// sign at a time, as one that is not used any more.
pub async fn serve(
    mut door: Door,
    behind: Behind,
    options: HttpOptions,
    stop: impl Future<Output = ()>,
) {
    let encrypted = Encrypted(door.is_encrypted());
    let router = router(behind, options).layer(Extension(encrypted));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(options.request_timeout);
    let connections = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let connection = tokio::select! {
            connection = door.accept() => connection,
            () = &mut stop => break,
        };
        let service = Extension(ConnectInfo(connection.peer())).layer(router.clone());
        let service = TowerToHyperService::new(service);
        let serving = connections.watch(http.serve_connection(TokioIo::new(connection), service));
        tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::debug!(%error, "a connection ended");
            }
        });
    }
    drop(door);
    connections.shutdown().await;
}

fn router(behind: Behind, options: HttpOptions) -> Router {
    let Behind { service, gateway, operators, oidc, traces } = behind;
    let national =
        National { gateway: Arc::new(gateway), message_bytes_max: options.message_bytes_max };
    let limits = Limits::new(options.requests_max, options.request_timeout, national.clone());
    // The root is a page to those who GET it, and the address of some hospitals' interface.
    let pages = pages::router(Arc::clone(&service), operators, oidc)
        .route("/", post(national::answer).with_state(national.clone()))
        .layer(middleware::from_fn(came_from));
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
        .layer(middleware::from_fn_with_state(traces, watch::count))
}

/// Tells pages the address at the other end, which is that of a proxy where there is one.
async fn came_from(
    ConnectInfo(peer): ConnectInfo<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    request.extensions_mut().insert(CameFrom(peer.address.ip().to_string()));
    next.run(request).await
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
