//! Accounts: who is first, who may be added, how they change, and who changed them.

use crate::access::keys;
use crate::access::start;
use crate::demo::COUNTY;
use crate::operators::Desk;
use crate::operators::PASSWORD;
use crate::operators::add;
use crate::operators::operator;
use crate::operators::password_of;
use crate::server;
use crate::server::Server;

use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

/// The audit's log of accounts, once it has so many lines of them.
async fn log_of(server: &Server, auditor: &mut Desk, count: usize) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let csv = auditor.send("GET /office/audit?format=csv&sheet=log&kind=office", "").body;
        let lines: Vec<String> =
            csv.lines().filter(|line| line.contains(",account ")).map(str::to_owned).collect();
        if count <= lines.len() {
            return lines;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{csv} {}", server.log_text());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_first_start_makes_one_administrator_whose_password_is_good_once() {
    let home = tempfile::tempdir().unwrap();
    let (ready, log) = (home.path().join("ready"), home.path().join("log"));
    let keys_file = home.path().join("keys.toml");
    fs::write(&keys_file, keys()).unwrap();
    let mut started = Vec::new();
    for _ in 0..2 {
        let _ = fs::remove_file(&ready);
        let errors = fs::File::options().create(true).append(true).open(&log).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_onestop"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0"]);
        command.arg("--data").arg(home.path().join("data")).arg("--ready-file").arg(&ready);
        command.arg("--rules").arg(crate::demo::rules_folder());
        command.env("ONESTOP_ACCESS_ASK", "always").env("ONESTOP_ACCESS_KEYS", &keys_file);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors);
        let mut child = command.spawn().unwrap();
        let begun = Instant::now();
        while !fs::read_to_string(&ready).is_ok_and(|text| text.lines().count() == 2) {
            assert!(begun.elapsed() < Duration::from_secs(60), "not ready");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let http = fs::read_to_string(&ready).unwrap().lines().nth(1).unwrap().to_owned();
        if started.is_empty() {
            let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
            assert!(lines.next().unwrap().unwrap().ends_with("admin"));
            let password = lines.next().unwrap().unwrap().rsplit(' ').next().unwrap().to_owned();
            let mut desk = Desk::stranger(&http);
            assert_eq!(desk.log_in("admin", &password).status(), "303");
            // Nothing but the password can be done with it.
            for page in ["/", "/account/operators", "/counter/rules"] {
                let answer = desk.send(&format!("GET {page}"), "");
                assert_eq!(answer.header("location"), "/account/password", "{page}");
            }
            let add = "do=add&name=li&role=auditor";
            let answer = desk.send("POST /account/operators", add);
            assert_eq!(answer.header("location"), "/account/password");
            for (old, new) in
                [("wrong", PASSWORD), (password.as_str(), &password), (&password, "admin-1234567")]
            {
                assert_eq!(desk.change(old, new).status(), "422", "{new}");
            }
            assert_eq!(desk.change(&password, PASSWORD).status(), "303");
            assert_eq!(desk.send("GET /", "").header("location"), "/account/operators");
            assert_eq!(Desk::stranger(&http).log_in("admin", &password).status(), "401");
            started.push(password);
        } else {
            assert_eq!(Desk::stranger(&http).log_in("admin", PASSWORD).status(), "303");
        }
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", fs::read_to_string(&log).unwrap());
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(!said.contains("admin"), "printed once: {said}");
    }
    let log = fs::read_to_string(&log).unwrap();
    assert!(!log.contains(&started[0]) && !log.contains(PASSWORD), "no password is in the log");
}

