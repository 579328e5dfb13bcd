//! Reconciliation (对账): upload a list, look at what differs, download it, sign the result.

use crate::pages::fields::Fields;
use crate::pages::layout::Input;
use crate::pages::layout::Tone;
use crate::pages::layout::choice;
use crate::pages::layout::message;
use crate::pages::layout::token;
use crate::pages::office::beside;
use crate::pages::office::page;
use crate::pages::office::refused;
use crate::pages::office::said;
use crate::pages::office::sheet;
use crate::pages::office::signs;
use crate::pages::office::work;
use crate::pages::visit;
use crate::pages::visit::Clerk;
use crate::pages::visit::Visit;
use crate::pages::work::Begun;
use crate::pages::work::Outcome;
use crate::pages::work::Work;
use crate::pages::work::Works;
use crate::proto;
use crate::reconcile::Book;
use crate::reconcile::Class;
use crate::reconcile::Subject;
use crate::service::Failure;
use crate::service::Service;
use crate::table::settlements;
use crate::wire::office;

use axum::Extension;
use axum::extract::Path;
use axum::extract::RawQuery;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use maud::Markup;
use maud::html;
use sha2::Digest;
use sha2::Sha256;

use std::sync::Arc;

const TAB: &str = "/office";

fn title(visit: &Visit) -> &'static str {
    match visit.lang {
        crate::refusal::Lang::Zh => "与医疗机构对账",
        crate::refusal::Lang::En => "Reconcile with a facility",
    }
}

/// The form, and what was kept before.
pub(super) async fn show(State(service): State<Arc<Service>>, visit: Visit) -> Response {
    let kept = match service.reconciliations("") {
        Ok(kept) => kept,
        Err(why) => return refused(&visit, TAB, title(&visit), &why),
    };
    let Some(request_id) = visit::random() else { return Redirect::to(TAB).into_response() };
    page(
        &visit,
        TAB,
        title(&visit),
        &html! {
            @if visit.reaches("POST /office") { (form(&visit, &request_id)) }
            (results(&visit, &kept))
        },
    )
}

fn form(visit: &Visit, request_id: &str) -> Markup {
    let window = visit.window.clone().unwrap_or_default();
    let all = visit.pick("全部", "all");
    let kinds = [
        ("", all),
        ("11", visit.pick("门诊", "outpatient")),
        ("21", visit.pick("住院", "inpatient")),
        ("41", visit.pick("药店", "pharmacy")),
    ];
    let types = [
        ("", all),
        ("310", visit.pick("职工", "employees")),
        ("390", visit.pick("居民", "residents")),
    ];
    html! {
        form .panel method="post" action=(TAB) enctype="multipart/form-data" {
            (token(visit))
            input type="hidden" name="request_id" value=(request_id);
            div .three {
                (Input { name: "facility", label: visit.pick("医疗机构编号", "Facility"), value: &window.facility, required: true, ..Input::default() }.markup())
                (Input { name: "from", kind: "date", label: visit.pick("开始日期", "From"), required: true, ..Input::default() }.markup())
                (Input { name: "to", kind: "date", label: visit.pick("结束日期", "To"), required: true, ..Input::default() }.markup())
                (choice("insutype", visit.pick("险种", "Insurance"), "", &types))
                (choice("clearing_type", visit.pick("清算类别", "Clearing type"), "", &kinds))
                (signs(visit, visit.pick("经办人", "Operator")))
            }
            div .field {
                label for="f-list" { (visit.pick("医院结算清单", "The hospital's list")) }
                input #f-list type="file" name="list" required accept=".csv,.xlsx,.zip,.txt" aria-describedby="f-list-hint";
                p .hint #f-list-hint {
                    (visit.pick("CSV、XLSX 或国家接口 ZIP 内 TXT;列名可在配置中映射", "CSV, XLSX, or the national interface's TXT in a ZIP; other names of columns are configured"))
                }
            }
            button .primary type="submit" { (visit.pick("上传并对账", "Upload and reconcile")) }
        }
    }
}

