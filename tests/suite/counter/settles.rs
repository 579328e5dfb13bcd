//! From the patient to the sheet.

use crate::counter::browser;
use crate::counter::browser::ENTER;
use crate::counter::browser::Script;
use crate::counter::browser::TAB;
use crate::counter::raw::FORM;
use crate::counter::raw::ask;
use crate::demo;
use crate::server;

use onestop::proto;

/// All settlements of the county hospital.
pub(crate) async fn settled(clients: &mut server::Clients) -> Vec<proto::SettlementRecord> {
    let facility = demo::COUNTY.to_owned();
    clients.list(proto::ListSettlementsRequest { facility, ..Default::default() }).await.unwrap()
}

#[tokio::test]
async fn a_clerk_settles_with_the_keyboard_alone() {
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let Some(browser) = browser::start(&server.http, Script::On).await else { return };
    browser.go("/").await;
    browser.see("[name=operator]").await;
    browser.press(&format!("{}{TAB}一号窗口{TAB}王敏{ENTER}", demo::COUNTY)).await;
    browser.see("[name=find]").await;
    // As a card reader types.
    browser.press(&format!("{}{ENTER}", demo::POOR)).await;
    browser.read("建档立卡贫困人口").await;
    browser.read("不得收取押金").await;
    browser.tab_to("[name=admitted_on]", "20180301").await;
    browser.tab_to("[name=discharged_on]", "20180309").await;
    browser.tab_to("[name=total]", "12000").await;
    // In full width, as an input method gives it; Enter sends the form.
    browser.tab_to("[name=in_scope]", &format!("１２０００{ENTER}")).await;
    browser.see("button.confirm").await;
    let shown = browser.see(".big strong").await.text().await.unwrap();
    browser.tab_to(".waterfall li:nth-child(2) summary", ENTER).await;
    browser.read("起付线 300.00 元").await;
    browser.press(ENTER).await;
    browser.go_back_to_top().await;
    browser.tab_to("button.confirm", ENTER).await;
    browser.arrive("/counter/sheet/").await;
    browser.read("有效").await;
    let records = settled(&mut clients).await;
    assert_eq!(records.len(), 1);
    let statement = records[0].statement.as_ref().unwrap();
    assert_eq!(shown, format!("{} 元", statement.patient_pay));
    let writer = records[0].request.as_ref().unwrap().writer.as_ref().unwrap();
    assert_eq!((writer.terminal.as_str(), writer.operator.as_str()), ("一号窗口", "王敏"));
    browser.end().await;
    server.stop().await;
}

#[tokio::test]
async fn a_page_without_its_script_settles_all_the_same() {
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let Some(browser) = browser::start(&server.http, Script::Off).await else { return };
    browser.at(demo::COUNTY, "一号窗口").await;
    browser.fill("find", demo::PLAIN).await;
    browser.press(ENTER).await;
    browser.read("可以收取押金").await;
    browser.quote(demo::PLAIN, "5000").await;
    browser.click("button.confirm").await;
    browser.arrive("/counter/sheet/").await;
    assert_eq!(settled(&mut clients).await.len(), 1);
    browser.end().await;
    server.stop().await;
}

#[tokio::test]
async fn a_double_click_settles_once_and_so_does_the_same_form_sent_again() {
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let Some(browser) = browser::start(&server.http, Script::On).await else { return };
    browser.at(demo::COUNTY, "一号窗口").await;
    browser.quote(demo::POOR, "8000").await;
    // All fields of the form, to send it once more as a browser without the script does.
    let pairs =
        "return new URLSearchParams(new FormData(document.getElementById('settle'))).toString()";
    let body = browser.client.execute(pairs, Vec::new()).await.unwrap();
    let cookies = browser.client.get_all_cookies().await.unwrap();
    let cookies: Vec<String> =
        cookies.iter().map(|one| format!("{}={}", one.name(), one.value())).collect();
    let twice = "const b = document.querySelector('button.confirm'); b.click(); b.click();";
    browser.client.execute(twice, Vec::new()).await.unwrap();
    browser.arrive("/counter/sheet/").await;
    assert_eq!(settled(&mut clients).await.len(), 1);
    let number = settled(&mut clients).await[0].number;
    let headers = [FORM, ("Cookie", &cookies.join("; "))];
    let again = ask(&server.http, "POST /counter/settle", &headers, body.as_str().unwrap());
    assert_eq!(again.header("location"), format!("/counter/sheet/{number}"));
    assert_eq!(settled(&mut clients).await.len(), 1);
    browser.end().await;
    server.stop().await;
}

