//! The form of an admission and its bill, each error beside its field.

use crate::pages::counter::draft::COLUMNS;
use crate::pages::counter::draft::Draft;
use crate::pages::counter::draft::Errors;
use crate::pages::counter::draft::PLAIN;
use crate::pages::layout::Input;
use crate::pages::layout::Tone;
use crate::pages::layout::choice;
use crate::pages::layout::message;
use crate::pages::layout::token;
use crate::pages::visit::Visit;
use crate::refusal::Lang;
use crate::sheet::words;

use maud::Markup;
use maud::html;

/// Lines that can be typed at first; more are added at will.
const ROWS: usize = 6;
/// Complaints of a table that are shown at once.
const COMPLAINTS_SHOWN: usize = 100;
/// Medical types of a window.
const MED_TYPES: [&str; 9] = ["21", "52", "24", "22", "28", "2106", "2107", "14", "11"];
const REFERRALS: [&str; 3] = ["none", "registered", "emergency"];
/// National charge categories.
const CATEGORIES: [(&str, &str, &str); 14] = [
    ("09", "西药", "drugs"),
    ("11", "中成药", "Chinese patent drugs"),
    ("10", "中药饮片", "herbal pieces"),
    ("01", "床位", "bed"),
    ("02", "诊察", "consultation"),
    ("03", "检查", "examination"),
    ("04", "化验", "laboratory"),
    ("05", "治疗", "treatment"),
    ("06", "手术", "operation"),
    ("07", "护理", "nursing"),
    ("08", "材料", "materials"),
    ("12", "一般诊疗", "general care"),
    ("13", "挂号", "registration"),
    ("14", "其他", "other"),
];

/// What the form is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To settle an admission that there was.
    Settle,
    /// To say what one would cost.
    Cost,
}

/// Where a form goes, and how it stands.
#[derive(Debug)]
pub(super) struct BillForm<'a> {
    pub(super) visit: &'a Visit,
    pub(super) draft: &'a Draft,
    pub(super) errors: &'a Errors,
    pub(super) purpose: Purpose,
}

