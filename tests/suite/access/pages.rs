//! Every page and every role through the socket, and whose settlements a page shows.

use crate::access::filled;
use crate::access::keys;
use crate::access::rows;
use crate::access::secret;
use crate::access::settle;
use crate::access::start;
use crate::demo;
use crate::demo::PLAIN;
use crate::demo::totals;
use crate::operators::Desk;
use crate::operators::add;
use crate::operators::everybody;

use onestop::access::ROLES;
use onestop::access::Reach;
use onestop::access::Role;
use onestop::access::is_open;

/// The rows that are pages: method, path with a number in it, and how far each role goes.
fn pages() -> Vec<(String, String, Vec<Reach>)> {
    let rows = rows().into_iter().filter_map(|(call, reaches)| {
        let (method, path) = call.split_once(' ')?;
        Some((method.to_owned(), path.replace("{number}", "4"), reaches))
    });
    rows.collect()
}

#[tokio::test]
async fn every_page_is_for_the_roles_that_the_table_says_and_for_nobody_else() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path()).await;
    let desks = everybody(home.path());
    let server = start(home.path(), &keys());
    let mut checked = 0;
    for (method, path, reaches) in pages() {
        let call = format!("{method} {path}");
        let open = is_open(&call);
        // Whoever has not said who he is gets no page, and a form of his does nothing.
        let mut stranger = Desk::stranger(&server.http);
        let answer = stranger.send(&call, "");
        match (open, method.as_str()) {
            // Without an identity provider its way leads back.
            (true, _) if path.starts_with("/account/oidc") => {
                assert_eq!(answer.header("location"), "/counter", "{call}");
            }
            (true, _) => assert!(["200", "401"].contains(&answer.status()), "{call}"),
            (false, "GET") => {
                assert!(answer.header("location").starts_with("/account/login"), "{call}");
            }
            (false, _) => assert_eq!(answer.status(), "401", "{call}"),
        }
        // What ends the session is tried last, with one of its own.
        for (role, reach) in ROLES.into_iter().zip(reaches) {
            let Some(desk) = desks.iter().find(|desk| desk.0 == role) else { continue };
            let mut desk = Desk::enter(&server.http, role.name(), &desk.1);
            let answer = desk.send(&call, "");
            let denied = answer.status() == "403";
            assert_eq!(denied, reach == Reach::None && !open, "{role:?} {call}: {}", answer.head);
            checked += 1;
        }
    }
    assert_eq!(checked, pages().len() * (ROLES.len() - 1));
    server.stop().await;
}

#[tokio::test]
async fn a_window_shows_settlements_of_its_own_facility_and_undoes_no_others() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path()).await;
    let desks = everybody(home.path());
    let server = start(home.path(), &keys());
    let desk = |name: &str| {
        let found = desks.iter().find(|desk| desk.0.name() == name).unwrap();
        Desk::enter(&server.http, name, &found.1)
    };
    // The county hospital settled 4, another 5.
    for (name, number, expected) in [
        ("clerk", 4, "200"),
        ("clerk", 5, "403"),
        ("supervisor", 5, "403"),
        ("insurer", 5, "200"),
        ("auditor", 4, "200"),
        ("administrator", 4, "403"),
    ] {
        let mut desk = desk(name);
        for path in ["/counter/sheet/N", "/counter/sheet/N/pdf"] {
            let path = path.replace('N', &number.to_string());
            let answer = desk.send(&format!("GET {path}"), "");
            assert_eq!(answer.status(), expected, "{name} {path}");
        }
    }
    let mut supervisor = desk("supervisor");
    assert_eq!(supervisor.send("GET /counter/undo?find=4", "").status(), "200");
    assert_eq!(supervisor.send("GET /counter/undo?find=5", "").status(), "403");
    let undo = "number=5&request=0123456789abcdef0123456789abcdef&reason=x";
    assert_eq!(supervisor.send("POST /counter/undo", undo).status(), "403");
    // Another facility in a form that one has written oneself.
    let bill = "person=510999198502020022&facility=H-LATER&admitted_on=2018-03-01&discharged_on=2018-03-02&kind=totals";
    for path in ["/counter/quote", "/counter/cost/quote", "/counter/settle"] {
        let answer = desk("clerk").send(&format!("POST {path}"), bill);
        assert_eq!(answer.status(), "422", "{path}");
        assert!(answer.body.contains("本窗口只能办理本机构的业务"), "{path}");
    }
    server.stop().await;
}

#[tokio::test]
async fn an_entry_made_at_a_page_names_the_operator_of_the_session_and_no_other() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path()).await;
    let password = add(home.path(), "chen", &["--role", "supervisor"], ("H-COUNTY", "三号窗口"));
    let insurer = add(home.path(), "zhao", &["--role", "insurer"], ("Y-OFFICE", ""));
    let server = start(home.path(), &keys());
    let mut clients = server.clients().await;
    let request = demo::settle("S3", PLAIN, totals(700, 0, 0));
    let settled = settle(&mut clients, &secret(Role::Clerk), request).await.unwrap();
    let number = settled.settlement.unwrap().number;
    drop(clients);
    let mut chen = Desk::enter(&server.http, "chen", &password);
    // What a form or a cookie says of an operator is nothing here.
    chen.keep("onestop-window", "facility=H-LATER&terminal=9&operator=nobody");
    let undo = format!(
        "number={number}&request=0123456789abcdef0123456789abcdef&reason=x&operator=nobody&facility=H-LATER"
    );
    let answer = chen.send("POST /counter/undo", &undo);
    let page = format!("/counter/undo?find={number}");
    assert_eq!(answer.header("location"), page, "{}", answer.body);
    let shown = chen.send(&format!("GET {page}"), "").body;
    assert!(shown.contains("三号窗口 chen") && !shown.contains("nobody"), "{shown}");
    let mut zhao = Desk::enter(&server.http, "zhao", &insurer);
    let close = "month=2018-03&office=X&operator=nobody";
    let answer = zhao.send("POST /office/clear", close);
    assert_eq!(answer.status(), "303", "{}", answer.body);
    let log = zhao.send("GET /office/audit?format=csv&sheet=log&from=2018-01-01", "").body;
    let closed: Vec<&str> = log.lines().filter(|line| line.contains("clearing 2018-03")).collect();
    assert!(closed[0].contains("Y-OFFICE") && closed[0].contains("zhao"), "{closed:?}");
    assert!(!log.contains("nobody"), "{log}");
    server.stop().await;
}
