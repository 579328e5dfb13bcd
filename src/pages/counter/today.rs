//! Today (今日): what this window settled and reversed, sums by payer, the cash to count, and all of it as CSV.

use crate::calendar::Day;
use crate::id::masked;
use crate::pages::counter::COUNTER;
use crate::pages::counter::at_window;
use crate::pages::counter::day::Done;
use crate::pages::counter::day::WindowDay;
use crate::pages::counter::draft::half_width;
use crate::pages::fields::Fields;
use crate::pages::layout;
use crate::pages::layout::Input;
use crate::pages::layout::Page;
use crate::pages::layout::Switch;
use crate::pages::layout::Tone;
use crate::pages::layout::message;
use crate::pages::spreadsheet;
use crate::pages::visit::Visit;
use crate::pages::visit::Window;
use crate::proto;
use crate::service;
use crate::service::Failure;
use crate::service::Service;
use crate::sheet::head;
use crate::sheet::words;

use axum::extract::RawQuery;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use maud::Markup;
use maud::html;

use std::sync::Arc;

/// The page and its file, as the table of who may what has them.
const PAGE: &str = "GET /counter/today";
const FILE: &str = "GET /counter/today/csv";

/// What is asked for: a day, and whether of all windows.
struct Asked {
    day: Day,
    all: bool,
}

fn asked(query: Option<String>) -> Asked {
    let fields = Fields::parse(&query.unwrap_or_default()).unwrap_or_default();
    let today = service::now().day();
    Asked {
        day: Day::parse(&half_width(fields.get("day"))).unwrap_or(today),
        all: fields.get("all") == "yes",
    }
}

pub(super) async fn show(
    State(service): State<Arc<Service>>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(window) = at_window(&visit) else {
        return Redirect::to("/counter/window").into_response();
    };
    let asked = asked(query);
    let day = match WindowDay::read(&service, window, asked.day, asked.all) {
        Ok(day) => day,
        Err(why) => return layout::failed(&visit, &why),
    };
    if let Err(why) = day.seen(&service, &visit, PAGE).await {
        return layout::failed(&visit, &why);
    }
    let title = visit.pick("今日", "Today");
    let page =
        Page { visit: &visit, area: &COUNTER, tab: "/counter/today", title, switch: Switch::Again };
    page.ok(&html! {
        (choice(&visit, window, &asked))
        (told(&visit, &day.undone_by_others))
        div .two {
            aside aria-label=(visit.pick("合计", "Sums")) { (sums(&visit, &day)) }
            section aria-label=(visit.pick("业务", "Entries")) {
                (table(&service, &visit, &day))
                p { a .plain href={ "/counter/today/csv?day=" (asked.day) @if asked.all { "&all=yes" } } { (visit.pick("下载 CSV", "Download CSV")) } }
            }
        }
    })
}

fn choice(visit: &Visit, window: &Window, asked: &Asked) -> Markup {
    html! {
        form .inline method="get" action="/counter/today" {
            (Input { name: "day", label: visit.pick("日期", "Day"), value: &asked.day.to_string(), mode: "numeric", ..Input::default() }.markup())
            p .check {
                input #f-all type="checkbox" name="all" value="yes" checked[asked.all];
                label for="f-all" { (visit.pick("本机构全部窗口", "All windows of this facility")) }
            }
            button .plain type="submit" { (visit.pick("查看", "Show")) }
            span .small { (window.facility) " · " (window.terminal) }
        }
    }
}

/// What other windows undid of what this one had settled.
pub(super) fn told(visit: &Visit, undone: &[Done]) -> Markup {
    html! {
        @if !undone.is_empty() {
            (message(Tone::Note, &html! {
                p { strong { (visit.pick("本窗口的结算被其他窗口撤销：", "Settlements of this window that others undid:")) } }
                @for done in undone {
                    @let by = done.by();
                    p {
                        a href={ "/counter/undo?find=" (done.settlement.number) } { (done.settlement.number) (visit.pick(" 号", "")) } " "
                        (visit.pick("由 ", "by ")) (by.terminal) " " (by.operator) " "
                        (head::instant(&done.recorded_at)) " · "
                        (done.reversal.as_ref().map_or("", |reversal| reversal.reason.as_str()))
                    }
                }
            }))
        }
    }
}

fn sums(visit: &Visit, day: &WindowDay) -> Markup {
    let lang = visit.lang;
    let reversed = day.done.iter().filter(|done| done.reversal.is_some()).count();
    html! {
        p .big { span { (visit.pick("应点现金", "Cash to count")) } strong { (day.cash()) } }
        table .sums {
            caption .hidden { (visit.pick("合计", "Sums")) }
            tbody {
                tr { th scope="row" { (visit.pick("结算笔数", "Settled")) } td { (day.done.len() - reversed) } }
                tr { th scope="row" { (visit.pick("撤销笔数", "Reversed")) } td { (reversed) } }
                tr { th scope="row" { (visit.pick("费用总额", "Total")) } td { (day.sum(|one| &one.total)) } }
                @for (payer, sum) in day.by_payer() {
                    tr { th scope="row" { (words::payer(&payer, lang)) } td { (sum) } }
                }
                tr { th scope="row" { (visit.pick("医院负担", "Borne by the facility")) } td { (day.sum(|one| &one.facility_borne)) } }
                tr { th scope="row" { (visit.pick("个人负担", "Patients pay")) } td { (day.sum(|one| &one.patient_pay)) } }
                tr { th scope="row" { (visit.pick("个人账户支付", "From accounts")) } td { (day.sum(|one| &one.account_pay)) } }
                tr { th scope="row" { (visit.pick("已交押金", "Deposits")) } td { (day.sum(|one| &one.deposit)) } }
                tr { th scope="row" { (visit.pick("应收现金", "Cash due")) } td { (day.sum(|one| &one.cash_due)) } }
                tr { th scope="row" { (visit.pick("应退现金", "Refunds")) } td { (day.sum(|one| &one.refund)) } }
            }
        }
    }
}

