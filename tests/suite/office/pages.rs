//! The pages of the office through the real server: upload, look, filter, download, sign, clear, survey, audit.

use crate::counter::raw::Answer;
use crate::counter::raw::FORM;
use crate::counter::raw::Visitor;
use crate::counter::raw::ask;
use crate::counter::raw::visitor;
use crate::demo::COUNTY;
use crate::office::around_today;
use crate::office::begin;
use crate::office::csv;
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

/// A form with a file.
fn parts(who: &Visitor, fields: &[(&str, &str)], list: &str) -> String {
    let mut body = String::new();
    for (name, value) in [("token", who.token.as_str())].iter().chain(fields) {
        body.push_str(&format!(
            "--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    body.push_str("--B\r\nContent-Disposition: form-data; name=\"list\"; filename=\"l.csv\"\r\n");
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
    let upload = |list: &str| post(http, &who, "/office", (PARTS, &parts(&who, &fields, list)));
    let bad = upload(&csv(&lines).replace(",1.00,", ",x,"));
    assert_eq!(bad.status(), "422");
    assert!(bad.body.contains("fund_pay_sumamt"), "{}", bad.body);
    let sent = upload(&csv(&lines));
    assert_eq!(sent.status(), "303", "{}", sent.body);
    let path = sent.header("location").to_owned();
    assert_eq!(upload(&csv(&lines)).header("location"), path, "sent twice, it is kept once");

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
