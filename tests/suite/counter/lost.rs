//! A lost connection ends in a clear state: settled, or not.

use crate::counter::browser;
use crate::counter::browser::Script;
use crate::counter::proxy::Line;
use crate::counter::proxy::Proxy;
use crate::counter::settles::settled;
use crate::demo;
use crate::server;

#[tokio::test]
async fn a_lost_answer_is_asked_for_until_the_sheet_is_there() {
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let proxy = Proxy::start(&server.http).await;
    let Some(browser) = browser::start(&proxy.address, Script::On).await else { return };
    browser.at(demo::COUNTY, "一号窗口").await;
    browser.quote(demo::POOR, "8000").await;
    proxy.set(Line::AnswersLost);
    browser.click("button.confirm").await;
    browser.read("暂不能确定是否已结算").await;
    assert_eq!(settled(&mut clients).await.len(), 1);
    proxy.set(Line::Whole);
    browser.arrive("/counter/sheet/").await;
    browser.read("有效").await;
    browser.end().await;
    server.stop().await;
}

#[tokio::test]
async fn a_request_that_never_arrived_is_said_not_to_be_settled_and_can_be_confirmed_again() {
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let proxy = Proxy::start(&server.http).await;
    let Some(browser) = browser::start(&proxy.address, Script::On).await else { return };
    browser.at(demo::COUNTY, "一号窗口").await;
    browser.quote(demo::POOR, "8000").await;
    proxy.set(Line::Cut);
    browser.click("button.confirm").await;
    browser.read("暂不能确定是否已结算").await;
    proxy.set(Line::Whole);
    browser.read("没有结算。连接已恢复").await;
    assert_eq!(settled(&mut clients).await.len(), 0);
    browser.click("button.confirm").await;
    browser.arrive("/counter/sheet/").await;
    assert_eq!(settled(&mut clients).await.len(), 1);
    browser.end().await;
    server.stop().await;
}
