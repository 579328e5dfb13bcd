//! Undoing a settlement (结算撤销): find it, see what must be undone first, say why. The window that settled it is told.

use crate::pages::counter::COUNTER;
use crate::pages::counter::at_window;
use crate::pages::counter::patient;
use crate::pages::counter::quote;
use crate::pages::counter::record::is_for;
use crate::pages::counter::record::seen;
use crate::pages::counter::settle::entries;
use crate::pages::fields::Fields;
use crate::pages::layout;
use crate::pages::layout::Input;
use crate::pages::layout::Page;
use crate::pages::layout::Switch;
use crate::pages::layout::Tone;
use crate::pages::layout::failure;
use crate::pages::layout::message;
use crate::pages::layout::status_of;
use crate::pages::layout::token;
use crate::pages::visit;
use crate::pages::visit::Visit;
use crate::pages::visit::Window;
use crate::proto;
use crate::proto::get_settlement_request::By;
use crate::proto::reverse_request::Of;
use crate::service::Failure;
use crate::service::Service;
use crate::sheet::figures;
use crate::sheet::head;
use crate::sheet::words;

use axum::extract::RawQuery;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use maud::Markup;
use maud::html;

use std::sync::Arc;

/// The page, as the table of who may what has it.
const PAGE: &str = "GET /counter/undo";

/// The search, and the settlement that it found.
pub(super) async fn show(
    State(service): State<Arc<Service>>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(window) = at_window(&visit) else {
        return Redirect::to("/counter/window").into_response();
    };
    let fields = Fields::parse(&query.unwrap_or_default()).unwrap_or_default();
    let wanted = fields.get("find");
    if wanted.is_empty() {
        return page(&visit, StatusCode::OK, "", &html! {});
    }
    match found(&service, window, wanted) {
        Ok(record) if !is_for(&visit, PAGE, &record) => layout::denied(&visit),
        Ok(record) => {
            if let Err(why) = seen(&service, &visit, PAGE, &record).await {
                return layout::failed(&visit, &why);
            }
            let shown = settlement(&service, &visit, &record, "");
            page(&visit, StatusCode::OK, wanted, &shown)
        }
        Err(why) => {
            page(&visit, status_of(&why), wanted, &message(Tone::Bad, &failure(&visit, &why)))
        }
    }
}

/// A settlement by its number, or by the number of an admission of this facility.
fn found(
    service: &Service,
    window: &Window,
    wanted: &str,
) -> Result<proto::SettlementRecord, Failure> {
    let admission = || {
        By::Admission(proto::AdmissionName {
            facility: window.facility.clone(),
            admission: wanted.to_owned(),
        })
    };
    let by = wanted.parse().map_or_else(|_| admission(), By::Number);
    let first = service.settlement(&proto::GetSettlementRequest { by: Some(by.clone()) });
    match (first, by) {
        // Admissions may be numbered too.
        (Err(why), By::Number(_)) => {
            let by = Some(admission());
            service.settlement(&proto::GetSettlementRequest { by }).map_err(|_| why)
        }
        (outcome, _) => outcome,
    }
}

fn page(visit: &Visit, status: StatusCode, wanted: &str, below: &Markup) -> Response {
    let title = visit.pick("撤销结算", "Undo a settlement");
    let page = Page { visit, area: &COUNTER, tab: "/counter/undo", title, switch: Switch::Again };
    page.answer(status, &html! {
        form .find role="search" method="get" action="/counter/undo" {
            (Input {
                name: "find", kind: "search", value: wanted, focus: wanted.is_empty(), required: true,
                label: visit.pick("结算号或就诊号", "Settlement or admission number"),
                hint: visit.pick("可扫结算单上的结算号", "As on the sheet"),
                ..Input::default()
            }.markup())
            button .primary type="submit" { (visit.pick("查找", "Find")) }
        }
        (below)
    })
}

fn settlement(
    service: &Service,
    visit: &Visit,
    record: &proto::SettlementRecord,
    error: &str,
) -> Markup {
    let statement = record.statement.clone().unwrap_or_default();
    let request = record.request.clone().unwrap_or_default();
    let (admission, writer) =
        (request.admission.unwrap_or_default(), request.writer.unwrap_or_default());
    let asked = proto::GetPersonRequest { id: admission.person.clone(), ..Default::default() };
    let person = service.get_person(&asked).unwrap_or_default();
    html! {
        div .two {
            aside aria-label=(visit.pick("结果", "Result")) { (quote::result(visit, &statement)) }
            section aria-label=(visit.pick("结算", "Settlement")) {
                (patient::facts(&[
                    (visit.pick("结算号", "Settlement no."), record.number.to_string()),
                    (visit.pick("结算时间", "Recorded"), head::instant(&record.recorded_at)),
                    (visit.pick("患者", "Patient"), patient::name(visit, &person)),
                    (visit.pick("就诊号", "Admission"), admission.id),
                    (visit.pick("结算窗口", "Settled at"), format!("{} {}", writer.terminal, writer.operator)),
                ]))
                p { a href={ "/counter/sheet/" (record.number) } { (visit.pick("查看结算单", "See the sheet")) } }
                @let here = visit.window.as_ref().is_some_and(|window| window.facility == writer.facility);
                @if record.reversed_by != 0 {
                    (undone(service, visit, record, &statement))
                } @else if here {
                    (form(service, visit, record, error))
                } @else {
                    (message(Tone::Bad, &html! {
                        p { strong { (visit.pick("这笔结算属于其他机构，只能由该机构撤销：", "Another facility settled this, and has to undo it: ")) (writer.facility) } }
                    }))
                }
            }
        }
    }
}

