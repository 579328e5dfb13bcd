//! What else a clerk does without a mouse: a bill as a file, a visit of the HIS, paper.

use crate::counter::browser;
use crate::counter::browser::Browser;
use crate::counter::browser::DOWN;
use crate::counter::browser::ENTER;
use crate::counter::browser::Script;
use crate::counter::settles::settled;
use crate::demo;
use crate::his;
use crate::server;

use serde_json::json;

/// From the quote to the sheet.
async fn confirm(browser: &Browser) {
    browser.see("button.confirm").await;
    browser.go_back_to_top().await;
    browser.tab_to("button.confirm", ENTER).await;
    browser.arrive("/counter/sheet/").await;
}

#[tokio::test]
async fn a_bill_is_uploaded_settled_and_printed_with_the_keyboard_alone() {
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let file = home.path().join("bill.csv");
    std::fs::write(&file, "code,category,quantity,price\nA1,09,2,10.5\n").unwrap();
    let Some(browser) = browser::start(&server.http, Script::On).await else { return };
    browser.at(demo::COUNTY, "一号窗口").await;
    browser.press(&format!("{}{ENTER}", demo::POOR)).await;
    browser.tab_to("[name=admitted_on]", "20180301").await;
    browser.tab_to("[name=discharged_on]", "20180309").await;
    // The arrow chooses the other form of the bill, and with it the field for a file.
    browser.reach("#kind-totals").await.send_keys(DOWN).await.unwrap();
    assert!(browser.see("#kind-lines").await.is_selected().await.unwrap());
    // What the browser's own chooser gives, which no driver sees.
    browser.reach("#f-file").await.send_keys(file.to_str().unwrap()).await.unwrap();
    browser.tab_to(".actions button.primary", ENTER).await;
    browser.see("button.confirm").await;
    browser.read("21.00").await;
    confirm(&browser).await;
    let records = settled(&mut clients).await;
    assert_eq!(records[0].statement.as_ref().unwrap().lines.len(), 1);
    // A browser without a screen has no dialogue for printers; that it is asked for one is what a page can do.
    let listen = "window.print = () => { document.title = 'printing'; };";
    browser.client.execute(listen, Vec::new()).await.unwrap();
    browser.tab_to("button[data-print]", ENTER).await;
    assert_eq!(browser.client.title().await.unwrap(), "printing");
    let pdf = browser.reach("a[href$='pdf?paper=a4']").await.attr("href").await.unwrap().unwrap();
    assert_eq!(pdf, format!("/counter/sheet/{}/pdf?paper=a4", records[0].number));
    browser.end().await;
    server.stop().await;
}

#[tokio::test]
async fn a_visit_of_the_his_is_quoted_and_settled_with_the_keyboard_alone() {
    let home = tempfile::tempdir().unwrap();
    let server = his::begun(home.path()).await;
    let hospital = his::Hospital::of(&server);
    let visit = hospital.admit("ZY1");
    let line = his::fee(&visit, ("1", "A1"), ("2", "600", "1200.00"), "");
    hospital.ask("2301", json!({ "feedetail": [line] }));
    let Some(browser) = browser::start(&server.http, Script::On).await else { return };
    browser.at(demo::COUNTY, "一号窗口").await;
    browser.press(&format!("{}{ENTER}", demo::POOR)).await;
    browser.read(&visit).await;
    browser.tab_to(".his-visit [name=deposit]", "100").await;
    browser.tab_to(".his-visit button", ENTER).await;
    confirm(&browser).await;
    let records = settled(&mut server.clients().await).await;
    let request = records[0].request.as_ref().unwrap();
    assert_eq!((request.visit.as_str(), request.deposit.as_str()), (visit.as_str(), "100.00"));
    browser.end().await;
    server.stop().await;
}
