//! The pieces of a sheet or of a pack's page in HTML: the words are those of the terminal and of the PDF.

use crate::sheet::layout::Block;
use crate::sheet::layout::Side;

use maud::Markup;
use maud::html;

/// All pieces but the title, headings one level below that of the page.
pub(crate) fn markup(blocks: &[Block]) -> Markup {
    html! { @for block in blocks { (one(block)) } }
}

fn one(block: &Block) -> Markup {
    match block {
        Block::Title(_, _) => html! {},
        Block::Heading(text) => html! { h2 { (text) } },
        Block::Line(text) if text.trim().is_empty() => html! {},
        // What is not indented begins something.
        Block::Line(text) if text.starts_with(' ') => html! { p .under { (marked(text.trim())) } },
        Block::Line(text) => html! { h3 { (marked(text)) } },
        Block::Item(mark, text) => {
            let (class, mark) = match mark.trim() {
                "" => ("sentence", ""),
                "-" => ("item", ""),
                mark => ("sentence", mark),
            };
            html! { p class=(class) { (marked(mark)) @if !mark.is_empty() { " " } (marked(text)) } }
        }
        Block::Pairs(pairs) => html! {
            dl .facts { @for (name, value) in pairs { div { dt { (name) } dd { (marked(value)) } } } }
        },
        Block::Table(sides, rows) => table(sides, rows, true),
        Block::Rows(sides, rows) => table(sides, rows, false),
    }
}

fn table(sides: &[Side], rows: &[Vec<String>], has_heads: bool) -> Markup {
    let class = |index: usize| match sides.get(index) {
        Some(Side::Right) => Some("right"),
        Some(Side::Left) | None => None,
    };
    html! {
        div .scroll {
            table .plain-table {
                @for (place, row) in rows.iter().enumerate() {
                    tr {
                        @for (index, cell) in row.iter().enumerate() {
                            // A head without words is none.
                            @if has_heads && place == 0 && !cell.is_empty() { th scope="col" class=[class(index)] { (cell) } }
                            @else { td class=[class(index)] { (marked(cell)) } }
                        }
                    }
                }
            }
        }
    }
}

/// A text in which what is assumed stands out.
fn marked(text: &str) -> Markup {
    let signs = ["〔假定〕", "[assumed]"];
    let found = signs.iter().filter_map(|sign| text.find(sign).map(|at| (at, *sign))).min();
    match found {
        Some((at, sign)) => {
            let (before, rest) = text.split_at(at);
            let rest = rest.strip_prefix(sign).unwrap_or(rest);
            html! { (before) mark .assumed { (sign) } (marked(rest)) }
        }
        None => html! { (text) },
    }
}
