//! The settlement sheet (结算单) as a page: to be read on screen and printed on A4 or A5.

use crate::id::masked;
use crate::pages::blocks;
use crate::pages::counter::COUNTER;
use crate::pages::counter::patient;
use crate::pages::counter::qr;
use crate::pages::counter::quote;
use crate::pages::counter::quote::LINES_SHOWN;
use crate::pages::counter::record::is_for;
use crate::pages::counter::record::seen;
use crate::pages::fields::Fields;
use crate::pages::layout;
use crate::pages::layout::Page;
use crate::pages::layout::Switch;
use crate::pages::layout::Tone;
use crate::pages::layout::failure;
use crate::pages::layout::message;
use crate::pages::layout::status_of;
use crate::pages::pdf::Paper;
use crate::pages::pdf::Sheet;
use crate::pages::visit::Visit;
use crate::proto;
use crate::proto::get_settlement_request::By;
use crate::service::Service;
use crate::sheet;
use crate::sheet::head;
use crate::sheet::layout::Block;

use axum::extract::Path;
use axum::extract::RawQuery;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use maud::Markup;
use maud::html;

use std::sync::Arc;

/// The page and its file, as the table of who may what has them.
const PAGE: &str = "GET /counter/sheet/{number}";
const FILE: &str = "GET /counter/sheet/{number}/pdf";

/// The sheet of a settlement by its number.
pub(super) async fn show(
    State(service): State<Arc<Service>>,
    visit: Visit,
    headers: HeaderMap,
    Path(number): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let title = visit.pick("医疗费用结算单", "Settlement sheet");
    let page =
        Page { visit: &visit, area: &COUNTER, tab: "/counter", title, switch: Switch::Again };
    // What is no number names no settlement.
    let by = Some(By::Number(number.parse().unwrap_or(0)));
    let record = match service.settlement(&proto::GetSettlementRequest { by }) {
        Ok(record) => record,
        Err(why) => {
            return page.answer(status_of(&why), &message(Tone::Bad, &failure(&visit, &why)));
        }
    };
    if !is_for(&visit, PAGE, &record) {
        return layout::denied(&visit);
    }
    let fields = Fields::parse(&query.unwrap_or_default()).unwrap_or_default();
    let from: usize = fields.get("lines").parse().unwrap_or(0);
    let named = visit.names() || fields.get("open") == "yes";
    if named && let Err(why) = seen(&service, &visit, PAGE, &record).await {
        return layout::failed(&visit, &why);
    }
    let address = address(&visit, &headers, record.number);
    page.ok(&html! {
        div .screen { (on_screen(&service, &visit, &record, (from, named))) }
        (paper(&visit, &record, &address, fields.get("paper")))
    })
}

/// The sheet as a PDF.
pub(super) async fn file(
    State(service): State<Arc<Service>>,
    visit: Visit,
    headers: HeaderMap,
    Path(number): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let by = Some(By::Number(number.parse().unwrap_or(0)));
    let record = match service.settlement(&proto::GetSettlementRequest { by }) {
        Ok(record) => record,
        Err(why) => return layout::failed(&visit, &why),
    };
    if !is_for(&visit, FILE, &record) {
        return layout::denied(&visit);
    }
    // A file goes further than a page, so it is a look whoever asks for it.
    if let Err(why) = seen(&service, &visit, FILE, &record).await {
        return layout::failed(&visit, &why);
    }
    let fields = Fields::parse(&query.unwrap_or_default()).unwrap_or_default();
    let paper = if fields.get("paper") == "a5" { Paper::A5 } else { Paper::A4 };
    let address = address(&visit, &headers, record.number);
    let mut blocks = sheet::pieces(&record, visit.lang);
    blocks.push(Block::Line(String::new()));
    blocks.push(Block::Item(
        String::new(),
        format!("{} {}", visit.pick("摘要号", "Digest"), record.digest),
    ));
    let title = format!("{} {}", visit.pick("医疗费用结算单", "Settlement sheet"), record.number);
    let sheet =
        Sheet { paper, title: &title, footer: &address, code: qr::code(&address), blocks: &blocks };
    let Some(file) = sheet.file() else {
        let said = ("无法生成 PDF。", "The PDF cannot be made.");
        return layout::trouble(&visit, StatusCode::INTERNAL_SERVER_ERROR, said);
    };
    let name = format!("attachment; filename=\"settlement-{}.pdf\"", record.number);
    let headers =
        [(header::CONTENT_TYPE, "application/pdf".to_owned()), (header::CONTENT_DISPOSITION, name)];
    (headers, file).into_response()
}

/// Where the sheet is, as the browser that asks for it calls this server.
pub(super) fn address(visit: &Visit, headers: &HeaderMap, number: u64) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    // A proxy in front may be the one that speaks TLS.
    let before = headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
    let scheme = if visit.encrypted || before { "https" } else { "http" };
    format!("{scheme}://{host}/counter/sheet/{number}")
}

