//! The stylesheet, the script and the icon, built into the program. Their addresses hold a digest, so that browsers may keep them.

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use sha2::Digest;
use sha2::Sha256;

use std::sync::LazyLock;

const STYLE: &str = include_str!("assets/onestop.css");
const SCRIPT: &str = include_str!("assets/onestop.js");
const ICON: &str = include_str!("assets/onestop.svg");

/// Where the stylesheet is.
pub(crate) static STYLE_PATH: LazyLock<String> = LazyLock::new(|| path(STYLE, "css"));
/// Where the script is.
pub(crate) static SCRIPT_PATH: LazyLock<String> = LazyLock::new(|| path(SCRIPT, "js"));
/// Where the icon is.
pub(crate) static ICON_PATH: LazyLock<String> = LazyLock::new(|| path(ICON, "svg"));

fn path(text: &str, kind: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let short: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("/assets/onestop-{short}.{kind}")
}

pub(super) fn router() -> Router {
    Router::new()
        .route(&STYLE_PATH, get(|| async { asset(STYLE, "text/css; charset=utf-8") }))
        .route(&SCRIPT_PATH, get(|| async { asset(SCRIPT, "text/javascript; charset=utf-8") }))
        .route(&ICON_PATH, get(|| async { asset(ICON, "image/svg+xml") }))
}

fn asset(text: &'static str, kind: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, text).into_response()
}
