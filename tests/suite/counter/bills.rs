//! Bills that are typed or uploaded, right and wrong, small and large.

use crate::counter::browser;
use crate::counter::browser::Browser;
use crate::counter::browser::Script;
use crate::counter::settles::settled;
use crate::demo;
use crate::server;

use std::path::Path;

/// What a page and what it loads may weigh. Unit: bytes.
const WEIGHT_MAX: i64 = 300_000;

/// Uploads a table in place of lines.
pub(crate) async fn upload(browser: &Browser, file: &Path) {
    browser.go(&format!("/counter/patient?person={}", demo::POOR)).await;
    browser.fill("admitted_on", "20180301").await;
    browser.fill("discharged_on", "20180309").await;
    browser.click("label[for=kind-lines]").await;
    let path = file.to_str().unwrap();
    browser.see("#f-file").await.send_keys(path).await.unwrap();
    browser.click(".actions button.primary").await;
}

#[tokio::test]
async fn what_is_wrong_with_a_bill_stands_beside_its_field() {
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let Some(browser) = browser::start(&server.http, Script::On).await else { return };
    browser.at(demo::COUNTY, "一号窗口").await;
    browser.go(&format!("/counter/patient?person={}", demo::POOR)).await;
    for (name, text) in [
        ("admitted_on", "20180309"),
        ("discharged_on", "2018-02-30"),
        ("total", "1,000"),
        ("in_scope", "12.345"),
        ("deposit", "-1"),
    ] {
        browser.fill(name, text).await;
    }
    browser.click(".actions button.primary").await;
    for name in ["discharged_on", "total", "in_scope", "deposit"] {
        let field = browser.see(&format!("[name={name}][aria-invalid=true]")).await;
        let described = field.attr("aria-describedby").await.unwrap().unwrap();
        let error = described.split(' ').next().unwrap().to_owned();
        assert!(!browser.see(&format!("#{error}.error")).await.text().await.unwrap().is_empty());
    }
    assert_eq!(browser.count("[aria-invalid]").await, 4);
    // What was right, and what was wrong, still stands there.
    let value = browser.see("[name=in_scope]").await.prop("value").await.unwrap().unwrap();
    assert_eq!(value, "12.345");
    browser.fill("discharged_on", "20180301").await;
    for (name, text) in [("total", "1000"), ("in_scope", "900"), ("deposit", "")] {
        browser.fill(name, text).await;
    }
    browser.click(".actions button.primary").await;
    browser.see("#f-discharged_on-error").await;
    browser.fill("discharged_on", "20180312").await;
    browser.click(".actions button.primary").await;
    let error = browser.see("#f-total-error").await.text().await.unwrap();
    assert!(error.contains("900.00") && error.contains("1000.00"), "{error}");
    // Lines, typed.
    browser.click("label[for=kind-lines]").await;
    // The totals that still stand in their fields do not count now.
    let line = |column: &str| format!("[aria-label^='1 '][name={column}]");
    for (column, text) in [("code", "A1"), ("quantity", "two"), ("price", "10.5")] {
        browser.see(&line(column)).await.send_keys(text).await.unwrap();
    }
    browser.click(".actions button.primary").await;
    browser.see("[name=quantity][aria-invalid=true]").await;
    browser.see("#l0-quantity.error").await;
    let quantity = browser.see(&line("quantity")).await;
    quantity.clear().await.unwrap();
    quantity.send_keys("2").await.unwrap();
    browser.click(".actions button.primary").await;
    browser.see("button.confirm").await;
    browser.read("21.00").await;
    assert_eq!(settled(&mut clients).await.len(), 0);
    browser.end().await;
    server.stop().await;
}

#[tokio::test]
async fn a_table_with_faults_names_each_by_row_and_column_and_one_in_gbk_is_read() {
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    server.clients().await.fill().await;
    let Some(browser) = browser::start(&server.http, Script::On).await else { return };
    browser.at(demo::COUNTY, "一号窗口").await;
    let file = home.path().join("bill.csv");
    std::fs::write(&file, "code,category,quantity,price,amount\nA1,09,2,10,21\nA1,xx,1,5,5\n")
        .unwrap();
    upload(&browser, &file).await;
    browser.read("第 2 行 amount 列").await;
    browser.read("20.00").await;
    browser.read("第 3 行 category 列").await;
    // «项目编码,收费类别,数量,单价» as spreadsheets in China save it.
    let heads: &[u8] = &[
        0xCF, 0xEE, 0xC4, 0xBF, 0xB1, 0xE0, 0xC2, 0xEB, b',', 0xCA, 0xD5, 0xB7, 0xD1, 0xC0, 0xE0,
        0xB1, 0xF0, b',', 0xCA, 0xFD, 0xC1, 0xBF, b',', 0xB5, 0xA5, 0xBC, 0xDB,
    ];
    std::fs::write(&file, [heads, b"\r\nA1,09,2,10.5\r\n"].concat()).unwrap();
    upload(&browser, &file).await;
    browser.see("button.confirm").await;
    browser.read("21.00").await;
    browser.end().await;
    server.stop().await;
}

/// Weighs the page and all that it has loaded.
async fn check_weight(browser: &Browser) {
    let weigh = "const all = ['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind)); \
                 return all.map(one => [one.name, one.decodedBodySize]);";
    let weights = browser.client.execute(weigh, Vec::new()).await.unwrap();
    let weight = weights.as_array().unwrap().iter().map(|one| one[1].as_i64().unwrap());
    assert!(weight.sum::<i64>() < WEIGHT_MAX, "{weights}");
}

#[tokio::test]
async fn three_thousand_lines_are_quoted_and_settled_on_a_light_page() {
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let Some(browser) = browser::start(&server.http, Script::On).await else { return };
    browser.at(demo::COUNTY, "一号窗口").await;
    let file = home.path().join("bill.csv");
    let mut table = "code,category,quantity,price,amount\n".to_owned();
    for line in 0..3000 {
        table.push_str(&format!("XA{:02}BC{:03},09,2,10.50,21.00\n", line % 90, line % 700));
    }
    std::fs::write(&file, table).unwrap();
    upload(&browser, &file).await;
    browser.see("button.confirm").await;
    browser.read("63000.00").await;
    check_weight(&browser).await;
    browser.click("button.confirm").await;
    browser.arrive("/counter/sheet/").await;
    check_weight(&browser).await;
    browser.read("1–100 / 3000").await;
    browser.click(".pager a:last-child").await;
    browser.read("101–200 / 3000").await;
    let records = settled(&mut clients).await;
    assert_eq!(records[0].statement.as_ref().unwrap().lines.len(), 3000);
    browser.end().await;
    server.stop().await;
}
