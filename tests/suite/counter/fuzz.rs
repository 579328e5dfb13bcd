//! Forms that no page of ours sends: whatever comes, a page that says so, and nothing written.

use crate::counter::raw::visitor;
use crate::demo;
use crate::his::Raw;
use crate::his::post;
use crate::server;

use proptest::prelude::*;
use proptest::test_runner::Config;
use proptest::test_runner::TestRunner;

use std::path::Path;

/// Everything that takes a form.
const FORMS: [&str; 11] = [
    "/counter/window",
    "/counter/bill",
    "/counter/quote",
    "/counter/settle",
    "/counter/visit",
    "/counter/undo",
    "/counter/cost",
    "/counter/cost/quote",
    "/office",
    "/office/sign-off",
    "/office/clear",
];

/// Names that some form has.
pub(super) const NAMES: [&str; 24] = [
    "person",
    "facility",
    "admitted_on",
    "discharged_on",
    "med_type",
    "referral",
    "kind",
    "total",
    "in_scope",
    "deposit",
    "file",
    "table",
    "code",
    "category",
    "quantity",
    "price",
    "visit",
    "request",
    "expected_patient_pay",
    "expected_version",
    "number",
    "reason",
    "month",
    "token",
];

const BOUNDARY: &str = "XX-boundary";

/// A form before it is written down: its fields, and whether each is a file.
type Pairs = Vec<(String, Vec<u8>, bool)>;

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => "\\PC{0,40}".prop_map(String::into_bytes),
        2 => "-?[0-9]{0,30}(\\.[0-9]{0,10})?".prop_map(String::into_bytes),
        1 => "20[0-9]{2}-[0-9]{2}-[0-9]{2}".prop_map(String::into_bytes),
        1 => proptest::sample::select(vec![demo::POOR, demo::COUNTY, "lines", "totals", "21"])
            .prop_map(|text| text.as_bytes().to_vec()),
        1 => "code,category,quantity,price\n(\\PC{0,10},){3}\\PC{0,10}\n".prop_map(String::into_bytes),
        2 => proptest::collection::vec(any::<u8>(), 0..200),
        1 => Just(vec![b'9'; 20_000]),
    ]
}

fn pairs() -> impl Strategy<Value = Pairs> {
    let name = prop_oneof![
        5 => proptest::sample::select(NAMES.to_vec()).prop_map(str::to_owned),
        1 => "\\PC{0,12}",
    ];
    proptest::collection::vec((name, value(), any::<bool>()), 0..12)
}

fn encoded(pairs: &Pairs) -> Vec<u8> {
    let part = |bytes: &[u8]| bytes.iter().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let pairs = pairs.iter().map(|(name, value, _)| part(name.as_bytes()) + "=" + &part(value));
    pairs.collect::<Vec<_>>().join("&").into_bytes()
}

fn parts(pairs: &Pairs) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value, is_file) in pairs {
        let file = if *is_file { "; filename=\"a\"" } else { "" };
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n"
        );
        body.extend(head.into_bytes());
        body.extend(value);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
    body
}

/// A body and what it calls itself: a form, a part of one, one with a byte changed, or anything.
fn bodies(token: &str) -> impl Strategy<Value = (String, Vec<u8>)> + use<> {
    let token = token.as_bytes().to_vec();
    let with_token = (pairs(), proptest::bool::weighted(0.8)).prop_map(move |(mut pairs, has)| {
        if has {
            pairs.insert(0, ("token".to_owned(), token.clone(), false));
        }
        pairs
    });
    let spoil = (0_u8..4, any::<usize>(), any::<u8>());
    (with_token, any::<bool>(), spoil).prop_map(|(pairs, is_parts, (how, at, byte))| {
        let mut body = if is_parts { parts(&pairs) } else { encoded(&pairs) };
        let at = at % (body.len() + 1);
        match how {
            0 => body.truncate(at),
            1 if at < body.len() => body[at] = byte,
            _ => {}
        }
        let kind = match (is_parts, how == 2 && byte < 64) {
            (true, true) => "multipart/form-data".to_owned(),
            (true, false) => format!("multipart/form-data; boundary={BOUNDARY}"),
            (false, true) => "application/octet-stream".to_owned(),
            (false, false) => "application/x-www-form-urlencoded".to_owned(),
        };
        (kind, body)
    })
}

/// All that the ledger holds, byte for byte.
fn ledger(data: &Path) -> Vec<Vec<u8>> {
    let files = std::fs::read_dir(data.join("journal")).unwrap();
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// A page, a redirect, or a page that says in words what was not done.
fn check(answer: &Raw, sent: &str) {
    let status = answer.head.split(' ').nth(1).unwrap();
    let page = String::from_utf8(answer.body.clone()).unwrap();
    match status {
        "200" | "303" => {}
        "400" | "403" | "404" | "409" | "422" => {
            let says = ["class=\"message bad\"", "class=\"error\""];
            assert!(says.iter().any(|sign| page.contains(sign)), "{status} {sent}: {page}");
        }
        _ => panic!("{status} {sent}: {page}"),
    }
}

#[tokio::test]
async fn any_body_of_a_form_is_answered_by_a_page_and_writes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let server = server::start(&data);
    server.clients().await.fill().await;
    let before = ledger(&data);
    let visitor = visitor(&server.http);
    let window = format!("onestop-window=facility={}&terminal=1&operator=1", demo::COUNTY);
    let cookie = format!("{}; {window}", visitor.cookie);
    let address = server.http.clone();
    let runs = tokio::task::spawn_blocking(move || {
        let config = Config { cases: 600, failure_persistence: None, ..Config::default() };
        let input = (proptest::sample::select(FORMS.to_vec()), bodies(&visitor.token));
        TestRunner::new(config).run(&input, |(path, (kind, body))| {
            let headers = [("Content-Type", kind.as_str()), ("Cookie", &cookie)];
            check(&post(&address, path, &headers, &body), path);
            Ok(())
        })
    });
    runs.await.unwrap().unwrap();
    assert_eq!(ledger(&data), before);
    let log = server.log_text();
    assert!(log.lines().all(|line| !line.contains("panicked")), "{log}");
    server.stop().await;
}
