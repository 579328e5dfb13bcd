//! The back office (经办后台) under `/office`: reconcile, clear, see where the money went, audit.

mod clear;
mod reconcile;
mod reports;
mod sheet;
mod what_if;
mod work;

use crate::pages::Route;
use crate::pages::layout::Area;
use crate::pages::layout::Input;
use crate::pages::layout::Page;
use crate::pages::layout::Switch;
use crate::pages::layout::Tab;
use crate::pages::layout::Tone;
use crate::pages::layout::failure;
use crate::pages::layout::message;
use crate::pages::layout::status_of;
use crate::pages::visit::Visit;
use crate::service::Failure;
use crate::store::fault::Fault;

use axum::http::StatusCode;
use axum::response::Response;
use maud::Markup;
use maud::html;

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

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/office", reconcile::show),
        Route::post("/office", reconcile::reconcile),
        Route::get("/office/reconciliation/{number}", reconcile::result),
        Route::post("/office/sign-off", reconcile::sign_off),
        Route::get("/office/clear", clear::show),
        Route::post("/office/clear", clear::close),
        Route::get("/office/survey", reports::survey),
        Route::get("/office/audit", reports::audit),
        Route::get("/office/whatif", what_if::show),
        Route::post("/office/whatif", what_if::begin),
        Route::get("/office/whatif/{id}", what_if::result),
        Route::get("/office/work/{id}", work::show),
        Route::get("/office/work/{id}/state", work::state),
        Route::post("/office/work/{id}/call-off", work::call_off),
    ]
}

/// The fields that say who signs; none where that is known.
fn signs(visit: &Visit, who: &str) -> Markup {
    let window = visit.window.clone().unwrap_or_default();
    html! {
        @if visit.known.is_none() {
            (Input { name: "office", label: visit.pick("经办机构编号", "Office"), required: true, ..Input::default() }.markup())
            (Input { name: "operator", label: who, value: &window.operator, required: true, ..Input::default() }.markup())
        }
    }
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