fn results(visit: &Visit, kept: &[proto::ReconciliationRecord]) -> Markup {
    html! {
        section .panel {
            h2 { (visit.pick("对账记录", "Results")) }
            table .plain-table {
                thead { tr {
                    th scope="col" { (visit.pick("编号", "Number")) }
                    th scope="col" { (visit.pick("机构", "Facility")) }
                    th scope="col" { (visit.pick("期间", "Period")) }
                    th scope="col" { (visit.pick("总账", "Totals")) }
                    th scope="col" { (visit.pick("差异", "Differences")) }
                    th scope="col" { (visit.pick("签认", "Signed off by")) }
                } }
                tbody {
                    @for record in kept.iter().rev().take(200) {
                        @let result = record.reconciliation.clone().unwrap_or_default();
                        @let scope = result.scope.clone().unwrap_or_default();
                        @let count: u64 = result.counts.iter().map(|one| one.count).sum();
                        tr {
                            td { a href={ "/office/reconciliation/" (record.number) } { (record.number) } }
                            td { (scope.facility) }
                            td { (scope.from) " – " (scope.to) }
                            td { (balance(visit, &result.balance)) }
                            td .right { (count) }
                            td { (signer(record)) }
                        }
                    }
                }
            }
        }
    }
}

fn balance(visit: &Visit, name: &str) -> &'static str {
    let (zh, en) = match name {
        "balanced" => ("平", "balanced"),
        "ledger_more" => ("中心多", "the ledger has more"),
        "hospital_more" => ("医药机构多", "the facility has more"),
        _ => ("数据不一致", "amounts differ"),
    };
    match visit.lang {
        crate::refusal::Lang::Zh => zh,
        crate::refusal::Lang::En => en,
    }
}

fn signer(record: &proto::ReconciliationRecord) -> String {
    let signed = record.sign_off.as_ref().and_then(|one| one.request.as_ref());
    signed
        .and_then(|request| request.writer.as_ref())
        .map(|one| one.operator.clone())
        .unwrap_or_default()
}

/// Reads an uploaded list, begins to compare it, and goes on to where that is watched.
pub(super) async fn reconcile(
    State(service): State<Arc<Service>>,
    Extension(works): Extension<Arc<Works>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let bytes = fields.file("list").unwrap_or_default();
    let list = match settlements::read(bytes, service.columns()) {
        Ok(list) => list,
        Err(complaints) => {
            let text = complaints.text(visit.lang);
            return said(
                &visit,
                (TAB, title(&visit)),
                &html! {
                    p { (visit.pick("清单有误,未作任何记录:", "The list has mistakes; nothing was kept:")) }
                    @for line in text.lines() { p { (line) } }
                },
            );
        }
    };
    let digest = Sha256::digest(bytes);
    let hex = digest.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let get = |name: &str| fields.get(name).to_owned();
    let scope = proto::ReconcileScope {
        facility: get("facility"),
        insutype: get("insutype"),
        clearing_type: get("clearing_type"),
        from: get("from"),
        to: get("to"),
        without_refunds: false,
    };
    let Clerk { office: facility, operator, terminal } = visit.clerk(&fields);
    let request_id = get("request_id");
    let writer = proto::Writer { facility, request_id, operator, terminal };
    let subject = match office::subject(Some(&scope), service.clearing_types()) {
        Ok(subject) => subject,
        Err(why) => return refused(&visit, TAB, title(&visit), &why.into()),
    };
    let id = writer.request_id.clone();
    // It names a page below.
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Redirect::to(TAB).into_response();
    }
    match works.begin(&id) {
        Begun::New(work) => {
            let list = (list, format!("sha256:{hex}"));
            tokio::spawn(async move {
                let outcome = kept(&service, &work, (subject, list), writer).await;
                work.end(outcome.unwrap_or_else(|why| Outcome::Failed(Arc::new(why))));
            });
        }
        Begun::Before => {}
        Begun::Full => return work::full(&visit, (TAB, title(&visit))),
    }
    Redirect::to(&work::path(&id)).into_response()
}

/// Compares, and keeps the result unless it was called off.
async fn kept(
    service: &Arc<Service>,
    work: &Arc<Work>,
    (subject, list): (Subject, (Book, String)),
    writer: proto::Writer,
) -> Result<Outcome, Failure> {
    let of = service.head()?.sequence;
    let (asked, watched) = (Arc::clone(service), Arc::clone(work));
    let watch = move |number| {
        watched.is_at(number, of);
    };
    let (_, result) = beside(move || asked.compare(subject, list, watch)).await?;
    if !work.is_at(of, of) {
        return Ok(Outcome::CalledOff);
    }
    let number = service.keep(writer, result).await?.number;
    Ok(Outcome::Page(format!("/office/reconciliation/{number}")))
}

