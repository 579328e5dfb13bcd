//! What if (政策测算): a period and edited packs are given, everything is settled again in the background, and the result is a page
//! with the same tables, files and report as the command's.

use crate::calendar::Day;
use crate::calendar::Span;
use crate::pages::fields::Fields;
use crate::pages::layout::Input;
use crate::pages::layout::token;
use crate::pages::office::page;
use crate::pages::office::said;
use crate::pages::office::sheet;
use crate::pages::office::work;
use crate::pages::visit;
use crate::pages::visit::Visit;
use crate::pages::what_if;
use crate::pages::work::Begun;
use crate::pages::work::Outcome;
use crate::pages::work::Work;
use crate::pages::work::Works;
use crate::refusal::Lang;
use crate::resettle::ResettleError;
use crate::resettle::resettle;
use crate::rules::PackFile;
use crate::rules::RuleBook;
use crate::service::Failure;
use crate::service::RulesError;
use crate::service::Service;
use crate::service::now;
use crate::store::fault::Fault;
use crate::store::fault::chain;
use crate::store::seal::Place;
use crate::wire::office;

use axum::Extension;
use axum::extract::Path;
use axum::extract::RawQuery;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use maud::Markup;
use maud::html;

use std::num::NonZero;
use std::sync::Arc;
use std::thread;

const TAB: &str = "/office/whatif";
/// Most complaints about packs that are shown.
const COMPLAINTS_MAX: usize = 50;

fn title(visit: &Visit) -> &'static str {
    match visit.lang {
        Lang::Zh => "政策测算",
        Lang::En => "What if",
    }
}

/// The form.
pub(super) async fn show(State(service): State<Arc<Service>>, visit: Visit) -> Response {
    let Some(request_id) = visit::random() else { return Redirect::to(TAB).into_response() };
    page(&visit, TAB, title(&visit), &form(&visit, &service, &request_id))
}

fn form(visit: &Visit, service: &Service, request_id: &str) -> Markup {
    let today = now().day();
    let first = Day::new(today.year(), 1, 1).unwrap_or(today).to_string();
    let book = service.book();
    html! {
        p { (visit.pick(
            "按修改后的规则包，把期间内的结算依次重新计算并比较。只读账本，不写入任何内容，也不改变在用规则。",
            "Settles a period again, in order, under packs that were changed, and compares. The ledger and the packs in force stay as they are.",
        )) }
        form .panel method="post" action=(TAB) enctype="multipart/form-data" {
            (token(visit))
            input type="hidden" name="request_id" value=(request_id);
            div .three {
                (Input { name: "from", kind: "date", label: visit.pick("出院日期自", "Discharged from"), value: &first, required: true, ..Input::default() }.markup())
                (Input { name: "to", kind: "date", label: visit.pick("出院日期至", "Discharged to"), value: &today.to_string(), required: true, ..Input::default() }.markup())
            }
            div .field {
                label for="f-packs" { (visit.pick("修改后的规则包文件", "Files of changed packs")) }
                input #f-packs type="file" name="packs" multiple accept=".toml" aria-describedby="f-packs-hint";
                p .hint #f-packs-hint {
                    (visit.pick("代替同一规则族、同一生效日的在用文件；其余沿用在用规则", "Each stands in place of the one in force of the same family and first day; the others stay"))
                }
            }
            div .field {
                label for="f-folder" { (visit.pick("或整个文件夹", "Or a whole folder")) }
                input #f-folder type="file" name="packs" multiple webkitdirectory aria-describedby="f-folder-hint";
                p .hint #f-folder-hint { (visit.pick("其中的案例文件（cases）不读", "Cases in it are not read")) }
            }
            button .primary type="submit" { (visit.pick("开始测算", "Begin")) }
        }
        section .panel {
            h2 { (visit.pick("在用规则包", "Packs in force")) }
            ul {
                @for (path, pack) in book.files() {
                    li { (pack.id) " " (pack.span.from) " " span .hint { (path.rsplit('/').next().unwrap_or_default()) } }
                }
            }
        }
    }
}

/// Begins, and goes on to where it is watched.
pub(super) async fn begin(
    State(service): State<Arc<Service>>,
    Extension(works): Extension<Arc<Works>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let here = (TAB, title(&visit));
    let days = (Day::parse(fields.get("from")), Day::parse(fields.get("to")));
    let (Some(from), Some(to)) = days else {
        let text = visit
            .pick("请填写期间，如 2018-06-15。", "Give a period; days are such as 2018-06-15.");
        return said(&visit, here, &html! { p { (text) } });
    };
    let book = match edited(&service, &fields) {
        Ok(book) => book,
        Err(complaints) => return said(&visit, here, &refused(&visit, &complaints)),
    };
    let id = fields.get("request_id").to_owned();
    if !visit::is_random(&id) {
        return Redirect::to(TAB).into_response();
    }
    match works.begin(&id) {
        Begun::New(work) => run(&service, work, (book, Span { from, to: Some(to) })),
        Begun::Before => {}
        Begun::Full => return work::full(&visit, here),
    }
    Redirect::to(&work::path(&id)).into_response()
}

