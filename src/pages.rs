//! Pages for people: the settlement window (结算窗口) under `/counter`. One layout, one stylesheet, one script, one guard.
//!
//! Pages are whole without a script; the script only makes them quicker to use. Whatever stands in a page is escaped by the
//! templates. A form that writes carries a request id that the server made, so that sending it twice settles once.

pub(crate) mod assets;
pub(crate) mod blocks;
pub(crate) mod chart;
pub(crate) mod fields;
pub(crate) mod guard;
pub(crate) mod layout;
pub(crate) mod pdf;
pub(crate) mod spreadsheet;
pub(crate) mod visit;
pub(crate) mod work;

mod counter;
mod office;
mod what_if;

use crate::service::Service;

use axum::Router;
use axum::middleware;
use axum::response::Redirect;
use axum::routing::get;

use std::sync::Arc;

/// Whether browsers come over TLS: cookies are for such connections alone then, and codes lead to an address of that kind.
#[derive(Debug, Clone, Copy)]
pub struct Encrypted(pub bool);

/// Everything that browsers are answered. Paths that are not known are left to whoever comes after.
pub fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/", get(|| async { Redirect::to("/counter") }))
        .merge(counter::router())
        .merge(office::router())
        .with_state(service)
        .layer(middleware::from_fn(guard::guard))
        .merge(assets::router())
}

/// The report of a comparison under other packs: one HTML file that needs nothing else.
pub fn what_if(sheets: &[crate::proto::Sheet], period: &str, lang: crate::refusal::Lang) -> String {
    what_if::report(sheets, period, lang)
}