/// A kept result: totals, how many of each class, the list, and the signature.
pub(super) async fn result(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(number): Path<u64>,
    RawQuery(query): RawQuery,
) -> Response {
    let fields = Fields::parse(&query.unwrap_or_default()).unwrap_or_default();
    let record = match service.reconciliation(number) {
        Ok(record) => record,
        Err(why) => return refused(&visit, TAB, title(&visit), &why),
    };
    let result = record.reconciliation.clone().unwrap_or_default();
    let class = fields.get("class");
    let wanted = result.differences.iter().filter(|one| class.is_empty() || one.class == class);
    let sheets = [office::totals_sheet(&record), office::differences_sheet(wanted)];
    if let Some(file) = sheet::file(&visit, &sheets, (fields.get("format"), fields.get("sheet"))) {
        return file;
    }
    let path = format!("/office/reconciliation/{number}");
    let address = sheet::query(&path, &[("class", class)]);
    let scope = result.scope.clone().unwrap_or_default();
    let heading = format!("{} {} – {}", scope.facility, scope.from, scope.to);
    page(
        &visit,
        TAB,
        &heading,
        &html! {
            p { strong { (balance(&visit, &result.balance)) } " · " (result.source) }
            (sheet::markup(&visit, &sheets[0], &address))
            (since(&visit, &result))
            (classes(&visit, &result, (&path, class)))
            (sheet::markup(&visit, &sheets[1], &address))
            @if 0 < result.differences_left_out {
                p .hint { (visit.pick("另有未列出的差异:", "Differences beyond those kept: ")) (result.differences_left_out) }
            }
            (sheet::workbook(&address))
            (signature(&visit, &record))
        },
    )
}

/// What has become of the last result's differences.
fn since(visit: &Visit, result: &proto::Reconciliation) -> Markup {
    html! {
        @if result.previous != 0 {
            section .panel {
                h2 { (visit.pick("与上次对账相比", "Since the last result")) }
                p {
                    a href={ "/office/reconciliation/" (result.previous) } { (result.previous) } ": "
                    (visit.pick("已解决", "resolved")) " " (result.resolved) " · "
                    (visit.pick("仍未解决", "still open")) " " (result.still_open) " · "
                    (visit.pick("新增", "new")) " " (result.new)
                }
            }
        }
    }
}

fn classes(visit: &Visit, result: &proto::Reconciliation, (path, chosen): (&str, &str)) -> Markup {
    html! {
        nav .screen aria-label=(visit.pick("按类别", "By class")) {
            p {
                a .plain href=(path) aria-current=[chosen.is_empty().then_some("true")] { (visit.pick("全部", "all")) }
                @for one in &result.counts {
                    @let title = Class::parse(&one.class).map_or("", |class| class.title(visit.lang));
                    " " a .plain href={ (path) "?class=" (one.class) } aria-current=[(chosen == one.class).then_some("true")] {
                        (title) " " (one.count)
                    }
                }
            }
        }
    }
}

fn signature(visit: &Visit, record: &proto::ReconciliationRecord) -> Markup {
    if let Some(signed) = &record.sign_off {
        return message(
            Tone::Good,
            &html! {
                p {
                    (visit.pick("已签认:", "Signed off by ")) strong { (signer(record)) } " · " (signed.recorded_at)
                }
                p { (visit.pick("账本摘要 ", "Digest ")) code { (record.digest) } }
            },
        );
    }
    if !visit.reaches("POST /office/sign-off") {
        return message(Tone::Note, &html! { p { (visit.pick("未签认", "Not signed off")) } });
    }
    html! {
        form .panel .screen method="post" action="/office/sign-off" {
            h2 { (visit.pick("签认", "Sign off")) }
            (token(visit))
            input type="hidden" name="number" value=(record.number);
            div .three {
                (signs(visit, visit.pick("签认人", "Who signs")))
                (Input { name: "remark", label: visit.pick("备注", "Remark"), ..Input::default() }.markup())
            }
            button .primary type="submit" { (visit.pick("签认(不可更改)", "Sign off, once and for all")) }
        }
    }
}

/// Signs a result.
pub(super) async fn sign_off(
    State(service): State<Arc<Service>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let number: u64 = fields.get("number").parse().unwrap_or_default();
    let Clerk { office, operator, terminal } = visit.clerk(&fields);
    let request_id = format!("sign-off-{number}");
    let request = proto::SignOffRequest {
        writer: Some(proto::Writer { facility: office, request_id, operator, terminal }),
        number,
        remark: fields.get("remark").to_owned(),
    };
    match service.sign_off(request).await {
        Ok(_) => Redirect::to(&format!("/office/reconciliation/{number}")).into_response(),
        Err(why) => refused(&visit, TAB, title(&visit), &why),
    }
}
