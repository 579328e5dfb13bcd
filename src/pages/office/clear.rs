//! Clearing (清算): the statement of a month to look at, print, download and close.

use crate::pages::fields::Fields;
use crate::pages::layout::Input;
use crate::pages::layout::Tone;
use crate::pages::layout::message;
use crate::pages::layout::token;
use crate::pages::office::beside;
use crate::pages::office::page;
use crate::pages::office::refused;
use crate::pages::office::sheet;
use crate::pages::office::signs;
use crate::pages::visit::Clerk;
use crate::pages::visit::Visit;
use crate::proto;
use crate::service::Service;

use axum::extract::RawQuery;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use maud::Markup;
use maud::html;

use std::sync::Arc;

const TAB: &str = "/office/clear";

fn asked(fields: &Fields) -> proto::ClearRequest {
    proto::ClearRequest {
        month: fields.get("month").to_owned(),
        facility: fields.get("facility").to_owned(),
        place: fields.get("place").to_owned(),
        insutype: fields.get("insutype").to_owned(),
        close: None,
    }
}

fn address(request: &proto::ClearRequest) -> String {
    let proto::ClearRequest { month, facility, place, insutype, .. } = request;
    sheet::query(
        TAB,
        &[("month", month), ("facility", facility), ("place", place), ("insutype", insutype)],
    )
}

/// The form, and the statement that it asks for.
pub(super) async fn show(
    State(service): State<Arc<Service>>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Response {
    let fields = Fields::parse(&query.unwrap_or_default()).unwrap_or_default();
    let title = visit.pick("月度清算", "Clear a month");
    let request = asked(&fields);
    if request.month.is_empty() {
        return page(&visit, TAB, title, &form(&visit, &request));
    }
    let (service, drawn) = (Arc::clone(&service), request.clone());
    let record = match beside(move || service.clearing(&drawn)).await {
        Ok(record) => record,
        Err(why) => return refused(&visit, TAB, title, &why),
    };
    let wanted = (fields.get("format"), fields.get("sheet"));
    if let Some(file) = sheet::file(&visit, &record.sheets, wanted) {
        return file;
    }
    let address = address(&request);
    let of = [request.month.as_str(), &request.facility, &request.place, &request.insutype];
    let heading = format!("{} {}", title, of.join(" "));
    page(
        &visit,
        TAB,
        heading.trim_end(),
        &html! {
            (form(&visit, &request))
            (closed(&visit, &record))
            div .paper { @for one in &record.sheets { (sheet::markup(&visit, one, &address)) } }
            (sheet::workbook(&address))
        },
    )
}

fn form(visit: &Visit, request: &proto::ClearRequest) -> Markup {
    html! {
        form .panel .screen method="get" action=(TAB) {
            div .three {
                (Input { name: "month", kind: "month", label: visit.pick("月份", "Month"), value: &request.month, required: true, hint: "2018-06", ..Input::default() }.markup())
                (Input { name: "facility", label: visit.pick("医疗机构(空为全部)", "Facility; all if empty"), value: &request.facility, ..Input::default() }.markup())
                (Input { name: "place", label: visit.pick("参保地(空为全部)", "Insured place; all if empty"), value: &request.place, ..Input::default() }.markup())
                (Input { name: "insutype", label: visit.pick("险种(空为全部)", "Insurance type; all if empty"), value: &request.insutype, ..Input::default() }.markup())
            }
            button .primary type="submit" { (visit.pick("查看清算单", "Show")) }
        }
    }
}

/// Whether it is closed, or the form that closes it.
fn closed(visit: &Visit, record: &proto::ClearingRecord) -> Markup {
    let seen = html! {
        p .small {
            (visit.pick("据账本第 ", "From the ledger up to entry ")) (record.ledger_number) " · " code { (record.ledger_digest) }
        }
    };
    if record.number != 0 {
        return message(
            Tone::Good,
            &html! {
                p { (visit.pick("已关账,编号 ", "Closed as ")) strong { (record.number) } " · " (record.recorded_at) }
                p { (visit.pick("摘要 ", "Digest ")) code { (record.digest) } }
                (seen)
            },
        );
    }
    let request = record.request.clone().unwrap_or_default();
    if !visit.reaches("POST /office/clear") {
        return message(Tone::Note, &html! { p { (visit.pick("未关账", "Not closed")) } (seen) });
    }
    html! {
        (message(Tone::Note, &html! { p { (visit.pick("未关账", "Not closed")) } (seen) }))
        form .panel .screen method="post" action=(TAB) {
            (token(visit))
            @for (name, value) in [("month", &request.month), ("facility", &request.facility), ("place", &request.place), ("insutype", &request.insutype)] {
                input type="hidden" name=(name) value=(value);
            }
            div .three {
                (signs(visit, visit.pick("经办人", "Operator")))
            }
            button .primary type="submit" { (visit.pick("关账(不可更改)", "Close, once and for all")) }
        }
    }
}

/// Closes the statement.
pub(super) async fn close(
    State(service): State<Arc<Service>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let title = visit.pick("月度清算", "Clear a month");
    let request = asked(&fields);
    let proto::ClearRequest { month, facility, place, insutype, .. } = &request;
    let Clerk { office, operator, terminal } = visit.clerk(&fields);
    let request_id = format!("clear-{month}-{facility}-{place}-{insutype}");
    let writer = proto::Writer { facility: office, request_id, operator, terminal };
    let (asked, drawn) = (Arc::clone(&service), request.clone());
    let closed = match beside(move || asked.clearing(&drawn)).await {
        Ok(drawn) => service.close_clearing(writer, drawn).await,
        Err(why) => Err(why),
    };
    match closed {
        Ok(_) => Redirect::to(&address(&request)).into_response(),
        Err(why) => refused(&visit, TAB, title, &why),
    }
}
