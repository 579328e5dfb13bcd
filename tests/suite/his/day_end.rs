//! The end of the day: totals that balance, a difference that is injected and found, and files that outlive a restart.

use crate::demo;
use crate::his::Hospital;
use crate::his::begun;
use crate::his::bill;
use crate::his::fee;
use crate::his::fen;
use crate::his::post;
use crate::server::start;

use serde_json::Value;
use serde_json::json;

/// A row of the hospital's own books.
#[derive(Clone)]
struct Booked {
    number: String,
    visit: String,
    total: i64,
    fund: i64,
    refund: bool,
}

fn booked(output: &Value, refund: bool) -> Booked {
    let info = &output["setlinfo"];
    Booked {
        number: info["setl_id"].as_str().unwrap().to_owned(),
        visit: info["mdtrt_id"].as_str().unwrap().to_owned(),
        total: fen(&info["medfee_sumamt"]),
        fund: fen(&info["fund_pay_sumamt"]),
        refund,
    }
}

fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", fen.abs() / 100, fen.abs() % 100)
}

/// Settles three stays; the second is undone and settled again.
fn a_day(hospital: &Hospital) -> Vec<Booked> {
    let mut books = Vec::new();
    for (index, amount) in [("1", "1000"), ("2", "2500"), ("3", "300.50")] {
        let visit = hospital.admit(&format!("ZY{index}"));
        let line = fee(&visit, (index, "D-A"), ("1", amount, amount), "");
        hospital.ask("2301", json!({"feedetail": [line]}));
        let settled = hospital.ask("2304", bill(&visit, amount));
        books.push(booked(&settled, false));
        if index == "2" {
            let number = settled["setlinfo"]["setl_id"].clone();
            let named = json!({"mdtrt_id": visit, "psn_no": demo::POOR, "setl_id": number});
            books.push(booked(&hospital.ask("2305", json!({ "data": named })), true));
            books.push(booked(&hospital.ask("2304", bill(&visit, amount)), false));
        }
    }
    books
}

fn today(hospital: &Hospital) -> String {
    let signed = hospital.ask("9001", json!({"signIn": {"opter_no": "1", "mac": "0", "ip": "0"}}));
    signed["signinoutb"]["sign_time"].as_str().unwrap()[..10].to_owned()
}

fn totals(books: &[Booked], day: &str) -> Value {
    json!({
        "insutype": "390", "clr_type": "21", "setl_optins": "000001", "stmt_begndate": day,
        "stmt_enddate": day, "medfee_sumamt": yuan(books.iter().map(|one| one.total).sum()),
        "fund_pay_sumamt": yuan(books.iter().map(|one| one.fund).sum()), "acct_pay": 0,
        "fixmedins_setl_cnt": books.len(), "fixmedins_refd_setl_flag": "0",
    })
}

fn file(books: &[Booked]) -> Vec<u8> {
    let row = |one: &Booked| {
        let (total, fund) = (yuan(one.total), yuan(one.fund));
        let refund = if one.refund { "1" } else { "0" };
        let person = demo::POOR;
        format!("{}\t{}\t{person}\t{total}\t{fund}\t0\t{refund}\n", one.number, one.visit)
    };
    books.iter().map(row).collect::<String>().into_bytes()
}

/// The rows of a ZIP's TXT, read by a program that is not ours.
fn unzipped(content: &[u8]) -> Option<Vec<Vec<String>>> {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("result.zip");
    std::fs::write(&path, content).unwrap();
    let script = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); \
                  sys.stdout.write(z.read(z.namelist()[0]).decode())";
    let output = std::process::Command::new("python3").args(["-c", script]).arg(&path).output();
    let Ok(output) = output else {
        eprintln!("SKIPPED: no python3 to read a ZIP with");
        return None;
    };
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect())
}

fn download(hospital: &Hospital, info: &Value) -> Vec<u8> {
    let input = json!({"fsDownloadIn": {"file_qury_no": info["file_qury_no"],
        "filename": info["filename"], "fixmedins_code": hospital.facility}});
    let body = hospital.envelope("9102", &hospital.msgid(), input).to_string();
    let raw = post(&hospital.address, "/9102", &[], body.as_bytes());
    assert!(raw.head.to_lowercase().contains("application/octet-stream"), "{}", raw.head);
    raw.body
}

