//! Sessions and wrong passwords, through the socket.

use crate::access::keys;
use crate::access::start;
use crate::operators::Desk;
use crate::operators::PASSWORD;
use crate::operators::add;
use crate::operators::operator;
use crate::operators::password_of;

use std::fs;
use std::time::Duration;
use std::time::Instant;

#[tokio::test]
async fn a_session_is_a_cookie_that_no_script_reads_and_no_other_site_sends() {
    let home = tempfile::tempdir().unwrap();
    let password = add(home.path(), "li", &["--role", "auditor"], ("", ""));
    let server = start(home.path(), &keys());
    let mut desk = Desk::enter(&server.http, "li", &password);
    let (session, token) =
        (desk.cookie("onestop-session").cloned(), desk.cookie("onestop-token").cloned());
    let entered = desk.log_in("li", PASSWORD);
    let cookie = entered.all("set-cookie").find(|one| one.starts_with("onestop-session=")).unwrap();
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{cookie}");
    // Another session and another token with every login; the one before is over.
    assert_ne!(desk.cookie("onestop-session").cloned(), session);
    assert_ne!(desk.cookie("onestop-token").cloned(), token);
    let mut before = desk.clone();
    before.keep("onestop-session", &session.unwrap());
    let answer = before.send("GET /office", "");
    assert!(answer.header("location").starts_with("/account/login"), "{}", answer.head);
    // A login without the token of its form is none.
    let mut forged = Desk::stranger(&server.http);
    forged.keep("onestop-token", "");
    assert_eq!(forged.log_in("li", PASSWORD).status(), "403");
    // Logged out, the cookie opens nothing, also to who has kept a copy.
    let mut copy = desk.clone();
    assert_eq!(desk.send("POST /account/logout", "").header("location"), "/account/login");
    assert!(desk.cookie("onestop-session").is_none());
    assert_eq!(copy.send("POST /account/logout", "").status(), "401");
    let log = server.log_text();
    assert!(!log.contains(PASSWORD) && !log.contains(copy.cookie("onestop-session").unwrap()));
    server.stop().await;
}

#[tokio::test]
async fn a_password_change_ends_the_other_sessions_and_a_restart_ends_all() {
    let home = tempfile::tempdir().unwrap();
    let password = add(home.path(), "li", &["--role", "auditor"], ("", ""));
    let server = start(home.path(), &keys());
    let mut one = Desk::enter(&server.http, "li", &password);
    let mut two = Desk::enter(&server.http, "li", "");
    assert_eq!(two.send("GET /office", "").status(), "200");
    assert_eq!(one.change(PASSWORD, "another harbour 8").status(), "303");
    assert_eq!(one.send("GET /office", "").status(), "200");
    assert_eq!(two.send("POST /account/logout", "").status(), "401");
    assert_eq!(one.change("another harbour 8", PASSWORD).status(), "303");
    server.stop().await;
    let server = start(home.path(), &keys());
    let mut again = Desk::enter(&server.http, "li", "");
    assert_eq!(again.send("GET /office", "").status(), "200");
    again.keep("onestop-session", one.cookie("onestop-session").unwrap());
    assert_eq!(again.send("POST /account/logout", "").status(), "401");
    server.stop().await;
}

#[tokio::test]
async fn after_five_wrong_passwords_the_right_one_waits_too_and_the_ledger_says_so() {
    let home = tempfile::tempdir().unwrap();
    let (li, auditor) = (
        add(home.path(), "li", &["--role", "insurer"], ("Y-OFFICE", "")),
        add(home.path(), "auditor", &["--role", "auditor"], ("", "")),
    );
    let server = start(home.path(), &keys());
    Desk::enter(&server.http, "li", &li);
    let mut auditor = Desk::enter(&server.http, "auditor", &auditor);
    let mut desk = Desk::stranger(&server.http);
    // Somebody and nobody get the same answers, in the same order.
    let said = |answer: &crate::counter::raw::Answer| {
        let body = answer.body.split("<h1>").nth(1).unwrap();
        body.split("<form").next().unwrap().to_owned()
    };
    for count in 1..=7 {
        let (one, other) = (desk.log_in("li", "wrong"), desk.log_in("nobody", "wrong"));
        let expected = if count <= 5 { "401" } else { "429" };
        assert_eq!((one.status(), other.status()), (expected, expected), "{count}");
        assert_eq!(said(&one), said(&other));
    }
    assert_eq!(desk.log_in("li", PASSWORD).status(), "429");
    // It is noted beside the answer.
    let begun = Instant::now();
    let log = loop {
        let log = auditor.send("GET /office/audit?format=csv&sheet=log", "").body;
        if log.contains(" locked ") {
            break log;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{log}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let locked: Vec<&str> = log.lines().filter(|line| line.contains(" locked ")).collect();
    assert!(locked.len() == 1 && locked[0].contains("account li locked insurer Y-OFFICE"), "{log}");
    assert!(locked[0].contains(",127.0.0.1,"), "{locked:?}");
    assert!(!server.log_text().contains("wrong"), "no password is in the log");
    server.stop().await;
    // A restart lets nobody try again at once; another password does, also where the command line sets it beside the server.
    let server = start(home.path(), &keys());
    let mut desk = Desk::stranger(&server.http);
    assert_eq!(desk.log_in("li", PASSWORD).status(), "429");
    let reset = password_of(&operator(home.path(), &["reset", "li"]));
    assert_eq!(desk.log_in("li", &reset).status(), "303");
    let file = fs::read_to_string(home.path().join("data/operators.json")).unwrap();
    assert!(!file.contains("\"wrong\""), "{file}");
    server.stop().await;
}

#[tokio::test]
async fn a_password_is_good_for_as_long_as_the_configuration_says() {
    let home = tempfile::tempdir().unwrap();
    let password = add(home.path(), "li", &["--role", "auditor"], ("", ""));
    let server = start(home.path(), &keys());
    Desk::enter(&server.http, "li", &password);
    server.stop().await;
    // Set long ago.
    let file = home.path().join("data/operators.json");
    let mut accounts: serde_json::Value =
        serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    accounts["accounts"][0]["password_set_ms"] = serde_json::json!(1_500_000_000_000_i64);
    fs::write(&file, accounts.to_string()).unwrap();
    for (days, expected) in [("0", "/office"), ("90", "/account/password")] {
        let keys_file = home.path().join("keys.toml");
        let keys_file = keys_file.to_string_lossy().into_owned();
        let server = crate::server::start_with(
            &home.path().join("data"),
            &[
                ("ONESTOP_ACCESS_ASK", "always"),
                ("ONESTOP_ACCESS_KEYS", keys_file.as_str()),
                ("ONESTOP_ACCESS_PASSWORD_DAYS", days),
            ],
        );
        let mut desk = Desk::stranger(&server.http);
        assert_eq!(desk.log_in("li", PASSWORD).status(), "303");
        assert_eq!(desk.send("GET /", "").header("location"), expected, "{days}");
        server.stop().await;
    }
}
