//! Reports on a page, as files, and as bars.

use crate::money::Money;
use crate::pages::chart::Bar;
use crate::pages::visit::Visit;
use crate::proto;
use crate::spreadsheet;
use crate::spreadsheet::columns_of;
use crate::spreadsheet::shown;
use crate::spreadsheet::title_of;

use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use maud::Markup;
use maud::html;

/// Most rows that a page shows; files have all.
const ROWS_MAX: usize = 500;

/// A report as a table with links to its files; `address` is the page with a query, to which a format is added.
pub(super) fn markup(visit: &Visit, sheet: &proto::Sheet, address: &str) -> Markup {
    let rows = &sheet.rows;
    let more = rows.len().saturating_sub(ROWS_MAX);
    html! {
        section .panel id=(sheet.name) {
            h2 { (title_of(sheet, visit.lang)) }
            @if rows.is_empty() {
                p .hint { (visit.pick("无", "none")) }
            } @else {
                table .plain-table {
                    thead { tr {
                        @for name in columns_of(sheet, visit.lang) {
                            @if name.is_empty() { td {} } @else { th scope="col" { (name) } }
                        }
                    } }
                    tbody {
                        @for row in rows.iter().take(ROWS_MAX) {
                            tr {
                                @for cell in &row.cells {
                                    td .right[cell.is_number] { (shown(cell, visit.lang)) }
                                }
                            }
                        }
                    }
                }
                @if 0 < more {
                    p .hint {
                        (visit.pick("其余行见下载文件,共 ", "The files have the others; rows in all: ")) (rows.len())
                    }
                }
                p .screen {
                    a .plain href={ (address) "&sheet=" (sheet.name) "&format=csv" } { "CSV" }
                }
            }
        }
    }
}

/// A column of amounts as bars, each beside its name.
pub(super) fn bars(visit: &Visit, sheet: &proto::Sheet, (name, amount): (usize, usize)) -> Markup {
    let money = |row: &proto::SheetRow| {
        let cell = row.cells.get(amount).map_or("", |cell| cell.text.as_str());
        Money::parse_sum(cell).unwrap_or_default()
    };
    let most = sheet.rows.iter().map(money).max().unwrap_or_default();
    html! {
        dl .chart {
            @for row in &sheet.rows {
                @let names: Vec<&str> = row.cells.iter().take(name + 1).map(|cell| shown(cell, visit.lang)).collect();
                div {
                    dt { (names.join(" ")) }
                    dd { (Bar::filled(money(row), most, "fund").markup()) (money(row)) }
                }
            }
        }
    }
}

/// The file that a query asks for, if it asks for one.
pub(super) fn file(
    visit: &Visit,
    sheets: &[proto::Sheet],
    (format, wanted): (&str, &str),
) -> Option<Response> {
    let (bytes, kind, name) = match format {
        "csv" => {
            let sheet = sheets.iter().find(|sheet| sheet.name == wanted).or(sheets.first())?;
            let bytes = spreadsheet::csv(sheet, visit.lang).ok()?;
            (bytes, "text/csv; charset=utf-8", format!("{}.csv", sheet.name))
        }
        "xlsx" => {
            const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
            (spreadsheet::xlsx(sheets, visit.lang).ok()?, XLSX, "report.xlsx".to_owned())
        }
        _ => return None,
    };
    let attachment = format!("attachment; filename=\"{name}\"");
    let headers =
        [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, attachment)];
    Some((StatusCode::OK, headers, bytes).into_response())
}

/// A link to all sheets as one workbook.
pub(super) fn workbook(address: &str) -> Markup {
    html! { p .screen { a .plain href={ (address) "&format=xlsx" } { "XLSX" } } }
}

/// The query that a form with these fields makes, to be added to.
pub(super) fn query(path: &str, pairs: &[(&str, &str)]) -> String {
    format!("{path}?{}", serde_urlencoded::to_string(pairs).unwrap_or_default())
}
