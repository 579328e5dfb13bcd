//! Automated accessibility checks (WCAG 2.2 AA) with axe-core, on every page, in both languages, on a desk and on a phone.

use crate::counter::bills::upload;
use crate::counter::browser;
use crate::counter::browser::Browser;
use crate::counter::browser::Script;
use crate::demo;
use crate::his;
use crate::server;

use serde_json::json;

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

/// The version that is checked with.
const PACKAGE: &str = "axe-core@4.10.3";

/// The checker's script: in CI fetched once, elsewhere what is there.
pub(crate) fn axe() -> Option<String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("axe-core");
    let file: PathBuf = folder.join("package/axe.min.js");
    if !file.exists() && std::env::var("CI").is_ok() {
        std::fs::create_dir_all(&folder).unwrap();
        let packed =
            Command::new("npm").args(["pack", "--silent", PACKAGE]).current_dir(&folder).output();
        let packed = packed.unwrap();
        assert!(packed.status.success(), "{}", String::from_utf8_lossy(&packed.stderr));
        let name = String::from_utf8(packed.stdout).unwrap();
        let name = name.lines().last().unwrap().trim();
        let unpacked = Command::new("tar").args(["-xzf", name]).current_dir(&folder).status();
        assert!(unpacked.unwrap().success());
    }
    if !file.exists() {
        eprintln!(
            "SKIPPED: no axe-core here. Fetch it: mkdir -p {0} && cd {0} && tar -xzf $(npm pack --silent {PACKAGE})",
            folder.display()
        );
        return None;
    }
    Some(std::fs::read_to_string(file).unwrap())
}

/// No violations on the page as it is.
pub(crate) async fn check(browser: &Browser, axe: &str) {
    browser.client.execute(axe, Vec::new()).await.unwrap();
    let run = "const done = arguments[0]; \
        axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }) \
          .then(found => done(found.violations.map(one => one.id + ': ' + one.help + ' ' \
            + one.nodes.map(node => node.html + ' ' + (node.any[0] ? node.any[0].message : '')).join(' | '))));";
    let found = browser.client.execute_async(run, Vec::new()).await.unwrap();
    let here = browser.client.current_url().await.unwrap();
    assert_eq!(found, serde_json::json!([]), "{here}");
}

#[tokio::test]
async fn no_page_violates_what_can_be_checked_of_wcag() {
    let Some(axe) = axe() else { return };
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let hospital = his::Hospital::of(&server);
    let visit = hospital.admit("ZY1");
    let line = his::fee(&visit, ("1", "A1"), ("2", "600", "1200.00"), "");
    hospital.ask("2301", json!({ "feedetail": [line] }));
    let faulty = home.path().join("faulty.csv");
    std::fs::write(&faulty, "code,category,quantity,price,amount\nA1,xx,2,10,21\n").unwrap();
    let settle = demo::settle("SHEET", demo::POOR, demo::totals(20_000, 300, 500));
    let record = clients.settle(settle).await.unwrap();
    let Some(browser) = browser::start(&server.http, Script::On).await else { return };
    browser.at(demo::COUNTY, "一号窗口").await;
    for (lang, (width, height)) in [("zh", (1366, 768)), ("en", (390, 844))] {
        browser.client.set_window_size(width, height).await.unwrap();
        browser.go(&format!("/counter/window?lang={lang}")).await;
        check(&browser, &axe).await;
        for path in [
            "/counter",
            "/counter?find=nobody",
            "/counter?find=%E5%BC%A0",
            "/counter/today",
            "/counter/undo",
            "/counter/cost",
            "/counter/rules",
            "/counter/rules?pack=000000-demo@2018-01-01&beside=000000-demo@2019-01-01",
        ] {
            browser.go(path).await;
            check(&browser, &axe).await;
        }
        for path in ["/counter/sheet/", "/counter/undo?find="] {
            browser.go(&format!("{path}{}", record.number)).await;
            check(&browser, &axe).await;
        }
        browser.go(&format!("/counter/patient?person={}", demo::POOR)).await;
        check(&browser, &axe).await;
        browser.click("label[for=kind-lines]").await;
        check(&browser, &axe).await;
        browser.fill("admitted_on", "x").await;
        browser.click(".actions button.primary").await;
        browser.see(".message.bad").await;
        check(&browser, &axe).await;
        browser.quote(demo::POOR, "9000").await;
        browser.click(".waterfall li:nth-child(2) summary").await;
        check(&browser, &axe).await;
        // The quote that is on the page is not what it comes to any more.
        let meanwhile = demo::settle(&format!("IN-{lang}"), demo::POOR, demo::totals(50_000, 0, 0));
        clients.settle(meanwhile).await.unwrap();
        browser.click("button.confirm").await;
        browser.read(&format!("IN-{lang}")).await;
        check(&browser, &axe).await;
        upload(&browser, &faulty).await;
        browser.see("#bill .message.bad li").await;
        check(&browser, &axe).await;
        browser.go(&format!("/counter/patient?person={}", demo::POOR)).await;
        check(&browser, &axe).await;
        browser.click(".his-visit button").await;
        browser.see("button.confirm").await;
        check(&browser, &axe).await;
        browser.go("/counter/cost").await;
        for (name, text) in [
            ("person", demo::POOR),
            ("facility", demo::COUNTY),
            ("admitted_on", "20180301"),
            ("discharged_on", "20180309"),
            ("total", "9000"),
            ("in_scope", "9000"),
        ] {
            browser.fill(name, text).await;
        }
        browser.click("#bill .actions button.primary").await;
        browser.see(".waterfall").await;
        check(&browser, &axe).await;
    }
    browser.end().await;
    server.stop().await;
}
