//! An admission and its bill as a clerk fills them in: what stands in each field, whether right or wrong.

use crate::bill::Bill;
use crate::bill::Charges;
use crate::calendar::Day;
use crate::id::is_id;
use crate::money::Money;
use crate::pages::fields::Fields;
use crate::pages::spreadsheet::quoted;
use crate::pages::visit::Visit;
use crate::proto;
use crate::refusal::Lang;
use crate::refusal::Refusal;
use crate::service;
use crate::table;
use crate::table::Complaints;
use crate::wire::to_proto;

use std::collections::BTreeMap;

/// Fields with one value each, which a quote hands on to its settlement as they are.
pub(super) const PLAIN: [&str; 22] = [
    "person",
    "facility",
    "admission",
    "admitted_on",
    "discharged_on",
    "med_type",
    "referral",
    "diagnoses",
    "episode",
    "kind",
    "noncompliant",
    "total",
    "in_scope",
    "copay_first",
    "over_limit",
    "own_expense",
    "facility_borne",
    "drugs",
    "class_c_drugs",
    "account_pay",
    "deposit",
    "table",
];
/// Amounts, of which each may be left out.
const AMOUNTS: [&str; 10] = [
    "total",
    "in_scope",
    "copay_first",
    "over_limit",
    "own_expense",
    "facility_borne",
    "drugs",
    "class_c_drugs",
    "account_pay",
    "deposit",
];
/// The columns of lines that are typed.
pub(super) const COLUMNS: [&str; 5] = ["code", "category", "quantity", "price", "amount"];

/// How many empty lines are added at once.
const ROWS_MORE: usize = 10;

/// What stands in the form.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    values: BTreeMap<&'static str, String>,
    /// Lines that are typed, in the order of [`COLUMNS`].
    pub(super) typed: Vec<[String; 5]>,
}

/// What is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Errors {
    /// By field.
    pub(super) fields: BTreeMap<&'static str, String>,
    /// Of the lines.
    pub(super) lines: Complaints,
}

impl Errors {
    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.lines.count == 0
    }

    /// What is wrong with a field; empty if nothing.
    pub(super) fn of(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// What is wrong with a column of a typed line.
    pub(super) fn of_cell(&self, line: usize, column: &str, lang: Lang) -> Option<String> {
        let row = u64::try_from(line).unwrap_or(u64::MAX).saturating_add(2);
        let complaint = self.lines.shown.iter().find(|one| one.row == row && one.column == column);
        complaint.map(|one| match lang {
            Lang::Zh => one.chinese.clone(),
            Lang::En => one.english.clone(),
        })
    }
}

impl Draft {
    /// What a form brought. Numbers and codes that were typed in full width are read as if in half width.
    pub(super) fn read(fields: &Fields) -> Draft {
        let mut draft = Draft::default();
        for name in PLAIN {
            let value = fields.get(name);
            let value = match name {
                "table" => value.to_owned(),
                "admitted_on" | "discharged_on" => dashed(half_width(value)),
                _ => half_width(value),
            };
            draft.values.insert(name, value);
        }
        if let Some(file) = fields.file("file") {
            draft.values.insert("table", decoded(file));
        }
        let mut columns = COLUMNS.map(|name| fields.all(name).map(half_width));
        loop {
            let row = columns.each_mut().map(Iterator::next);
            if row.iter().all(Option::is_none) {
                break;
            }
            draft.typed.push(row.map(Option::unwrap_or_default));
        }
        draft
    }

    /// Adds empty lines to type in, where the form asks for them.
    pub(super) fn more_rows(&mut self, fields: &Fields) {
        if fields.get("more") == "yes" {
            let rows = self.typed.len() + ROWS_MORE;
            self.typed.resize(rows, <[String; 5]>::default());
        }
    }

