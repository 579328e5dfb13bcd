//! The pages of the office through the real server: upload, look, filter, download, sign, clear, survey, audit.

use crate::counter::raw::Answer;
use crate::counter::raw::FORM;
use crate::counter::raw::Visitor;
use crate::counter::raw::ask;
use crate::counter::raw::visitor;
use crate::demo;
use crate::demo::COUNTY;
use crate::office::around_today;
use crate::office::begin;
use crate::office::csv;
use crate::office::onestop;
use crate::office::what_if;
use crate::office::whole_list;

use onestop::service::now;

fn get(http: &str, who: &Visitor, path: &str) -> Answer {
    let headers = [("Cookie", who.cookie.as_str()), ("Accept-Language", "en")];
    ask(http, &format!("GET {path}"), &headers, "")
}

fn post(http: &str, who: &Visitor, path: &str, (kind, body): ((&str, &str), &str)) -> Answer {
    let headers = [("Cookie", who.cookie.as_str()), ("Sec-Fetch-Site", "same-origin"), kind];
    ask(http, &format!("POST {path}"), &headers, body)
}

/// Waits until a piece of work has ended, and says where its page leads.
fn ended(http: &str, who: &Visitor, path: &str) -> Answer {
    // Every question waits a moment for the end; a minute is enough for all of them.
    for _ in 0..120 {
        let state = get(http, who, &format!("{path}/state"));
        assert_eq!(state.status(), "200", "{}", state.body);
        if state.body.contains("\"ended\":true") {
            return get(http, who, path);
        }
    }
    panic!("{path} does not end");
}

