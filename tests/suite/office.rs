//! The back office through the real server, its files and its command line.

mod browser;
mod clear;
mod files;
mod outline;
mod pages;
mod reconcile;
mod reports;
mod what_if;

use crate::demo;
use crate::demo::PLAIN;
use crate::demo::POOR;
use crate::demo::totals;
use crate::server::Server;
use crate::server::start;

use onestop::proto;
use onestop::proto::office_client::OfficeClient;
use onestop::service::now;

use tonic::transport::Channel;

use std::path::Path;
use std::process::Command;

/// The exit code and what was printed, errors last.
fn onestop(arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_onestop")).args(arguments).output().unwrap();
    let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (output.status.code().unwrap(), printed.concat())
}

/// A server with four stays of the county hospital, the last of them reversed, and the settlements as they were answered.
async fn begin(data: &Path) -> (Server, Vec<proto::SettlementRecord>) {
    let server = start(data);
    let mut clients = server.clients().await;
    clients.fill().await;
    let mut settled = Vec::new();
    for (id, person, in_scope) in
        [("A1", POOR, 5000), ("A2", PLAIN, 3000), ("A3", POOR, 20_000), ("A4", PLAIN, 800)]
    {
        let request = demo::settle(id, person, totals(in_scope, 100, 50));
        settled.push(clients.settle(request).await.unwrap());
    }
    let last = settled.last().unwrap().number;
    clients.settlement.reverse(demo::reverse("U4", last)).await.unwrap();
    (server, settled)
}

async fn office(server: &Server) -> OfficeClient<Channel> {
    OfficeClient::new(server.channel().await)
}

/// A day before and one after today, so that midnight makes no difference.
fn around_today() -> (String, String) {
    let today = now().day();
    (today.before().unwrap().to_string(), today.after().unwrap().to_string())
}

/// A line of a list: number, admission, person, amounts, refund flag.
fn line(record: &proto::SettlementRecord) -> [String; 7] {
    let statement = record.statement.as_ref().unwrap();
    let admission = record.request.as_ref().unwrap().admission.as_ref().unwrap();
    [
        record.number.to_string(),
        admission.id.clone(),
        admission.person.clone(),
        statement.total.clone(),
        statement.payments.clone(),
        statement.account_pay.clone(),
        "0".to_owned(),
    ]
}

/// What the hospital lists when it has everything: four settlements and a refund under the number of what it undoes.
fn whole_list(settled: &[proto::SettlementRecord]) -> Vec<[String; 7]> {
    let mut lines: Vec<_> = settled.iter().map(line).collect();
    let mut refund = line(settled.last().unwrap());
    for amount in &mut refund[3..6] {
        *amount = format!("-{amount}");
    }
    refund[6] = "1".to_owned();
    lines.push(refund);
    lines
}

/// The list as CSV with the national names.
fn csv(lines: &[[String; 7]]) -> String {
    let header = "setl_id,mdtrt_id,psn_no,medfee_sumamt,fund_pay_sumamt,acct_pay,refd_setl_flag\n";
    header.to_owned() + &lines.iter().map(|line| line.join(",") + "\n").collect::<String>()
}
