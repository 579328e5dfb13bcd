//! An admission that the HIS has opened here: its uploaded lines are the bill, quoted and settled as they stand.

use crate::id::FacilityId;
use crate::id::PersonId;
use crate::pages::counter::at_window;
use crate::pages::counter::quote;
use crate::pages::fields::Fields;
use crate::pages::layout;
use crate::pages::layout::Input;
use crate::pages::layout::Tone;
use crate::pages::layout::failure;
use crate::pages::layout::message;
use crate::pages::layout::token;
use crate::pages::visit::Visit;
use crate::pages::visit::Window;
use crate::service::Failure;
use crate::service::Service;
use crate::service::visit::Kept;
use crate::service::visit::VisitBill;
use crate::sheet::words;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use maud::Markup;
use maud::html;

use std::sync::Arc;

/// The open visits of a patient at this facility, each with a button that quotes it.
pub(super) fn open(service: &Service, visit: &Visit, person: &str) -> Markup {
    let window = visit.window.clone().unwrap_or_default();
    let kept = match found(service, &window, person) {
        Ok(kept) => kept,
        Err(why) => return message(Tone::Bad, &failure(visit, &why)),
    };
    html! {
        @for (one, lines) in &kept {
            form .panel.his-visit method="post" action="/counter/visit" {
                (token(visit))
                input type="hidden" name="person" value=(person);
                input type="hidden" name="visit" value=(one.id);
                h2 { (visit.pick("HIS 已登记的就诊 ", "Opened by the HIS: ")) (one.id) }
                p .small {
                    (words::med_type(&one.visit.med_type, visit.lang)) " · "
                    (one.visit.begun_at.get(..10).unwrap_or_default()) " – "
                    @if one.visit.ended_at.is_empty() { (visit.pick("未出院", "not discharged")) }
                    @else { (one.visit.ended_at.get(..10).unwrap_or_default()) }
                    " · " (lines) (visit.pick(" 行费用", " lines"))
                }
                @if 0 < *lines {
                    div .three {
                        (Input { name: "deposit", label: visit.pick("已交押金", "Deposit paid"), mode: "decimal", ..Input::default() }.markup())
                        (Input { name: "account_pay", label: visit.pick("个人账户支付", "From the account"), mode: "decimal", ..Input::default() }.markup())
                    }
                    button .primary type="submit" { (visit.pick("试算这次就诊", "Quote this visit")) }
                }
            }
        }
    }
}

/// Visits that can still be settled, and how many lines of each are open.
fn found(service: &Service, window: &Window, person: &str) -> Result<Vec<(Kept, usize)>, Failure> {
    let ids = (FacilityId::parse(&window.facility), PersonId::parse(person));
    let (Some(facility), Some(person)) = ids else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for kept in service.visits(&facility, Some(&person))? {
        if service.unless_closed(&facility, &kept).is_ok() {
            let lines = service.open_lines(&facility, &kept.id)?.len();
            found.push((kept, lines));
        }
    }
    Ok(found)
}

/// What a form says of the bill of a visit.
pub(super) fn bill(fields: &Fields) -> VisitBill {
    VisitBill {
        visit: fields.get("visit").to_owned(),
        account_pay: fields.get("account_pay").to_owned(),
        deposit: fields.get("deposit").to_owned(),
        expected_patient_pay: fields.get("expected_patient_pay").to_owned(),
        expected_version: fields.get("expected_version").parse().ok(),
        ..VisitBill::default()
    }
}

/// Quotes a visit.
pub(super) async fn quote(
    State(service): State<Arc<Service>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    match at_window(&visit) {
        Some(window) => page(&service, &visit, (window, &fields), &html! {}),
        None => Redirect::to("/counter/window").into_response(),
    }
}

/// The quote of a visit as it stands now, under a message.
pub(super) fn page(
    service: &Service,
    visit: &Visit,
    (window, fields): (&Window, &Fields),
    above: &Markup,
) -> Response {
    let Some(facility) = FacilityId::parse(&window.facility) else {
        return Redirect::to("/counter/window").into_response();
    };
    let asked = bill(fields);
    let (kept, statement) = match service.quote_visit(&facility, &asked) {
        Ok(quoted) => quoted,
        Err(why) => return layout::failed(visit, &why),
    };
    let carried = html! {
        @for name in ["person", "visit", "deposit", "account_pay"] {
            input type="hidden" name=(name) value=(fields.get(name));
        }
    };
    let quoted = quote::Quoted {
        person: &kept.visit.person,
        admission: &kept.id,
        statement: &statement,
        carried,
        again: "/counter/visit",
        back: None,
    };
    quoted.page(service, visit, above)
}