#[tokio::test]
async fn what_moved_meanwhile_is_said_and_asked_for_again() {
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let Some(browser) = browser::start(&server.http, Script::On).await else { return };
    browser.at(demo::COUNTY, "一号窗口").await;
    browser.quote(demo::POOR, "60000").await;
    let quoted = browser.see(".big strong").await.text().await.unwrap();
    let elsewhere = demo::settle("ELSEWHERE", demo::POOR, demo::totals(50_000, 0, 0));
    clients.settle(elsewhere).await.unwrap();
    browser.click("button.confirm").await;
    browser.read("金额在此期间变了").await;
    browser.read("ELSEWHERE").await;
    assert_eq!(settled(&mut clients).await.len(), 1);
    let now = browser.see(".big strong").await.text().await.unwrap();
    assert_ne!(now, quoted);
    browser.click("button.confirm").await;
    browser.arrive("/counter/sheet/").await;
    let records = settled(&mut clients).await;
    assert_eq!(records.len(), 2);
    let pay = &records[1].statement.as_ref().unwrap().patient_pay;
    assert_eq!(now, format!("{pay} 元"));
    browser.end().await;
    server.stop().await;
}

#[tokio::test]
async fn the_language_is_switched_on_a_quote_without_losing_it() {
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let Some(browser) = browser::start(&server.http, Script::On).await else { return };
    browser.at(demo::COUNTY, "一号窗口").await;
    browser.quote(demo::POOR, "8000").await;
    let chinese = browser.see(".big strong").await.text().await.unwrap();
    browser.click("button.lang").await;
    browser.read("The patient pays").await;
    let english = browser.see(".big strong").await.text().await.unwrap();
    assert_eq!(english.strip_suffix(" yuan"), chinese.strip_suffix(" 元"));
    assert_eq!(browser.see("html").await.attr("lang").await.unwrap().unwrap(), "en");
    browser.click("button.confirm").await;
    browser.read("Settlement sheet").await;
    browser.click("a.lang").await;
    browser.read("医疗费用结算单").await;
    assert_eq!(settled(&mut clients).await.len(), 1);
    browser.end().await;
    server.stop().await;
}

#[tokio::test]
async fn a_patient_is_found_by_name_and_markup_in_a_name_is_text() {
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let name = "<img src=x onerror=\"document.title='owned'\"><b>李";
    let marked = proto::Person {
        name: name.to_owned(),
        certificate_no: "CERT-MARKED".to_owned(),
        ..demo::person("P-MARKED-0001", &[], ("390", ""))
    };
    let request = proto::PutPersonsRequest {
        writer: demo::office("marked"),
        persons: vec![marked],
        ..proto::PutPersonsRequest::default()
    };
    clients.put_persons(vec![request]).await;
    let Some(browser) = browser::start(&server.http, Script::On).await else { return };
    browser.at(demo::COUNTY, "一号窗口").await;
    for wanted in ["cert-marked", "<img"] {
        browser.go("/counter").await;
        browser.fill("find", wanted).await;
        browser.press(ENTER).await;
        browser.arrive("/counter/patient?").await;
        assert_eq!(browser.see("main h1").await.text().await.unwrap(), name);
        assert_eq!(browser.count("main img, h1 b").await, 0);
    }
    assert!(!browser.client.title().await.unwrap().contains("owned ·"));
    // Four of the register have the same name.
    browser.go("/counter").await;
    browser.fill("find", "张三").await;
    browser.press(ENTER).await;
    browser.read("是哪一位").await;
    assert_eq!(browser.count(".choices a").await, 4);
    browser.go("/counter").await;
    browser.fill("find", "nobody").await;
    browser.press(ENTER).await;
    browser.read("没有找到这位患者").await;
    browser.end().await;
    server.stop().await;
}
