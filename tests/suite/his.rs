//! The national interface through the server's real socket.

mod amounts;
mod browser;
mod day_end;
mod flow;
mod fuzz;
mod noted;
mod pages;
mod python;
mod refused;

use crate::demo;
use crate::server::Server;
use crate::server::start;

use serde_json::Value;
use serde_json::json;

use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

/// Numbers of refusals that only this interface can provoke; `refused` provokes each.
pub(crate) const PROVOKED: [u16; 7] = [121, 421, 422, 423, 424, 425, 426];

static MESSAGES: AtomicU32 = AtomicU32::new(0);

/// An answer as it came over the wire.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// Posts a body to a path.
pub(crate) fn post(address: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Raw {
    let mut stream = TcpStream::connect(address).unwrap();
    let mut head = format!("POST {path} HTTP/1.1\r\nHost: his\r\nConnection: close\r\n");
    head += &format!("Content-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    stream.write_all((head + "\r\n").as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let mut body = answer.split_off(end + 4);
    if head.to_lowercase().contains("transfer-encoding: chunked") {
        body = unchunked(&body);
    }
    Raw { head, body }
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            return whole;
        }
        whole.extend(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 4 + size..];
    }
}

/// A hospital's client.
pub(crate) struct Hospital {
    pub(crate) address: String,
    pub(crate) facility: String,
}

impl Hospital {
    /// The demo's county hospital at a server.
    pub(crate) fn of(server: &Server) -> Hospital {
        Hospital { address: server.http.clone(), facility: demo::COUNTY.to_owned() }
    }

    /// A message id that nobody has used.
    pub(crate) fn msgid(&self) -> String {
        let number = MESSAGES.fetch_add(1, Ordering::Relaxed);
        format!("{:012}20180509101010{number:04}", 1)
    }

    pub(crate) fn envelope(&self, infno: &str, msgid: &str, input: Value) -> Value {
        json!({
            "infno": infno, "msgid": msgid, "mdtrtarea_admvs": "510411", "insuplc_admdvs": "510411",
            "recer_sys_code": "99", "dev_no": null, "dev_safe_info": "", "cainfo": "", "signtype": "",
            "infver": "V1.0", "opter_type": "1", "opter": "001", "opter_name": "示例", "inf_time":
            "2018-05-09 10:10:10", "fixmedins_code": self.facility, "fixmedins_name": "示例医院",
            "sign_no": "", "input": input,
        })
    }

    /// Sends an envelope; the answer must have the form that clients expect.
    pub(crate) fn send(&self, envelope: &Value) -> Value {
        let body = serde_json::to_vec(envelope).unwrap();
        let raw = post(&self.address, "/fsi/api/rsfComIfsService/callService", &[], &body);
        in_form(&raw)
    }

    /// Asks under a message id.
    pub(crate) fn ask_as(&self, infno: &str, msgid: &str, input: Value) -> Value {
        self.send(&self.envelope(infno, msgid, input))
    }

    /// Asks under a new message id; it must be done.
    pub(crate) fn ask(&self, infno: &str, input: Value) -> Value {
        let answer = self.ask_as(infno, &self.msgid(), input);
        assert_eq!(answer["infcode"], 0, "{infno}: {answer}");
        answer["output"].clone()
    }

    /// Asks what must be refused; the number of the refusal.
    pub(crate) fn refused(&self, infno: &str, input: Value) -> u16 {
        number_of(&self.ask_as(infno, &self.msgid(), input))
    }

    /// Registers a stay of the poor person; the number makes it a stay of its own.
    pub(crate) fn admit(&self, number: &str) -> String {
        let admitted = self.ask("2401", admission(number));
        admitted["result"]["mdtrt_id"].as_str().unwrap().to_owned()
    }
}

