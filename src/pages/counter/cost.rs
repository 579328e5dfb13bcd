//! What would it cost? (费用测算) A quote for an admission that there may be, marked as not binding.

use crate::pages::counter::COUNTER;
use crate::pages::counter::bill_form::BillForm;
use crate::pages::counter::bill_form::Purpose;
use crate::pages::counter::bill_form::hidden;
use crate::pages::counter::draft::Draft;
use crate::pages::counter::draft::Errors;
use crate::pages::counter::draft::begun;
use crate::pages::counter::quote;
use crate::pages::fields::Fields;
use crate::pages::layout::Page;
use crate::pages::layout::Switch;
use crate::pages::layout::Tone;
use crate::pages::layout::failure;
use crate::pages::layout::message;
use crate::pages::layout::token;
use crate::pages::visit::Visit;
use crate::service::Failure;
use crate::service::Service;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use maud::Markup;
use maud::html;

use std::sync::Arc;

/// The form, with today's date.
pub(super) async fn show(visit: Visit) -> Response {
    form(&visit, (&begun(&visit, ""), &Errors::default()), &html! {})
}

/// The form again, as it was filled in.
pub(super) async fn again(visit: Visit, fields: Fields) -> Response {
    let mut draft = Draft::read(&fields);
    draft.more_rows(&fields);
    form(&visit, (&draft, &Errors::default()), &html! {})
}

fn form(visit: &Visit, (draft, errors): (&Draft, &Errors), above: &Markup) -> Response {
    let title = visit.pick("费用测算", "What would it cost?");
    let switch = if visit.address.starts_with("/counter/cost/") {
        Switch::Form("bill", "/counter/cost")
    } else {
        Switch::Again
    };
    let page = Page { visit, area: &COUNTER, tab: "/counter/cost", title, switch };
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let form = BillForm { visit, draft, errors, purpose: Purpose::Cost };
    page.answer(status, &html! {
        (above)
        p { (visit.pick("入院前的估算：按今天的规则和患者今年的累计计算，不入账，不具约束力。",
            "An estimate before admission, by today's rules and the patient's year so far. Nothing is recorded, and it binds nobody.")) }
        (form.markup())
    })
}

/// The estimate.
pub(super) async fn quote(
    State(service): State<Arc<Service>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let draft = Draft::read(&fields);
    let request = match draft.quote(&visit) {
        Ok(request) => request,
        Err(errors) => return form(&visit, (&draft, &errors), &html! {}),
    };
    let statement = match service.quote(&request) {
        Ok(statement) => statement,
        Err(why) => {
            let mut errors = Errors::default();
            let rest = match &why {
                Failure::Refusal(refusal) => {
                    draft.place(refusal, visit.lang, &mut errors).is_some()
                }
                Failure::Fault(_) => true,
            };
            let above = if rest {
                message(Tone::Bad, &failure(&visit, &why))
            } else {
                html! {}
            };
            return form(&visit, (&draft, &errors), &above);
        }
    };
    let title = visit.pick("费用测算（不具约束力）", "An estimate, not binding");
    let switch = Switch::Form("again", "/counter/cost/quote");
    let page = Page { visit: &visit, area: &COUNTER, tab: "/counter/cost", title, switch };
    page.ok(&html! {
        (message(Tone::Note, &html! {
            p { strong { (visit.pick("仅为估算，不具约束力，没有入账。", "An estimate only: it binds nobody, and nothing was recorded.")) } }
            p { (visit.pick("实际结算以出院时的费用、规则和年度累计为准。", "What is settled depends on the bill, the rules and the year so far at discharge.")) }
        }))
        div .two {
            aside aria-label=(visit.pick("结果", "Result")) {
                (quote::result(&visit, &statement))
                form #again .settle method="post" action="/counter/cost" {
                    (token(&visit))
                    (hidden(&draft))
                    button .plain type="submit" { (visit.pick("修改测算", "Change the estimate")) }
                }
            }
            section aria-label=(visit.pick("测算", "Estimate")) { (quote::body(&visit, &statement)) }
        }
    })
}
