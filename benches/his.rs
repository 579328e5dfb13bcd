//! A hospital's long bill over the national interface: 3,000 lines sent in pages of 100, then 2303 and 2304, each timed from the
//! first byte of the request to the last of the answer.
//!
//! `cargo bench --bench his`. Workload: the demo pack, one server in this process, its client on loopback with a connection for
//! each request, 40 stays of as many persons; a new store in the directory that `ONESTOP_BENCH_DIR` names, or the temporary one.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::as_conversions,
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "a benchmark may fail loudly, prints, and reports times"
)]

#[path = "demo.rs"]
#[allow(dead_code, reason = "other benches use all of it")]
mod demo;
#[path = "items.rs"]
#[allow(dead_code, reason = "other benches use all of it")]
mod items;

use onestop::config::HisConfig;
use onestop::his::Gateway;
use onestop::http;
use onestop::http::HttpOptions;
use onestop::listen::Door;
use onestop::listen::tls::Speaks;
use onestop::proto;
use onestop::service;
use onestop::service::Service;
use onestop::store::Store;
use onestop::store::StoreOptions;
use onestop::traces::Traces;

use serde_json::Value;
use serde_json::json;

use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

const STAYS: usize = 40;
const LINES: usize = 3000;
const PAGE: usize = 100;
/// 3 pieces at 55.50 yuan each.
const TOTAL: &str = "499500.00";

fn main() {
    let base = std::env::var_os("ONESTOP_BENCH_DIR").map_or_else(std::env::temp_dir, Into::into);
    let directory = base.join(format!("onestop-bench-his-{}", std::process::id()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let address = runtime.block_on(serve(&directory));
    let hospital = Hospital { address, sent: 0 };
    stays(hospital);
    std::fs::remove_dir_all(&directory).unwrap();
}

async fn serve(directory: &Path) -> String {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("settlement-rules");
    let book = service::read_rules(&rules).unwrap();
    let (store, _) = Store::open(&directory.join("store"), StoreOptions::default()).unwrap();
    let service = Arc::new(Service::new(store, book, rules, false));
    fill(&service).await;
    let anywhere = "127.0.0.1:0".parse().unwrap();
    let door = Door::open(anywhere, None, Speaks::Http).await.unwrap();
    let address = door.address().to_string();
    let gateway = Gateway::new(Arc::clone(&service), HisConfig::default(), true);
    let options = HttpOptions {
        message_bytes_max: 8 << 20,
        requests_max: 1024,
        request_timeout: Duration::from_secs(30),
    };
    let behind =
        http::Behind { service, gateway, operators: None, oidc: None, traces: Traces::default() };
    tokio::spawn(http::serve(door, behind, options, std::future::pending()));
    address
}

async fn fill(service: &Service) {
    let writer = |what: &str| demo::writer(what.to_owned());
    let persons = (0..STAYS).map(demo::person).collect();
    let put = proto::PutPersonsRequest { writer: writer("persons"), persons, ..Default::default() };
    service.put_persons(put).await.unwrap();
    let put = proto::PutFacilitiesRequest {
        writer: writer("facilities"),
        facilities: vec![demo::facility()],
        ..Default::default()
    };
    service.put_facilities(put).await.unwrap();
    let items = (0..items::ITEMS).map(items::item).collect();
    let put = proto::PutItemsRequest { writer: writer("items"), items, ..Default::default() };
    service.put_items(put).await.unwrap();
}

struct Hospital {
    address: String,
    sent: usize,
}

impl Hospital {
    /// Asks, and says how long it took.
    fn ask(&mut self, infno: &str, input: &Value) -> (Value, Duration) {
        self.sent += 1;
        let envelope = json!({
            "infno": infno, "msgid": format!("BENCH{:025}", self.sent), "mdtrtarea_admvs": "000001",
            "insuplc_admdvs": "000001", "recer_sys_code": "99", "infver": "V1.0", "opter_type": "1",
            "opter": "1", "opter_name": "1", "inf_time": "2018-05-09 10:00:00",
            "fixmedins_code": "H1", "fixmedins_name": "H1", "input": input,
        });
        let body = envelope.to_string();
        let start = Instant::now();
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!(
            "POST / HTTP/1.1\r\nHost: his\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let took = start.elapsed();
        let answer: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        assert_eq!(answer["infcode"], 0, "{infno}: {answer}");
        (answer["output"].clone(), took)
    }
}

fn line(visit: &str, person: &str, number: usize) -> Value {
    json!({
        "feedetl_sn": number, "mdtrt_id": visit, "psn_no": person, "med_type": "21",
        "fee_ocur_time": "2018-05-03 09:00:00", "med_list_codg": format!("I{}", number % items::ITEMS),
        "medins_list_codg": format!("H-{}", number % items::ITEMS), "det_item_fee_sumamt": 166.50,
        "cnt": 3, "pric": 55.5, "bilg_dept_codg": "01", "bilg_dept_name": "内科",
        "bilg_dr_codg": "D001", "bilg_dr_name": "示例医师", "med_chrgitm_type": "09",
    })
}

fn stays(mut hospital: Hospital) {
    let (mut pages, mut quotes, mut settles) = (Vec::new(), Vec::new(), Vec::new());
    for stay in 0..STAYS {
        let person = format!("P{stay}");
        let admission = json!({ "mdtrtinfo": {
            "psn_no": person, "insutype": "390", "begntime": "2018-05-02 08:00:00",
            "mdtrt_cert_type": "02", "med_type": "21", "ipt_no": stay.to_string(),
            "dscg_maindiag_code": "J18.9",
        }});
        let (admitted, _) = hospital.ask("2401", &admission);
        let visit = admitted["result"]["mdtrt_id"].as_str().unwrap().to_owned();
        for first in (0..LINES).step_by(PAGE) {
            let lines = (first..first + PAGE).map(|index| line(&visit, &person, index + 1));
            let page = json!({ "feedetail": lines.collect::<Vec<_>>() });
            pages.push(hospital.ask("2301", &page).1);
        }
        let bill = json!({ "data": {
            "psn_no": person, "mdtrt_id": visit, "insutype": "390", "medfee_sumamt": TOTAL,
            "acct_used_flag": "0", "mid_setl_flag": "0", "dscgTime": "2018-05-09",
        }});
        quotes.push(hospital.ask("2303", &bill).1);
        settles.push(hospital.ask("2304", &bill).1);
    }
    say("2301, a page of 100 lines", &mut pages);
    say("2303, a bill of 3,000 lines", &mut quotes);
    say("2304, a bill of 3,000 lines", &mut settles);
}

fn say(what: &str, times: &mut [Duration]) {
    times.sort();
    let at = |share: usize| times[(times.len() - 1) * share / 1000].as_secs_f64() * 1000.0;
    println!("{what}: p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms", at(500), at(990), at(1000));
}
