//! What stands before every page: who it is and whether his role may, security headers, the language switch, the token of forms,
//! and no requests of other sites.
//!
//! A form is accepted from this site alone (`Sec-Fetch-Site`, `Origin`), and only with the token of the visitor's own cookie in it,
//! which [`crate::pages::fields::Fields`] checks. What a page is about is looked at behind the guard.

use crate::access::is_open;
use crate::operators::Operators;
use crate::pages::CameFrom;
use crate::pages::Encrypted;
use crate::pages::layout;
use crate::pages::visit;
use crate::pages::visit::Cookie;
use crate::pages::visit::Visit;
use crate::pages::visit::Window;
use crate::pages::visit::cookie;
use crate::refusal::Lang;
use crate::service::now;
use crate::store::fault::chain;

use axum::extract::MatchedPath;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::middleware::Next;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;

use std::sync::Arc;

/// Nothing but what this program serves, no inline script or style, no frame, no other target of forms.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Headers of every page.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Not `no-referrer`: with that, browsers send no origin with a form either.
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    // Pages hold personal data.
    (header::CACHE_CONTROL, "no-store"),
];

/// Lets a request through to its page.
pub(super) async fn guard(
    State(operators): State<Option<Arc<Operators>>>,
    mut request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let given = Cookie::Token.of(headers).filter(|token| visit::is_random(token));
    let is_new = given.is_none();
    let Some(token) = given.map(str::to_owned).or_else(visit::random) else {
        return (StatusCode::INTERNAL_SERVER_ERROR, "no randomness on this machine\n")
            .into_response();
    };
    let uri = request.uri();
    let address = uri.path_and_query().map_or("/", |address| address.as_str()).to_owned();
    let mut visit = Visit::read(headers, address, token);
    visit.encrypted = request.extensions().get::<Encrypted>().is_some_and(|one| one.0);
    let from = request.extensions().get::<CameFrom>();
    visit.from = from.map(|from| from.0.clone()).unwrap_or_default();
    let wish = switched(&request);
    let kept_out = match operators {
        Some(operators) => ask(operators, &mut visit, &request).err(),
        None => None,
    };
    let mut response = match &wish {
        _ if request.method() != Method::GET && !of_this_site(headers) => layout::forbidden(&visit),
        Some(wish) if request.method() == Method::GET => Redirect::to(&wish.rest).into_response(),
        _ if kept_out.is_some() => {
            visit.lang = wish.as_ref().map_or(visit.lang, |wish| wish.lang);
            kept_out.map_or_else(|| layout::denied(&visit), |why| why.answer(&visit))
        }
        _ => {
            visit.lang = wish.as_ref().map_or(visit.lang, |wish| wish.lang);
            request.extensions_mut().insert(visit.clone());
            next.run(request).await
        }
    };
    if let Some(wish) = wish
        && let Ok(kept) = HeaderValue::from_str(&cookie(Cookie::Lang, wish.code))
    {
        response.headers_mut().append(header::SET_COOKIE, kept);
    }
    if is_new && let Ok(kept) = HeaderValue::from_str(&cookie(Cookie::Token, &visit.token)) {
        response.headers_mut().append(header::SET_COOKIE, kept);
    }
    if visit.encrypted {
        keep_for_tls(response.headers_mut());
    }
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Why somebody does not get to a page.
enum KeptOut {
    /// Who it is was not said yet, or too long ago.
    Unknown { to_look: bool },
    /// The password has to be changed first.
    OldPassword,
    /// The role may not.
    Denied,
    /// The accounts cannot be read.
    Failed,
}

impl KeptOut {
    fn answer(self, visit: &Visit) -> Response {
        match self {
            KeptOut::Unknown { to_look: true } => {
                let next = serde_urlencoded::to_string([("next", &visit.address)]);
                let next = next.unwrap_or_default();
                Redirect::to(&format!("/account/login?{next}")).into_response()
            }
            KeptOut::Unknown { to_look: false } => layout::unknown(visit),
            KeptOut::OldPassword => Redirect::to(PASSWORD).into_response(),
            KeptOut::Denied => layout::denied(visit),
            KeptOut::Failed => layout::trouble(
                visit,
                StatusCode::SERVICE_UNAVAILABLE,
                (
                    "用户档案暂时无法读取，请联系系统管理员。",
                    "The accounts cannot be read now; ask the administrator.",
                ),
            ),
        }
    }
}

const PASSWORD: &str = "/account/password";

/// Finds out who it is, and whether the page is for his role.
fn ask(operators: Arc<Operators>, visit: &mut Visit, request: &Request) -> Result<(), KeptOut> {
    let method = match request.method() {
        &Method::HEAD => &Method::GET,
        method => method,
    };
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let call = format!("{method} {path}");
    visit.operators = Some(Arc::clone(&operators));
    visit.window = None;
    let session = Cookie::Session.of(request.headers());
    let known = match session.map(|session| operators.who(session, now())) {
        Some(Ok(known)) => known,
        Some(Err(error)) => {
            tracing::error!(error = chain(&error), "accounts cannot be read");
            return Err(KeptOut::Failed);
        }
        None => None,
    };
    visit.known = known;
    if is_open(&call) {
        return Ok(());
    }
    let Some(known) = &visit.known else {
        return Err(KeptOut::Unknown { to_look: method == Method::GET });
    };
    visit.window = Some(Window {
        facility: known.post.facility.clone(),
        terminal: known.post.terminal.clone(),
        operator: known.actor.name.clone(),
    })
    .filter(Window::is_whole);
    if known.must_change && path != PASSWORD && path != "/account/logout" {
        return Err(KeptOut::OldPassword);
    }
    if visit.reaches(&call) {
        Ok(())
    } else {
        tracing::info!(operator = known.actor.name, call, "a page that the role may not use");
        Err(KeptOut::Denied)
    }
}

/// Cookies that came over TLS are never sent in the clear.
fn keep_for_tls(headers: &mut HeaderMap) {
    let cookies: Vec<HeaderValue> =
        headers.get_all(header::SET_COOKIE).into_iter().cloned().collect();
    headers.remove(header::SET_COOKIE);
    for cookie in cookies {
        let text = cookie.to_str().map(|text| format!("{text}; Secure"));
        let secure = text.ok().and_then(|text| HeaderValue::from_str(&text).ok());
        headers.append(header::SET_COOKIE, secure.unwrap_or(cookie));
    }
}

/// Whether a request that may write comes from a page of ours. Browsers say so; what says nothing needs the token all the same.
fn of_this_site(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let site = text(HeaderName::from_static("sec-fetch-site"));
    if site.is_some_and(|site| site != "same-origin" && site != "none") {
        return false;
    }
    match (text(header::ORIGIN), text(header::HOST)) {
        (None, _) => true,
        (Some(origin), Some(host)) => {
            origin.split_once("://").is_some_and(|(_, place)| place.eq_ignore_ascii_case(host))
        }
        (Some(_), None) => false,
    }
}

/// Another language that a page is asked in.
#[derive(Debug, PartialEq, Eq)]
struct Wish {
    lang: Lang,
    code: &'static str,
    /// The address of the page without the wish.
    rest: String,
}

fn switched(request: &Request) -> Option<Wish> {
    let query = request.uri().query()?;
    let (wish, rest): (Vec<&str>, Vec<&str>) =
        query.split('&').partition(|pair| pair.starts_with("lang="));
    let (lang, code) = match *wish.last()? {
        "lang=zh" => (Lang::Zh, "zh"),
        "lang=en" => (Lang::En, "en"),
        _ => return None,
    };
    // A path that begins with two slashes would be another site's.
    let path = format!("/{}", request.uri().path().trim_start_matches('/'));
    let rest = rest.join("&");
    let rest = if rest.is_empty() { path } else { format!("{path}?{rest}") };
    Some(Wish { lang, code, rest })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn only_this_site_may_write() {
        for (pairs, expected) in [
            (&[][..], true),
            (&[("host", "a:1"), ("origin", "http://a:1")], true),
            (&[("host", "a:1"), ("origin", "http://a:2")], false),
            (&[("host", "a:1"), ("origin", "null")], false),
            (&[("origin", "http://a:1")], false),
            (&[("host", "a:1"), ("origin", "http://a:1"), ("sec-fetch-site", "same-origin")], true),
            (&[("host", "a:1"), ("sec-fetch-site", "same-site")], false),
            (&[("host", "a:1"), ("sec-fetch-site", "cross-site")], false),
        ] {
            assert_eq!(of_this_site(&headers(pairs)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn every_cookie_over_tls_is_for_tls_alone() {
        let mut headers = headers(&[("set-cookie", "a=1; Path=/"), ("x", "y")]);
        headers.append(header::SET_COOKIE, HeaderValue::from_static("b=2"));
        keep_for_tls(&mut headers);
        let cookies: Vec<&HeaderValue> = headers.get_all(header::SET_COOKIE).iter().collect();
        assert_eq!(cookies, ["a=1; Path=/; Secure", "b=2; Secure"]);
    }

    #[test]
    fn a_language_switch_keeps_the_page_and_never_leaves_the_site() {
        let asked = |uri: &'static str| {
            switched(&Request::builder().uri(uri).body(axum::body::Body::empty()).unwrap())
        };
        let to = |lang, code, rest: &str| Some(Wish { lang, code, rest: rest.to_owned() });
        let en = |rest| to(Lang::En, "en", rest);
        assert_eq!(asked("/counter?find=a&lang=en&x=1"), en("/counter?find=a&x=1"));
        assert_eq!(asked("/counter?lang=zh"), to(Lang::Zh, "zh", "/counter"));
        assert_eq!(asked("//evil.example?lang=en"), en("/evil.example"));
        assert_eq!(asked("/counter?lang=xx"), None);
        assert_eq!(asked("/counter"), None);
    }
}
