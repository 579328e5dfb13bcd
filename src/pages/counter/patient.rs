//! The patient at the window: found by number or scanned code, who the policy takes the patient for, and the year so far.

use crate::id::masked;
use crate::money::Money;
use crate::pages::chart::Bar;
use crate::pages::counter::COUNTER;
use crate::pages::counter::at_window;
use crate::pages::counter::bill_form::BillForm;
use crate::pages::counter::bill_form::Purpose;
use crate::pages::counter::day::WindowDay;
use crate::pages::counter::draft::Draft;
use crate::pages::counter::draft::Errors;
use crate::pages::counter::draft::begun;
use crate::pages::counter::draft::half_width;
use crate::pages::counter::his_visit;
use crate::pages::counter::today;
use crate::pages::fields::Fields;
use crate::pages::layout;
use crate::pages::layout::Input;
use crate::pages::layout::Page;
use crate::pages::layout::Switch;
use crate::pages::layout::Tone;
use crate::pages::layout::failure;
use crate::pages::layout::message;
use crate::pages::visit::Visit;
use crate::proto;
use crate::proto::step_result::Basis;
use crate::service;
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

/// Most patients that a search shows.
const FOUND_MAX: usize = 20;

/// The first page of the window, and what a search found.
pub(super) async fn find(
    State(service): State<Arc<Service>>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(window) = at_window(&visit) else {
        return Redirect::to("/counter/window").into_response();
    };
    let fields = Fields::parse(&query.unwrap_or_default()).unwrap_or_default();
    let wanted = half_width(fields.get("find"));
    let found =
        if wanted.is_empty() { Ok(Vec::new()) } else { service.find_persons(&wanted, FOUND_MAX) };
    let persons = match seen(&service, &visit, found).await {
        Ok(persons) => persons,
        Err(why) => {
            let said = message(Tone::Bad, &failure(&visit, &why));
            return find_page(&visit, StatusCode::SERVICE_UNAVAILABLE, &wanted, &said);
        }
    };
    match persons.as_slice() {
        [] if wanted.is_empty() => {
            let today = WindowDay::read(&service, window, service::now().day(), false);
            let told = today.map_or_else(
                |why| message(Tone::Bad, &failure(&visit, &why)),
                |today| today::told(&visit, &today.undone_by_others),
            );
            find_page(&visit, StatusCode::OK, "", &told)
        }
        [] => {
            let said = html! {
                p { strong { (visit.pick("没有找到这位患者。", "No such patient.")) } }
                p { (visit.pick(
                    "请核对人员编号、证件号码或姓名；新参保人员须先导入人员登记。",
                    "Check the person number, the document's number or the name. New persons must be in the register first.",
                )) }
            };
            find_page(&visit, StatusCode::NOT_FOUND, &wanted, &message(Tone::Bad, &said))
        }
        [person] => {
            let query = serde_urlencoded::to_string([("person", &person.id)]).unwrap_or_default();
            Redirect::to(&format!("/counter/patient?{query}")).into_response()
        }
        several => find_page(&visit, StatusCode::OK, &wanted, &choices(&visit, several)),
    }
}

/// Records that the persons whom a search found are looked at. One alone is recorded where the page leads.
async fn seen(
    service: &Service,
    visit: &Visit,
    found: Result<Vec<proto::Person>, Failure>,
) -> Result<Vec<proto::Person>, Failure> {
    let persons = found?;
    if 1 < persons.len() {
        let ids = persons.iter().map(|person| person.id.clone()).collect();
        service.looked(&visit.onlooker(), "GET /counter", ids).await?;
    }
    Ok(persons)
}