/// What was undone, by whom, and what to do with the money; the window that settled is named.
fn undone(
    service: &Service,
    visit: &Visit,
    record: &proto::SettlementRecord,
    statement: &proto::Statement,
) -> Markup {
    let lang = visit.lang;
    let reversal = service.reversal(record.reversed_by).unwrap_or_default();
    let by = reversal.writer.unwrap_or_default();
    let request = record.request.clone().unwrap_or_default();
    let settled = request.writer.unwrap_or_default();
    let paid = !figures::is_zero(&statement.cash_due);
    message(
        Tone::Good,
        &html! {
            p { strong { (visit.pick("已撤销，撤销号 ", "Undone by no. ")) (record.reversed_by) } }
            p { (visit.pick("原因：", "Why: ")) (reversal.reason) }
            p { (visit.pick("撤销窗口：", "Undone at: ")) (by.terminal) " " (by.operator) " · " (head::instant(&reversal.recorded_at)) }
            p { (visit.pick("原结算窗口：", "Settled at: ")) (settled.terminal) " " (settled.operator)
                (visit.pick("，其“今日”页和找患者页会显示本次撤销。", "; its pages show this reversal.")) }
            @if paid {
                p { strong { (visit.pick("应退还患者现金 ", "Give back in cash: ")) (words::yuan(&statement.cash_due, lang)) } }
            }
            @if !figures::is_zero(&statement.refund) {
                p { strong { (visit.pick("应收回已退现金 ", "Take back in cash: ")) (words::yuan(&statement.refund, lang)) } }
            }
        },
    )
}

/// The form that undoes, or what must be undone first.
fn form(service: &Service, visit: &Visit, record: &proto::SettlementRecord, error: &str) -> Markup {
    match service.undone_first(record.number) {
        Err(why) => message(Tone::Bad, &failure(visit, &why)),
        Ok(later) if !later.is_empty() => message(
            Tone::Bad,
            &html! {
                p { strong { (visit.pick("之后还有有效的业务，要先撤销（从最近的开始）：", "Later entries stand. Undo these first, the latest one first:")) } }
                ol { @for one in &later { li {
                    (entries(std::slice::from_ref(one)))
                    a href={ "/counter/undo?find=" (one.sequence) } { (visit.pick("去撤销", "Undo it")) }
                } } }
            },
        ),
        Ok(_) => html! {
            form #undo method="post" action="/counter/undo" {
                (token(visit))
                input type="hidden" name="number" value=(record.number);
                input type="hidden" name="request" value=(visit::random().unwrap_or_default());
                (Input {
                    name: "reason", label: visit.pick("撤销原因（必填）", "Reason (required)"), error,
                    required: true, focus: true, hint: visit.pick("会记入台账", "Recorded in the ledger"),
                    ..Input::default()
                }.markup())
                button .primary.danger type="submit" { (visit.pick("撤销这笔结算", "Undo this settlement")) }
            }
        },
    }
}

/// Undoes it. The same form again leads to the same page.
pub(super) async fn undo(
    State(service): State<Arc<Service>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let Some(window) = at_window(&visit) else {
        return Redirect::to("/counter/window").into_response();
    };
    let number = fields.get("number").parse().unwrap_or(0);
    let asked = proto::GetSettlementRequest { by: Some(By::Number(number)) };
    let record = match service.settlement(&asked) {
        Ok(record) => record,
        Err(why) => return layout::failed(&visit, &why),
    };
    if !is_for(&visit, PAGE, &record) {
        return layout::denied(&visit);
    }
    let settled_by = record.request.as_ref().and_then(|request| request.writer.as_ref());
    let here = settled_by.is_some_and(|writer| writer.facility == window.facility);
    if !here || fields.get("reason").is_empty() {
        let error = visit.pick("请填写撤销原因", "Say why it is undone");
        let shown = settlement(&service, &visit, &record, error);
        return page(&visit, StatusCode::UNPROCESSABLE_ENTITY, fields.get("number"), &shown);
    }
    let request = proto::ReverseRequest {
        writer: Some(proto::Writer {
            facility: window.facility.clone(),
            request_id: fields.get("request").to_owned(),
            operator: window.operator.clone(),
            terminal: window.terminal.clone(),
        }),
        of: Some(Of::Number(number)),
        reason: fields.get("reason").to_owned(),
    };
    match service.reverse(request).await {
        Ok(_) => Redirect::to(&format!("/counter/undo?find={number}")).into_response(),
        Err(why) => page(
            &visit,
            status_of(&why),
            fields.get("number"),
            &message(Tone::Bad, &failure(&visit, &why)),
        ),
    }
}
