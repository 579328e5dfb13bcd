//! The settlement window (一站式综合服务窗口).

mod window;

use crate::pages::layout::Area;
use crate::pages::layout::Tab;
use crate::service::Service;

use axum::Router;
use axum::routing::get;

use std::sync::Arc;

/// The pages of the window.
static COUNTER: Area = Area {
    name: ("结算窗口", "Settlement window"),
    tabs: &[Tab { path: "/counter", name: ("结算", "Settle") }],
};

pub(super) fn router() -> Router<Arc<Service>> {
    Router::new()
        .route("/counter", get(window::show))
        .route("/counter/window", get(window::show).post(window::choose))
}