fn choices(visit: &Visit, persons: &[proto::Person]) -> Markup {
    html! {
        h2 { (visit.pick("是哪一位？", "Which of them?")) }
        ul .choices {
            @for person in persons {
                @let query = serde_urlencoded::to_string([("person", &person.id)]).unwrap_or_default();
                li { a href={ "/counter/patient?" (query) } {
                    strong { (name(visit, person)) } " "
                    (visit.pick("出生 ", "born ")) (person.birth) " · " (masked(&person.id))
                    " · " (visit.pick("证件 ", "document ")) (masked(&person.certificate_no))
                } }
            }
        }
        @if FOUND_MAX <= persons.len() {
            p .hint { (visit.pick("只列出前 20 位，请输入更完整的姓名或号码。", "Only the first 20 are shown; enter more of the name or number.")) }
        }
    }
}

fn find_page(visit: &Visit, status: StatusCode, wanted: &str, below: &Markup) -> Response {
    let title = visit.pick("找患者", "Find the patient");
    let page = Page { visit, area: &COUNTER, tab: "/counter", title, switch: Switch::Again };
    page.answer(status, &html! {
        form .find role="search" method="get" action="/counter" {
            (Input {
                name: "find", kind: "search", value: wanted, focus: true, required: true,
                label: visit.pick("人员编号、证件号码或姓名", "Person number, document number or name"),
                hint: visit.pick("可扫码或刷卡，读卡器输入后自动查找", "Scan a code or a card; the reader's Enter begins the search"),
                ..Input::default()
            }.markup())
            button .primary type="submit" { (visit.pick("查找", "Find")) }
        }
        (below)
    })
}

/// A patient with a form that is not filled in yet.
pub(super) async fn show(
    State(service): State<Arc<Service>>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Response {
    if at_window(&visit).is_none() {
        return Redirect::to("/counter/window").into_response();
    }
    let fields = Fields::parse(&query.unwrap_or_default()).unwrap_or_default();
    let person = fields.get("person");
    let asked = proto::GetPersonRequest { id: person.to_owned(), ..Default::default() };
    if let Ok(found) = service.get_person(&asked)
        && let Err(why) =
            service.looked(&visit.onlooker(), "GET /counter/patient", vec![found.id]).await
    {
        return layout::failed(&visit, &why);
    }
    let draft = begun(&visit, person);
    page(&service, &visit, (&draft, &Errors::default()), &html! {})
}

/// The same form again, filled in as it was sent: with more lines to type, or to change what was quoted.
pub(super) async fn again(
    State(service): State<Arc<Service>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let mut draft = Draft::read(&fields);
    draft.more_rows(&fields);
    page(&service, &visit, (&draft, &Errors::default()), &html! {})
}

/// The patient, and the form of the bill with what is wrong in it.
pub(super) fn page(
    service: &Service,
    visit: &Visit,
    (draft, errors): (&Draft, &Errors),
    above: &Markup,
) -> Response {
    let request =
        proto::GetPersonRequest { id: draft.get("person").to_owned(), ..Default::default() };
    let person = match service.get_person(&request) {
        Ok(person) => person,
        Err(why) => {
            let said = message(Tone::Bad, &failure(visit, &why));
            return find_page(visit, StatusCode::NOT_FOUND, "", &said);
        }
    };
    let title = name(visit, &person);
    let switch = if visit.address.starts_with("/counter/patient") {
        Switch::Again
    } else {
        Switch::Form("bill", "/counter/bill")
    };
    let page = Page { visit, area: &COUNTER, tab: "/counter", title: &title, switch };
    let form = BillForm { visit, draft, errors, purpose: Purpose::Settle };
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page.answer(status, &html! {
        (above)
        @if !errors.is_empty() {
            (message(Tone::Bad, &html! { p { strong { (visit.pick("请改正标出的各处，尚未办理。", "Correct what is marked; nothing was done.")) } } }))
        }
        div .two {
            aside aria-label=(visit.pick("患者", "Patient")) { (card(visit, &person)) (standing(service, visit, draft)) }
            div { (his_visit::open(service, visit, &person.id)) (form.markup()) }
        }
    })
}

/// A person's name, or what stands in for it.
pub(super) fn name(visit: &Visit, person: &proto::Person) -> String {
    match person.name.as_str() {
        "" => visit.pick("（未登记姓名）", "(no name on record)").to_owned(),
        name => name.to_owned(),
    }
}

/// A person's name of which the first sign alone is shown.
pub(super) fn masked_name(visit: &Visit, person: &proto::Person) -> String {
    let name = name(visit, person);
    let (first, rest) = (name.chars().take(1), name.chars().skip(1));
    first.chain(rest.map(|_| '*')).collect()
}

fn card(visit: &Visit, person: &proto::Person) -> Markup {
    let rows = [
        (visit.pick("人员编号", "Person number"), masked(&person.id)),
        (visit.pick("证件号码", "Document"), masked(&person.certificate_no)),
        (visit.pick("出生日期", "Born"), person.birth.clone()),
    ];
    facts(&rows)
}

/// Names and values.
pub(super) fn facts(rows: &[(&str, String)]) -> Markup {
    html! {
        dl .facts {
            @for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
                div { dt { (name) } dd { (value) } }
            }
        }
    }
}