impl BillForm<'_> {
    fn say<'t>(&self, zh: &'t str, en: &'t str) -> &'t str {
        self.visit.pick(zh, en)
    }

    /// The form.
    pub(super) fn markup(&self) -> Markup {
        let action = match self.purpose {
            Purpose::Settle => "/counter/quote",
            Purpose::Cost => "/counter/cost/quote",
        };
        let more = match self.purpose {
            Purpose::Settle => "/counter/bill",
            Purpose::Cost => "/counter/cost",
        };
        html! {
            form #bill .bill method="post" action=(action) enctype="multipart/form-data" novalidate {
                (token(self.visit))
                // Enter in a field presses the first button of its form, which must not be one that adds lines.
                button .hidden type="submit" tabindex="-1" aria-hidden="true" {}
                (self.admission())
                fieldset {
                    legend { (self.say("费用", "The bill")) }
                    div .radios role="radiogroup" aria-label=(self.say("账单形式", "Form of the bill")) {
                        (self.radio("totals", self.say("填合计（已分类）", "Totals, classified")))
                        (self.radio("lines", self.say("填明细或上传 CSV", "Lines, typed or CSV")))
                    }
                    @if !self.errors.of("kind").is_empty() { p .error { (self.errors.of("kind")) } }
                    div .of-totals { (self.totals()) }
                    div .of-lines { (self.lines(more)) }
                    (self.check("noncompliant", self.say("整单不合规（升格住院、挂床等），由医院承担", "The whole bill is non-compliant: the facility bears it")))
                }
                @if self.purpose == Purpose::Settle {
                    fieldset {
                        legend { (self.say("收款", "Payment")) }
                        div .three {
                            (self.amount("deposit", self.say("已交押金", "Deposit paid"), ""))
                            (self.amount("account_pay", self.say("个人账户支付", "From the account"), ""))
                        }
                    }
                }
                p .actions {
                    button .primary type="submit" { (match self.purpose {
                        Purpose::Settle => self.say("试算", "Quote"),
                        Purpose::Cost => self.say("测算", "Calculate"),
                    }) }
                }
            }
        }
    }

    fn admission(&self) -> Markup {
        let lang = self.visit.lang;
        let types = MED_TYPES.map(|code| (code, words::med_type(code, lang)));
        let types: Vec<(&str, &str)> =
            types.iter().map(|(code, name)| (*code, name.as_str())).collect();
        let referrals = REFERRALS.map(|code| (code, words::referral(code, lang)));
        html! {
            fieldset {
                legend { (self.say("就诊", "The admission")) }
                @if self.purpose == Purpose::Settle {
                    input type="hidden" name="person" value=(self.draft.get("person"));
                    input type="hidden" name="facility" value=(self.draft.get("facility"));
                    @let why = self.errors.of("facility");
                    @if !why.is_empty() { (message(Tone::Bad, &html! { p { (why) } })) }
                } @else {
                    div .three {
                        (self.text("person", self.say("人员编号", "Person number"), ""))
                        (self.text("facility", self.say("医疗机构编号", "Facility code"), ""))
                    }
                }
                div .three {
                    (self.day("admitted_on", self.say("入院日期", "Admitted on")))
                    (self.day("discharged_on", self.say("出院日期", "Discharged on")))
                    (choice("med_type", self.say("医疗类别", "Medical type"), self.draft.get("med_type"), &types))
                    (choice("referral", self.say("转诊", "Referral"), self.draft.get("referral"), &referrals))
                    (self.text("diagnoses", self.say("诊断编码", "Diagnoses"), self.say("ICD-10，主诊断在前，空格分隔", "ICD-10, the principal one first")))
                    @if self.purpose == Purpose::Settle {
                        (self.text("admission", self.say("就诊号", "Admission number"), self.say("留空则自动编号", "Numbered by itself if empty")))
                    }
                    (self.text("episode", self.say("就诊链", "Episode"), self.say("转诊链或中途结算", "Referral chain, interim bill")))
                }
            }
        }
    }

    fn totals(&self) -> Markup {
        let lang = self.visit.lang;
        html! {
            div .three {
                (self.amount("total", self.say("费用总额", "Total"), self.say("等于下列五项之和", "The sum of the five parts")))
                @for part in ["in_scope", "copay_first", "over_limit", "own_expense", "facility_borne"] {
                    (self.amount(part, words::part(part, lang), ""))
                }
            }
            details open[!self.draft.get("drugs").is_empty() || !self.errors.of("drugs").is_empty()] {
                summary { (self.say("药品金额（有药占比核查的地方填写）", "Drugs, where their share is checked")) }
                div .three {
                    (self.amount("drugs", self.say("全部药品", "All drugs"), ""))
                    (self.amount("class_c_drugs", self.say("其中丙类药品", "Of them class C"), ""))
                }
            }
        }
    }

    fn lines(&self, more: &str) -> Markup {
        let uploaded = self.draft.get("table");
        let columns = self.say(
            "列名：项目编码、收费类别、数量、单价，可另有序号、金额、不合规、退费序号（或 code, category, quantity, price …）；UTF-8 或 GBK，至多 10000 行",
            "Columns: code, category, quantity, price, and if need be id, amount, noncompliant, refund_of; UTF-8 or GBK, at most 10,000 lines",
        );
        html! {
            div .field {
                label for="f-file" { (self.say("上传明细（CSV）", "Upload lines (CSV)")) }
                input #f-file type="file" name="file" accept=".csv,text/csv" aria-describedby="f-file-hint";
                p #f-file-hint .hint { (columns) }
            }
            @if uploaded.is_empty() { (self.typed(more)) } @else {
                p .uploaded {
                    strong { (self.say("已上传：", "Uploaded: ")) (uploaded.lines().count().saturating_sub(1)) (self.say(" 行", " rows")) }
                    " " (self.say("再选文件即替换。", "Choose another file to replace them."))
                }
                input type="hidden" name="table" value=(uploaded);
                (self.complaints())
            }
        }
    }

    /// What is wrong with an uploaded table, row by row.
    fn complaints(&self) -> Markup {
        let lines = &self.errors.lines;
        html! {
            @if 0 < lines.count {
                div .message.bad role="alert" {
                    p { strong { (self.say("明细有误，共 ", "Faults in the lines: ")) (lines.count) (self.say(" 处：", "")) } }
                    ul { @for one in lines.shown.iter().take(COMPLAINTS_SHOWN) { li { (one.sentence(self.visit.lang)) } } }
                }
            }
        }
    }

    fn typed(&self, more: &str) -> Markup {
        let lang = self.visit.lang;
        let heads = [
            self.say("项目编码", "Item code"),
            self.say("收费类别", "Category"),
            self.say("数量", "Quantity"),
            self.say("单价", "Unit price"),
            self.say("金额（可留空）", "Amount (or empty)"),
        ];
        let mut rows = self.draft.typed.clone();
        rows.resize(rows.len().max(ROWS), <[String; 5]>::default());
        html! {
            table .typed {
                caption .hidden { (self.say("费用明细", "Lines of the bill")) }
                thead { tr { th scope="col" { "#" } @for head in heads { th scope="col" { (head) } } } }
                tbody {
                    @for (line, row) in rows.iter().enumerate() {
                        tr {
                            th scope="row" { (line + 1) }
                            @for ((column, head), cell) in COLUMNS.iter().zip(heads).zip(row) {
                                td {
                                    (self.cell(line, (column, head), cell, lang))
                                }
                            }
                        }
                    }
                }
            }
            button .plain type="submit" formaction=(more) name="more" value="yes" { (self.say("再加 10 行", "10 more lines")) }
        }
    }

    fn cell(&self, line: usize, (column, head): (&str, &str), value: &str, lang: Lang) -> Markup {
        let label = format!("{} {}", line + 1, head);
        let error = self.errors.of_cell(line, column, lang);
        let id = format!("l{line}-{column}");
        html! {
            @if column == "category" {
                select name=(column) aria-label=(label) {
                    @for (code, zh, en) in CATEGORIES {
                        option value=(code) selected[code == value] { (code) " " (self.say(zh, en)) }
                    }
                }
            } @else {
                input name=(column) value=(value) aria-label=(label) autocomplete="off"
                    inputmode=[(column != "code").then_some("decimal")]
                    aria-invalid=[error.as_ref().map(|_| "true")] aria-describedby=[error.as_ref().map(|_| &id)];
            }
            @if let Some(error) = &error { p .error id=(id) { (error) } }
        }
    }

    fn input(
        &self,
        name: &'static str,
        label: &str,
        hint: &str,
        (kind, mode): (&str, &str),
    ) -> Markup {
        let (value, error) = (self.draft.get(name), self.errors.of(name));
        Input { name, label, value, hint, error, kind, mode, ..Input::default() }.markup()
    }

    fn text(&self, name: &'static str, label: &str, hint: &str) -> Markup {
        self.input(name, label, hint, ("text", ""))
    }

    fn day(&self, name: &'static str, label: &str) -> Markup {
        self.input(name, label, self.say("如 20180308", "Such as 20180308"), ("text", "numeric"))
    }

    fn amount(&self, name: &'static str, label: &str, hint: &str) -> Markup {
        self.input(name, label, hint, ("text", "decimal"))
    }

    fn radio(&self, value: &str, label: &str) -> Markup {
        let checked = (value == "totals") == self.draft.is_totals();
        let id = format!("kind-{value}");
        html! {
            input id=(id) type="radio" name="kind" value=(value) checked[checked];
            label for=(id) { (label) }
        }
    }

    fn check(&self, name: &'static str, label: &str) -> Markup {
        html! {
            p .check {
                input #f-noncompliant type="checkbox" name=(name) value="yes" checked[self.draft.get(name) == "yes"];
                label for="f-noncompliant" { (label) }
            }
        }
    }
}

/// The whole draft as hidden fields, for a form that sends it on as it is.
pub(super) fn hidden(draft: &Draft) -> Markup {
    html! {
        @for name in PLAIN {
            @if !draft.get(name).is_empty() { input type="hidden" name=(name) value=(draft.get(name)); }
        }
        @for row in draft.typed() {
            @for (name, cell) in COLUMNS.iter().zip(row) { input type="hidden" name=(name) value=(cell); }
        }
    }
}
