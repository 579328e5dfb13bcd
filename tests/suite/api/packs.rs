//! Rule packs: listed, got, and read again, all or nothing.

use crate::demo;
use crate::demo::FAMILY;
use crate::demo::PLAIN;
use crate::demo::totals;
use crate::server::Clients;
use crate::server::Start;
use crate::server::refused;
use crate::server::start;

use onestop::proto;
use onestop::service::now;

use std::fs;
use std::path::Path;
use std::time::Duration;

#[tokio::test]
async fn packs_are_listed_and_got_as_their_files_stand() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(&directory.path().join("data"));
    let mut clients = server.clients().await;
    let list = clients.rules.list_packs(proto::ListPacksRequest {}).await.unwrap();
    let packs = list.into_inner().packs;
    assert!(packs.len() >= 10, "{}", packs.len());
    for summary in packs {
        let name = summary.name.clone().unwrap();
        let (id, effective_from) = (name.id.clone(), name.effective_from.clone());
        let request = proto::GetPackRequest { id: id.clone(), effective_from };
        let got = clients.rules.get_pack(request).await.unwrap().into_inner();
        assert_eq!(got.summary, Some(summary));
        let file = demo::rules_folder().join(&id).join(format!("{}.toml", name.effective_from));
        assert_eq!(got.text, fs::read_to_string(file).unwrap());
    }
    for (id, day, code) in
        [(FAMILY, "2018-01-02", 302), ("x", "2018-01-01", 302), (FAMILY, "", 101)]
    {
        let (id, effective_from) = (id.to_owned(), day.to_owned());
        let request = proto::GetPackRequest { id, effective_from };
        assert_eq!(refused(clients.rules.get_pack(request).await).code, code);
    }
    server.stop().await;
}

/// The demo packs, with the deductible of level 2 changed.
fn write_packs(folder: &Path, deductible: &str) {
    fs::create_dir_all(folder.join(FAMILY)).unwrap();
    for day in ["2018-01-01", "2019-01-01"] {
        let name = format!("{FAMILY}/{day}.toml");
        let text = fs::read_to_string(demo::rules_folder().join(&name)).unwrap();
        let from = "{ when = { level = [2] }, amount = \"300\"";
        let to = format!("{{ when = {{ level = [2] }}, amount = {deductible}");
        assert!(text.contains(from));
        fs::write(folder.join(&name), text.replace(from, &to)).unwrap();
    }
}

async fn paid(clients: &mut Clients) -> String {
    let settle = demo::settle("", PLAIN, totals(1000, 0, 0));
    let (admission, bill) = (settle.admission, settle.bill);
    let request = proto::QuoteRequest { admission, bill, ..proto::QuoteRequest::default() };
    let reply = clients.settlement.quote(request).await.unwrap();
    reply.into_inner().statement.unwrap().payments
}

async fn reload(clients: &mut Clients) -> proto::ReloadPacksReply {
    clients.rules.reload_packs(proto::ReloadPacksRequest {}).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_good_set_is_taken_over_and_a_bad_one_leaves_the_old_in_force() {
    let directory = tempfile::tempdir().unwrap();
    let rules = directory.path().join("rules");
    write_packs(&rules, "\"300\"");
    let data = directory.path().join("data");
    let mut server =
        Start { data: &data, rules: rules.clone(), environment: &[], config: None, demo: false }
            .start();
    let mut clients = server.clients().await;
    clients.fill().await;
    assert_eq!(paid(&mut clients).await, "560.00");
    write_packs(&rules, "\"200\"");
    assert_eq!(paid(&mut clients).await, "560.00", "nothing is read until somebody asks");
    let reply = reload(&mut clients).await;
    assert_eq!((reply.reloaded, reply.packs, reply.errors.len()), (true, 2, 0));
    assert_eq!(paid(&mut clients).await, "640.00");
    // Bad sets: a number that is none, a file that is no text, a folder that is gone.
    write_packs(&rules, "100");
    let reply = reload(&mut clients).await;
    assert!(!reply.reloaded);
    assert_eq!(reply.errors.len(), 2);
    let error = &reply.errors[0];
    assert!(error.file.ends_with("2018-01-01.toml") && error.place.contains("deductible[3]"));
    assert!(!error.sentence.as_ref().unwrap().zh.is_empty());
    assert_eq!(paid(&mut clients).await, "640.00");
    fs::write(rules.join(FAMILY).join("2018-01-01.toml"), [0xff, 0xfe, 0]).unwrap();
    assert!(!reload(&mut clients).await.reloaded);
    fs::rename(&rules, directory.path().join("elsewhere")).unwrap();
    assert!(!reload(&mut clients).await.reloaded);
    assert_eq!(paid(&mut clients).await, "640.00");

    // The same by a signal, which nobody answers: the log does.
    write_packs(&rules, "\"100\"");
    server.signal("HUP");
    let mut tries = 0;
    while paid(&mut clients).await != "720.00" {
        tries += 1;
        assert!(tries < 500, "{}", server.log_text());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    write_packs(&rules, "1");
    server.signal("HUP");
    while !server.log_text().contains("rule packs refused") {
        tries += 1;
        assert!(tries < 1000, "{}", server.log_text());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(paid(&mut clients).await, "720.00");
    // Both good sets are in the audit with who asked, and the digest that one left is what the other found; no bad one is.
    let today = now().day().to_string();
    let out = directory.path().join("audit");
    let (data_text, out_text) = (data.to_str().unwrap(), out.to_str().unwrap());
    let mut audit = std::process::Command::new(env!("CARGO_BIN_EXE_onestop"));
    audit.args(["audit", "--from", "2018-01-01", "--to", &today, "--data", data_text]);
    assert!(audit.args(["--csv", out_text]).output().unwrap().status.success());
    let log = fs::read_to_string(out.join("log.csv")).unwrap();
    let reloads: Vec<&str> = log.lines().filter(|line| line.contains(",packs 2: ")).collect();
    assert_eq!(reloads.len(), 2, "{log}");
    assert!(reloads[1].contains(",SIGHUP,"), "{reloads:?}");
    let digests = |line: &str| -> Vec<String> {
        let (_, digests) = line.split_once("packs 2: ").unwrap();
        digests.trim_end_matches([',', '"']).split(" to ").map(str::to_owned).collect()
    };
    let (first, second) = (digests(reloads[0]), digests(reloads[1]));
    assert_eq!(first[1], second[0]);
    assert!(first[0] != first[1] && second[0] != second[1] && first[0].len() == 64, "{reloads:?}");
    // With a bad set no server starts.
    server.signal("TERM");
    assert!(server.wait().await.success());
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_onestop"))
        .args(["serve", "--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .arg("--rules")
        .arg(&rules)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("deductible[3]"));
}
