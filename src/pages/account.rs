//! Accounts (账户) under `/account`: log in, change one's password, and for administrators the operators.

mod login;
pub(crate) mod oidc;
mod operators;
mod password;

use crate::operators::Operators;
use crate::pages::Route;
use crate::pages::layout;
use crate::pages::layout::Area;
use crate::pages::layout::NOWHERE;
use crate::pages::layout::Page;
use crate::pages::layout::Switch;
use crate::pages::visit::Visit;
use crate::service::Service;
use crate::store::fault::chain;

use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use maud::Markup;
use tokio::sync::Semaphore;

/// Passwords that are hashed at once: each takes a core and 19 MiB for some time.
static HASHING: Semaphore = Semaphore::const_new(4);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/account/login", login::show),
        Route::post("/account/login", login::log_in),
        Route::get("/account/oidc", oidc::begin),
        Route::get("/account/oidc/back", oidc::finish),
        Route::post("/account/logout", login::log_out),
        Route::get("/account/password", password::show),
        Route::post("/account/password", password::change),
        Route::get("/account/operators", operators::show),
        Route::post("/account/operators", operators::change),
    ]
}

fn page(visit: &Visit, status: StatusCode, title: &str, main: &Markup) -> Response {
    let area: &'static Area = &NOWHERE;
    Page { visit, area, tab: "/account/operators", title, switch: Switch::Again }
        .answer(status, main)
}

/// Where nobody is asked who he is there are no accounts, and the way leads back.
fn back() -> Response {
    Redirect::to("/counter").into_response()
}

/// Runs what hashes passwords without holding up other requests.
async fn hashing<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let _turn = HASHING.acquire().await.ok()?;
    tokio::task::spawn_blocking(work).await.ok()
}

/// Brings what was changed into the ledger. What fails now is tried again: the change stays in the file until then.
async fn note(service: &Service, operators: &Operators) {
    if let Err(error) = service.note_accounts(operators).await {
        tracing::error!(error = chain(&error), "a change of accounts is not in the ledger yet");
    }
}

/// That something of the machine failed.
fn broken(visit: &Visit, error: &dyn std::error::Error) -> Response {
    tracing::error!(error = chain(error), "accounts cannot be used");
    let said = (
        "用户档案暂时无法使用，未作任何处理。请联系系统管理员。",
        "The accounts cannot be used now. Nothing was done; ask the administrator.",
    );
    layout::trouble(visit, StatusCode::SERVICE_UNAVAILABLE, said)
}