/// The sheet as it is printed: all of it, in the words of every other sheet, with a code that leads back to it.
fn paper(visit: &Visit, record: &proto::SettlementRecord, address: &str, paper: &str) -> Markup {
    let (class, other) = if paper == "a5" { ("paper a5", "a4") } else { ("paper a4", "a5") };
    let pieces = sheet::pieces(record, visit.lang);
    let right = pieces.iter().find_map(|piece| match piece {
        Block::Title(_, right) => Some(right.as_str()),
        Block::Heading(_)
        | Block::Line(_)
        | Block::Item(_, _)
        | Block::Pairs(_)
        | Block::Table(_, _)
        | Block::Rows(_, _) => None,
    });
    html! {
        p .print-row {
            button .primary type="button" data-print="yes" hidden { (visit.pick("打印", "Print")) }
            a .plain href={ "/counter/sheet/" (record.number) "?paper=" (other) } {
                (if other == "a5" { visit.pick("改用 A5", "Use A5") } else { visit.pick("改用 A4", "Use A4") })
            }
            a .plain href={ "/counter/sheet/" (record.number) "/pdf?paper=a4" } { "PDF A4" }
            a .plain href={ "/counter/sheet/" (record.number) "/pdf?paper=a5" } { "PDF A5" }
        }
        article class=(class) aria-label=(visit.pick("打印件", "As printed")) {
            div .paper-head {
                div { p .paper-title { (visit.pick("医疗费用结算单", "Settlement sheet")) } p { (right.unwrap_or_default()) } }
                (qr::picture(address, visit.pick("回到本结算单的二维码", "QR code of this sheet's address")))
            }
            (blocks::markup(&pieces))
            p .digest { (visit.pick("摘要号 ", "Digest ")) (record.digest) }
            p .digest { (address) }
        }
    }
}

fn on_screen(
    service: &Service,
    visit: &Visit,
    record: &proto::SettlementRecord,
    (from, named): (usize, bool),
) -> Markup {
    let Some(statement) = &record.statement else { return html! {} };
    let request = record.request.clone().unwrap_or_default();
    let admission = request.admission.unwrap_or_default();
    let writer = request.writer.unwrap_or_default();
    let asked = proto::GetPersonRequest { id: admission.person.clone(), ..Default::default() };
    let person = service.get_person(&asked).unwrap_or_default();
    let asked = proto::GetFacilityRequest { id: admission.facility.clone() };
    let facility = service.get_facility(&asked).unwrap_or_default();
    let name =
        if named { patient::name(visit, &person) } else { patient::masked_name(visit, &person) };
    html! {
        @if record.reversed_by == 0 {
            p .standing { (visit.pick("有效", "Effective")) }
        } @else {
            (message(Tone::Bad, &html! { p { strong { (visit.pick("已撤销，见 ", "Reversed by no. ")) (record.reversed_by) (visit.pick(" 号", "")) } } }))
        }
        (patient::facts(&[
            (visit.pick("结算号", "Settlement no."), record.number.to_string()),
            (visit.pick("结算时间", "Recorded"), head::instant(&record.recorded_at)),
            (visit.pick("患者", "Patient"), format!("{name} {}", masked(&admission.person))),
            (visit.pick("医疗机构", "Facility"), format!("{} {}", facility.name, admission.facility)),
            (visit.pick("就诊号", "Admission"), admission.id.clone()),
            (visit.pick("窗口、经办人", "Window, operator"), format!("{} {}", writer.terminal, writer.operator)),
        ]))
        @if !named {
            p { a .plain href={ "/counter/sheet/" (record.number) "?open=yes" } {
                (visit.pick("查看患者姓名（会留下查阅记录）", "Show the patient's name; this is recorded"))
            } }
        }
        div .two {
            aside aria-label=(visit.pick("结果", "Result")) { (quote::result(visit, statement)) }
            section aria-label=(visit.pick("依据", "Why")) { (quote::body(visit, statement)) }
        }
        @if LINES_SHOWN < statement.lines.len() { (pages(visit, record, statement, from)) }
        p .digest { (visit.pick("摘要号 ", "Digest ")) code { (record.digest) } }
    }
}

/// All lines, page by page.
fn pages(
    visit: &Visit,
    record: &proto::SettlementRecord,
    statement: &proto::Statement,
    from: usize,
) -> Markup {
    let lines = statement.lines.iter().skip(from).take(LINES_SHOWN);
    let count = statement.lines.len();
    html! {
        h2 #lines { (visit.pick("费用明细 ", "Lines ")) (from + 1) "–" (count.min(from + LINES_SHOWN)) " / " (count) }
        (quote::lines(visit, lines))
        nav .pager aria-label=(visit.pick("明细分页", "Pages of lines")) {
            @if let Some(before) = from.checked_sub(LINES_SHOWN) {
                a .plain href={ "/counter/sheet/" (record.number) "?lines=" (before) "#lines" } { (visit.pick("上一页", "Back")) }
            }
            @if from + LINES_SHOWN < count {
                a .plain href={ "/counter/sheet/" (record.number) "?lines=" (from + LINES_SHOWN) "#lines" } { (visit.pick("下一页", "Next")) }
            }
        }
    }
}
