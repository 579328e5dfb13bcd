//! Who may do what: every call and role, facilities of one's own, keys that come and go.

pub(crate) mod national;
mod pages;

use crate::demo;
use crate::demo::COUNTY;
use crate::demo::LATER;
use crate::demo::PLAIN;
use crate::demo::totals;
use crate::server;
use crate::server::Clients;
use crate::server::Server;
use crate::web::answer;

use onestop::access::ROLES;
use onestop::access::Reach;
use onestop::access::Role;
use onestop::access::fingerprint;
use onestop::access::reach;
use onestop::access::transaction;
use onestop::proto;
use onestop::proto::get_settlement_request::By;
use tonic::Code;
use tonic::Request;
use tonic::Status;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::time::Instant;

/// The page that says who may do what; its table is what these tests hold the program to.
const PAGE: &str = include_str!("../../docs/operators.md");

/// The rows of the table: a call, and how far each role may go (`o` for what is its own, `a` for everything, `-` for nothing).
pub(crate) fn rows() -> Vec<(String, Vec<Reach>)> {
    let table = PAGE.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    let heads: Vec<&str> = table.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(heads, ROLES.map(Role::name));
    let rows = table.lines().skip(1).filter(|line| !line.is_empty()).map(|line| {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        let reaches =
            words.split_off(words.len() - ROLES.len()).into_iter().map(|word| match word {
                "o" => Reach::Own,
                "a" => Reach::All,
                _ => Reach::None,
            });
        let call = words.join(" ");
        let is_grpc = !call.contains(' ') && !call.starts_with("national/");
        (if is_grpc { format!("/onestop.v1.{call}") } else { call }, reaches.collect())
    });
    rows.collect()
}

/// Every call that there is: of the contract, of the pages, and every transaction that the interface's source answers.
fn calls() -> BTreeSet<String> {
    let source = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/his.rs")).unwrap();
    let number = |line: &str| {
        let number = line.trim().strip_prefix('"')?.split_once("\" =>")?.0;
        number.bytes().all(|byte| byte.is_ascii_digit()).then(|| transaction(number))
    };
    let transactions: BTreeSet<String> = source.lines().filter_map(number).collect();
    assert!(20 < transactions.len(), "{transactions:?}");
    let contract = proto::CALLS.iter().map(|call| (*call).to_owned());
    contract.chain(onestop::pages::calls()).chain(transactions).collect()
}

/// The secret of a role's key in these tests.
pub(crate) fn secret(role: Role) -> String {
    format!("secret-of-{role:?}")
}

/// An entry of a file of keys.
fn entry(name: &str, role: &str, facilities: &str, secret: &str) -> String {
    let digest = fingerprint(secret.as_bytes());
    format!(
        "[[key]]\nname = \"{name}\"\nrole = \"{role}\"\nfacilities = [{facilities}]\nsecret_sha256 = \"{digest}\"\n"
    )
}

/// A key for each role; those with facilities have the county hospital.
pub(crate) fn keys() -> String {
    let words =
        ["his", "clerk", "supervisor", "insurer", "policy-editor", "auditor", "administrator"];
    let one = |(role, word): (&Role, &str)| {
        let own = matches!(role, Role::His | Role::Clerk | Role::Supervisor);
        let facilities = if own { format!("\"{COUNTY}\"") } else { String::new() };
        entry(word, word, &facilities, &secret(*role))
    };
    ROLES.iter().zip(words).map(one).collect()
}

/// Starts with a file of keys, asking everybody.
pub(crate) fn start(home: &Path, keys: &str) -> Server {
    let file = home.join("keys.toml");
    fs::write(&file, keys).unwrap();
    let file = file.to_string_lossy().into_owned();
    let environment = [("ONESTOP_ACCESS_ASK", "always"), ("ONESTOP_ACCESS_KEYS", file.as_str())];
    server::start_with(&home.join("data"), &environment)
}

/// Starts as one whom nobody is asked at, fills the registers and settles once in each of two hospitals; then stops.
pub(crate) async fn filled(home: &Path) {
    let server = server::start(&home.join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    clients.settle(demo::settle("S1", PLAIN, totals(1000, 0, 0))).await.unwrap();
    let mut other = demo::settle("S2", PLAIN, totals(500, 0, 0));
    other.writer = demo::writer(LATER, "S2");
    let admission = other.admission.as_mut().unwrap();
    LATER.clone_into(&mut admission.facility);
    "2018-07-01".clone_into(&mut admission.admitted_on);
    "2018-07-08".clone_into(&mut admission.discharged_on);
    clients.settle(other).await.unwrap();
    drop(clients);
    server.stop().await;
}

/// A request under a key.
pub(crate) fn under<T>(message: T, secret: &str) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {secret}").parse().unwrap());
    request
}

