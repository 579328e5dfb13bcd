//! The report of `onestop whatif` and of its page: one file that needs nothing else, with plots.

use crate::money::Money;
use crate::pages::chart::Bar;
use crate::proto;
use crate::refusal::Lang;
use crate::spreadsheet::columns_of;
use crate::spreadsheet::shown;
use crate::spreadsheet::title_of;

use maud::DOCTYPE;
use maud::Markup;
use maud::PreEscaped;
use maud::html;

const STYLE: &str = include_str!("assets/onestop.css");

/// The whole report.
pub(super) fn report(sheets: &[proto::Sheet], period: &str, lang: Lang) -> String {
    let (title, code) = match lang {
        Lang::Zh => ("政策测算", "zh-CN"),
        Lang::En => ("What if", "en"),
    };
    let page = html! {
        (DOCTYPE)
        html lang=(code) {
            head {
                meta charset="utf-8";
                title { (title) " " (period) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (title) " " (period) }
                    @for sheet in sheets {
                        section .panel id=(sheet.name) {
                            h2 { (title_of(sheet, lang)) }
                            (table(sheet, lang))
                            (plots(sheet, lang))
                        }
                    }
                }
            }
        }
    };
    page.into_string()
}

/// The plot of a table that has one.
pub(super) fn plots(sheet: &proto::Sheet, lang: Lang) -> Markup {
    match sheet.name.as_str() {
        "payers" => plot(sheet, 1, lang),
        "layers" => plot(sheet, 3, lang),
        "identities" | "facilities" => plot(sheet, 5, lang),
        _ => html! {},
    }
}

fn table(sheet: &proto::Sheet, lang: Lang) -> Markup {
    html! {
        table .plain-table {
            thead { tr { @for name in columns_of(sheet, lang) { th scope="col" { (name) } } } }
            tbody {
                @for row in &sheet.rows {
                    tr { @for cell in &row.cells { td .right[cell.is_number] { (shown(cell, lang)) } } }
                }
            }
        }
    }
}

/// Before and after under each other; `column` is where before stands, and after behind it.
fn plot(sheet: &proto::Sheet, column: usize, lang: Lang) -> Markup {
    let money = |row: &proto::SheetRow, column: usize| {
        let cell = row.cells.get(column).map_or("", |cell| cell.text.as_str());
        Money::parse_sum(cell).unwrap_or_default()
    };
    let both = |row: &proto::SheetRow| money(row, column).max(money(row, column + 1));
    let most = sheet.rows.iter().map(both).max().unwrap_or_default();
    html! {
        dl .chart {
            @for row in &sheet.rows {
                @let name = row.cells.iter().take_while(|cell| !cell.is_number).map(|cell| shown(cell, lang));
                @let (before, after) = (money(row, column), money(row, column + 1));
                div {
                    dt { (name.collect::<Vec<_>>().join(" ")) }
                    dd { (Bar::filled(before, most, "rest").markup()) (before) }
                }
                div { dt {} dd { (Bar::filled(after, most, "fund").markup()) (after) } }
            }
        }
    }
}
