//! The office's long work in real Chromium: a list is uploaded and reconciled, a pack is changed and tried, each watched to its end.

use crate::counter::accessible::axe;
use crate::counter::accessible::check;
use crate::counter::browser;
use crate::counter::browser::Script;
use crate::demo;
use crate::demo::COUNTY;
use crate::office::around_today;
use crate::office::begin;
use crate::office::csv;
use crate::office::what_if;
use crate::office::whole_list;

#[tokio::test]
async fn a_list_and_a_changed_pack_are_uploaded_and_watched_to_their_results() {
    let directory = tempfile::tempdir().unwrap();
    let (server, settled) = begin(&directory.path().join("data")).await;
    let list = directory.path().join("list.csv");
    let mut lines = whole_list(&settled);
    lines[0][4] = "1.00".to_owned();
    std::fs::write(&list, csv(&lines)).unwrap();
    let text = demo::rules_folder().join(demo::FAMILY).join("2018-01-01.toml");
    let text = std::fs::read_to_string(text).unwrap();
    let pack = directory.path().join("edited.toml");
    std::fs::write(&pack, text.replace(what_if::LEVEL_TWO, what_if::OTHER)).unwrap();
    let Some(browser) = browser::start(&server.http, Script::On).await else { return };
    let axe = axe();
    let look = async || {
        if let Some(axe) = &axe {
            check(&browser, axe).await;
        }
    };
    let (from, to) = around_today();
    // A field for days takes what the browser's own calendar would give it.
    let days = async |from: &str, to: &str| {
        let set = "for (const [name, day] of arguments) document.querySelector(`[name=${name}]`).value = day;";
        let days = [("from", from), ("to", to)].map(|pair| serde_json::json!([pair.0, pair.1]));
        browser.client.execute(set, days.to_vec()).await.unwrap();
    };
    browser.go("/office").await;
    look().await;
    for (name, text) in [("facility", COUNTY), ("office", "OFFICE"), ("operator", "li")] {
        browser.fill(name, text).await;
    }
    days(&from, &to).await;
    browser.see("#f-list").await.send_keys(list.to_str().unwrap()).await.unwrap();
    browser.click("main button.primary").await;
    browser.arrive("/office/reconciliation/").await;
    browser.read("金额不符").await;
    look().await;

    browser.go("/office/whatif").await;
    look().await;
    days("2018-01-01", "2018-12-31").await;
    browser.see("#f-packs").await.send_keys(pack.to_str().unwrap()).await.unwrap();
    browser.click("main button.primary").await;
    browser.arrive("/office/whatif/").await;
    browser.read("负担加重最多").await;
    look().await;
    browser.end().await;
    server.stop().await;
}
