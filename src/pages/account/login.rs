//! Logging in and out.

use crate::operators::Operators;
use crate::operators::Refused;
use crate::pages::account::back;
use crate::pages::account::broken;
use crate::pages::account::hashing;
use crate::pages::account::note;
use crate::pages::account::oidc::ByProvider;
use crate::pages::account::page;
use crate::pages::fields::Fields;
use crate::pages::layout::Input;
use crate::pages::layout::Tone;
use crate::pages::layout::message;
use crate::pages::layout::token;
use crate::pages::visit;
use crate::pages::visit::Cookie;
use crate::pages::visit::Visit;
use crate::pages::visit::cookie;
use crate::service::Service;
use crate::service::now;
use crate::store::fault::chain;

use axum::Extension;
use axum::extract::RawQuery;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::AppendHeaders;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use maud::Markup;
use maud::html;

use std::sync::Arc;

/// The form.
pub(super) async fn show(
    visit: Visit,
    Extension(oidc): ByProvider,
    RawQuery(query): RawQuery,
) -> Response {
    if visit.operators.is_none() {
        return back();
    }
    let fields = Fields::parse(&query.unwrap_or_default()).unwrap_or_default();
    let other = html! {
        p { a .plain href="/account/oidc" {
            (visit.pick("用统一身份认证登录", "Log in by the identity provider"))
        } }
    };
    let above = if oidc.is_some() {
        other
    } else {
        html! {}
    };
    form(&visit, StatusCode::OK, &fields, &above)
}

fn form(visit: &Visit, status: StatusCode, fields: &Fields, above: &Markup) -> Response {
    page(
        visit,
        status,
        visit.pick("登录", "Log in"),
        &html! {
            (above)
            form .narrow method="post" action="/account/login" {
                (token(visit))
                input type="hidden" name="next" value=(next(fields));
                (Input {
                    name: "name", label: visit.pick("用户名", "Name"), value: fields.get("name"), required: true,
                    focus: true, filled: "username", ..Input::default()
                }.markup())
                (Input {
                    name: "password", kind: "password", label: visit.pick("口令", "Password"), required: true,
                    filled: "current-password", ..Input::default()
                }.markup())
                button .primary type="submit" { (visit.pick("登录", "Log in")) }
            }
        },
    )
}

/// Where somebody wanted to go: a page of ours, or the first one.
fn next(fields: &Fields) -> &str {
    let wanted = fields.get("next");
    let ours = ["/counter", "/office", "/account/operators"];
    let is_ours = ours.iter().any(|page| wanted.starts_with(page))
        && wanted.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_ours { wanted } else { "/" }
}

/// Lets somebody in: a new session and a new token for forms, whatever the browser had before.
pub(super) async fn log_in(
    State(service): State<Arc<Service>>,
    visit: Visit,
    headers: HeaderMap,
    fields: Fields,
) -> Response {
    let Some(operators) = visit.operators.clone() else { return back() };
    let (name, password) = (fields.get("name").to_owned(), fields.exactly("password").to_owned());
    let (asked, from) = (Arc::clone(&operators), visit.from.clone());
    let answered = hashing(move || asked.log_in((&name, &password), &from, now())).await;
    if let Some(Err(Refused::Wrong { locked: true })) = &answered {
        let (name, from) = (fields.get("name").to_owned(), visit.from.clone());
        tokio::spawn(note_locked(service, operators.clone(), name, from));
    }
    match answered {
        Some(Ok(session)) => {
            if let Some(before) = Cookie::Session.of(&headers) {
                operators.log_out(before);
            }
            tracing::info!(operator = fields.get("name"), from = visit.from, "logged in");
            entered(&session, next(&fields))
        }
        Some(Err(Refused::Failed(error))) => broken(&visit, &error),
        Some(Err(Refused::Wait(seconds))) => {
            let minutes = seconds.div_euclid(60) + 1;
            let said = html! {
                p { strong { (visit.pick("口令错误次数过多，暂停登录。", "Too many wrong passwords; no login for a while.")) } }
                p { (visit.pick("请等待的分钟数：", "Minutes to wait: ")) (minutes) }
            };
            form(&visit, StatusCode::TOO_MANY_REQUESTS, &fields, &message(Tone::Bad, &said))
        }
        Some(Err(Refused::Wrong { .. })) | None => {
            tracing::info!(from = visit.from, "a login was refused");
            let said = html! {
                p { strong { (visit.pick("用户名或口令不正确。", "The name or the password is wrong.")) } }
                p { (visit.pick("忘记口令请联系系统管理员重置。", "If you forgot the password, the administrator can reset it.")) }
            };
            form(&visit, StatusCode::UNAUTHORIZED, &fields, &message(Tone::Bad, &said))
        }
    }
}

/// Notes that an account has to wait, beside the answer: that must not take longer where somebody has the name.
async fn note_locked(service: Arc<Service>, operators: Arc<Operators>, name: String, from: String) {
    let noting = Arc::clone(&operators);
    let noted = tokio::task::spawn_blocking(move || noting.note_locked(&name, &from, now())).await;
    match noted {
        Ok(Ok(())) => note(&service, &operators).await,
        Ok(Err(error)) => tracing::error!(error = chain(&error), "a locked account is not noted"),
        Err(_) => tracing::error!("a locked account is not noted"),
    }
}

/// A session that has begun, and where it goes on.
pub(super) fn entered(session: &str, next: &str) -> Response {
    let mut cookies = vec![(header::SET_COOKIE, visit::session_cookie(session))];
    // Without randomness there would be no session either.
    cookies
        .extend(visit::random().map(|token| (header::SET_COOKIE, cookie(Cookie::Token, &token))));
    (AppendHeaders(cookies), Redirect::to(next)).into_response()
}

/// Ends the session.
pub(super) async fn log_out(visit: Visit, headers: HeaderMap, _: Fields) -> Response {
    let Some(operators) = visit.operators.clone() else { return back() };
    if let Some(session) = Cookie::Session.of(&headers) {
        operators.log_out(session);
    }
    let over = [(header::SET_COOKIE, visit::no_session())];
    (over, Redirect::to("/account/login")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_leads_to_a_page_of_ours_and_nowhere_else() {
        for (wanted, expected) in [
            ("/counter?find=a", "/counter?find=a"),
            ("/office/audit", "/office/audit"),
            ("//evil.example", "/"),
            ("https://evil.example", "/"),
            ("/counter\\evil", "/"),
            ("/counter\r\nx: y", "/"),
            ("/account/login", "/"),
            ("", "/"),
        ] {
            let query = serde_urlencoded::to_string([("next", wanted)]).unwrap();
            assert_eq!(next(&Fields::parse(&query).unwrap()), expected, "{wanted}");
        }
    }
}