/// The packs in force, with those that were sent in place of theirs. What is wrong with them, in Chinese and English.
fn edited(service: &Service, fields: &Fields) -> Result<RuleBook, Vec<(String, String)>> {
    let both = |zh: &str, en: String| vec![(zh.to_owned(), en)];
    let is_pack = |name: &str| name.ends_with(".toml") && !name.contains("cases/");
    let mut files = Vec::new();
    for (name, bytes) in fields.files("packs").filter(|(name, _)| is_pack(name)) {
        let Ok(text) = std::str::from_utf8(bytes) else {
            let zh = format!("{name}：不是 UTF-8 编码");
            return Err(both(&zh, format!("{name}: not UTF-8; save it as UTF-8")));
        };
        files.push(PackFile::sent(name, text));
    }
    if files.is_empty() {
        let en = "No pack file (.toml) was sent.".to_owned();
        return Err(both("没有收到规则包文件（.toml）。", en));
    }
    service.book_with(files).map_err(|error| match error {
        RulesError::Packs(errors) => {
            errors.iter().map(|error| (error.zh(), error.to_string())).collect()
        }
        error @ (RulesError::Folder(_) | RulesError::Record(_)) => {
            both(&chain(&error), chain(&error))
        }
    })
}

fn refused(visit: &Visit, complaints: &[(String, String)]) -> Markup {
    html! {
        p { strong { (visit.pick("规则包有误，没有开始：", "The packs have mistakes; nothing was begun:")) } }
        ul { @for (zh, en) in complaints.iter().take(COMPLAINTS_MAX) { li { (visit.pick(zh, en)) } } }
        p { (visit.pick("共 ", "In all: ")) (complaints.len()) }
    }
}

/// Settles again, on all cores but beside the requests of others.
fn run(service: &Service, work: Arc<Work>, (book, period): (RuleBook, Span)) {
    let Place { directory, seal } = service.place();
    let (directory, seal) = (directory.to_owned(), seal.clone());
    tokio::task::spawn_blocking(move || {
        let store = Place { directory: &directory, seal: &seal };
        let jobs = thread::available_parallelism().map_or(1, NonZero::get);
        let compared = resettle(store, &book, (period, jobs), |done, of| work.is_at(done, of));
        work.end(match compared {
            Ok(compared) => {
                let sheets = compared.reports().iter().map(office::sheet).collect();
                let to = period.to.map(|to| to.to_string()).unwrap_or_default();
                Outcome::Sheets(Arc::new(sheets), format!("{} – {to}", period.from))
            }
            Err(ResettleError::CalledOff) => Outcome::CalledOff,
            Err(error) => {
                Outcome::Failed(Arc::new(Failure::Fault(Fault::Unreadable(chain(&error)))))
            }
        });
    });
}

/// What it came to: on the page, as CSV, as a workbook, and as the report of one file.
pub(super) async fn result(
    Extension(works): Extension<Arc<Works>>,
    visit: Visit,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let outcome = works.find(&id).and_then(|work| work.outcome());
    let Some(Outcome::Sheets(sheets, period)) = outcome else {
        return Redirect::to(&work::path(&id)).into_response();
    };
    let fields = Fields::parse(&query.unwrap_or_default()).unwrap_or_default();
    if let Some(file) = sheet::file(&visit, &sheets, (fields.get("format"), fields.get("sheet"))) {
        return file;
    }
    if fields.get("format") == "html" {
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CONTENT_DISPOSITION, "attachment; filename=\"whatif.html\""),
        ];
        return (headers, what_if::report(&sheets, &period, visit.lang)).into_response();
    }
    let address = format!("{TAB}/{id}?");
    let heading = format!("{} {period}", title(&visit));
    page(
        &visit,
        TAB,
        &heading,
        &html! {
            p .screen {
                a .plain href={ (address) "format=html" } { (visit.pick("单文件报告（HTML）", "The report as one HTML file")) }
                " " a .plain href={ (address) "format=xlsx" } { "XLSX" }
            }
            @for one in sheets.iter() {
                (sheet::markup(&visit, one, &address))
                (what_if::plots(one, visit.lang))
            }
        },
    )
}
