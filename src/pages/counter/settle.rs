//! The button that settles (结算), and the answer to whether it did.

use crate::pages::counter::COUNTER;
use crate::pages::counter::at_window;
use crate::pages::counter::draft::Draft;
use crate::pages::counter::his_visit;
use crate::pages::counter::quote;
use crate::pages::fields::Fields;
use crate::pages::layout::Page;
use crate::pages::layout::Switch;
use crate::pages::layout::Tone;
use crate::pages::layout::failure;
use crate::pages::layout::message;
use crate::pages::layout::status_of;
use crate::pages::visit;
use crate::pages::visit::Visit;
use crate::pages::visit::Window;
use crate::proto;
use crate::proto::get_settlement_request::By;
use crate::refusal::EntryName;
use crate::refusal::Refusal;
use crate::service::Failure;
use crate::service::Service;

use axum::extract::RawQuery;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use maud::Markup;
use maud::html;

use std::sync::Arc;

/// Settles what was quoted. The same form again leads to the same sheet.
pub(super) async fn settle(
    State(service): State<Arc<Service>>,
    visit: Visit,
    headers: HeaderMap,
    fields: Fields,
) -> Response {
    let Some(window) = at_window(&visit) else {
        return Redirect::to("/counter/window").into_response();
    };
    let by_script = wants_data(&headers);
    if !fields.get("visit").is_empty() {
        let outcome =
            service.settle_visit(&writer(&fields, window), &his_visit::bill(&fields)).await;
        return answer(outcome, by_script, |why| {
            visit_not_settled(&service, &visit, (window, &fields), why)
        });
    }
    let draft = Draft::read(&fields);
    let request = match draft.quote(&visit) {
        Ok(quote) => asked(&fields, window, quote),
        Err(_) => return quote::page(&service, &visit, &draft, &html! {}),
    };
    let outcome = service.settle(request).await;
    answer(outcome, by_script, |why| not_settled(&service, &visit, &draft, why))
}

/// The sheet, or why there is none.
fn answer(
    outcome: Result<proto::SettlementRecord, Failure>,
    by_script: bool,
    refused: impl Fn(&Failure) -> Response,
) -> Response {
    match outcome {
        Ok(record) if by_script => data(StatusCode::OK, record.number),
        Ok(record) => Redirect::to(&format!("/counter/sheet/{}", record.number)).into_response(),
        // The script then sends the form as a browser does, and gets the page; it settles nothing either.
        Err(why) if by_script => data(status_of(&why), 0),
        Err(why) => refused(&why),
    }
}

fn writer(fields: &Fields, window: &Window) -> proto::Writer {
    proto::Writer {
        facility: window.facility.clone(),
        request_id: fields.get("request").to_owned(),
        operator: window.operator.clone(),
        terminal: window.terminal.clone(),
    }
}

fn asked(fields: &Fields, window: &Window, quote: proto::QuoteRequest) -> proto::SettleRequest {
    proto::SettleRequest {
        writer: Some(writer(fields, window)),
        admission: quote.admission,
        bill: quote.bill,
        account_pay: quote.account_pay,
        deposit: quote.deposit,
        expected_patient_pay: fields.get("expected_patient_pay").to_owned(),
        expected_version: fields.get("expected_version").parse().ok(),
        ..proto::SettleRequest::default()
    }
}

/// Why it was not settled: if the amount has moved, the new one is shown and asked for again.
fn not_settled(service: &Service, visit: &Visit, draft: &Draft, why: &Failure) -> Response {
    match why {
        Failure::Refusal(Refusal::Moved { since, .. }) => {
            let said = moved(visit, since);
            let mut response = quote::page(service, visit, draft, &message(Tone::Bad, &said));
            if response.status() == StatusCode::OK {
                *response.status_mut() = StatusCode::CONFLICT;
            }
            response
        }
        Failure::Refusal(Refusal::AlreadySettled { settlement }) => {
            let said = html! {
                p { strong { (visit.pick("这次就诊已经结算过了。", "This admission was settled before.")) } }
                p { (entries(std::slice::from_ref(settlement))) }
            };
            let mut response = quote::page(service, visit, draft, &message(Tone::Bad, &said));
            *response.status_mut() = StatusCode::CONFLICT;
            response
        }
        Failure::Refusal(_) => quote::refused(service, visit, draft, why),
        Failure::Fault(_) => {
            let mut response =
                quote::page(service, visit, draft, &message(Tone::Bad, &failure(visit, why)));
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            response
        }
    }
}