#[tokio::test]
async fn who_changed_an_account_is_in_the_audit_whether_by_page_or_command() {
    let home = tempfile::tempdir().unwrap();
    let admin = add(home.path(), "admin", &["--role", "administrator"], ("", ""));
    let auditor = add(home.path(), "auditor", &["--role", "auditor"], ("", ""));
    let server = start(home.path(), &keys());
    let mut auditor = Desk::enter(&server.http, "auditor", &auditor);
    let mut admin = Desk::enter(&server.http, "admin", &admin);
    let form = format!("do=add&name=wang&role=clerk&facility={COUNTY}&terminal=1");
    let page = admin.send("POST /account/operators", &form);
    assert_eq!(page.status(), "200", "{}", page.body);
    let password = page.body.split("<code>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let mut wang = Desk::enter(&server.http, "wang", &password);
    assert_eq!(wang.send("GET /counter", "").status(), "200");
    // Another post holds at once; so does being kept out.
    let form = format!("do=post&name=wang&role=supervisor&facility={COUNTY}&terminal=2");
    assert_eq!(admin.send("POST /account/operators", &form).status(), "200");
    assert_eq!(wang.send("GET /counter/undo", "").status(), "200");
    assert_eq!(admin.send("POST /account/operators", "do=disable&name=wang").status(), "200");
    let out = wang.send("GET /counter", "");
    assert!(out.header("location").starts_with("/account/login"), "{}", out.head);
    assert_eq!(wang.log_in("wang", PASSWORD).status(), "401");
    // The command line changes the same accounts while the server runs.
    assert!(operator(home.path(), &["enable", "wang"]).status.success());
    assert_eq!(wang.log_in("wang", PASSWORD).status(), "303");
    let reset = password_of(&operator(home.path(), &["reset", "wang"]));
    let out = wang.send("GET /counter", "");
    assert!(out.header("location").starts_with("/account/login"), "{}", out.head);
    assert_eq!(wang.log_in("wang", &reset).status(), "303");

    let log = log_of(&server, &mut auditor, 10).await;
    let has = |what: &str, by: &str| {
        let found = log.iter().any(|line| line.contains(what) && line.contains(by));
        assert!(found, "{what} {by}: {log:#?}");
    };
    has("account admin added administrator", ",root,command line,");
    has("account admin password", ",admin,127.0.0.1,");
    has(&format!("account wang added clerk {COUNTY} 1"), ",admin,127.0.0.1,");
    has("account wang password", ",wang,127.0.0.1,");
    has(&format!("account wang post supervisor {COUNTY} 2"), ",admin,");
    has("account wang disabled", ",admin,");
    has("account wang enabled", ",root,command line,");
    has("account wang reset", ",root,command line,");
    assert_eq!(log.len(), 10, "each once: {log:#?}");
    // And each stays once, whatever is read again.
    server.stop().await;
    let server = start(home.path(), &keys());
    let mut auditor = Desk::enter(&server.http, "auditor", "");
    assert_eq!(log_of(&server, &mut auditor, 10).await.len(), 10);
    server.stop().await;
    let verified = Command::new(env!("CARGO_BIN_EXE_onestop"))
        .args(["ledger", "verify", "--data"])
        .arg(home.path().join("data"))
        .arg("--rules")
        .arg(crate::demo::rules_folder())
        .output()
        .unwrap();
    assert!(verified.status.success(), "{verified:?}");
}

#[test]
fn the_command_line_adds_and_lists_and_refuses_what_makes_no_sense() {
    let home = tempfile::tempdir().unwrap();
    add(home.path(), "admin", &["--role", "administrator"], ("", ""));
    add(home.path(), "wang", &["--role", "clerk", "--role", "supervisor"], (COUNTY, "1"));
    for (arguments, code, said) in [
        (&["add", "wang", "--role", "auditor"][..], 1, "Somebody has this name"),
        (&["add", "li", "--role", "king"], 2, "no such role"),
        (&["add", "li", "--role", "his"], 1, "for programs"),
        (&["add", "li", "--role", "clerk"], 1, "needs a facility"),
        (&["add", "li", "--role", "auditor", "--role", "insurer"], 1, "no other role"),
        (&["role", "admin", "--role", "auditor"], 1, "last administrator"),
        (&["disable", "admin"], 1, "last administrator"),
        (&["reset", "nobody"], 1, "Nobody has this name"),
        (&["add", "li"], 2, "--role"),
    ] {
        let before = fs::read(home.path().join("data/operators.json")).unwrap();
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--lang", "en"]).collect();
        let output = operator(home.path(), &arguments);
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {complaint}");
        assert!(complaint.contains(said), "{arguments:?}: {complaint}");
        assert_eq!(before, fs::read(home.path().join("data/operators.json")).unwrap());
    }
    let list = operator(home.path(), &["list", "--lang", "en"]);
    let list = String::from_utf8(list.stdout).unwrap();
    let expected = format!(
        "admin\tadministrator\t\t\tmust change the password\nwang\tclerk,supervisor\t{COUNTY}\t1\tmust change the password\n"
    );
    assert_eq!(list, expected);
    let json = operator(home.path(), &["list", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json[1]["roles"], serde_json::json!(["clerk", "supervisor"]));
    // The file is for the server alone, and holds no password.
    let file = home.path().join("data/operators.json");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::read_to_string(&file).unwrap().contains("$argon2id$v=19$"));
}

#[test]
fn commands_at_the_same_time_lose_no_change() {
    let home = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..12).map(|one| format!("auditor{one}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            let add = || add(home.path(), name, &["--role", "auditor"], ("", ""));
            scope.spawn(add);
        }
    });
    let list = String::from_utf8(operator(home.path(), &["list"]).stdout).unwrap();
    assert_eq!(list.lines().count(), names.len(), "{list}");
    let file = fs::read(home.path().join("data/operators.json")).unwrap();
    let file: serde_json::Value = serde_json::from_slice(&file).unwrap();
    assert_eq!(file["changes"].as_array().unwrap().len(), names.len());
}

#[tokio::test]
async fn accounts_that_cannot_be_read_let_nobody_in_and_are_not_overwritten() {
    let home = tempfile::tempdir().unwrap();
    let password = add(home.path(), "li", &["--role", "auditor"], ("", ""));
    let server = start(home.path(), &keys());
    let mut li = Desk::enter(&server.http, "li", &password);
    let file = home.path().join("data/operators.json");
    let good = fs::read(&file).unwrap();
    fs::write(&file, &good[..good.len() / 2]).unwrap();
    assert_eq!(li.send("GET /office", "").status(), "503");
    assert_eq!(Desk::stranger(&server.http).log_in("li", PASSWORD).status(), "503");
    let refused = operator(home.path(), &["reset", "li"]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("operators.json"));
    assert_eq!(fs::read(&file).unwrap(), &good[..good.len() / 2]);
    fs::write(&file, &good).unwrap();
    assert_eq!(li.send("GET /office", "").status(), "200");
    server.stop().await;
}

/// Nobody is asked on loopback, so there are no accounts to make.
#[tokio::test]
async fn on_loopback_nobody_is_asked_and_no_account_is_made() {
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    let mut desk = Desk::stranger(&server.http);
    assert_eq!(desk.send("GET /", "").header("location"), "/counter");
    assert_eq!(desk.send("GET /counter/window", "").status(), "200");
    for page in ["/account/login", "/account/password", "/account/operators"] {
        assert_eq!(desk.send(&format!("GET {page}"), "").header("location"), "/counter", "{page}");
    }
    assert!(!Path::exists(&home.path().join("data/operators.json")));
    server.stop().await;
}
