//! The back office (经办后台) under `/office`: reconcile, clear, see where the money went, audit.

mod clear;
mod reconcile;
mod reports;
mod sheet;
mod what_if;
mod work;

use crate::pages::layout::Area;
use crate::pages::layout::Page;
use crate::pages::layout::Switch;
use crate::pages::layout::Tab;
use crate::pages::layout::Tone;
use crate::pages::layout::failure;
use crate::pages::layout::message;
use crate::pages::layout::status_of;
use crate::pages::visit::Visit;
use crate::pages::work::Works;
use crate::service::Failure;
use crate::service::Service;
use crate::store::fault::Fault;

use axum::Extension;
use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use maud::Markup;

use std::sync::Arc;

/// The pages of the office.
static OFFICE: Area = Area {
    name: ("经办后台", "Back office"),
    tabs: &[
        Tab { path: "/office", name: ("对账", "Reconcile") },
        Tab { path: "/office/clear", name: ("清算", "Clear") },
        Tab { path: "/office/survey", name: ("运行分析", "Survey") },
        Tab { path: "/office/whatif", name: ("政策测算", "What if") },
        Tab { path: "/office/audit", name: ("审计", "Audit") },
        Tab { path: "/counter", name: ("结算窗口", "Settlement window") },
    ],
};

pub(super) fn router() -> Router<Arc<Service>> {
    Router::new()
        .route("/office", get(reconcile::show).post(reconcile::reconcile))
        .route("/office/reconciliation/{number}", get(reconcile::result))
        .route("/office/sign-off", post(reconcile::sign_off))
        .route("/office/clear", get(clear::show).post(clear::close))
        .route("/office/survey", get(reports::survey))
        .route("/office/audit", get(reports::audit))
        .route("/office/whatif", get(what_if::show).post(what_if::begin))
        .route("/office/whatif/{id}", get(what_if::result))
        .route("/office/work/{id}", get(work::show))
        .route("/office/work/{id}/state", get(work::state))
        .route("/office/work/{id}/call-off", post(work::call_off))
        .layer(Extension(Arc::new(Works::default())))
}

fn page(visit: &Visit, tab: &'static str, title: &str, main: &Markup) -> Response {
    Page { visit, area: &OFFICE, tab, title, switch: Switch::Again }.ok(main)
}

/// A page that says why something was not done.
fn refused(visit: &Visit, tab: &'static str, title: &str, why: &Failure) -> Response {
    let page = Page { visit, area: &OFFICE, tab, title, switch: Switch::Again };
    page.answer(status_of(why), &message(Tone::Bad, &failure(visit, why)))
}

fn said(visit: &Visit, (tab, title): (&'static str, &str), text: &Markup) -> Response {
    let page = Page { visit, area: &OFFICE, tab, title, switch: Switch::Again };
    page.answer(StatusCode::UNPROCESSABLE_ENTITY, &message(Tone::Bad, text))
}

/// Runs what reads the whole ledger without holding up other requests.
async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(Failure::Fault(Fault::Stopped)))
}
