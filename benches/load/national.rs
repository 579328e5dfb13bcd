//! The national interface over HTTP/1.1, a connection kept open for each hospital's window.

use crate::items;
use crate::work::COLD;

use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

/// The stays of a run.
static STAYS: AtomicUsize = AtomicUsize::new(0);
/// Every message of a run has an id of its own.
static SENT: AtomicUsize = AtomicUsize::new(0);

pub(crate) struct Window {
    stream: TcpStream,
    person: String,
    /// A stay that is quoted again and again, and what it costs.
    stay: Option<(String, String)>,
}

impl Window {
    pub(crate) async fn connect(address: &str) -> Window {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Window { stream, person: String::new(), stay: None }
    }

    /// 2401, 2301 with this many lines, 2304.
    pub(crate) async fn settle(&mut self, lines: usize) {
        let (visit, total) = self.admit(lines).await;
        self.ask("2304", &self.bill(&visit, &total)).await;
    }

    /// 2303 of one stay.
    pub(crate) async fn quote(&mut self, lines: usize) {
        if self.stay.is_none() {
            self.stay = Some(self.admit(lines).await);
        }
        let (visit, total) = self.stay.clone().unwrap();
        self.ask("2303", &self.bill(&visit, &total)).await;
    }

    async fn admit(&mut self, lines: usize) -> (String, String) {
        // Another patient for each stay, as at a window.
        self.person = format!("P{}", STAYS.fetch_add(1, Ordering::Relaxed) % COLD);
        let admission = json!({ "mdtrtinfo": {
            "psn_no": self.person, "insutype": "390", "begntime": "2018-03-01 08:00:00",
            "mdtrt_cert_type": "02", "med_type": "21", "dscg_maindiag_code": "J18.9",
            "ipt_no": SENT.load(Ordering::Relaxed).to_string(),
        }});
        let admitted = self.ask("2401", &admission).await;
        let visit = admitted["result"]["mdtrt_id"].as_str().unwrap().to_owned();
        let line = |number: usize| {
            json!({
                "feedetl_sn": number, "mdtrt_id": visit, "psn_no": self.person, "med_type": "21",
                "fee_ocur_time": "2018-03-03 09:00:00", "cnt": 3, "pric": 55.5,
                "med_list_codg": format!("I{}", number % items::ITEMS), "det_item_fee_sumamt": 166.50,
                "medins_list_codg": format!("H-{}", number % items::ITEMS), "med_chrgitm_type": "09",
                "bilg_dept_codg": "01", "bilg_dept_name": "内科", "bilg_dr_codg": "D001", "bilg_dr_name": "示例医师",
            })
        };
        let page = json!({ "feedetail": (1..=lines).map(line).collect::<Vec<_>>() });
        self.ask("2301", &page).await;
        let fen = lines * 16650;
        (visit, format!("{}.{:02}", fen / 100, fen % 100))
    }

    fn bill(&self, visit: &str, total: &str) -> Value {
        json!({ "data": {
            "psn_no": self.person, "mdtrt_id": visit, "insutype": "390", "medfee_sumamt": total,
            "acct_used_flag": "0", "mid_setl_flag": "0", "dscgTime": "2018-03-10",
        }})
    }

    async fn ask(&mut self, infno: &str, input: &Value) -> Value {
        let sent = SENT.fetch_add(1, Ordering::Relaxed);
        let body = json!({
            "infno": infno, "msgid": format!("LOAD{sent:026}"), "mdtrtarea_admvs": "000001",
            "insuplc_admdvs": "000001", "recer_sys_code": "99", "infver": "V1.0", "opter_type": "1",
            "opter": "1", "opter_name": "1", "inf_time": "2018-03-10 10:00:00",
            "fixmedins_code": "H1", "fixmedins_name": "H1", "input": input,
        })
        .to_string();
        let head =
            format!("POST / HTTP/1.1\r\nHost: his\r\nContent-Length: {}\r\n\r\n", body.len());
        self.stream.write_all((head + &body).as_bytes()).await.unwrap();
        let answer: Value = serde_json::from_slice(&self.body().await).unwrap();
        assert_eq!(answer["infcode"], 0, "{infno}: {answer}");
        answer["output"].clone()
    }

    /// The body of the next answer.
    async fn body(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        loop {
            let head = bytes.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(head) = head {
                let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
                let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
                let end = head + 4 + length.unwrap().trim().parse::<usize>().unwrap();
                if bytes.len() == end {
                    return bytes.split_off(head + 4);
                }
            }
            assert_ne!(self.stream.read_buf(&mut bytes).await.unwrap(), 0, "the server hung up");
        }
    }
}