/// A form with a file.
fn parts(who: &Visitor, fields: &[(&str, &str)], (name, file): (&str, &str), list: &str) -> String {
    let mut body = String::new();
    for (name, value) in [("token", who.token.as_str())].iter().chain(fields) {
        body.push_str(&format!(
            "--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    body.push_str(&format!(
        "--B\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n"
    ));
    body.push_str(&format!("Content-Type: text/csv\r\n\r\n{list}\r\n--B--\r\n"));
    body
}

const PARTS: (&str, &str) = ("Content-Type", "multipart/form-data; boundary=B");

#[tokio::test]
async fn a_list_is_uploaded_looked_at_filtered_downloaded_and_signed() {
    let directory = tempfile::tempdir().unwrap();
    let (server, settled) = begin(&directory.path().join("data")).await;
    let (http, who) = (server.http.as_str(), visitor(&server.http));
    let (from, to) = around_today();
    let form = get(http, &who, "/office");
    assert_eq!(form.status(), "200");
    let mut lines = whole_list(&settled);
    lines[0][4] = "1.00".to_owned();
    lines.remove(1);
    let fields = [
        ("request_id", "R1"),
        ("facility", COUNTY),
        ("from", &from),
        ("to", &to),
        ("insutype", ""),
        ("clearing_type", ""),
        ("office", "OFFICE"),
        ("operator", "li"),
    ];
    let file = ("list", "l.csv");
    let upload =
        |list: &str| post(http, &who, "/office", (PARTS, &parts(&who, &fields, file, list)));
    let bad = upload(&csv(&lines).replace(",1.00,", ",x,"));
    assert_eq!(bad.status(), "422");
    assert!(bad.body.contains("fund_pay_sumamt"), "{}", bad.body);
    let sent = upload(&csv(&lines));
    assert_eq!(sent.status(), "303", "{}", sent.body);
    let work = sent.header("location").to_owned();
    assert_eq!(upload(&csv(&lines)).header("location"), work, "sent twice, it is begun once");
    let path = ended(http, &who, &work).header("location").to_owned();

    let shown = get(http, &who, &format!("{path}?lang=en")).header("location").to_owned();
    assert_eq!(shown, path);
    let lang =
        Visitor { cookie: format!("{}; onestop-lang=en", who.cookie), token: who.token.clone() };
    let shown = get(http, &lang, &path);
    assert!(shown.body.contains("amount differs"), "{}", shown.body);
    assert!(shown.body.contains("missing at the hospital"), "{}", shown.body);
    let filtered = get(http, &lang, &format!("{path}?class=amount_differs")).body;
    let table = filtered.split("id=\"differences\"").nth(1).unwrap();
    assert!(table.contains("amount differs") && !table.contains("<td>missing"), "{table}");
    let file = get(http, &lang, &format!("{path}?class=&sheet=differences&format=csv"));
    assert!(file.header("content-type").starts_with("text/csv"));
    assert_eq!(file.body.lines().count(), 3, "{}", file.body);
    let book = get(http, &lang, &format!("{path}?format=xlsx"));
    assert!(book.header("content-disposition").contains("report.xlsx"));
    assert!(book.body.starts_with("PK"));
    for record in &settled {
        let admission = record.request.as_ref().unwrap().admission.as_ref().unwrap();
        assert!(!shown.body.contains(&admission.person), "a person is shown whole");
    }

    let number = path.rsplit('/').next().unwrap();
    let sign = format!("token={}&number={number}&office=OFFICE&operator=wang&remark=", who.token);
    assert_eq!(post(http, &who, "/office/sign-off", (FORM, &sign)).status(), "303");
    assert!(get(http, &lang, &path).body.contains("Signed off by"));
    let other = sign.replace("wang", "zhao").replace("OFFICE", "OTHER");
    let refused = post(http, &who, "/office/sign-off", (FORM, &other));
    assert_eq!(refused.status(), "409", "{}", refused.body);
    let forged = post(http, &who, "/office/sign-off", (FORM, "number=1"));
    assert_eq!(forged.status(), "403");
}

#[tokio::test]
async fn a_changed_pack_is_uploaded_and_the_page_has_what_the_command_has() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let (server, _) = begin(&data).await;
    let (http, who) = (server.http.as_str(), visitor(&server.http));
    let who = Visitor { cookie: format!("{}; onestop-lang=en", who.cookie), ..who };
    assert!(get(http, &who, "/office/whatif").body.contains("000000-demo"));
    let folder = demo::rules_folder().join(demo::FAMILY);
    let text = std::fs::read_to_string(folder.join("2018-01-01.toml")).unwrap();
    let changed = text.replace(what_if::LEVEL_TWO, what_if::OTHER);
    assert_ne!(changed, text);
    let period = [("from", "2018-01-01"), ("to", "2018-12-31")];
    let send = |id: &str, pack: &str| {
        let fields = [("request_id", id), period[0], period[1]];
        let form = parts(&who, &fields, ("packs", "edited.toml"), pack);
        post(http, &who, "/office/whatif", (PARTS, &form))
    };
    // A pack with a mistake is refused with its place, and nothing is begun.
    let id = |digit: &str| digit.repeat(32);
    let wrong = send(&id("1"), &changed.replace("rate = \"0.65\"", "rate = \"1.65\""));
    assert_eq!(wrong.status(), "422");
    assert!(wrong.body.contains("segments") && wrong.body.contains("1.65"), "{}", wrong.body);
    assert_eq!(get(http, &who, &format!("/office/work/{}", id("1"))).status(), "404");
    let head = onestop(&["ledger", "head", "--data", data.to_str().unwrap()]);

    let begun = send(&id("2"), &changed);
    assert_eq!(begun.status(), "303", "{}", begun.body);
    let work = begun.header("location").to_owned();
    assert_eq!(send(&id("2"), &changed).header("location"), work, "sent twice, it is begun once");
    let result = ended(http, &who, &work).header("location").to_owned();
    let shown = get(http, &who, &result).body;
    for says in ["Worse off most", "By facility", "By identity", "class=\"bars\""] {
        assert!(shown.contains(says), "{says}: {shown}");
    }
    // The same tables as the command's, byte for byte, and the same report.
    let packs = directory.path().join("packs");
    std::fs::create_dir_all(packs.join(demo::FAMILY)).unwrap();
    std::fs::write(packs.join(demo::FAMILY).join("2018-01-01.toml"), &changed).unwrap();
    let later = "2019-01-01.toml";
    std::fs::copy(folder.join(later), packs.join(demo::FAMILY).join(later)).unwrap();
    let (out, page) = (directory.path().join("out"), directory.path().join("page.html"));
    let (code, printed) = onestop(&[
        "whatif",
        "--packs",
        packs.to_str().unwrap(),
        "--from",
        period[0].1,
        "--to",
        period[1].1,
        "--data",
        data.to_str().unwrap(),
        "--csv",
        out.to_str().unwrap(),
        "--html",
        page.to_str().unwrap(),
        "--lang",
        "en",
    ]);
    assert_eq!(code, 0, "{printed}");
    for name in ["sums", "payers", "layers", "identities", "facilities", "changes", "losers"] {
        let file = get(http, &who, &format!("{result}?sheet={name}&format=csv")).body;
        assert_eq!(file, std::fs::read_to_string(out.join(format!("{name}.csv"))).unwrap());
    }
    let report = get(http, &who, &format!("{result}?format=html")).body;
    assert_eq!(report, std::fs::read_to_string(page).unwrap());
    assert_eq!(onestop(&["ledger", "head", "--data", data.to_str().unwrap()]), head);
    // What has ended cannot be called off any more, and what never was is not there.
    let form = format!("token={}", who.token);
    let late = post(http, &who, &format!("{work}/call-off"), (FORM, &form));
    assert_eq!(late.header("location"), work);
    assert_eq!(get(http, &who, &work).header("location"), result);
    let nothing = post(http, &who, "/office/work/none/call-off", (FORM, &form));
    assert_eq!(nothing.status(), "404");
    server.stop().await;
}

