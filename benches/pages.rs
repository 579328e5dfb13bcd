//! The settlement window as a clerk waits for it: the release binary, real Chromium, loopback.
//!
//! `cargo bench --bench pages` (needs chromium and chromium-driver; under a minute). Workload: the demo pack and register; a card reader
//! types a person's number, and then either a bill of totals is sent with Enter or a visit of 30 lines that the HIS opened is quoted.
//! Every step is timed by the browser itself, from the key that began it to the first contentful paint of the page that answers it; the
//! time a person needs to type the bill does not count. Pages are weighed with all that they load, uncompressed.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "a benchmark may fail loudly, prints, and reports times"
)]

#[path = "../tests/suite/counter/browser.rs"]
#[allow(dead_code, reason = "tests use all of it")]
mod browser;
#[path = "../tests/suite/demo.rs"]
#[allow(dead_code, reason = "tests use all of it")]
mod demo;
#[path = "../tests/suite/counter/raw.rs"]
#[allow(dead_code, reason = "tests use all of it")]
mod raw;
#[path = "../tests/suite/server.rs"]
#[allow(dead_code, reason = "tests use all of it")]
mod server;

use crate::browser::Browser;
use crate::browser::ENTER;
use crate::browser::Script;
use crate::raw::ask;
use crate::server::Server;

use serde_json::Value;
use serde_json::json;

use std::collections::BTreeMap;
use std::time::Duration;

const WARM_UP: usize = 5;
const RUNS: usize = 40;
const LINES: usize = 30;

/// Remembers when the next Enter is pressed, on the clock that all pages of a site share.
const ARM: &str = "document.addEventListener('keydown', event => { if (event.key === 'Enter') \
    sessionStorage.setItem('pressed', performance.timeOrigin + event.timeStamp); }, { capture: true });";

/// From the key, and from the request, to the first contentful paint, in milliseconds; then what the page weighs, in bytes.
const TIMES: &str = "const done = arguments[0]; \
    new PerformanceObserver(list => { for (const one of list.getEntries()) { \
      if (one.name !== 'first-contentful-paint') continue; \
      const parts = ['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind)); \
      done([performance.timeOrigin + one.startTime - Number(sessionStorage.getItem('pressed')), one.startTime, \
            parts.reduce((sum, part) => sum + part.decodedBodySize, 0)]); } \
    }).observe({ type: 'paint', buffered: true });";

/// A bill of totals, typed as far as the last Enter.
const BILL: &str = "const set = (name, value) => { document.querySelector(`[name=${name}]`).value = value; }; \
    set('admitted_on', '20180301'); set('discharged_on', '20180309'); set('total', '12000'); set('in_scope', '12000'); \
    document.querySelector('[name=in_scope]').focus();";

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let home = tempfile::tempdir().unwrap();
        let server = server::start(&home.path().join("data"));
        server.clients().await.fill().await;
        visit(&server);
        let Some(browser) = browser::start(&server.http, Script::On).await else { return };
        let mut taken = Taken::default();
        browser.at(demo::COUNTY, "1").await;
        for run in 0..WARM_UP + RUNS {
            if run == WARM_UP {
                taken = Taken::default();
            }
            once(&browser, &mut taken).await;
        }
        browser.end().await;
        server.stop().await;
        taken.say();
    });
}