/// The number at the end of a refusal.
pub(crate) fn number_of(answer: &Value) -> u16 {
    assert_eq!(answer["infcode"], -1, "{answer}");
    let message = answer["err_msg"].as_str().unwrap();
    assert!(message.chars().count() <= 200 && !message.is_empty(), "{message}");
    let number = message.rsplit_once('[').unwrap().1;
    number.trim_end_matches(']').parse().unwrap()
}

/// Checks what every answer must be, and reads it.
pub(crate) fn in_form(raw: &Raw) -> Value {
    assert!(raw.head.starts_with("HTTP/1.1 200 OK"), "{}", raw.head);
    let head = raw.head.to_lowercase();
    assert!(head.contains("content-type: application/json"), "{head}");
    assert!(!head.contains("octet-stream") && !head.contains("content-encoding"), "{head}");
    let answer: Value = serde_json::from_slice(&raw.body).unwrap();
    for name in ["infcode", "inf_refmsgid", "refmsg_time", "respond_time", "err_msg", "output"] {
        assert!(answer.get(name).is_some(), "no {name}: {answer}");
    }
    assert_eq!(answer["inf_refmsgid"].as_str().unwrap().len(), 30, "{answer}");
    assert_eq!(answer["respond_time"].as_str().unwrap().len(), 17, "{answer}");
    assert!(!answer.to_string().contains("octet-stream"));
    answer
}

pub(crate) fn admission(number: &str) -> Value {
    json!({
        "mdtrtinfo": {
            "psn_no": demo::POOR, "insutype": "390", "begntime": "2018-05-02 08:00:00",
            "mdtrt_cert_type": "02", "med_type": "21", "ipt_no": number, "atddr_no": "D1",
            "chfpdr_name": "示例医师", "adm_dept_name": "内科", "dscg_maindiag_code": "J18.9",
        },
        "diseinfo": [{
            "psn_no": demo::POOR, "diag_type": "1", "maindiag_flag": "1", "diag_srt_no": 1,
            "diag_code": "J18.9", "diag_name": "肺炎",
        }],
    })
}

/// A fee line; a quantity with a minus refunds another.
pub(crate) fn fee(
    visit: &str,
    (id, code): (&str, &str),
    (quantity, price, amount): (&str, &str, &str),
    refunds: &str,
) -> Value {
    json!({
        "feedetl_sn": id, "init_feedetl_sn": refunds, "mdtrt_id": visit, "psn_no": demo::POOR,
        "med_type": "21", "fee_ocur_time": "2018-05-03 09:00:00", "med_list_codg": code,
        "medins_list_codg": "H-1", "det_item_fee_sumamt": amount, "cnt": quantity, "pric": price,
        "bilg_dept_codg": "1", "bilg_dept_name": "内科", "bilg_dr_codg": "2",
    })
}

/// What 2303 and 2304 are asked.
pub(crate) fn bill(visit: &str, total: &str) -> Value {
    json!({ "data": {
        "psn_no": demo::POOR, "mdtrt_cert_type": "02", "medfee_sumamt": total, "psn_setlway": "01",
        "mdtrt_id": visit, "acct_used_flag": "0", "insutype": "390", "mid_setl_flag": "0",
        "dscgTime": "2018-05-09", "fulamt_ownpay_amt": 0.00, "overlmt_selfpay": "0",
        "preselfpay_amt": "", "inscp_scp_amt": null, "invono": "F1",
    }})
}

/// Amounts in whole fen, however they are written.
pub(crate) fn fen(value: &Value) -> i64 {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let sign = if whole.starts_with('-') { -1 } else { 1 };
    let fraction = format!("{fraction:0<2}");
    assert_eq!(fraction.len(), 2, "{text}");
    whole.parse::<i64>().unwrap() * 100 + sign * fraction.parse::<i64>().unwrap()
}

/// A server with the demo's people.
pub(crate) async fn begun(home: &Path) -> Server {
    let server = start(&home.join("data"));
    server.clients().await.fill().await;
    server
}
