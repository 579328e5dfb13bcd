//! The sheet on paper: printed by the browser, and as a PDF of our own. Both are read back as text.

use crate::counter::browser;
use crate::counter::browser::Script;
use crate::demo;
use crate::server;

use fantoccini::wd::PrintConfiguration;

use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

/// The text of a PDF; none where there is nothing to read it with, which is said aloud.
fn text_of(file: &Path) -> Option<String> {
    let output = Command::new("pdftotext").arg(file).arg("-").output();
    let Ok(output) = output else {
        assert!(std::env::var("CI").is_err(), "CI has no pdftotext; .ci/run installs it");
        eprintln!("SKIPPED: no pdftotext here. Install it: apt-get install poppler-utils");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

/// The body of an answer, byte for byte.
fn download(address: &str, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    answer.split_off(head + 4)
}

/// What every sheet must say.
fn check(text: &str, record: &onestop::proto::SettlementRecord) {
    let statement = record.statement.as_ref().unwrap();
    let together: String = text.split_whitespace().collect();
    for words in [
        "医疗费用结算单",
        "建档立卡贫困人口",
        "基本医保",
        "至少支付90%",
        "为什么是这个金额",
        "摘要号",
        &statement.patient_pay,
        &statement.cash_due,
        &record.digest,
    ] {
        assert!(together.contains(words), "no {words} in {text}");
    }
}

#[tokio::test]
async fn a_sheet_is_read_back_from_its_pdf_on_both_papers() {
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let request = demo::settle("PAPER", demo::POOR, demo::totals(20_000, 300, 500));
    let record = clients.settle(request).await.unwrap();
    for (paper, size) in [("a4", "[0 0 595 841]"), ("a5", "[0 0 419 595]")] {
        let path = format!("/counter/sheet/{}/pdf?paper={paper}", record.number);
        let bytes = download(&server.http, &path);
        assert!(bytes.starts_with(b"%PDF-"));
        assert!(String::from_utf8_lossy(&bytes).contains(size), "{paper}");
        let file = home.path().join(format!("{paper}.pdf"));
        std::fs::write(&file, bytes).unwrap();
        let Some(text) = text_of(&file) else { return };
        check(&text, &record);
        assert!(text.contains(&format!("http://{}/counter/sheet/{}", server.http, record.number)));
    }
    server.stop().await;
}

#[tokio::test]
async fn chromium_prints_the_whole_sheet_and_nothing_of_the_window() {
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let request = demo::settle("PAPER", demo::POOR, demo::totals(20_000, 300, 500));
    let record = clients.settle(request).await.unwrap();
    let Some(browser) = browser::start(&server.http, Script::On).await else { return };
    browser.go(&format!("/counter/sheet/{}", record.number)).await;
    browser.see("button[data-print]:not([hidden])").await;
    assert_eq!(browser.count(".paper svg.qr").await, 1);
    let bytes = browser.client.print(PrintConfiguration::default()).await.unwrap();
    let file = home.path().join("printed.pdf");
    std::fs::write(&file, bytes).unwrap();
    if let Some(text) = text_of(&file) {
        check(&text, &record);
        for words in ["结算窗口", "费用测算", "PDF A4"] {
            assert!(!text.contains(words), "{words} is printed");
        }
    }
    browser.end().await;
    server.stop().await;
}
