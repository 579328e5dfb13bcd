//! Reads what a case charges: totals, or lines with their catalogue facts.

use crate::bill::Bill;
use crate::bill::Charges;
use crate::bill::Drugs;
use crate::bill::ItemFacts;
use crate::bill::LINES_MAX;
use crate::bill::Line;
use crate::cases::given::texts;
use crate::cases::read::money;
use crate::cases::read::parts;
use crate::money::Money;
use crate::money::Price;
use crate::money::Quantity;
use crate::rules::problem::Problem;
use crate::rules::read::bill::class;
use crate::rules::read::errors::Read;
use crate::rules::read::errors::all;
use crate::rules::read::reader::Field;
use crate::rules::read::reader::Keys;

/// The item of every line: facts stand on the line, and a refund has the item of the line that it takes back.
const ITEM: &str = "case";

/// `[case.bill]` or `[[case.line]]`.
pub(super) fn bill(keys: &mut Keys<'_>) -> Read<Bill> {
    let totals = keys.may("bill", totals);
    let has_totals = !matches!(totals, Ok(None));
    if has_totals && keys.has("line") {
        keys.overlook(&["line"]);
        return Err(keys.report("line", Problem::Both { other: "bill" }));
    }
    let lines = keys.may("line", |field| {
        let lines = field.list_of_at_most(LINES_MAX)?.into_iter().enumerate();
        all(lines.map(|(index, one)| line(one, index + 1)))
    });
    match (totals?, lines?) {
        (Some(bill), _) => Ok(bill),
        (None, Some(lines)) => {
            Ok(Bill { total: None, noncompliant: false, charges: Charges::Lines(lines) })
        }
        (None, None) => Err(keys.report("", Problem::NoneOf { keys: &["bill", "line"] })),
    }
}

/// The parts; the total is their sum.
fn totals(field: Field<'_>) -> Read<Bill> {
    let mut keys = field.keys()?;
    let parts = parts(&mut keys);
    let all = keys.may("drugs", money);
    let class_c = keys.may("class_c_drugs", money);
    let noncompliant = keys.may("noncompliant", Field::flag);
    keys.finish();
    let drugs = match (all?, class_c?) {
        (Some(all), Some(class_c)) => Some(Drugs { all, class_c }),
        (None, None) => None,
        (Some(_), None) => return Err(keys.report("class_c_drugs", Problem::Missing)),
        (None, Some(_)) => return Err(keys.report("drugs", Problem::Missing)),
    };
    let parts = parts?;
    Ok(Bill {
        total: Some(parts.total()),
        noncompliant: noncompliant?.unwrap_or_default(),
        charges: Charges::Totals { parts, drugs },
    })
}

fn line(field: Field<'_>, number: usize) -> Read<Line> {
    let mut keys = field.keys()?;
    let id = keys.may("id", Field::text);
    let category = keys.must("category", Field::text);
    let class = class(&mut keys, "class");
    let price_limit = keys.may("price_limit", |field| field.decimal(Price::parse));
    let tags = texts(&mut keys, "tags");
    let quantity = keys.must("quantity", |field| field.decimal(Quantity::parse));
    let price = keys.must("price", |field| field.decimal(Price::parse));
    let amount = keys.must("amount", |field| field.decimal(Money::parse_signed));
    let noncompliant = keys.may("noncompliant", Field::flag);
    let refund_of = keys.may("refund_of", Field::text);
    keys.finish();
    let facts = ItemFacts { class: class?, price_limit: price_limit?, tags: tags? };
    Ok(Line {
        id: id?.unwrap_or_else(|| number.to_string()),
        code: ITEM.to_owned(),
        category: category?,
        quantity: quantity?,
        price: price?,
        amount: amount?,
        noncompliant: noncompliant?.unwrap_or_default(),
        refund_of: refund_of?,
        facts: Some(facts),
    })
}
