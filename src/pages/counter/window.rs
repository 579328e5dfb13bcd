//! Which window this is: chosen once, kept in a cookie, until logins say who it is.

use crate::pages::counter::COUNTER;
use crate::pages::fields::Fields;
use crate::pages::layout::Input;
use crate::pages::layout::Page;
use crate::pages::layout::Switch;
use crate::pages::layout::token;
use crate::pages::visit::Visit;
use crate::pages::visit::Window;
use crate::proto;
use crate::service::Service;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use maud::html;

use std::sync::Arc;

/// What is wrong with each field.
#[derive(Debug, Default)]
struct Errors<'a> {
    facility: &'a str,
    terminal: &'a str,
    operator: &'a str,
}

pub(super) async fn show(visit: Visit) -> Response {
    let window = visit.window.clone().unwrap_or_default();
    page(&visit, StatusCode::OK, &window, &Errors::default())
}

/// Takes the choice, if the register knows the facility, and goes on to the window.
pub(super) async fn choose(
    State(service): State<Arc<Service>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let window = Window {
        facility: fields.get("facility").to_owned(),
        terminal: fields.get("terminal").to_owned(),
        operator: fields.get("operator").to_owned(),
    };
    let id = |text: &str| {
        if crate::id::is_id(text) {
            ""
        } else {
            visit.pick("请填写，至多 100 个字", "Fill this in, at most 100 signs")
        }
    };
    let mut errors = Errors {
        facility: id(&window.facility),
        terminal: id(&window.terminal),
        operator: id(&window.operator),
    };
    let asked = proto::GetFacilityRequest { id: window.facility.clone() };
    if errors.facility.is_empty() && service.get_facility(&asked).is_err() {
        errors.facility = visit.pick(
            "机构登记中没有这个编号，请核对国家医保机构编号",
            "The facility register does not hold this code; check the national facility code",
        );
    }
    match window.cookie() {
        Some(cookie) if window.is_whole() && errors.facility.is_empty() => {
            ([(header::SET_COOKIE, cookie)], Redirect::to("/counter")).into_response()
        }
        _ => page(&visit, StatusCode::UNPROCESSABLE_ENTITY, &window, &errors),
    }
}

fn page(visit: &Visit, status: StatusCode, window: &Window, errors: &Errors<'_>) -> Response {
    let title = visit.pick("这是哪个窗口？", "Which window is this?");
    let page = Page { visit, area: &COUNTER, tab: "", title, switch: Switch::Again };
    page.answer(status, &html! {
        p { (visit.pick(
            "结算单和台账会记下窗口和经办人。选定后保存在本机浏览器里，可随时更换。",
            "The sheet and the ledger record window and operator. The choice is kept in this browser and can be changed at any time.",
        )) }
        form .narrow method="post" action="/counter/window" {
            (token(visit))
            (Input {
                name: "facility", label: visit.pick("医疗机构编号", "Facility code"),
                value: &window.facility, error: errors.facility, required: true,
                focus: window.facility.is_empty(), hint: visit.pick("定点医药机构编号", "As designated"),
                ..Input::default()
            }.markup())
            (Input {
                name: "terminal", label: visit.pick("窗口", "Window"), value: &window.terminal,
                error: errors.terminal, required: true, hint: visit.pick("如：1 号窗口", "Such as: window 1"),
                ..Input::default()
            }.markup())
            (Input {
                name: "operator", label: visit.pick("经办人", "Operator"), value: &window.operator,
                error: errors.operator, required: true, ..Input::default()
            }.markup())
            button .primary type="submit" { (visit.pick("开始工作", "Start work")) }
        }
    })
}