#[tokio::test]
async fn totals_balance_and_one_injected_difference_is_found() {
    let home = tempfile::tempdir().unwrap();
    let server = begun(home.path()).await;
    let hospital = Hospital::of(&server);
    let books = a_day(&hospital);
    let day = today(&hospital);
    let balanced = hospital.ask("3201", json!({"data": totals(&books, &day)}));
    assert_eq!(balanced["stmtinfo"]["stmt_rslt"], "0", "{balanced}");
    // Refunds left out on both sides.
    let settled: Vec<Booked> = books.iter().filter(|one| !one.refund).cloned().collect();
    let mut asked = totals(&settled, &day);
    asked["REFD_SETL_FLAG"] = json!("0");
    assert_eq!(hospital.ask("3201", json!({"data": asked}))["stmtinfo"]["stmt_rslt"], "0");
    // One amount differs, one settlement is missing, and one is of the hospital alone.
    let mut wrong = books.clone();
    wrong[0].fund += 1;
    wrong.pop();
    let unknown = "99999";
    let visit = "NOWHERE".to_owned();
    wrong.push(Booked { number: unknown.to_owned(), visit, ..books[0].clone() });
    let asked = totals(&wrong, &day);
    let answer = hospital.ask("3201", json!({"data": asked}));
    assert_eq!(answer["stmtinfo"]["stmt_rslt"], "1");
    assert!(answer["stmtinfo"]["stmt_rslt_dscr"].as_str().unwrap().chars().count() <= 200);
    let upload = json!({"fsUploadIn": {"in": file(&wrong), "filename": "rows.txt",
        "fixmedins_code": hospital.facility}});
    let uploaded = hospital.ask("9101", upload);
    // What was uploaded, and what was found, is there after a crash.
    server.kill();
    let server = start(&home.path().join("data"));
    let hospital = Hospital::of(&server);
    let mut asked = totals(&wrong, &day);
    asked["file_qury_no"] = uploaded["file_qury_no"].clone();
    let id = hospital.msgid();
    let found =
        hospital.ask_as("3202", &id, json!({ "data": asked }))["output"]["fileinfo"].clone();
    let again =
        hospital.ask_as("3202", &id, json!({ "data": asked }))["output"]["fileinfo"].clone();
    assert_eq!(found, again);
    let Some(rows) = unzipped(&download(&hospital, &found)) else { return };
    let results: Vec<(&str, &str)> =
        rows.iter().map(|row| (row[2].as_str(), row[4].as_str())).collect();
    let mut expected: Vec<(&str, &str)> = books
        .iter()
        .enumerate()
        .map(|(index, one)| {
            (
                one.number.as_str(),
                if index == 0 {
                    "3"
                } else if index == 4 {
                    "1"
                } else {
                    "0"
                },
            )
        })
        .collect();
    // The hospital's rows first.
    expected.insert(4, (unknown, "2"));
    assert_eq!(results, expected, "{rows:?}");
    assert!(rows.iter().all(|row| row.len() == 10), "{rows:?}");
    assert_eq!(rows[0][8], yuan(books[0].fund), "the platform's own figure");
    // The platform has no figures of that row; the hospital's stand in the memo.
    assert_eq!(rows[4][7..], ["null", "null", "null"]);
    let said = format!("医院上传:总额 {},基金 {}", yuan(books[0].total), yuan(books[0].fund));
    assert!(rows[4][6].contains(&said) && rows[4][6].chars().count() <= 500, "{}", rows[4][6]);
    server.stop().await;
}

#[tokio::test]
async fn files_come_as_forms_as_bytes_and_as_text_and_only_to_their_facility() {
    let home = tempfile::tempdir().unwrap();
    let server = begun(home.path()).await;
    let hospital = Hospital::of(&server);
    let input = json!({"fsUploadIn": {"filename": "a.txt", "fixmedins_code": hospital.facility}});
    let envelope = hospital.envelope("9101", &hospital.msgid(), input);
    let form = format!(
        "--X\r\nContent-Disposition: form-data; name=\"jsonStr\"\r\n\r\n{envelope}\r\n--X\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n1\t2\r\n--X--\r\n"
    );
    let headers = [("Content-Type", "multipart/form-data; boundary=X")];
    let raw = post(&hospital.address, "/fsi/api/fileupload/upload", &headers, form.as_bytes());
    let answer = crate::his::in_form(&raw);
    assert_eq!(answer["infcode"], 0, "{answer}");
    assert_eq!(download(&hospital, &answer["output"]), b"1\t2");
    for (bytes, whole) in [(json!([80, -1]), &b"P\xff"[..]), (json!("MQky"), b"1\t2")] {
        let upload = json!({"fsUploadIn": {"in": bytes, "filename": "b.txt"}});
        assert_eq!(download(&hospital, &hospital.ask("9101", upload)), whole);
    }
    for (name, bytes) in
        [("../a", json!([1])), ("a/b", json!([1])), ("a", json!([256])), ("a", json!([]))]
    {
        let upload = json!({"fsUploadIn": {"in": bytes, "filename": name}});
        assert_eq!(hospital.refused("9101", upload), 101, "{name}");
    }
    let number = answer["output"]["file_qury_no"].clone();
    let other = Hospital { facility: demo::LATER.to_owned(), ..hospital };
    let input = json!({"fsDownloadIn": {"file_qury_no": number, "filename": "a.txt"}});
    assert_eq!(other.refused("9102", input), 406);
    assert_eq!(other.refused("9102", json!({"fsDownloadIn": {"file_qury_no": "1"}})), 406);
    server.stop().await;
}