/// Who the policy takes the patient for here and today, and what the year has.
fn standing(service: &Service, visit: &Visit, draft: &Draft) -> Markup {
    let asked = draft.get("discharged_on");
    let request = proto::EligibilityRequest {
        person: draft.get("person").to_owned(),
        facility: draft.get("facility").to_owned(),
        asked: asked.to_owned(),
        med_type: draft.get("med_type").to_owned(),
        referral: draft.get("referral").to_owned(),
        diagnoses: Vec::new(),
    };
    let (reply, empty) = match service
        .eligibility(&request)
        .and_then(|reply| Ok((reply, nothing_billed(service, &request)?)))
    {
        Ok(both) => both,
        Err(why) => return html! { (message(Tone::Note, &failure(visit, &why))) },
    };
    let lang = visit.lang;
    let facts_of = reply.facts.unwrap_or_default();
    let identities: Vec<&str> = facts_of
        .identities
        .iter()
        .map(|one| words::title(one.title.as_ref(), &one.key, lang))
        .collect();
    let pack = reply.pack.as_ref().map(|pack| head::pack_name(pack, lang)).unwrap_or_default();
    let year = reply.accumulators.unwrap_or_default();
    html! {
        p .identities {
            @if identities.is_empty() { span .tag { (visit.pick("无特殊身份", "No identity")) } }
            @for one in &identities { span .tag.held { (one) } }
        }
        @if reply.deposit_exempt {
            p .deposit.exempt { strong { (visit.pick("不得收取押金", "No deposit may be asked")) }
                (words::source(reply.deposit_source.as_ref(), lang)) }
        } @else {
            p .deposit { (visit.pick("可以收取押金", "A deposit may be asked")) }
        }
        h2 { (reply.benefit_year) (visit.pick(" 年度累计", ": the year so far")) }
        (facts(&[
            (visit.pick("住院次数", "Admissions"), year.admissions.to_string()),
            (visit.pick("费用总额", "Total"), words::yuan(figures::or_zero(&year.total), lang)),
            (visit.pick("个人负担", "Patient paid"), words::yuan(figures::or_zero(&year.patient_pay), lang)),
        ]))
        (bars(visit, &empty))
        h2 { (visit.pick("政策", "Policy")) }
        (facts(&[
            (visit.pick("规则包", "Rule pack"), pack),
            (visit.pick("险种", "Insurance"), words::insutype(&facts_of.insutype, lang)),
            (visit.pick("参保地", "Insured in"), facts_of.place),
            (visit.pick("就医地", "This facility"), words::locality(&facts_of.locality, lang).to_owned()),
        ]))
    }
}

/// A statement of no cost at all: it says which deductibles and caps there are, and what the year has of each.
fn nothing_billed(
    service: &Service,
    request: &proto::EligibilityRequest,
) -> Result<proto::Statement, Failure> {
    let admission = proto::Admission {
        person: request.person.clone(),
        facility: request.facility.clone(),
        med_type: request.med_type.clone(),
        referral: request.referral.clone(),
        ..proto::Admission::default()
    };
    let totals = proto::Totals { parts: Some(proto::Parts::default()), ..proto::Totals::default() };
    let bill =
        proto::Bill { total: "0".to_owned(), totals: Some(totals), ..proto::Bill::default() };
    service.quote(&proto::QuoteRequest {
        admission: Some(admission),
        bill: Some(bill),
        asked: request.asked.clone(),
        ..proto::QuoteRequest::default()
    })
}