/// The same for a visit of the HIS.
fn visit_not_settled(
    service: &Service,
    visit: &Visit,
    of: (&Window, &Fields),
    why: &Failure,
) -> Response {
    let said = match why {
        Failure::Refusal(Refusal::Moved { since, .. }) => moved(visit, since),
        Failure::Refusal(_) | Failure::Fault(_) => failure(visit, why),
    };
    let mut response = his_visit::page(service, visit, of, &message(Tone::Bad, &said));
    if response.status() == StatusCode::OK {
        *response.status_mut() = status_of(why);
    }
    response
}

/// That the amount has moved, and by what.
fn moved(visit: &Visit, since: &[EntryName]) -> Markup {
    html! {
        p { strong { (visit.pick("没有结算：金额在此期间变了。下面是新的结果，请与患者核对后再确认。",
            "Not settled: the amount has moved meanwhile. Here is the new one; check it with the patient and confirm again.")) } }
        @if !since.is_empty() { p { (visit.pick("此期间的业务：", "What happened meanwhile: ")) (entries(since)) } }
    }
}

/// Entries with links to their sheets.
pub(super) fn entries(entries: &[EntryName]) -> Markup {
    html! {
        @for entry in entries {
            a href={ "/counter/sheet/" (entry.sequence) } { (entry.sequence) " (" (entry.id) ")" } " "
        }
    }
}

fn wants_data(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).is_some_and(|kind| kind.as_bytes() == b"application/json")
}

/// What the script is told: the number of the settlement, or 0.
fn data(status: StatusCode, number: u64) -> Response {
    let text = format!("{{\"number\":{number}}}");
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}

/// Whether a request of this window was settled.
pub(super) async fn outcome(
    State(service): State<Arc<Service>>,
    visit: Visit,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(window) = at_window(&visit) else {
        return Redirect::to("/counter/window").into_response();
    };
    let fields = Fields::parse(&query.unwrap_or_default()).unwrap_or_default();
    let request = fields.get("request");
    let name =
        proto::RequestName { facility: window.facility.clone(), request_id: request.to_owned() };
    let outcome = if visit::is_random(request) {
        service.settlement(&proto::GetSettlementRequest { by: Some(By::Request(name)) })
    } else {
        Err(Refusal::UnknownEntry { name: String::new() }.into())
    };
    let by_script = wants_data(&headers);
    match outcome {
        Ok(record) if by_script => data(StatusCode::OK, record.number),
        Ok(record) => Redirect::to(&format!("/counter/sheet/{}", record.number)).into_response(),
        Err(Failure::Refusal(Refusal::UnknownEntry { .. })) if by_script => data(StatusCode::OK, 0),
        Err(why) if by_script => data(status_of(&why), 0),
        Err(Failure::Refusal(Refusal::UnknownEntry { .. })) => {
            let title = visit.pick("没有结算", "Not settled");
            let page = Page {
                visit: &visit,
                area: &COUNTER,
                tab: "/counter",
                title,
                switch: Switch::Again,
            };
            page.ok(&message(Tone::Note, &html! {
                p { strong { (visit.pick("到现在为止，这笔业务没有结算。", "Up to now this was not settled.")) } }
                p { (visit.pick("请返回试算页再次确认；同一页面重复提交不会重复结算。",
                    "Go back to the quote and confirm again; the same page never settles twice.")) }
            }))
        }
        Err(why) => {
            let title = visit.pick("不能确定", "Not known");
            let page = Page {
                visit: &visit,
                area: &COUNTER,
                tab: "/counter",
                title,
                switch: Switch::Again,
            };
            page.answer(status_of(&why), &message(Tone::Bad, &failure(&visit, &why)))
        }
    }
}
