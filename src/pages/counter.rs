//! The settlement window (一站式综合服务窗口): find the patient, quote, settle, print.

mod bill_form;
mod cost;
mod day;
mod draft;
mod his_visit;
mod patient;
mod qr;
mod quote;
mod record;
mod rules;
mod settle;
mod sheet;
mod today;
mod undo;
mod waterfall;
mod window;

use crate::pages::Route;
use crate::pages::layout::Area;
use crate::pages::layout::Tab;
use crate::pages::visit::Visit;
use crate::pages::visit::Window;

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

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/counter", patient::find),
        Route::get("/counter/window", window::show),
        Route::post("/counter/window", window::choose),
        Route::get("/counter/patient", patient::show),
        Route::post("/counter/bill", patient::again),
        Route::post("/counter/quote", quote::quote),
        Route::post("/counter/settle", settle::settle),
        Route::get("/counter/outcome", settle::outcome),
        Route::get("/counter/sheet/{number}", sheet::show),
        Route::get("/counter/sheet/{number}/pdf", sheet::file),
        Route::post("/counter/visit", his_visit::quote),
        Route::get("/counter/today", today::show),
        Route::get("/counter/today/csv", today::csv),
        Route::get("/counter/undo", undo::show),
        Route::post("/counter/undo", undo::undo),
        Route::get("/counter/cost", cost::show),
        Route::post("/counter/cost", cost::again),
        Route::post("/counter/cost/quote", cost::quote),
        Route::get("/counter/rules", rules::show),
    ]
}

/// The window that the visitor works at; without one nothing is settled.
fn at_window(visit: &Visit) -> Option<&Window> {
    visit.window.as_ref()
}
