//! The table of catalogue items. Spec 2.4.

use crate::bill::Class;
use crate::bill::ItemFacts;
use crate::calendar::Span;
use crate::refusal::Refusal;
use crate::register::Catalogue;
use crate::register::Item;
use crate::table::Complaints;
use crate::table::cell;
use crate::table::cell::Cells;
use crate::table::cell::Wrong;
use crate::table::grid;
use crate::table::grid::Column;
use crate::table::grid::optional;
use crate::table::grid::required;
use crate::table::meeting;

use std::collections::BTreeMap;

const COLUMNS: &[Column] = &[
    required("code"),
    optional("admdvs"),
    optional("name"),
    optional("category"),
    required("class"),
    required("first_copay_rate"),
    optional("price_limit"),
    optional("tags"),
    required("from"),
    required("to"),
];

/// Reads all items, in the order of their rows.
pub(super) fn read(table: &[u8]) -> Result<Vec<Item>, Complaints> {
    let mut complaints = Complaints::default();
    let mut items = Items::default();
    grid::read(table, COLUMNS, &mut complaints, |row, complaints| {
        let item = item(&mut Cells { row, complaints });
        if let Some(item) = item {
            items.take(row.number, item, complaints);
        }
    });
    complaints.unless_any(items.read)
}

/// What the rows have said so far.
#[derive(Default)]
struct Items {
    read: Vec<Item>,
    /// By code and prefix: rows and where they stand in `read`.
    known: BTreeMap<(String, String), Vec<(u64, usize)>>,
    /// Holds the items read, to ask whether another may join them.
    catalogue: Catalogue,
}

impl Items {
    /// Takes an item that the register would take beside those before. A row that repeats another is read over; the register
    /// would put one with the same first day in the place of the other, which within one table can only be a mistake.
    fn take(&mut self, row: u64, item: Item, complaints: &mut Complaints) {
        let known = self.known.entry((item.code.clone(), item.admdvs.clone())).or_default();
        let same = |(_, place): &&(u64, usize)| {
            self.read.get(*place).is_some_and(|one| one.span.from == item.span.from)
        };
        let refusal = match known.iter().find(same) {
            Some((_, place)) if self.read.get(*place) == Some(&item) => return,
            Some((_, place)) => {
                let first = self.read.get(*place).map_or(item.span, |one| one.span);
                let place = "items".to_owned();
                Err(Refusal::SpansMeet { place, first, second: item.span })
            }
            None => self.catalogue.put(item.clone()),
        };
        match refusal {
            Ok(()) => {
                known.push((row, self.read.len()));
                self.read.push(item);
            }
            Err(refusal) => {
                let span = |place: usize| self.read.get(place).map(|one| one.span);
                let mut rows: Vec<(u64, Span)> = known
                    .iter()
                    .filter_map(|(row, place)| span(*place).map(|span| (*row, span)))
                    .collect();
                rows.push((row, item.span));
                meeting::complain(complaints, &refusal, &rows, "from");
            }
        }
    }
}

fn item(cells: &mut Cells<'_>) -> Option<Item> {
    let code = cells.given("code", cell::code);
    let admdvs = cells.if_given("admdvs", cell::place_prefix);
    let name = cells.if_given("name", cell::text);
    let category = cells.if_given("category", cell::code);
    let class = class(cells, code.as_deref());
    let price_limit = cells.if_given("price_limit", cell::price);
    let tags = cells.tags("tags");
    let span = cells.span("from", "to");
    Some(Item {
        code: code?,
        admdvs: admdvs?.unwrap_or_default(),
        name: name?.unwrap_or_default(),
        category: category?,
        facts: ItemFacts { class: class?, price_limit: price_limit?, tags: tags? },
        span: span?,
    })
}

/// The class, with the rate that class B needs and the others may not have.
fn class(cells: &mut Cells<'_>, code: Option<&str>) -> Option<Class> {
    let letter = cells.given("class", letter);
    let rate = cells.if_given("first_copay_rate", cell::rate);
    match (letter?, rate?) {
        ("A", None) => Some(Class::A),
        ("B", Some(rate)) => Some(Class::B(rate)),
        ("C", None) => Some(Class::C),
        (_, _) => {
            let refusal = Refusal::FirstCopay { code: code.unwrap_or_default().to_owned() };
            cells.complain("first_copay_rate", meeting::in_both(&refusal));
            None
        }
    }
}

fn letter(text: &str) -> Result<&'static str, Wrong> {
    match text {
        "A" => Ok("A"),
        "B" => Ok("B"),
        "C" => Ok("C"),
        _ => Err((
            "is not a class; write A, B or C".to_owned(),
            "不是目录类别;应为 A(甲类)、B(乙类)或 C(丙类)".to_owned(),
        )),
    }
}
