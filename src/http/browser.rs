//! Requests of a browser, which the national interface does not answer: a page of another site could make the browser of a
//! counter's PC post an envelope as `text/plain`, for which browsers ask nobody's leave, and settle with it. Programs of
//! hospitals send neither header.

use axum::http::HeaderMap;
use axum::http::header::ORIGIN;

/// Whether a browser sent it, whichever page made it do so: one that resolves a name anew can make any page look like ours.
pub(super) fn sent(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN) || headers.contains_key("sec-fetch-site")
}
