//! The quote on screen (预结算): what the patient pays, the picture with its reasons, and the button that settles.

use crate::pages::counter::COUNTER;
use crate::pages::counter::at_window;
use crate::pages::counter::bill_form::hidden;
use crate::pages::counter::draft::Draft;
use crate::pages::counter::draft::Errors;
use crate::pages::counter::patient;
use crate::pages::counter::waterfall;
use crate::pages::fields::Fields;
use crate::pages::layout::Page;
use crate::pages::layout::Switch;
use crate::pages::layout::Tone;
use crate::pages::layout::failure;
use crate::pages::layout::message;
use crate::pages::layout::token;
use crate::pages::visit;
use crate::pages::visit::Visit;
use crate::proto;
use crate::service;
use crate::service::Failure;
use crate::service::Service;
use crate::sheet::bill;
use crate::sheet::figures;
use crate::sheet::head;
use crate::sheet::words;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use maud::Markup;
use maud::html;

use std::sync::Arc;

/// Lines of a bill that a page shows; all of them are on the settlement's sheet, page by page.
pub(super) const LINES_SHOWN: usize = 100;

/// Quotes what the form says, or shows it again with what is wrong.
pub(super) async fn quote(
    State(service): State<Arc<Service>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    if at_window(&visit).is_none() {
        return Redirect::to("/counter/window").into_response();
    }
    let mut draft = Draft::read(&fields);
    if draft.get("admission").is_empty() {
        draft.set("admission", numbered());
    }
    page(&service, &visit, &draft, &html! {})
}

/// An admission number for a facility whose admissions have none.
fn numbered() -> String {
    let day = service::now().day().to_string().replace('-', "");
    let random = visit::random().unwrap_or_default();
    format!("W{day}-{}", random.get(..10).unwrap_or_default())
}

/// The quote as it stands now, under a message.
pub(super) fn page(service: &Service, visit: &Visit, draft: &Draft, above: &Markup) -> Response {
    let request = match draft.quote(visit) {
        Ok(request) => request,
        Err(errors) => return patient::page(service, visit, (draft, &errors), above),
    };
    let statement = match service.quote(&request) {
        Ok(statement) => statement,
        Err(why) => return refused(service, visit, draft, &why),
    };
    let quoted = Quoted {
        person: draft.get("person"),
        admission: draft.get("admission"),
        statement: &statement,
        carried: hidden(draft),
        again: "/counter/quote",
        back: Some("/counter/bill"),
    };
    quoted.page(service, visit, above)
}

/// A quote that can be settled.
#[derive(Debug)]
pub(super) struct Quoted<'a> {
    pub(super) person: &'a str,
    pub(super) admission: &'a str,
    pub(super) statement: &'a proto::Statement,
    /// The fields that were quoted, for the form that settles.
    pub(super) carried: Markup,
    /// Where the same form quotes again.
    pub(super) again: &'static str,
    /// Where it is changed, if it can be.
    pub(super) back: Option<&'static str>,
}

impl Quoted<'_> {
    /// The page, under a message.
    pub(super) fn page(&self, service: &Service, visit: &Visit, above: &Markup) -> Response {
        let person = proto::GetPersonRequest { id: self.person.to_owned(), ..Default::default() };
        let person = service.get_person(&person).unwrap_or_default();
        let title = patient::name(visit, &person);
        let switch = Switch::Form("settle", self.again);
        let page = Page { visit, area: &COUNTER, tab: "/counter", title: &title, switch };
        page.ok(&html! {
            (above)
            div .two {
                aside aria-label=(visit.pick("结果", "Result")) {
                    (result(visit, self.statement))
                    (self.confirm(visit))
                }
                section aria-label=(visit.pick("试算", "Quote")) { (body(visit, self.statement)) }
            }
        })
    }

    /// The form that settles. Its request id is new with every quote, and the same however often it is sent.
    fn confirm(&self, visit: &Visit) -> Markup {
        let request_id = visit::random().unwrap_or_default();
        html! {
            form #settle .settle method="post" action="/counter/settle" data-outcome={ "/counter/outcome?request=" (request_id) } {
                (token(visit))
                (self.carried)
                input type="hidden" name="request" value=(request_id);
                input type="hidden" name="expected_patient_pay" value=(self.statement.patient_pay);
                input type="hidden" name="expected_version" value=(self.statement.version);
                button .primary.confirm type="submit" { (visit.pick("确认结算", "Settle")) }
                @if let Some(back) = self.back {
                    button .plain type="submit" formaction=(back) { (visit.pick("返回修改", "Change the bill")) }
                }
                p .small { (visit.pick("就诊号 ", "Admission ")) (self.admission) }
                p .small { a href={ "/counter/outcome?request=" (request_id) } {
                    (visit.pick("连接中断过？查询是否已结算", "Connection lost? Ask whether it was settled"))
                } }
            }
            div #settle-state role="status" aria-live="assertive"
                data-asking=(visit.pick("连接中断，正在查询是否已经结算……", "The connection was lost. Asking whether it was settled…"))
                data-not=(visit.pick("没有结算。连接已恢复，可以再次确认；不会重复结算。", "It was not settled. The connection is back: press the button again; it cannot settle twice."))
                data-done=(visit.pick("已经结算，正在打开结算单。", "It was settled. Opening the sheet."))
                data-unknown=(visit.pick("仍无法连接。暂不能确定是否已结算，恢复后自动查询，请勿收款。", "Still no connection: not known yet whether it was settled. It is asked again by itself; take no money yet.")) {}
        }
    }
}

