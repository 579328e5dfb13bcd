//! The settlement sheet in words (结算单): what everybody pays, and why, for a terminal. Spec 7.4.
//!
//! It is made from the messages of the contract alone, so that a client far from the server shows the same. It recomputes no
//! amount that a message holds; what it adds are sums and differences that stand between two of them, through
//! [`crate::money`]. A text that is not the number it should be is shown as it is. Every assumed number is marked.

/// A sentence in the language that is asked for.
macro_rules! say {
    ($lang:expr, $zh:literal, $en:literal $(,)?) => {
        match $lang {
            $crate::refusal::Lang::Zh => format!($zh),
            $crate::refusal::Lang::En => format!($en),
        }
    };
}

pub(crate) mod bill;
mod entries;
pub(crate) mod explain;
pub(crate) mod figures;
mod floor;
pub(crate) mod head;
pub(crate) mod layout;
pub(crate) mod result;
mod share;
#[cfg(test)]
mod tests;
mod waterfall;
pub(crate) mod words;

use crate::proto;
use crate::refusal::Lang;
use crate::sheet::layout::Block;
use crate::sheet::layout::Page;

pub use crate::sheet::bill::lines;
pub use crate::sheet::entries::accumulators;
pub use crate::sheet::entries::eligibility;
pub use crate::sheet::entries::opening;
pub use crate::sheet::entries::reversal;
pub use crate::sheet::explain::explain;

/// Writes the sheet of a settlement (结算单): head, facts, bill, waterfall, result, why, and the year after it.
///
/// Personal data: the patient is shown masked.
pub fn settlement(record: &proto::SettlementRecord, lang: Lang) -> String {
    page_of(record, lang).text()
}

/// The same in pieces, for whoever does not print to a terminal.
pub(crate) fn pieces(record: &proto::SettlementRecord, lang: Lang) -> Vec<Block> {
    page_of(record, lang).blocks()
}

fn page_of(record: &proto::SettlementRecord, lang: Lang) -> Page {
    let mut page = Page::new(lang);
    head::of_record(&mut page, record, lang);
    if let Some(statement) = &record.statement {
        body(&mut page, statement, lang);
    }
    if let Some(year) = &record.accumulators {
        let steps = record.statement.as_ref().map_or(&[][..], |statement| &statement.steps);
        page.heading(words::pick(lang, "结算后的年度累计", "The year after it"));
        entries::year(&mut page, year, steps, lang);
    }
    page
}

/// Writes the sheet of a quote (预结算单). Nothing was recorded.
pub fn quote(statement: &proto::Statement, lang: Lang) -> String {
    let mut page = Page::new(lang);
    head::of_quote(&mut page, statement, lang);
    body(&mut page, statement, lang);
    page.text()
}

/// What a settlement and a quote have in common.
fn body(page: &mut Page, statement: &proto::Statement, lang: Lang) {
    head::facts(page, statement, lang);
    bill::parts(page, statement, lang);
    waterfall::table(page, statement, lang);
    result::result(page, statement, lang);
    bill::notices(page, statement, lang);
    waterfall::why(page, statement, lang);
}
