//! Pages: forms of every route that takes one, as fields and as parts with files, and queries.

use crate::world::FACILITY;
use crate::world::World;
use crate::world::world;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::http::StatusCode;
use axum::http::header;
use onestop::pages;
use tower::ServiceExt;

use std::sync::LazyLock;

const BOUNDARY: &str = "XX";
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// What is built once: the service, its pages, and all routes without what stands in braces.
struct Pages {
    world: World,
    router: Router,
    calls: Vec<(String, String)>,
}

static PAGES: LazyLock<Pages> = LazyLock::new(|| {
    let world = world();
    let router = pages::router(world.service.clone(), None, None);
    let calls = pages::calls().into_iter().filter_map(|call| {
        let (method, path) = call.split_once(' ')?;
        Some((method.to_owned(), path.replace("{number}", "1")))
    });
    Pages { world, router, calls: calls.collect() }
});

/// The first byte says which page, the second whether its fields are parts; then comes the body, or the query.
pub fn page_form(data: &[u8]) {
    let [which, kind, body @ ..] = data else { return };
    let pages = &*PAGES;
    let (method, path) = &pages.calls[usize::from(*which) % pages.calls.len()];
    let window = format!("onestop-window=facility={FACILITY}&terminal=1&operator=1");
    let builder = Request::builder()
        .method(method.as_str())
        .header(header::COOKIE, format!("onestop-token={TOKEN}; {window}"));
    let request = if method == "GET" {
        let query: String = body.iter().map(|byte| format!("%{byte:02X}")).collect();
        let query = query.replace("%26", "&").replace("%3D", "=");
        builder.uri(format!("{path}?{query}")).body(Body::empty())
    } else {
        let (kind, body) = if kind & 1 == 1 { parts(body) } else { fields(body) };
        builder.uri(path).header(header::CONTENT_TYPE, kind).body(Body::from(body))
    };
    let Ok(request) = request else { return };
    let answer = pages.world.runtime.block_on(pages.router.clone().oneshot(request));
    let Ok(answer) = answer;
    assert_ne!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR, "{method} {path}");
}

fn fields(body: &[u8]) -> (String, Vec<u8>) {
    let kind = "application/x-www-form-urlencoded".to_owned();
    (kind, [format!("token={TOKEN}&").as_bytes(), body].concat())
}

fn parts(body: &[u8]) -> (String, Vec<u8>) {
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let token = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n{TOKEN}\r\n"
    );
    (kind, [token.as_bytes(), body].concat())
}
