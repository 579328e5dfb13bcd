//! Random packs, registers and bills, and a walk through them with the core alone: no store, no clock.
//!
//! A case is printed as what a person could type again: the pack as its file, the rest as the contract's JSON.

pub(crate) mod pack;
pub(crate) mod visit;

use onestop::accumulators::AccumulatorKey;
use onestop::accumulators::Accumulators;
use onestop::accumulators::Sums;
use onestop::bill::Bill;
use onestop::proto;
use onestop::register::Catalogue;
use onestop::register::Facility;
use onestop::register::Person;
use onestop::rules::PackFile;
use onestop::rules::RuleBook;
use onestop::settle::Terms;
use onestop::settle::settle;
use onestop::situation::Situation;
use onestop::situation::situation;
use onestop::statement::Statement;
use onestop::wire::from_proto;
use pack::Shape;
use proptest::prelude::*;
use visit::Visit;

use std::collections::BTreeMap;
use std::fmt;

/// Where the pack would be found.
const PATH: &str = "settlement-rules/510400-x/2018-01-01.toml";

/// All that a property looks at.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) pack: String,
    pub(crate) person: proto::Person,
    pub(crate) facilities: Vec<proto::Facility>,
    pub(crate) items: Vec<proto::Item>,
    /// What every year has before the first visit.
    pub(crate) opening: Vec<proto::StepYear>,
    pub(crate) visits: Vec<Visit>,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}\n", self.pack)?;
        writeln!(f, "person {}", json(&self.person))?;
        for facility in &self.facilities {
            writeln!(f, "facility {}", json(facility))?;
        }
        for item in &self.items {
            writeln!(f, "item {}", json(item))?;
        }
        for step in &self.opening {
            writeln!(f, "opening {}", json(step))?;
        }
        for visit in &self.visits {
            writeln!(f, "visit {} {}", json(&visit.admission), json(&visit.bill))?;
        }
        Ok(())
    }
}

/// What proptest prints.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

/// Cases whose packs have this shape.
pub(crate) fn case(shape: Shape) -> impl Strategy<Value = Case> {
    let registers = (visit::person(), visit::facilities(), visit::items());
    let visits = prop::collection::vec(visit::visit(), 1..=4);
    let opening = prop::collection::vec(visit::step_year(), 0..=3);
    (pack::pack(shape), registers, opening, visits).prop_map(
        |(pack, (person, facilities, items), mut opening, visits)| {
            opening.sort_by(|a, b| a.step.cmp(&b.step));
            opening.dedup_by(|a, b| a.step == b.step);
            let steps = pack.matches("[[step]]").count();
            opening.retain(|one| pack::STEPS.iter().take(steps).any(|step| *step == one.step));
            let numbered = visits.into_iter().enumerate();
            let visits = numbered.map(|(index, visit)| visit.numbered(index)).collect();
            Case { pack, person, facilities, items, opening, visits }
        },
    )
}

/// A case as the core sees it.
pub(crate) struct World {
    pub(crate) book: RuleBook,
    pub(crate) person: Person,
    pub(crate) facilities: BTreeMap<String, Facility>,
    pub(crate) catalogue: Catalogue,
    pub(crate) opening: Sums,
}

impl Case {
    /// Reads everything, as a server would; a generator that makes something unreadable fails loudly.
    pub(crate) fn world(&self) -> World {
        let file = PackFile { path: PATH.to_owned(), text: self.pack.clone() };
        let book = RuleBook::read(&[file]).unwrap_or_else(|errors| panic!("{errors:?}"));
        let facilities = self.facilities.iter().map(|facility| {
            (facility.id.clone(), from_proto::facility(facility, "facility").unwrap())
        });
        let mut catalogue = Catalogue::default();
        for item in &self.items {
            catalogue.put(from_proto::item(item, "item").unwrap()).unwrap();
        }
        let opening = proto::Accumulators { steps: self.opening.clone(), ..Default::default() };
        World {
            book,
            person: from_proto::person(&self.person, "person").unwrap(),
            facilities: facilities.collect(),
            catalogue,
            opening: from_proto::balances(Some(&opening)).unwrap(),
        }
    }

    /// The same with other visits.
    pub(crate) fn with(&self, visits: Vec<Visit>) -> Case {
        Case { visits, ..self.clone() }
    }
}

/// One visit that was settled, with all that decided it.
pub(crate) struct Settled<'a> {
    pub(crate) situation: &'a Situation<'a>,
    pub(crate) bill: &'a Bill,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) terms: Terms,
    pub(crate) before: &'a Accumulators,
    pub(crate) statement: &'a Statement<'a>,
}

impl Settled<'_> {
    /// What it adds to the year.
    pub(crate) fn added(&self) -> Sums {
        onestop::settle::added(self.situation, self.statement)
    }
}

pub(crate) type Checked = Result<(), TestCaseError>;

/// Years by their keys.
pub(crate) type Years = BTreeMap<AccumulatorKey, Accumulators>;

/// Settles one visit on what its year has and shows it; a year that is not there yet is as `begins` says.
pub(crate) fn one<T>(
    world: &World,
    visit: &Visit,
    begins: impl FnOnce(&AccumulatorKey) -> Accumulators,
    look: impl FnOnce(&Settled<'_>) -> T,
) -> T {
    let admission = from_proto::admission(Some(&visit.admission), None).unwrap();
    let bill = from_proto::bill(Some(&visit.bill)).unwrap();
    let facility = world.facilities.get(&visit.admission.facility);
    let situation = situation(&world.book, &world.person, facility, &admission);
    let situation = situation.unwrap_or_else(|refusal| panic!("{refusal:?}"));
    let before = begins(&situation.key);
    let situation = situation.at(&before);
    let terms = Terms { deposit: visit.deposit, ..Terms::default() };
    let statement = settle(&situation, &bill, &world.catalogue, &before, terms);
    let statement = statement.unwrap_or_else(|refusal| panic!("{refusal:?}"));
    look(&Settled {
        situation: &situation,
        bill: &bill,
        catalogue: &world.catalogue,
        terms,
        before: &before,
        statement: &statement,
    })
}

/// Settles the visits one after another and shows each; what they add is in the years that the next ones see.
pub(crate) fn walk(case: &Case, mut look: impl FnMut(&Settled<'_>) -> Checked) -> Checked {
    let world = case.world();
    let mut years = Years::new();
    for visit in &case.visits {
        let opened = Accumulators { version: 1, sums: world.opening.clone() };
        let begins = |key: &AccumulatorKey| years.get(key).cloned().unwrap_or(opened);
        let (key, after) = one(&world, visit, begins, |settled| {
            look(settled)?;
            let after = settled.before.after(&settled.added());
            Ok::<_, TestCaseError>((settled.situation.key.clone(), after))
        })?;
        years.insert(key, after);
    }
    Ok(())
}
