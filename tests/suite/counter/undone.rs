//! Undoing at one window what another settled.

use crate::counter::browser;
use crate::counter::browser::Script;
use crate::counter::settles::settled;
use crate::demo;
use crate::server;

#[tokio::test]
async fn a_settlement_is_undone_in_order_with_a_reason_and_both_windows_are_told() {
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let Some(browser) = browser::start(&server.http, Script::On).await else { return };
    browser.at(demo::COUNTY, "一号窗口").await;
    browser.quote(demo::POOR, "8000").await;
    browser.click("button.confirm").await;
    browser.arrive("/counter/sheet/").await;
    let first = settled(&mut clients).await[0].clone();
    let later = demo::settle("LATER", demo::POOR, demo::totals(100, 0, 0));
    let later = clients.settle(later).await.unwrap();

    browser.at(demo::COUNTY, "二号窗口").await;
    browser.go("/counter/undo").await;
    let admission = &first.request.as_ref().unwrap().admission.as_ref().unwrap().id;
    browser.fill("find", admission).await;
    browser.click(".find button").await;
    browser.read("要先撤销").await;
    assert_eq!(browser.count("#undo").await, 0);
    browser.click("ol a:last-child").await;
    for number in [later.number, first.number] {
        browser.go(&format!("/counter/undo?find={number}")).await;
        // The browser asks for a reason first; without that the server does.
        browser.see("#undo").await;
        let unasked = "document.getElementById('undo').noValidate = true";
        browser.client.execute(unasked, Vec::new()).await.unwrap();
        browser.click("#undo button").await;
        browser.see("#f-reason-error").await;
        browser.fill("reason", "收费有误").await;
        browser.click("#undo button").await;
        browser.read("已撤销，撤销号").await;
        browser.read("收费有误").await;
        browser.read("二号窗口").await;
    }
    browser.read("应退还患者现金").await;
    let records = settled(&mut clients).await;
    assert!(records.iter().all(|record| record.reversed_by != 0));

    browser.at(demo::COUNTY, "一号窗口").await;
    browser.read("本窗口的结算被其他窗口撤销").await;
    browser.read("收费有误").await;
    browser.go("/counter/today").await;
    browser.read("本窗口的结算被其他窗口撤销").await;
    // Nobody undoes what another hospital settled.
    browser.at(demo::LATER, "三号窗口").await;
    let elsewhere = demo::settle("ANOTHER", demo::PLAIN, demo::totals(100, 0, 0));
    let elsewhere = clients.settle(elsewhere).await.unwrap();
    browser.go(&format!("/counter/undo?find={}", elsewhere.number)).await;
    browser.read("只能由该机构撤销").await;
    assert_eq!(browser.count("#undo").await, 0);
    browser.end().await;
    server.stop().await;
}
