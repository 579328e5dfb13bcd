//! Logging in as a person does, in real Chromium; and whether the pages of accounts can be used by everybody.

use crate::access::keys;
use crate::access::start;
use crate::counter::accessible;
use crate::counter::browser;
use crate::counter::browser::Script;
use crate::demo::COUNTY;
use crate::operators::Desk;
use crate::operators::PASSWORD;
use crate::operators::add;

#[tokio::test]
async fn a_clerk_logs_in_sees_his_window_and_logs_out() {
    let home = tempfile::tempdir().unwrap();
    let clerk = add(home.path(), "wang", &["--role", "clerk"], (COUNTY, "一号窗口"));
    let server = start(home.path(), &keys());
    for script in [Script::On, Script::Off] {
        let Some(browser) = browser::start(&server.http, script).await else { return };
        browser.go("/counter/today").await;
        browser.see("#f-password").await;
        if script == Script::On {
            browser.fill("name", "wang").await;
            browser.fill("password", &clerk).await;
            browser.click("main button.primary").await;
            browser.see("#f-again").await;
            browser.fill("old", &clerk).await;
            browser.fill("new", PASSWORD).await;
            browser.fill("again", PASSWORD).await;
        } else {
            browser.fill("name", "wang").await;
            browser.fill("password", PASSWORD).await;
        }
        browser.click("main button.primary").await;
        browser.see(".log-out button").await;
        browser.go("/counter/today").await;
        let text = browser.text().await;
        assert!(text.contains("一号窗口 · wang"), "{text}");
        assert!(!text.contains("撤销\n") && !text.contains("经办后台"), "{text}");
        browser.click(".log-out button").await;
        browser.see("#f-password").await;
        browser.go("/counter/today").await;
        browser.see("#f-password").await;
        browser.end().await;
    }
    server.stop().await;
}

#[tokio::test]
async fn no_page_of_accounts_violates_what_can_be_checked_of_wcag() {
    let Some(axe) = accessible::axe() else { return };
    let home = tempfile::tempdir().unwrap();
    let admin = add(home.path(), "admin", &["--role", "administrator"], ("", ""));
    add(home.path(), "wang", &["--role", "clerk"], (COUNTY, "一号窗口"));
    let server = start(home.path(), &keys());
    Desk::enter(&server.http, "admin", &admin);
    let Some(browser) = browser::start(&server.http, Script::On).await else { return };
    for (lang, (width, height)) in [("zh", (1366, 768)), ("en", (390, 844))] {
        browser.client.set_window_size(width, height).await.unwrap();
        browser.go(&format!("/account/login?lang={lang}")).await;
        accessible::check(&browser, &axe).await;
        browser.fill("name", "admin").await;
        browser.fill("password", "wrong").await;
        browser.click("main button.primary").await;
        browser.see(".message.bad").await;
        accessible::check(&browser, &axe).await;
        browser.fill("password", PASSWORD).await;
        browser.click("main button.primary").await;
        browser.see("#add-name").await;
        accessible::check(&browser, &axe).await;
        browser.go("/account/password").await;
        accessible::check(&browser, &axe).await;
        browser.go("/counter").await;
        accessible::check(&browser, &axe).await;
        browser.click(".log-out button").await;
        browser.see("#f-password").await;
    }
    browser.end().await;
    server.stop().await;
}