/// Sends an empty message to a call.
async fn call(server: &Server, path: &str, secret: Option<&str>) -> Result<(), Status> {
    let mut client = tonic::client::Grpc::new(server.channel().await);
    client.ready().await.unwrap();
    type Empty = proto::ListPacksRequest;
    let codec = tonic_prost::ProstCodec::<Empty, Empty>::default();
    let request = match secret {
        Some(secret) => under(Empty {}, secret),
        None => Request::new(Empty {}),
    };
    client.unary(request, path.parse().unwrap(), codec).await.map(|_| ())
}

#[test]
fn every_call_and_role_is_decided_as_the_table_says() {
    let rows = rows();
    for (call, expected) in &rows {
        for (role, expected) in ROLES.into_iter().zip(expected) {
            assert_eq!(reach(role, call), *expected, "{role:?} {call}");
        }
    }
    let named: BTreeSet<String> = rows.iter().map(|(call, _)| call.clone()).collect();
    assert_eq!(named.len(), rows.len(), "a call has one row");
    assert_eq!(named, calls(), "every call of the contract, page and transaction is in the table");
    for role in ROLES {
        for path in [
            "/onestop.v1.Settlement/Steal",
            "/onestop.v2.Rules/ListPacks",
            "DELETE /counter",
            "GET /counter/steal",
            "national/9999",
            "",
        ] {
            assert_eq!(reach(role, path), Reach::None, "{path}");
        }
    }
}

#[tokio::test]
async fn the_server_lets_through_what_the_table_says_and_nothing_without_a_key() {
    let home = tempfile::tempdir().unwrap();
    let server = start(home.path(), &keys());
    for path in proto::CALLS {
        for key in [None, Some("wrong"), Some("")] {
            let status = call(&server, path, key).await.unwrap_err();
            assert_eq!(status.code(), Code::Unauthenticated, "{path}: {status:?}");
        }
        for role in ROLES {
            let outcome = call(&server, path, Some(&secret(role))).await;
            let denied = outcome.is_err_and(|status| status.code() == Code::PermissionDenied);
            match reach(role, path) {
                Reach::None => assert!(denied, "{role:?} {path}"),
                Reach::All => assert!(!denied, "{role:?} {path}"),
                // What is one's own is tried below; an empty message names nothing of one's own.
                Reach::Own => {
                    assert!(denied || path.ends_with("/GetSettlement"), "{role:?} {path}")
                }
            }
        }
    }
    let status = call(&server, "/onestop.v1.Settlement/Steal", Some(&secret(Role::Insurer))).await;
    assert_eq!(status.unwrap_err().code(), Code::PermissionDenied);
    // Probes ask nothing of anybody; pages ask who it is.
    let health = call(&server, "/grpc.health.v1.Health/Check", None).await;
    assert!(health.is_ok(), "{health:?}");
    assert!(answer(&server.http, "/ready").ends_with("ready\n"));
    for page in ["/", "/counter", "/office"] {
        assert!(answer(&server.http, page).contains("location: /account/login?next="), "{page}");
    }
    // The national interface has keys of its own, and goes on on every path that is no page's.
    for path in ["/", "/fsi/api", "/accounts"] {
        assert!(posted(&server.http, path).contains("infcode"), "{path}");
    }
    // Names of keys are in the log, secrets are not.
    let log = server.log_text();
    assert!(log.contains("auditor") && !log.contains("secret-of"), "{log}");
    server.stop().await;
}

