//! The table of a bill's lines. Spec 2.3.

use crate::bill::Line;
use crate::money::Money;
use crate::money::Price;
use crate::money::Quantity;
use crate::table::Complaints;
use crate::table::cell;
use crate::table::cell::Cells;
use crate::table::grid;
use crate::table::grid::Column;
use crate::table::grid::optional;
use crate::table::grid::required;

const COLUMNS: &[Column] = &[
    optional("id").or("序号"),
    required("code").or("项目编码"),
    optional("name").or("项目名称"),
    required("category").or("收费类别"),
    required("quantity").or("数量"),
    required("price").or("单价"),
    optional("amount").or("金额"),
    optional("noncompliant").or("不合规"),
    optional("refund_of").or("退费序号"),
];

/// Reads all lines, in the order of their rows.
pub(super) fn read(table: &[u8]) -> Result<Vec<Line>, Complaints> {
    let mut complaints = Complaints::default();
    let mut lines = Vec::new();
    grid::read(table, COLUMNS, &mut complaints, |row, complaints| {
        // The header is row 1.
        let place = row.number.saturating_sub(1).to_string();
        lines.extend(line(&mut Cells { row, complaints }, place));
    });
    complaints.unless_any(lines)
}

fn line(cells: &mut Cells<'_>, place: String) -> Option<Line> {
    let id = cells.if_given("id", cell::code);
    let code = cells.given("code", cell::code);
    let category = cells.given("category", cell::category);
    let quantity = cells.given("quantity", cell::quantity);
    let price = cells.given("price", cell::price);
    let amount = cells.if_given("amount", cell::signed_money);
    let noncompliant = cells.if_given("noncompliant", cell::yes_or_no);
    let refund_of = cells.if_given("refund_of", cell::code);
    let (quantity, price) = (quantity?, price?);
    let counted = charged(price, quantity);
    let amount = match (amount?, counted) {
        (Some(amount), _) if price.explains(quantity, amount) => amount,
        (None, Some(counted)) => counted,
        (Some(_), Some(counted)) => {
            let wrong = (
                format!("is not quantity × unit price, which is {counted}; correct one of them"),
                format!("不等于数量×单价（{counted}）;请改正其中一项"),
            );
            cells.complain("amount", wrong);
            return None;
        }
        (_, None) => {
            let wrong = ("quantity × unit price is too large", "数量×单价过大");
            cells.complain("price", (wrong.0.to_owned(), wrong.1.to_owned()));
            return None;
        }
    };
    Some(Line {
        id: id?.unwrap_or(place),
        code: code?,
        category: category?,
        quantity,
        price,
        amount,
        noncompliant: noncompliant?.unwrap_or_default(),
        refund_of: refund_of?,
        facts: None,
    })
}

/// Quantity × unit price, rounded to the fen; none where that is no amount of money.
fn charged(price: Price, quantity: Quantity) -> Option<Money> {
    let rounded = price.times(quantity)?.round2();
    Money::parse_signed(&rounded.to_string()).ok()
}
