//! Lost answers: whoever got none looks up by request id or by admission whether it was settled, was reversed, or was never seen.

use crate::demo;
use crate::demo::COUNTY;
use crate::demo::POOR;
use crate::demo::totals;
use crate::server::Clients;
use crate::server::Server;
use crate::server::start;

use onestop::proto;
use onestop::proto::get_settlement_request::By;
use tonic::Code;
use tonic::Status;

use std::process::Command;

fn by_request(facility: &str, request_id: &str) -> By {
    let (facility, request_id) = (facility.to_owned(), request_id.to_owned());
    By::Request(proto::RequestName { facility, request_id })
}

fn by_admission(admission: &str) -> By {
    let (facility, admission) = (COUNTY.to_owned(), admission.to_owned());
    By::Admission(proto::AdmissionName { facility, admission })
}

async fn look_up(clients: &mut Clients, by: By) -> Result<proto::SettlementRecord, Status> {
    let request = proto::GetSettlementRequest { by: Some(by) };
    clients.settlement.get_settlement(request).await.map(tonic::Response::into_inner)
}

/// `onestop show settlement` in English: the exit code, and all that it said.
fn show(server: &Server, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_onestop"))
        .args(["--lang", "en", "show", "settlement", "--facility", COUNTY])
        .args(arguments)
        .args(["--server", &format!("http://{}", server.address)])
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_looked_up_as_settled_reversed_or_never_seen() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(&directory.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    // Never seen.
    for by in [by_request(COUNTY, "S1"), by_admission("S1")] {
        assert_eq!(look_up(&mut clients, by).await.unwrap_err().code(), Code::NotFound);
    }
    for arguments in [["--request-id", "S1"], ["--admission", "S1"]] {
        let (code, said) = show(&server, &arguments);
        assert!(code == 1 && said.contains("refused 406: the ledger has no `S1`"), "{said}");
    }
    // Settled.
    let settled = clients.settle(demo::settle("S1", POOR, totals(900, 20, 5))).await.unwrap();
    for by in [by_request(COUNTY, "S1"), by_admission("S1")] {
        assert_eq!(look_up(&mut clients, by).await.unwrap(), settled);
    }
    for arguments in [["--request-id", "S1"], ["--admission", "S1"]] {
        let (code, said) = show(&server, &arguments);
        assert!(code == 0 && said.contains("effective"), "{said}");
    }
    // Reversed; whoever lost the reversal's answer asks by its request.
    let reversal = clients.settlement.reverse(demo::reverse("U1", settled.number)).await.unwrap();
    let number = reversal.into_inner().reversal.unwrap().number;
    let reversed = proto::SettlementRecord { reversed_by: number, ..settled };
    for by in [by_request(COUNTY, "S1"), by_request(COUNTY, "U1"), by_admission("S1")] {
        assert_eq!(look_up(&mut clients, by).await.unwrap(), reversed);
    }
    for arguments in [["--request-id", "S1"], ["--request-id", "U1"], ["--admission", "S1"]] {
        let (code, said) = show(&server, &arguments);
        assert!(code == 0 && said.contains("reversed"), "{said}");
    }
    // A request id of another office, or of another kind of write, is not a settlement that was never seen.
    let other = look_up(&mut clients, by_request("H-LATER", "S1")).await.unwrap_err();
    assert_eq!(other.code(), Code::NotFound);
    let register = look_up(&mut clients, by_request("OFFICE", "persons")).await.unwrap_err();
    assert_eq!(register.code(), Code::AlreadyExists, "{register:?}");
    // The same after a restart.
    server.stop().await;
    let server = start(&directory.path().join("data"));
    let mut clients = server.clients().await;
    assert_eq!(look_up(&mut clients, by_request(COUNTY, "S1")).await.unwrap(), reversed);
    let unseen = look_up(&mut clients, by_request(COUNTY, "S2")).await.unwrap_err();
    assert_eq!(unseen.code(), Code::NotFound);
    server.stop().await;
}