fn table(service: &Service, visit: &Visit, day: &WindowDay) -> Markup {
    html! {
        @if day.done.is_empty() { p { (visit.pick("这一天没有业务。", "Nothing on this day.")) } } @else {
            div .scroll tabindex="0" role="region" aria-label=(visit.pick("业务清单", "List of entries")) {
                table .plain-table {
                    thead { tr {
                        th scope="col" { (visit.pick("号", "No.")) } th scope="col" { (visit.pick("时间", "Time")) }
                        th scope="col" { (visit.pick("业务", "What")) } th scope="col" { (visit.pick("患者", "Patient")) }
                        th scope="col" { (visit.pick("经办人", "Operator")) }
                        th scope="col" .right { (visit.pick("总额", "Total")) }
                        th scope="col" .right { (visit.pick("个人负担", "Patient")) }
                        th scope="col" .right { (visit.pick("现金", "Cash")) }
                    } }
                    tbody {
                        @for done in &day.done {
                            tr {
                                td { a href={ "/counter/sheet/" (done.settlement.number) } { (done.number) } }
                                td { (head::instant(&done.recorded_at).get(11..).unwrap_or_default()) }
                                td { (what(visit, done)) }
                                td { (patient(service, visit, done)) }
                                td { (done.by().operator) }
                                td .right { (done.amount(|one| &one.total)) }
                                td .right { (done.amount(|one| &one.patient_pay)) }
                                td .right { (done.cash()) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn what(visit: &Visit, done: &Done) -> String {
    let number = done.settlement.number;
    match (&done.reversal, done.settlement.reversed_by) {
        (Some(_), _) => format!("{} {number}", visit.pick("撤销", "reverses")),
        (None, 0) => visit.pick("结算", "settles").to_owned(),
        (None, by) => format!("{} {by}", visit.pick("结算（已撤销）", "settled, reversed by")),
    }
}

fn patient(service: &Service, visit: &Visit, done: &Done) -> String {
    let request = done.settlement.request.as_ref();
    let admission = request.and_then(|request| request.admission.as_ref());
    let id = admission.map(|admission| admission.person.clone()).unwrap_or_default();
    let asked = proto::GetPersonRequest { id: id.clone(), ..Default::default() };
    let person = service.get_person(&asked).unwrap_or_default();
    match person.name.as_str() {
        "" => masked(&id),
        _ => crate::pages::counter::patient::name(visit, &person),
    }
}

/// The same as a table for a spreadsheet.
pub(super) async fn csv(
    State(service): State<Arc<Service>>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(window) = at_window(&visit) else {
        return Redirect::to("/counter/window").into_response();
    };
    let asked = asked(query);
    match rows(&service, &visit, window, &asked).await {
        Ok(text) => {
            let name = format!("attachment; filename=\"window-{}.csv\"", asked.day);
            let headers = [
                (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
                (header::CONTENT_DISPOSITION, name),
            ];
            (headers, text).into_response()
        }
        Err(why) => layout::failed(&visit, &why),
    }
}

async fn rows(
    service: &Service,
    visit: &Visit,
    window: &Window,
    asked: &Asked,
) -> Result<String, Failure> {
    let day = WindowDay::read(service, window, asked.day, asked.all)?;
    day.seen(service, visit, FILE).await?;
    let heads = [
        visit.pick("号", "number"),
        visit.pick("时间", "time"),
        visit.pick("业务", "what"),
        visit.pick("结算号", "settlement"),
        visit.pick("就诊号", "admission"),
        visit.pick("患者", "patient"),
        visit.pick("窗口", "window"),
        visit.pick("经办人", "operator"),
        visit.pick("总额", "total"),
        visit.pick("个人负担", "patient pays"),
        visit.pick("个人账户支付", "account"),
        visit.pick("已交押金", "deposit"),
        visit.pick("应收现金", "cash due"),
        visit.pick("应退现金", "refund"),
    ];
    // Spreadsheets know by the mark that it is UTF-8.
    let mut text = format!("\u{feff}{}", spreadsheet::row(&heads.map(str::to_owned)));
    for done in &day.done {
        let request = done.settlement.request.as_ref();
        let admission = request.and_then(|request| request.admission.as_ref());
        let admission = admission.map_or("", |admission| admission.id.as_str());
        let by = done.by();
        text.push_str(&spreadsheet::row(&[
            done.number.to_string(),
            head::instant(&done.recorded_at),
            what(visit, done),
            done.settlement.number.to_string(),
            spreadsheet::words(admission),
            spreadsheet::words(&patient(service, visit, done)),
            spreadsheet::words(&by.terminal),
            spreadsheet::words(&by.operator),
            done.amount(|one| &one.total).to_string(),
            done.amount(|one| &one.patient_pay).to_string(),
            done.amount(|one| &one.account_pay).to_string(),
            done.amount(|one| &one.deposit).to_string(),
            done.amount(|one| &one.cash_due).to_string(),
            done.amount(|one| &one.refund).to_string(),
        ]));
    }
    Ok(text)
}
