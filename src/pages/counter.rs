//! The settlement window (一站式综合服务窗口): find the patient, quote, settle, print.

mod bill_form;
mod cost;
mod day;
mod draft;
mod his_visit;
mod patient;
mod qr;
mod quote;
mod rules;
mod settle;
mod sheet;
mod today;
mod undo;
mod waterfall;
mod window;

use crate::pages::layout::Area;
use crate::pages::layout::Tab;
use crate::pages::visit::Visit;
use crate::pages::visit::Window;
use crate::service::Service;

use axum::Router;
use axum::routing::get;
use axum::routing::post;

use std::sync::Arc;

/// The pages of the window.
static COUNTER: Area = Area {
    name: ("结算窗口", "Settlement window"),
    tabs: &[
        Tab { path: "/counter", name: ("结算", "Settle") },
        Tab { path: "/counter/today", name: ("今日", "Today") },
        Tab { path: "/counter/undo", name: ("撤销", "Undo") },
        Tab { path: "/counter/cost", name: ("费用测算", "What would it cost?") },
        Tab { path: "/counter/rules", name: ("规则", "Rules") },
    ],
};

pub(super) fn router() -> Router<Arc<Service>> {
    Router::new()
        .route("/counter", get(patient::find))
        .route("/counter/window", get(window::show).post(window::choose))
        .route("/counter/patient", get(patient::show))
        .route("/counter/bill", post(patient::again))
        .route("/counter/quote", post(quote::quote))
        .route("/counter/settle", post(settle::settle))
        .route("/counter/outcome", get(settle::outcome))
        .route("/counter/sheet/{number}", get(sheet::show))
        .route("/counter/sheet/{number}/pdf", get(sheet::file))
        .route("/counter/visit", post(his_visit::quote))
        .route("/counter/today", get(today::show))
        .route("/counter/today/csv", get(today::csv))
        .route("/counter/undo", get(undo::show).post(undo::undo))
        .route("/counter/cost", get(cost::show).post(cost::again))
        .route("/counter/cost/quote", post(cost::quote))
        .route("/counter/rules", get(rules::show))
}

/// The window that the visitor works at; without one nothing is settled.
fn at_window(visit: &Visit) -> Option<&Window> {
    visit.window.as_ref()
}