    /// What stands in a field.
    pub(super) fn get(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// Fills a field.
    pub(super) fn set(&mut self, name: &'static str, value: String) {
        self.values.insert(name, value);
    }

    /// Whether the bill is given as totals.
    pub(super) fn is_totals(&self) -> bool {
        self.get("kind") == "totals"
    }

    /// The typed lines that are not empty.
    pub(super) fn typed(&self) -> impl Iterator<Item = &[String; 5]> {
        let is_filled = |row: &&[String; 5]| {
            row.iter().enumerate().any(|(index, cell)| index != 1 && !cell.is_empty())
        };
        self.typed.iter().filter(is_filled)
    }

    /// The quote that it asks for, or all that is wrong with it.
    pub(super) fn quote(&self, visit: &Visit) -> Result<proto::QuoteRequest, Errors> {
        let mut errors = Errors::default();
        for name in AMOUNTS {
            let text = self.get(name);
            if let (false, Err(why)) = (text.is_empty(), Money::parse(text)) {
                let zh = format!("{}；应为元，至多两位小数，如 12.50", why.zh());
                let en = format!("{why}; write yuan with at most two decimals, such as 12.50");
                errors.fields.insert(name, visit.pick(&zh, &en).to_owned());
            }
        }
        for name in ["admitted_on", "discharged_on"] {
            if Day::parse(self.get(name)).is_none() {
                let said = visit.pick("应为日期，如 2018-03-08", "A day, such as 2018-03-08");
                errors.fields.insert(name, said.to_owned());
            }
        }
        if !is_id(self.get("admission")) && !self.get("admission").is_empty() {
            let said = visit.pick("至多 100 个字", "At most 100 signs");
            errors.fields.insert("admission", said.to_owned());
        }
        if !visit.may(QUOTE, self.get("facility")) {
            let said = visit
                .pick("本窗口只能办理本机构的业务", "This window is for its own facility alone");
            errors.fields.insert("facility", said.to_owned());
        }
        let bill = self.bill(visit, &mut errors);
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(proto::QuoteRequest {
            admission: Some(self.admission()),
            bill: Some(bill),
            account_pay: self.get("account_pay").to_owned(),
            deposit: self.get("deposit").to_owned(),
            ..proto::QuoteRequest::default()
        })
    }

    fn admission(&self) -> proto::Admission {
        let text = |name| self.get(name).to_owned();
        let is_between = |sign: char| sign.is_whitespace() || matches!(sign, ',' | ';' | '、');
        let diagnoses = self.get("diagnoses").split(is_between).filter(|one| !one.is_empty());
        proto::Admission {
            id: text("admission"),
            person: text("person"),
            facility: text("facility"),
            admitted_on: text("admitted_on"),
            discharged_on: text("discharged_on"),
            med_type: text("med_type"),
            referral: text("referral"),
            diagnoses: diagnoses.map(str::to_owned).collect(),
            episode: text("episode"),
            work_injury: false,
        }
    }

    fn bill(&self, visit: &Visit, errors: &mut Errors) -> proto::Bill {
        let (total, noncompliant) =
            (self.get("total").to_owned(), self.get("noncompliant") == "yes");
        let text = |name| self.get(name).to_owned();
        if self.is_totals() {
            if total.is_empty() {
                let said = visit.pick("请填写费用总额", "Fill in the total");
                errors.fields.insert("total", said.to_owned());
            }
            let parts = proto::Parts {
                in_scope: text("in_scope"),
                copay_first: text("copay_first"),
                over_limit: text("over_limit"),
                own_expense: text("own_expense"),
                facility_borne: text("facility_borne"),
            };
            let totals = proto::Totals {
                parts: Some(parts),
                drugs: text("drugs"),
                class_c_drugs: text("class_c_drugs"),
            };
            return proto::Bill { total, noncompliant, lines: Vec::new(), totals: Some(totals) };
        }
        let table = if self.get("table").is_empty() { self.typed_table() } else { text("table") };
        match table::bill_lines(table.as_bytes()) {
            Ok(lines) if lines.is_empty() => {
                let said = visit.pick(
                    "账单没有明细：请逐行填写或上传 CSV，也可改填合计",
                    "The bill has no lines: type them, upload a CSV, or give totals instead",
                );
                errors.fields.insert("kind", said.to_owned());
                proto::Bill::default()
            }
            Ok(lines) => {
                let charges = Charges::Lines(lines);
                to_proto::bill(&Bill { total: None, noncompliant, charges })
            }
            Err(complaints) => {
                errors.lines = complaints;
                proto::Bill::default()
            }
        }
    }

    /// The typed lines as a table, so that they are read as an uploaded one is. A line that is not filled in is a blank row.
    fn typed_table(&self) -> String {
        let mut table = format!("{}\n", COLUMNS.join(","));
        for row in &self.typed {
            let is_empty = self.typed().all(|filled| !std::ptr::eq(filled, row));
            let cells = row.each_ref().map(|cell| {
                let cell = if is_empty { "" } else { cell };
                quoted(cell)
            });
            table.push_str(&cells.join(","));
            table.push('\n');
        }
        table
    }

    /// Puts a refusal beside the field that it is about; gives it back where it is about none.
    pub(super) fn place<'r>(
        &self,
        refusal: &'r Refusal,
        lang: Lang,
        errors: &mut Errors,
    ) -> Option<&'r Refusal> {
        let name = match refusal {
            Refusal::Malformed { field, .. } | Refusal::Number { field, .. } => {
                let last = field.rsplit('.').next().unwrap_or(field);
                let last = last.split('[').next().unwrap_or(last);
                let last = if field == "admission.id" { "admission" } else { last };
                if field.starts_with("bill.lines") {
                    Some("kind")
                } else {
                    PLAIN.into_iter().find(|name| *name == last)
                }
            }
            Refusal::Dates { .. } | Refusal::NotDesignated { .. } => Some("discharged_on"),
            Refusal::TotalsSum { .. } | Refusal::LinesSum { .. } | Refusal::BillTooLarge => {
                Some("total")
            }
            Refusal::Drugs => Some("drugs"),
            Refusal::AccountPay { .. } => Some("account_pay"),
            Refusal::LineId { .. }
            | Refusal::LineAmount { .. }
            | Refusal::LineFacts { .. }
            | Refusal::RefundLine { .. }
            | Refusal::TooMany { .. } => Some("kind"),
            Refusal::AlreadySettled { .. } => Some("admission"),
            Refusal::SpanOrder { .. }
            | Refusal::SpansMeet { .. }
            | Refusal::FirstCopay { .. }
            | Refusal::UnknownPerson
            | Refusal::UnknownFacility { .. }
            | Refusal::WorkInjury
            | Refusal::NotInsured { .. }
            | Refusal::NoPack { .. }
            | Refusal::UnknownFamily { .. }
            | Refusal::FamilyType { .. }
            | Refusal::UnknownStep { .. }
            | Refusal::RequestIdReused { .. }
            | Refusal::AlreadyLoaded { .. }
            | Refusal::Moved { .. }
            | Refusal::Busy
            | Refusal::UnknownEntry { .. }
            | Refusal::AlreadyReversed { .. }
            | Refusal::LaterStand { .. }
            | Refusal::AlreadySigned { .. }
            | Refusal::MonthOpen { .. }
            | Refusal::AlreadyClosed { .. } => None,
            Refusal::ManyPersons
            | Refusal::UnknownVisit { .. }
            | Refusal::VisitBarred { .. }
            | Refusal::LineTaken { .. }
            | Refusal::UnknownLine { .. }
            | Refusal::LineHeld { .. }
            | Refusal::RequestCancelled => None,
        };
        match name {
            Some(name) => {
                let mark = match lang {
                    Lang::Zh => "；",
                    Lang::En => "; ",
                };
                errors.fields.insert(
                    name,
                    format!("{}{mark}{}", refusal.sentence(lang), refusal.advice(lang)),
                );
                None
            }
            None => Some(refusal),
        }
    }
}