/// What was refused, beside its field where it has one.
pub(super) fn refused(service: &Service, visit: &Visit, draft: &Draft, why: &Failure) -> Response {
    let mut errors = Errors::default();
    let rest = match why {
        Failure::Refusal(refusal) => draft.place(refusal, visit.lang, &mut errors).is_some(),
        Failure::Fault(_) => true,
    };
    let above = if rest {
        message(Tone::Bad, &failure(visit, why))
    } else {
        html! {}
    };
    patient::page(service, visit, (draft, &errors), &above)
}

/// The amounts that are said at the window.
pub(super) fn result(visit: &Visit, statement: &proto::Statement) -> Markup {
    let lang = visit.lang;
    let refund = !figures::is_zero(&statement.refund);
    html! {
        // Focused, so that the next stop of the keyboard is the button below; not the button itself, lest an Enter that
        // is pressed too long settles.
        p .big tabindex="-1" autofocus {
            span { (visit.pick("个人负担", "The patient pays")) }
            strong { (figures::amount(&statement.patient_pay)) " " small { (visit.pick("元", "yuan")) } }
        }
        @if refund {
            p .big.second { span { (visit.pick("应退现金", "Refund")) } strong { (figures::amount(&statement.refund)) } }
        } @else {
            p .big.second { span { (visit.pick("应收现金", "Cash due")) } strong { (figures::amount(&statement.cash_due)) } }
        }
        table .sums {
            caption .hidden { (visit.pick("各方支付", "Who pays")) }
            tbody {
                (sum(visit.pick("费用总额", "Total"), &statement.total))
                @for one in statement.by_payer.iter().filter(|one| one.payer != "facility" && !figures::is_zero(&one.amount)) {
                    (sum(words::payer(&one.payer, lang), &one.amount))
                }
                @if !figures::is_zero(&statement.facility_borne) {
                    (sum(visit.pick("医院负担", "The facility bears"), &statement.facility_borne))
                }
                @if !figures::is_zero(&statement.account_pay) {
                    (sum(visit.pick("个人账户支付", "From the account"), &statement.account_pay))
                }
                @if !figures::is_zero(&statement.deposit) {
                    (sum(visit.pick("已交押金", "Deposit paid"), &statement.deposit))
                }
            }
        }
    }
}

fn sum(label: &str, amount: &str) -> Markup {
    html! { tr { th scope="row" { (label) } td { (figures::amount(amount)) } } }
}

/// What quote and settlement show alike: warnings, picture, lines and facts.
pub(super) fn body(visit: &Visit, statement: &proto::Statement) -> Markup {
    let lang = visit.lang;
    let (checks, warnings) =
        (bill::check_sentences(statement, lang), bill::warning_sentences(statement, lang));
    let parts = statement.parts.clone().unwrap_or_default();
    html! {
        @if !warnings.is_empty() {
            (message(Tone::Note, &html! {
                @for one in warnings.iter().take(5) { p { (one) } }
                @if 5 < warnings.len() {
                    details { summary { (visit.pick("全部提示：", "All warnings: ")) (warnings.len()) }
                        @for one in warnings.iter().skip(5).take(LINES_SHOWN) { p { (one) } } }
                }
            }))
        }
        @if head::uses_assumed(statement) {
            p .assumed-note { span .assumed { (words::assumed_mark(lang).trim()) } " "
                (visit.pick("用到没有正式文件依据的数值，凡用到处均有此标记。", "Rests on numbers that nothing official says; each is marked so.")) }
        }
        (waterfall::picture(visit, statement))
        @for one in &checks { p .small { (one) } }
        details .more {
            summary { (visit.pick("费用构成与政策认定", "Parts of the bill, and what policy looked at")) }
            (patient::facts(&words::parts(&parts).map(|(name, amount)| (words::part(name, lang), figures::amount(figures::or_zero(amount))))))
            @if let Some(facts) = &statement.facts { (patient::facts(&head::pairs(facts, statement.benefit_year, lang))) }
            @if let Some(pack) = &statement.pack { p .small { (head::pack_name(pack, lang)) } }
        }
        @if !statement.lines.is_empty() {
            details .more {
                summary { (visit.pick("费用明细：", "Lines: ")) (statement.lines.len()) }
                (lines(visit, statement.lines.iter().take(LINES_SHOWN)))
                @if LINES_SHOWN < statement.lines.len() {
                    p .small { (visit.pick("只显示前 100 行；全部明细见结算单。", "Only the first 100; all of them are on the sheet.")) }
                }
            }
        }
    }
}

/// Lines of a bill: where each fell, and why.
pub(super) fn lines<'s>(
    visit: &Visit,
    lines: impl Iterator<Item = &'s proto::LineResult>,
) -> Markup {
    let lang = visit.lang;
    let shown = |amount: &str| {
        if figures::is_zero(amount) { String::new() } else { figures::amount(amount) }
    };
    html! {
        div .scroll tabindex="0" role="region" aria-label=(visit.pick("费用明细", "Lines of the bill")) {
            table .lines {
                thead { tr {
                    th scope="col" { (visit.pick("序号", "Line")) } th scope="col" { (visit.pick("金额", "Amount")) }
                    @for part in ["in_scope", "copay_first", "over_limit", "own_expense", "facility_borne"] {
                        th scope="col" { (words::part(part, lang)) }
                    }
                    th scope="col" { (visit.pick("归类", "Why")) }
                } }
                tbody {
                    @for line in lines {
                        @let parts = line.parts.clone().unwrap_or_default();
                        tr {
                            th scope="row" { (line.id) }
                            td { (figures::amount(&line.amount)) }
                            @for (_, amount) in words::parts(&parts) { td { (shown(amount)) } }
                            td .why { (bill::reason(line, lang)) @if let Some(note) = bill::note(line, lang) { " · " (note) } }
                        }
                    }
                }
            }
        }
    }
}