/// A whole answer to an empty request of the national interface.
fn posted(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = "Host: localhost\r\nConnection: close\r\nContent-Length: 2";
    write!(stream, "POST {path} HTTP/1.1\r\n{head}\r\n\r\n{{}}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn denied<T: std::fmt::Debug>(outcome: Result<T, Status>) {
    let status = outcome.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");
}

pub(crate) async fn settle(
    clients: &mut Clients,
    secret: &str,
    request: proto::SettleRequest,
) -> Result<proto::SettleReply, Status> {
    Ok(clients.settlement.settle(under(request, secret)).await?.into_inner())
}

#[tokio::test]
async fn a_hospital_reaches_what_is_its_own_and_nothing_of_another() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path()).await;
    let server = start(home.path(), &keys());
    let mut clients = server.clients().await;
    let (his, clerk) = (secret(Role::His), secret(Role::Clerk));
    let (supervisor, insurer) = (secret(Role::Supervisor), secret(Role::Insurer));
    // Registers took 1 to 3; the county hospital settled 4, the other 5.
    let get = |number| proto::GetSettlementRequest { by: Some(By::Number(number)) };
    let own = clients.settlement.get_settlement(under(get(4), &his)).await;
    assert_eq!(own.unwrap().into_inner().number, 4);
    denied(clients.settlement.get_settlement(under(get(5), &his)).await);
    assert!(clients.settlement.get_settlement(under(get(5), &insurer)).await.is_ok());
    let list = |facility: &str| {
        let facility = facility.to_owned();
        proto::ListSettlementsRequest { facility, ..Default::default() }
    };
    assert!(clients.settlement.list_settlements(under(list(COUNTY), &his)).await.is_ok());
    denied(clients.settlement.list_settlements(under(list(LATER), &his)).await);
    denied(clients.settlement.list_settlements(under(list(""), &his)).await);
    assert!(clients.settlement.list_settlements(under(list(""), &insurer)).await.is_ok());

    let bill = || totals(700, 0, 0);
    let settled = settle(&mut clients, &clerk, demo::settle("S3", PLAIN, bill())).await.unwrap();
    let number = settled.settlement.unwrap().number;
    let mut for_another = demo::settle("S4", PLAIN, bill());
    LATER.clone_into(&mut for_another.admission.as_mut().unwrap().facility);
    denied(settle(&mut clients, &clerk, for_another.clone()).await);
    for_another.writer = demo::writer(LATER, "S4");
    denied(settle(&mut clients, &clerk, for_another.clone()).await);
    let (admission, bill) = (for_another.admission, for_another.bill);
    let quote = proto::QuoteRequest { admission, bill, ..proto::QuoteRequest::default() };
    denied(clients.settlement.quote(under(quote.clone(), &his)).await);
    let stream = tokio_stream::iter([quote]);
    let mut quotes = clients.settlement.quote_many(under(stream, &his)).await.unwrap().into_inner();
    denied(quotes.message().await);
    denied(settle(&mut clients, &insurer, demo::settle("S5", PLAIN, totals(1, 0, 0))).await);

    // The other hospital's settlement, by its number, under one's own name and under another's.
    denied(clients.settlement.reverse(under(demo::reverse("R1", 5), &supervisor)).await);
    let mut as_another = demo::reverse("R1", 5);
    as_another.writer = demo::writer(LATER, "R1");
    denied(clients.settlement.reverse(under(as_another, &supervisor)).await);
    let opening = proto::ReverseRequest {
        of: Some(proto::reverse_request::Of::Opening("O".to_owned())),
        ..demo::reverse("R2", 0)
    };
    denied(clients.settlement.reverse(under(opening, &supervisor)).await);
    denied(clients.settlement.reverse(under(demo::reverse("R3", number), &clerk)).await);
    assert!(
        clients.settlement.reverse(under(demo::reverse("R3", number), &supervisor)).await.is_ok()
    );
    drop(clients);
    server.stop().await;
}

async fn until_logged(server: &Server, text: &str) {
    let begun = Instant::now();
    while !server.log_text().contains(text) {
        assert!(begun.elapsed() < Duration::from_secs(60), "{}", server.log_text());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_key_made_by_the_command_opens_once_it_is_read_and_no_longer_once_it_is_gone() {
    let home = tempfile::tempdir().unwrap();
    let onestop = |arguments: &[&str], token: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_onestop"));
        command.args(arguments).env("ONESTOP_CLIENT_TOKEN", token);
        command.output().unwrap()
    };
    let made = onestop(&["key", "--name", "li", "--role", "auditor"], "");
    assert!(made.status.success(), "{made:?}");
    let entry = String::from_utf8(made.stdout).unwrap();
    let secret = entry.lines().next().unwrap().rsplit(' ').next().unwrap().to_owned();
    assert_eq!(secret.len(), 64);
    let refused = onestop(&["key", "--name", "li", "--role", "his"], "");
    assert_eq!(refused.status.code(), Some(2), "a HIS without a facility");

    let server = start(home.path(), &keys());
    let url = format!("http://{}", server.address);
    let show = |token: &str| onestop(&["show", "packs", "--server", &url], token).status.success();
    assert!(!show(&secret) && !show("") && show("secret-of-Auditor"));
    let file = home.path().join("keys.toml");
    fs::write(&file, &entry).unwrap();
    server.signal("HUP");
    until_logged(&server, "keys of callers read again").await;
    assert!(show(&secret) && !show("secret-of-Auditor"));
    fs::write(&file, "[[key]]\nname = \"x\"\n").unwrap();
    server.signal("HUP");
    until_logged(&server, "keys of callers refused").await;
    assert!(show(&secret));
    server.stop().await;
}

#[test]
fn a_server_that_asks_without_keys_does_not_start() {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_onestop"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0", "--data"]);
    let output = command.arg(home.path().join("data")).env("ONESTOP_ACCESS_ASK", "always").output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("access.keys"));
}
