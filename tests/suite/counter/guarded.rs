//! No page without security headers, no form without its token, none from another site.

use crate::counter::raw::FORM;
use crate::counter::raw::ask;
use crate::counter::raw::visitor;
use crate::server;

#[tokio::test]
async fn every_page_comes_with_a_strict_policy_and_every_asset_may_be_kept() {
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    assert_eq!(ask(&server.http, "GET /", &[], "").header("location"), "/counter");
    let page = ask(&server.http, "GET /counter/window", &[], "");
    assert_eq!(page.status(), "200", "{}", page.head);
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    for sign in ["<style", " style=", " onclick", "javascript:"] {
        assert!(!page.body.contains(sign), "{sign}");
    }
    let assets: Vec<&str> =
        page.body.split('"').filter(|part| part.starts_with("/assets/")).collect();
    assert_eq!(assets.len(), 3, "{assets:?}");
    for asset in assets {
        let answer = ask(&server.http, &format!("GET {asset}"), &[], "");
        assert!(answer.header("cache-control").contains("immutable"), "{}", answer.head);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_form_of_another_site_or_without_its_token_does_nothing() {
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    server.clients().await.fill().await;
    let visitor = visitor(&server.http);
    let (cookie, token) = (visitor.cookie.as_str(), visitor.token.as_str());
    let body = |token: &str| {
        format!("token={token}&facility=H-COUNTY&terminal=%E4%B8%80%E5%8F%B7&operator=Wang")
    };
    let own = format!("http://{}", server.http);
    let evil = ("Origin", "http://evil.example");
    for (headers, token, status) in [
        (vec![FORM, ("Cookie", cookie)], "", "403"),
        (vec![FORM, ("Cookie", cookie)], "0123456789abcdef0123456789abcdef", "403"),
        (vec![FORM], token, "403"),
        (vec![FORM, ("Cookie", cookie), evil], token, "403"),
        (vec![FORM, ("Cookie", cookie), ("Sec-Fetch-Site", "cross-site")], token, "403"),
        (
            vec![FORM, ("Cookie", cookie), ("Origin", &own), ("Sec-Fetch-Site", "same-origin")],
            token,
            "303",
        ),
    ] {
        let answer = ask(&server.http, "POST /counter/window", &headers, &body(token));
        assert_eq!(answer.status(), status, "{headers:?} {token}");
        let chosen = answer.all("set-cookie").any(|one| one.starts_with("onestop-window="));
        assert_eq!(chosen, status == "303", "{}", answer.head);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_language_once_chosen_is_kept() {
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    let switched = ask(&server.http, "GET /counter/window?lang=en", &[], "");
    assert_eq!(switched.header("location"), "/counter/window");
    let cookies: Vec<&str> = switched.all("set-cookie").collect();
    let cookie = cookies.iter().find(|one| one.starts_with("onestop-lang=")).unwrap();
    let cookie = cookie.split(';').next().unwrap();
    let page = ask(&server.http, "GET /counter/window", &[("Cookie", cookie)], "");
    assert!(page.body.contains("Which window is this?"), "{}", page.body);
    assert!(ask(&server.http, "GET /counter/window", &[], "").body.contains("这是哪个窗口"));
    server.stop().await;
}