/// A stay that the HIS has opened, with its lines.
fn visit(server: &Server) {
    let send = |infno: &str, msgid: usize, input: Value| -> Value {
        let envelope = json!({
            "infno": infno, "msgid": format!("H-COUNTY20180509101010{msgid:04}"), "opter": "001",
            "opter_name": "bench", "inf_time": "2018-05-09 10:10:10", "fixmedins_code": demo::COUNTY, "input": input,
        });
        let kind = ("Content-Type", "application/json");
        let answer = ask(&server.http, "POST /", &[kind], &envelope.to_string());
        let answer: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(answer["infcode"], 0, "{answer}");
        answer["output"].clone()
    };
    send("9001", 1, json!({ "signIn": { "opter_no": "1", "mac": "0", "ip": "::1" } }));
    let admission = json!({ "mdtrtinfo": {
        "psn_no": demo::PLAIN, "insutype": "390", "begntime": "2018-05-02 08:00:00", "mdtrt_cert_type": "02",
        "med_type": "21", "ipt_no": "Z1", "dscg_maindiag_code": "J18.9",
    }});
    let admitted = send("2401", 2, admission);
    let visit = &admitted["result"]["mdtrt_id"];
    let line = |number: usize| {
        json!({
            "feedetl_sn": number, "mdtrt_id": visit, "psn_no": demo::PLAIN, "med_type": "21",
            "fee_ocur_time": "2018-05-03 09:00:00", "med_list_codg": "D-A", "medins_list_codg": "X",
            "det_item_fee_sumamt": 166.50, "cnt": 3, "pric": 55.5, "med_chrgitm_type": "09",
            "bilg_dept_codg": "1", "bilg_dept_name": "1", "bilg_dr_codg": "1", "bilg_dr_name": "1",
        })
    };
    send("2301", 3, json!({ "feedetail": (0..LINES).map(line).collect::<Vec<_>>() }));
}

/// Both ways from a scan to a quote.
async fn once(browser: &Browser, taken: &mut Taken) {
    let typed = scan(browser, demo::POOR, "patient", taken).await;
    browser.client.execute(BILL, Vec::new()).await.unwrap();
    let quoted = enter(browser, "button.confirm", "quote of totals", taken).await;
    taken.add("scan → quote on screen, bill of totals", typed + quoted);
    let opened = scan(browser, demo::PLAIN, "patient with a visit of the HIS", taken).await;
    let focus = "document.querySelector('.his-visit button').focus()";
    browser.client.execute(focus, Vec::new()).await.unwrap();
    let quoted = enter(browser, "button.confirm", "quote of a visit", taken).await;
    taken.add("scan → quote on screen, visit of the HIS", opened + quoted);
}

/// A reader types a number.
async fn scan(browser: &Browser, person: &str, page: &'static str, taken: &mut Taken) -> f64 {
    browser.go("/counter").await;
    // The browser puts the keyboard into the field when it has drawn the page.
    let here = "return document.activeElement.name === 'find'";
    while browser.client.execute(here, Vec::new()).await.unwrap() != json!(true) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    browser.press(person).await;
    enter(browser, "[name=admitted_on]", page, taken).await
}

/// Presses Enter, waits for the page, and asks the browser how long it took.
async fn enter(browser: &Browser, css: &str, page: &'static str, taken: &mut Taken) -> f64 {
    browser.client.execute(ARM, Vec::new()).await.unwrap();
    browser.press(ENTER).await;
    browser.see(css).await;
    let times = browser.client.execute_async(TIMES, Vec::new()).await.unwrap();
    let [waited, painted, weight] = [0, 1, 2].map(|at| times[at].as_f64().unwrap());
    taken.paints.entry(page).or_default().push(painted);
    let heaviest = taken.weights.entry(page).or_default();
    *heaviest = heaviest.max(weight);
    waited
}

/// What was measured, by its name.
#[derive(Default)]
struct Taken {
    waits: BTreeMap<&'static str, Vec<f64>>,
    paints: BTreeMap<&'static str, Vec<f64>>,
    weights: BTreeMap<&'static str, f64>,
}

impl Taken {
    fn add(&mut self, what: &'static str, time: f64) {
        self.waits.entry(what).or_default().push(time);
    }

    fn say(mut self) {
        let line = |what: &str, times: &mut Vec<f64>, aim: &str| {
            times.sort_by(f64::total_cmp);
            let (median, most) = (times[times.len() / 2], times[times.len() - 1]);
            println!(
                "{what}: median {median:.1} ms, max {most:.1} ms of {} (aim {aim})",
                times.len()
            );
        };
        for (what, times) in &mut self.waits {
            line(what, times, "< 300 ms");
        }
        for (what, times) in &mut self.paints {
            line(&format!("first paint, {what}"), times, "< 200 ms");
        }
        for (what, bytes) in &self.weights {
            println!("weight, {what}: {:.1} KB (aim < 300 KB)", bytes / 1000.0);
        }
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        println!("load of the machine at the end: {}", load.trim());
    }
}
