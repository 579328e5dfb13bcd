//! What a visitor types or has in his cookies becomes no header of an answer, and no markup of a page.

use crate::counter::fuzz::NAMES;
use crate::counter::raw::Answer;
use crate::counter::raw::FORM;
use crate::counter::raw::ask;
use crate::counter::raw::visitor;
use crate::demo;
use crate::demo::PLAIN;
use crate::demo::totals;
use crate::server;

/// What would be a tag, an attribute, a line of a head, an expression of a template, or the end of a text of a script.
const TYPED: [&str; 5] = [
    "\"><i-am-here x=\"",
    "x\r\nX-I-Am-Here: 1\r\n\r\n<i-am-here>",
    "\" onmouseover=\"i-am-here",
    "{{'i-am-'+'computed'}}${'i-am-'+'computed'}<%= 'i-am-'+'computed' %> i-am-here",
    "</script><i-am-here>//",
];

/// Names beside those of forms that pages read from their address.
const ASKED: [&str; 16] = [
    "find", "name", "on", "day", "all", "lines", "paper", "open", "from", "to", "format", "sheet",
    "operator", "office", "next", "state",
];

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Nothing that was typed stands there as anything but text.
fn check(answer: &Answer, what: &str) {
    let head = answer.head.to_ascii_lowercase();
    assert!(!head.lines().any(|line| line.starts_with("x-i-am-here")), "{what}: {head}");
    let body = &answer.body;
    for sign in ["<i-am-here", "\" onmouseover=\"", "i-am-computed"] {
        assert!(!body.contains(sign), "{what}: {sign}: {body}");
    }
    assert!(!answer.status().starts_with('5'), "{what}: {}", answer.head);
}

#[tokio::test]
async fn nothing_that_is_typed_becomes_a_header_or_markup() {
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let settled = clients.settle(demo::settle("S1", PLAIN, totals(700, 0, 0))).await.unwrap();
    let number = settled.number.to_string();
    let visitor = visitor(&server.http);
    let names: Vec<&str> = NAMES.into_iter().chain(ASKED).filter(|name| *name != "token").collect();
    let (mut pages, mut shown) = (0, 0);
    for typed in TYPED {
        let value = encoded(typed);
        let window = format!("facility={value}&terminal={value}&operator={value}");
        let cookie = format!("{}; onestop-window={window}; onestop-lang={value}", visitor.cookie);
        let headers = [FORM, ("Cookie", cookie.as_str())];
        let pairs = |names: &[&str]| {
            names.iter().map(|name| format!("{name}={value}")).collect::<Vec<_>>().join("&")
        };
        // All fields at once; what would be a tag also in each by itself, since one that is refused may hide another.
        let by_itself = if typed == TYPED[0] { names.as_slice() } else { &[] };
        let each = by_itself.iter().map(|name| vec![*name]);
        let sets: Vec<Vec<&str>> = std::iter::once(names.clone()).chain(each).collect();
        for call in onestop::pages::calls() {
            let (method, path) = call.split_once(' ').unwrap();
            let path = path.replace("{number}", &number);
            for set in &sets {
                let fields = pairs(set);
                let answer = if method == "GET" {
                    ask(&server.http, &format!("GET {path}?{fields}"), &headers, "")
                } else {
                    let body = format!("token={}&{fields}", visitor.token);
                    ask(&server.http, &format!("POST {path}"), &headers, &body)
                };
                check(&answer, &format!("{method} {path} {fields}"));
                pages += 1;
                shown += usize::from(answer.body.contains("i-am-here"));
            }
        }
        let switched = ask(&server.http, &format!("GET /counter?lang={value}"), &headers, "");
        check(&switched, "lang");
        check(&ask(&server.http, &format!("GET /counter/{value}"), &headers, ""), "a path");
    }
    // If none had shown what was typed, this would prove nothing.
    assert!(1000 < pages && 50 < shown, "{shown} of {pages}");
    drop(clients);
    server.stop().await;
}
