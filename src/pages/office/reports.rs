//! The survey and the audit as pages: filters above, plots and tables below, each as a file too.

use crate::audit::Wanted;
use crate::calendar::Day;
use crate::extract::Kind;
use crate::pages::fields::Fields;
use crate::pages::layout::Input;
use crate::pages::layout::choice;
use crate::pages::office::beside;
use crate::pages::office::page;
use crate::pages::office::refused;
use crate::pages::office::sheet;
use crate::pages::visit::Visit;
use crate::service::Service;
use crate::service::now;
use crate::survey::Looked;

use axum::extract::RawQuery;
use axum::extract::State;
use axum::response::Response;
use maud::Markup;
use maud::html;

use std::sync::Arc;

const SURVEY: &str = "/office/survey";
const AUDIT: &str = "/office/audit";

/// The period that is asked for; this year so far where it is not said.
fn period(fields: &Fields) -> (Day, Day) {
    let today = now().day();
    let first = Day::new(today.year(), 1, 1).unwrap_or(today);
    (Day::parse(fields.get("from")).unwrap_or(first), Day::parse(fields.get("to")).unwrap_or(today))
}

fn days(visit: &Visit, from: &str, to: &str) -> Markup {
    html! {
        (Input { name: "from", kind: "date", label: visit.pick("开始日期", "From"), value: from, required: true, ..Input::default() }.markup())
        (Input { name: "to", kind: "date", label: visit.pick("结束日期", "To"), value: to, required: true, ..Input::default() }.markup())
    }
}

/// Where the money of a period went. `sheet` shows one table alone.
pub(super) async fn survey(
    State(service): State<Arc<Service>>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Response {
    let fields = Fields::parse(&query.unwrap_or_default()).unwrap_or_default();
    let title = visit.pick("运行分析", "Where the money went");
    let (from, to) = period(&fields);
    let get = |name: &str| fields.get(name).to_owned();
    let looked = Looked {
        from,
        to,
        facility: get("facility"),
        place: get("place"),
        insutype: get("insutype"),
        identity: get("identity"),
    };
    let asked = looked.clone();
    let sheets = match beside(move || service.survey(asked)).await {
        Ok(sheets) => sheets,
        Err(why) => return refused(&visit, SURVEY, title, &why),
    };
    let only = fields.get("sheet");
    if let Some(file) = sheet::file(&visit, &sheets, (fields.get("format"), only)) {
        return file;
    }
    let (from, to) = (from.to_string(), to.to_string());
    let Looked { facility, place, insutype, identity, .. } = &looked;
    let address = sheet::query(
        SURVEY,
        &[
            ("from", &from),
            ("to", &to),
            ("facility", facility),
            ("place", place),
            ("insutype", insutype),
            ("identity", identity),
        ],
    );
    page(
        &visit,
        SURVEY,
        title,
        &html! {
            form .panel .screen method="get" action=(SURVEY) {
                div .three {
                    (days(&visit, &from, &to))
                    (Input { name: "facility", label: visit.pick("医疗机构", "Facility"), value: facility, ..Input::default() }.markup())
                    (Input { name: "place", label: visit.pick("参保地", "Insured place"), value: place, ..Input::default() }.markup())
                    (Input { name: "insutype", label: visit.pick("险种", "Insurance type"), value: insutype, ..Input::default() }.markup())
                    (Input { name: "identity", label: visit.pick("身份", "Identity"), value: identity, ..Input::default() }.markup())
                }
                button .primary type="submit" { (visit.pick("查看", "Show")) }
            }
            p .screen {
                a .primary href={ (address) "&sheet=shortfalls" } {
                    (visit.pick("哪些人未达到保障比例,为什么?", "Who received less than the guarantee, and why?"))
                }
            }
            @for one in sheets.iter().filter(|one| only.is_empty() || one.name == only) {
                (sheet::markup(&visit, one, &address))
                @match one.name.as_str() {
                    "layers" => (sheet::bars(&visit, one, (2, 4))),
                    "patients" => (sheet::bars(&visit, one, (0, 4))),
                    "identities" => (sheet::bars(&visit, one, (0, 3))),
                    _ => {}
                }
            }
            (sheet::workbook(&address))
        },
    )
}

/// Who did what, and which reversals should be looked at.
pub(super) async fn audit(
    State(service): State<Arc<Service>>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Response {
    let fields = Fields::parse(&query.unwrap_or_default()).unwrap_or_default();
    let title = visit.pick("审计", "Audit");
    let (from, to) = period(&fields);
    let (kind, writer, operator) =
        (fields.get("kind"), fields.get("writer"), fields.get("operator"));
    let person = fields.get("person");
    let wanted = Wanted {
        from,
        to,
        kind: Kind::parse(kind),
        writer: writer.to_owned(),
        operator: operator.to_owned(),
        person: person.to_owned(),
    };
    let sheets = match beside(move || service.audit(wanted)).await {
        Ok(sheets) => sheets,
        Err(why) => return refused(&visit, AUDIT, title, &why),
    };
    if let Some(file) = sheet::file(&visit, &sheets, (fields.get("format"), fields.get("sheet"))) {
        return file;
    }
    let (from, to) = (from.to_string(), to.to_string());
    let address = sheet::query(
        AUDIT,
        &[
            ("from", &from),
            ("to", &to),
            ("kind", kind),
            ("writer", writer),
            ("operator", operator),
            ("person", person),
        ],
    );
    let mut kinds = vec![("", visit.pick("全部", "all"))];
    kinds.extend([
        ("settlement", visit.pick("结算", "settlements")),
        ("reversal", visit.pick("撤销", "reversals")),
        ("opening", visit.pick("期初余额", "opening balances")),
        ("register", visit.pick("登记", "registers")),
        ("office", visit.pick("后台", "back office")),
        ("interface", visit.pick("国家接口", "national interface")),
    ]);
    page(
        &visit,
        AUDIT,
        title,
        &html! {
            form .panel .screen method="get" action=(AUDIT) {
                div .three {
                    (days(&visit, &from, &to))
                    (choice("kind", visit.pick("类别", "Kind"), kind, &kinds))
                    (Input { name: "writer", label: visit.pick("机构", "By whom"), value: writer, ..Input::default() }.markup())
                    (Input { name: "operator", label: visit.pick("经办人", "Operator"), value: operator, ..Input::default() }.markup())
                    (Input { name: "person", label: visit.pick("查阅对象（人员编号）", "Whose record was looked at (person number)"), value: person, ..Input::default() }.markup())
                }
                button .primary type="submit" { (visit.pick("查看", "Show")) }
            }
            @for one in &sheets { (sheet::markup(&visit, one, &address)) }
            (sheet::workbook(&address))
        },
    )
}