/// For each step that concerns the patient: how much of its deductible is met, and how much of each cap is used.
fn bars(visit: &Visit, statement: &proto::Statement) -> Markup {
    let lang = visit.lang;
    html! {
        @for step in statement.steps.iter().filter(|step| step.ran) {
            @let title = words::title(step.title.as_ref(), &step.id, lang);
            div .year-step {
                h3 { (title) }
                @if let Some(Basis::Share(trace)) = &step.basis { (deductible(visit, step, trace)) }
                @if let Some(Basis::Floor(trace)) = &step.basis { (guarantee(visit, trace)) }
                @if let Some(cap) = &step.cap {
                    @if !cap.year.is_empty() {
                        (measure(visit, (visit.pick("年度限额已用", "Year's cap used"), "cap"), (&cap.paid_before, &cap.year), cap.source.as_ref()))
                    }
                    @if !cap.admission.is_empty() {
                        p .small { (visit.pick("单次限额 ", "Cap for one admission ")) (words::yuan(&cap.admission, lang)) (words::source(cap.source.as_ref(), lang)) }
                    }
                }
            }
        }
    }
}

fn deductible(visit: &Visit, step: &proto::StepResult, trace: &proto::ShareTrace) -> Markup {
    let lang = visit.lang;
    html! {
        @if figures::is_zero(&trace.adjusted) {
            p .small { (visit.pick("没有起付线", "No deductible")) }
        } @else if step.period == "year" {
            @let met = least(&trace.eligible_before, &trace.adjusted);
            (measure(visit, (visit.pick("起付线已抵", "Deductible met"), "met"), (&met, &trace.adjusted), trace.nominal_source.as_ref()))
        } @else {
            p .small { (visit.pick("本次起付线 ", "Deductible of this admission ")) (words::yuan(&trace.adjusted, lang))
                (words::source(trace.nominal_source.as_ref(), lang)) }
        }
    }
}

fn guarantee(visit: &Visit, trace: &proto::FloorTrace) -> Markup {
    let lang = visit.lang;
    html! {
        @if !trace.ratio.is_empty() {
            p .small { (visit.pick("保证至少支付 ", "Guaranteed at least ")) (figures::percent(&trace.ratio)) (words::source(trace.source.as_ref(), lang)) }
        }
        @if !trace.patient_at_most.is_empty() {
            p .small { (visit.pick("个人至多负担 ", "Patient at most ")) (words::yuan(&trace.patient_at_most, lang)) (words::source(trace.source.as_ref(), lang)) }
        }
    }
}

/// One bar: what is used of what there is, and what is left.
fn measure(
    visit: &Visit,
    (label, class): (&str, &'static str),
    (used, whole): (&str, &str),
    source: Option<&proto::Source>,
) -> Markup {
    let lang = visit.lang;
    let left = figures::derived(figures::less(whole, used));
    let amount = |text: &str| Money::parse_sum(figures::or_zero(text)).unwrap_or_default();
    html! {
        p .small { (label) " " strong { (figures::amount(figures::or_zero(used))) } " / " (words::yuan(whole, lang))
            (visit.pick("，尚余 ", ", left ")) (left) (words::source(source, lang)) }
        (Bar::filled(amount(used), amount(whole), class).markup())
    }
}

/// The lesser of two amounts.
fn least(one: &str, other: &str) -> String {
    let read = |text: &str| Money::parse_sum(figures::or_zero(text)).ok();
    match (read(one), read(other)) {
        (Some(one), Some(other)) => one.min(other).to_string(),
        _ => one.to_owned(),
    }
}
