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

mod account;
mod counter;
mod office;
mod what_if;

use crate::oidc::Oidc;
use crate::operators::Operators;
use crate::pages::visit::Visit;
use crate::pages::work::Works;
use crate::service::Service;

use axum::Extension;
use axum::Router;
use axum::handler::Handler;
use axum::middleware;
use axum::response::Redirect;
use axum::routing::MethodRouter;
use axum::routing::get;
use axum::routing::post;

use std::sync::Arc;

/// Whether browsers come over TLS: cookies are for such connections alone then, and codes lead to an address of that kind.
#[derive(Debug, Clone, Copy)]
pub struct Encrypted(pub bool);

/// Where a request came from: the address at the other end of its connection.
#[derive(Debug, Clone)]
pub struct CameFrom(pub String);

/// A page: how it is asked for, where it is, and what answers.
pub(crate) struct Route {
    method: &'static str,
    path: &'static str,
    answer: MethodRouter<Arc<Service>>,
}

impl Route {
    /// A page to look at.
    pub(crate) fn get<H, T>(path: &'static str, answer: H) -> Route
    where
        H: Handler<T, Arc<Service>>,
        T: 'static,
    {
        Route { method: "GET", path, answer: get(answer) }
    }

    /// A form that is sent.
    pub(crate) fn post<H, T>(path: &'static str, answer: H) -> Route
    where
        H: Handler<T, Arc<Service>>,
        T: 'static,
    {
        Route { method: "POST", path, answer: post(answer) }
    }
}

fn routes() -> Vec<Route> {
    let mut routes = vec![Route::get("/", begin)];
    routes.extend(counter::routes());
    routes.extend(office::routes());
    routes.extend(account::routes());
    routes
}

/// Every page, as [`crate::access::reach`] names it: method and route.
pub fn calls() -> Vec<String> {
    routes().iter().map(|route| format!("{} {}", route.method, route.path)).collect()
}

/// Everything that browsers are answered; where there are operators, each says first who he is. Paths that are not known are left
/// to whoever comes after.
pub fn router(
    service: Arc<Service>,
    operators: Option<Arc<Operators>>,
    oidc: Option<Arc<Oidc>>,
) -> Router {
    let pages = routes().into_iter();
    pages
        .fold(Router::new(), |router, route| router.route(route.path, route.answer))
        .with_state(service)
        .layer(Extension(oidc))
        .layer(Extension(Arc::new(Works::default())))
        .layer(middleware::from_fn_with_state(operators, guard::guard))
        .merge(assets::router())
}

/// Where somebody's work begins.
async fn begin(visit: Visit) -> Redirect {
    let places = ["/counter", "/office", "/account/operators", "/counter/rules"];
    let first = places.into_iter().find(|place| visit.reaches(&format!("GET {place}")));
    Redirect::to(first.unwrap_or("/counter/rules"))
}

/// The report of a comparison under other packs: one HTML file that needs nothing else.
pub fn what_if(sheets: &[crate::proto::Sheet], period: &str, lang: crate::refusal::Lang) -> String {
    what_if::report(sheets, period, lang)
}
