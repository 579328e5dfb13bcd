//! Logging in by an identity provider: to it, and back.

use crate::oidc::Oidc;
use crate::oidc::OidcError;
use crate::pages::account::back;
use crate::pages::account::page;
use crate::pages::fields::Fields;
use crate::pages::layout::Tone;
use crate::pages::layout::message;
use crate::pages::visit;
use crate::pages::visit::Cookie;
use crate::pages::visit::Visit;
use crate::pages::visit::cookie;
use crate::service::now;
use crate::store::fault::chain;

use axum::Extension;
use axum::extract::RawQuery;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::AppendHeaders;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use maud::html;

use std::sync::Arc;

/// The provider, if there is one.
pub(crate) type ByProvider = Extension<Option<Arc<Oidc>>>;

/// To the provider.
pub(super) async fn begin(visit: Visit, Extension(oidc): ByProvider) -> Response {
    let Some(oidc) = oidc.filter(|_| visit.operators.is_some()) else { return back() };
    match oidc.begin(now()).await {
        Ok(begun) => {
            // Not `Strict`: the provider's site sends the browser back.
            let kept = visit::passing_cookie(&begun.kept);
            ([(header::SET_COOKIE, kept)], Redirect::to(&begun.location)).into_response()
        }
        Err(error) => refused(&visit, &error),
    }
}

/// Back from the provider.
pub(super) async fn finish(
    visit: Visit,
    headers: HeaderMap,
    Extension(oidc): ByProvider,
    RawQuery(query): RawQuery,
) -> Response {
    let (Some(oidc), Some(operators)) = (oidc, visit.operators.clone()) else { return back() };
    let fields = Fields::parse(&query.unwrap_or_default()).unwrap_or_default();
    let kept = Cookie::Passing.of(&headers).unwrap_or_default();
    let finished = oidc.finish((fields.get("state"), fields.get("code")), kept, now()).await;
    let (name, post) = match finished {
        Ok(known) => known,
        Err(error) => return refused(&visit, &error),
    };
    if let Some(before) = Cookie::Session.of(&headers) {
        operators.log_out(before);
    }
    let Some(session) = operators.enter(&name, post, now()) else {
        return refused(&visit, &OidcError::NoRandomness);
    };
    tracing::info!(operator = name, from = visit.from, "logged in by the identity provider");
    let mut cookies = vec![
        (header::SET_COOKIE, visit::session_cookie(&session)),
        (header::SET_COOKIE, visit::no_passing()),
    ];
    cookies
        .extend(visit::random().map(|token| (header::SET_COOKIE, cookie(Cookie::Token, &token))));
    // A page and no redirect: what still belongs to the provider's site would not send the session's cookie.
    let main = html! {
        meta http-equiv="refresh" content="0; url=/";
        (message(Tone::Good, &html! { p { (name) } }))
        p { a .primary href="/" { (visit.pick("开始工作", "Start work")) } }
    };
    let page = page(&visit, StatusCode::OK, visit.pick("已登录", "Logged in"), &main);
    (AppendHeaders(cookies), page).into_response()
}

/// That nobody was let in. The reason is in the log: it may help whoever tries to get in.
fn refused(visit: &Visit, error: &OidcError) -> Response {
    tracing::warn!(error = chain(error), from = visit.from, "a login by the provider was refused");
    let said = match error {
        OidcError::NoRole => visit.pick(
            "您在统一身份认证中的用户组在本系统没有对应的角色，请联系系统管理员。",
            "None of your groups at the identity provider is a role here; ask the administrator.",
        ),
        OidcError::Address(_)
        | OidcError::Ca { .. }
        | OidcError::Settings(_)
        | OidcError::Provider(_)
        | OidcError::State
        | OidcError::Token(_)
        | OidcError::Nobody
        | OidcError::NoRandomness => visit.pick(
            "统一身份认证登录没有成功，请重试；仍不成功请联系系统管理员。",
            "The login by the identity provider did not succeed. Try again, or ask the administrator.",
        ),
    };
    let main = html! {
        (message(Tone::Bad, &html! { p { strong { (said) } } }))
        p { a href="/account/login" { (visit.pick("返回登录", "Back to the login")) } }
    };
    page(visit, StatusCode::UNAUTHORIZED, visit.pick("没有登录", "Not logged in"), &main)
}