/// The call under which a facility is looked at; its row is the widest of those that quote.
const QUOTE: &str = "POST /counter/cost/quote";

/// What a new form begins with.
pub(super) fn begun(visit: &Visit, person: &str) -> Draft {
    let today = service::now().day().to_string();
    let mut draft = Draft::default();
    draft.set("person", person.to_owned());
    draft.set(
        "facility",
        visit.window.as_ref().map(|window| window.facility.clone()).unwrap_or_default(),
    );
    draft.set("admitted_on", today.clone());
    draft.set("discharged_on", today);
    draft.set("med_type", "21".to_owned());
    draft.set("referral", "none".to_owned());
    draft.set("kind", "totals".to_owned());
    draft
}

/// Signs of full width, as input methods give them, in half width.
pub(super) fn half_width(text: &str) -> String {
    let half = |sign: char| match u32::from(sign) {
        0x3000 => ' ',
        0x3002 => '.',
        wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0).unwrap_or(sign),
        _ => sign,
    };
    text.chars().map(half).collect::<String>().trim().to_owned()
}

/// A day that was typed without its dashes, or with other signs for them.
fn dashed(text: String) -> String {
    let text = text.replace(['/', '.'], "-");
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text;
    }
    let (year, rest) = text.split_at(4);
    let (month, day) = rest.split_at(2);
    format!("{year}-{month}-{day}")
}

/// A file's text: UTF-8, or the national encoding in which spreadsheets save.
fn decoded(file: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(file) {
        return text.trim_start_matches('\u{feff}').to_owned();
    }
    encoding_rs::GB18030.decode_without_bom_handling(file).0.into_owned()
}