#[tokio::test]
async fn months_surveys_and_audits_are_shown_and_downloaded() {
    let directory = tempfile::tempdir().unwrap();
    let (server, _) = begin(&directory.path().join("data")).await;
    let (http, who) = (server.http.as_str(), visitor(&server.http));
    let who = Visitor { cookie: format!("{}; onestop-lang=en", who.cookie), ..who };
    let month = now().to_string().get(..7).unwrap().to_owned();
    let shown = get(http, &who, &format!("/office/clear?month={month}&facility={COUNTY}")).body;
    assert!(shown.contains("Payable to the facility") && shown.contains("Not closed"), "{shown}");
    assert_eq!(get(http, &who, "/office/clear?month=2018-13").status(), "422");
    let funds = get(http, &who, &format!("/office/clear?month={month}&sheet=funds&format=csv"));
    assert!(funds.body.contains("basic"), "{}", funds.body);
    let close = |month: &str| {
        let form = format!("token={}&month={month}&office=OFFICE&operator=li", who.token);
        post(http, &who, "/office/clear", (FORM, &form))
    };
    assert_eq!(close(&month).status(), "422");
    assert_eq!(close("2018-05").status(), "303");
    assert!(get(http, &who, "/office/clear?month=2018-05").body.contains("Closed as"));

    let (from, to) = around_today();
    let survey = get(http, &who, &format!("/office/survey?from={from}&to={to}")).body;
    for says in ["What each layer paid", "class=\"bars\"", "Who received less than the guarantee"] {
        assert!(survey.contains(says), "{says}: {survey}");
    }
    let one = get(http, &who, &format!("/office/survey?from={from}&to={to}&sheet=shortfalls")).body;
    assert!(one.contains("id=\"shortfalls\"") && !one.contains("id=\"layers\""), "{one}");
    let audit = get(http, &who, &format!("/office/audit?from={from}&to={to}&kind=reversal")).body;
    assert!(audit.contains("typed wrong") && !audit.contains("<td>settlement"), "{audit}");
    let log = get(http, &who, &format!("/office/audit?from={from}&to={to}&sheet=log&format=csv"));
    assert!(log.body.contains("clearing 2018-05"), "{}", log.body);
}

#[tokio::test]
async fn who_received_less_than_the_guarantee_and_why_is_one_click() {
    let directory = tempfile::tempdir().unwrap();
    let (server, _) = begin(&directory.path().join("data")).await;
    // More than the top-up may pay in a year.
    let missed = demo::settle("MISSED", demo::POOR, demo::totals(5000, 100, 100_000));
    let missed = server.clients().await.settle(missed).await.unwrap();
    let (http, who) = (server.http.as_str(), visitor(&server.http));
    let who = Visitor { cookie: format!("{}; onestop-lang=en", who.cookie), ..who };
    let survey = get(http, &who, "/office/survey").body;
    let before = survey.split("Who received less than the guarantee, and why?").next().unwrap();
    let link = before.rsplit_once("href=\"").unwrap().1.split('"').next().unwrap();
    let list = get(http, &who, &link.replace("&amp;", "&")).body;
    let (_, row) = list.split_once("<tbody>").unwrap();
    let row = row.split("</tr>").next().unwrap();
    let number = missed.number.to_string();
    for says in [number.as_str(), "MISSED", "registered_poor", "0.9000", "capped for the year"] {
        assert!(row.contains(says), "{says}: {row}");
    }
    assert!(!list.contains("id=\"layers\""), "it is the list alone");
    server.stop().await;
}
