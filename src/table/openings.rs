//! The table of opening balances: what persons' years had in another system. Spec 8.3.

use crate::accumulators::AccumulatorKey;
use crate::accumulators::StepYear;
use crate::accumulators::Sums;
use crate::bill::Part;
use crate::bill::Parts;
use crate::id::OpeningId;
use crate::id::PersonId;
use crate::money::Exact;
use crate::money::Money;
use crate::table::Complaints;
use crate::table::Opening;
use crate::table::cell;
use crate::table::cell::Cells;
use crate::table::grid;
use crate::table::grid::Column;
use crate::table::grid::optional;
use crate::table::grid::required;

use std::collections::BTreeMap;

const COLUMNS: &[Column] = &[
    required("opening"),
    required("person"),
    required("insutype"),
    required("family"),
    required("benefit_year"),
    required("admissions"),
    required("total"),
    required("in_scope"),
    required("copay_first"),
    required("over_limit"),
    required("own_expense"),
    required("facility_borne"),
    required("patient_pay"),
    optional("step"),
    optional("eligible"),
    optional("paid"),
    optional("allowed"),
    optional("measured"),
    optional("remaining"),
    optional("chain"),
    optional("met"),
];

/// The columns that say what the year as a whole had; on the first row of an opening balance.
const HEAD: [&str; 7] = [
    "admissions",
    "total",
    "in_scope",
    "copay_first",
    "over_limit",
    "own_expense",
    "facility_borne",
];

/// Reads all opening balances, in the order in which they first stand.
pub(super) fn read(table: &[u8]) -> Result<Vec<Opening>, Complaints> {
    let mut complaints = Complaints::default();
    let mut openings: Vec<Opening> = Vec::new();
    let mut places: BTreeMap<(OpeningId, AccumulatorKey), usize> = BTreeMap::new();
    grid::read(table, COLUMNS, &mut complaints, |row, complaints| {
        let mut cells = Cells { row, complaints };
        let Some((id, key)) = name(&mut cells) else { return };
        let place = *places.entry((id.clone(), key.clone())).or_insert_with(|| {
            let balances = Sums::default();
            openings.push(Opening { row: row.number, id, key, balances });
            openings.len() - 1
        });
        let Some(opening) = openings.get_mut(place) else { return };
        if opening.row == row.number {
            head(&mut cells, &mut opening.balances);
        } else if cells.has_any(&HEAD) || cells.has_any(&["patient_pay"]) {
            let wrong = (
                "the year's own sums stand on the first row of an opening balance only; leave them empty here"
                    .to_owned(),
                "年度合计只填在该期初余额的第一行;本行请留空".to_owned(),
            );
            cells.complain("total", wrong);
        }
        step(&mut cells, &mut opening.balances);
    });
    for opening in &openings {
        if opening.balances.parts.total() != opening.balances.total {
            let wrong = (
                "the five parts do not sum to the total; correct them".to_owned(),
                "五部分合计与总额不符;请改正".to_owned(),
            );
            complaints.add(opening.row, "total", wrong);
        }
    }
    complaints.unless_any(openings)
}

/// Which opening balance a row is of.
fn name(cells: &mut Cells<'_>) -> Option<(OpeningId, AccumulatorKey)> {
    let id = cells.given("opening", |text| cell::id(text, OpeningId::parse));
    let person = cells.given("person", |text| cell::id(text, PersonId::parse));
    let insutype = cells.given("insutype", cell::insutype);
    let family = cells.given("family", cell::code);
    let benefit_year = cells.given("benefit_year", cell::whole);
    let key = AccumulatorKey {
        person: person?,
        insutype: insutype?,
        family: family?,
        benefit_year: benefit_year?,
    };
    Some((id?, key))
}

fn money(cells: &mut Cells<'_>, column: &str) -> Money {
    cells.if_given(column, cell::money).flatten().unwrap_or_default()
}

fn head(cells: &mut Cells<'_>, balances: &mut Sums) {
    balances.admissions = cells.if_given("admissions", cell::whole).flatten().unwrap_or_default();
    balances.total = money(cells, "total");
    balances.patient_pay = money(cells, "patient_pay");
    let mut parts = Parts::default();
    for part in Part::ALL {
        parts[part] = money(cells, part.name());
    }
    balances.parts = parts;
}

/// One step, or one chain of a step, on a row; `allowed` left out is `remaining`.
fn step(cells: &mut Cells<'_>, balances: &mut Sums) {
    if !cells.has_any(&["step", "eligible", "paid", "allowed", "measured", "remaining", "chain"]) {
        return;
    }
    let Some(step) = cells.given("step", cell::code) else { return };
    let once = || {
        (
            "this step stands on an earlier row of the opening balance; leave one of them out"
                .to_owned(),
            "该步骤在该期初余额中重复;请删去一行".to_owned(),
        )
    };
    if cells.has_any(&["chain", "met"]) {
        let chain = cells.given("chain", cell::code);
        let met = cells.given("met", cell::money);
        if let (Some(chain), Some(met)) = (chain, met)
            && balances.chains.entry(step.clone()).or_default().insert(chain, met).is_some()
        {
            cells.complain("chain", once());
        }
    }
    if cells.has_any(&["eligible", "paid", "allowed", "measured", "remaining"]) {
        let remaining = money(cells, "remaining");
        let allowed = cells.if_given("allowed", cell::allowed).flatten();
        let year = StepYear {
            eligible: money(cells, "eligible"),
            paid: money(cells, "paid"),
            allowed: allowed.unwrap_or(Exact::from(remaining)),
            measured: money(cells, "measured"),
            remaining,
        };
        if balances.steps.insert(step, year).is_some() {
            cells.complain("step", once());
        }
    }
}
