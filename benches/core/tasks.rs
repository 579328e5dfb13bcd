//! What is measured. Every task is prepared once and then run many times.

use crate::demo;
use crate::items;

use onestop::accumulators::Accumulators;
use onestop::accumulators::Sums;
use onestop::bill::Bill;
use onestop::bill::Charges;
use onestop::calendar::Day;
use onestop::folder;
use onestop::folder::Registers;
use onestop::money::Money;
use onestop::proto;
use onestop::reconcile::Book;
use onestop::reconcile::Scope;
use onestop::reconcile::Settled;
use onestop::reconcile::reconcile;
use onestop::register::Catalogue;
use onestop::rules::PackFile;
use onestop::rules::RuleBook;
use onestop::settle::Terms;
use onestop::settle::added;
use onestop::settle::settle;
use onestop::situation::Situation;
use onestop::situation::situation;
use onestop::statement::Statement;
use onestop::wire::from_proto;
use onestop::wire::to_bytes;
use onestop::wire::to_bytes::Detail;

use std::hint::black_box;
use std::path::Path;

/// The tasks. `settle` is the core's statement, which is the trace as data; `amounts` and `trace` write it as a message too.
pub(crate) const NAMES: [&str; 20] = [
    "classify 100 lines",
    "settle demo, six steps, totals",
    "amounts demo, six steps, totals",
    "trace demo, six steps, totals",
    "settle panzhihua, totals",
    "settle guangxi, totals",
    "settle xianyang, totals",
    "settle jilin, totals",
    "settle tangshan, totals",
    "trace panzhihua, totals",
    "trace guangxi, totals",
    "trace xianyang, totals",
    "trace jilin, totals",
    "trace tangshan, totals",
    "trace panzhihua, its lines",
    "situation demo",
    "load demo pack",
    "load all packs",
    "fold a year of five",
    "reconcile 10000 rows",
];

type Task = Box<dyn FnMut()>;

/// Runs a task so many times.
pub(crate) fn run(name: &str, rounds: u32) {
    let mut task = task(name);
    for _ in 0..rounds {
        task();
    }
}

/// Prepares a task.
pub(crate) fn task(name: &str) -> Task {
    let (what, rest) = name.split_once(' ').unwrap();
    let (of, how) = rest.split_once(", ").unwrap_or((rest, ""));
    match (what, of) {
        ("classify", _) => classify(),
        ("load", _) => load(of == "demo pack"),
        ("fold", _) => fold(),
        ("reconcile", _) => join(),
        ("situation", _) => demo_case().find_situation(),
        (_, "demo") => demo_case().totals().task(what),
        (_, sample) if how == "its lines" => self::sample(sample).task(what),
        (_, sample) => self::sample(sample).totals().task(what),
    }
}

/// An admission with all that decides it. It lives as long as the program.
struct Case {
    world: &'static World,
    admission: &'static proto::Admission,
    read: &'static onestop::admission::Admission,
    bill: Bill,
}

struct World {
    book: RuleBook,
    registers: Registers,
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn pack_files() -> Vec<PackFile> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("settlement-rules");
    folder::pack_files(&folder).unwrap()
}

fn book(files: &[PackFile]) -> RuleBook {
    RuleBook::read(files).unwrap_or_else(|errors| panic!("{errors:?}"))
}

impl Case {
    fn new(world: World, admission: proto::Admission, bill: &proto::Bill) -> Case {
        let read = leak(from_proto::admission(Some(&admission), None).unwrap());
        let bill = from_proto::bill(Some(bill)).unwrap();
        Case { world: leak(world), admission: leak(admission), read, bill }
    }

    fn situation(&self) -> Situation<'static> {
        let registers = &self.world.registers;
        let facility = self.read.facility.as_ref().map(|id| &registers.facilities[id]);
        let person = &registers.persons[&self.read.person];
        situation(&self.world.book, person, facility, self.read).unwrap()
    }

    fn catalogue(&self) -> &'static Catalogue {
        &self.world.registers.catalogue
    }

    fn settle<'s>(&'s self, situation: &'s Situation<'s>) -> Statement<'s> {
        let year = Accumulators::default();
        settle(situation, &self.bill, self.catalogue(), &year, Terms::default()).unwrap()
    }

    /// The same admission with a bill of totals.
    fn totals(self) -> Case {
        let parts = self.settle(leak(self.situation())).parts;
        let total = Some(parts.total());
        let charges = Charges::Totals { parts, drugs: None };
        Case { bill: Bill { total, noncompliant: false, charges }, ..self }
    }

    fn task(self, what: &str) -> Task {
        let situation = leak(self.situation());
        let day = self.read.admitted_on;
        let message = move |case: &Case, detail: Detail| {
            to_bytes::statement(&case.settle(situation), situation, day, detail)
        };
        match what {
            "settle" => Box::new(move || drop(black_box(self.settle(situation)))),
            "amounts" => Box::new(move || drop(black_box(message(&self, Detail::Amounts)))),
            "trace" => Box::new(move || drop(black_box(message(&self, Detail::Full)))),
            other => panic!("{other}"),
        }
    }

    fn find_situation(self) -> Task {
        Box::new(move || drop(black_box((self.admission, self.situation()))))
    }
}

/// A registered poor person at the county hospital: all six enabled steps run.
fn demo_case() -> Case {
    let mut registers = Registers::default();
    let person = from_proto::person(&demo::person(1), "person").unwrap();
    registers.persons.insert(person.id.clone(), person);
    let facility = from_proto::facility(&demo::facility(), "facility").unwrap();
    registers.facilities.insert(facility.id.clone(), facility);
    for item in (0..items::ITEMS).map(items::item) {
        registers.catalogue.put(from_proto::item(&item, "item").unwrap()).unwrap();
    }
    let world = World { book: book(&pack_files()), registers };
    Case::new(world, demo::admission(1, 1).unwrap(), &items::bill(100))
}

/// The demo pack with all its steps disabled: what is left is classification and checks.
fn classify() -> Task {
    let Case { world, admission, .. } = demo_case();
    let files: Vec<PackFile> = pack_files()
        .into_iter()
        .filter(|file| file.path.contains("000000-demo/2018"))
        .map(|file| PackFile {
            text: file
                .text
                .replace("enabled = false\n", "")
                .replace("[[step]]\n", "[[step]]\nenabled = false\n"),
            ..file
        })
        .collect();
    let world = World { book: book(&files), registers: world.registers.clone() };
    Case::new(world, admission.clone(), &items::bill(100)).task("settle")
}

/// An admission of the sample folder, with the lines of its bill.
fn sample(name: &str) -> Case {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/sample");
    let path = folder.join("admissions").join(name).with_extension("json");
    let text = std::fs::read_to_string(path).unwrap();
    let request: proto::SettleRequest = serde_json::from_str(&text).unwrap();
    let registers = folder::registers(&folder).unwrap();
    let world = World { book: book(&pack_files()), registers };
    Case::new(world, request.admission.unwrap(), &request.bill.unwrap())
}

fn load(demo_only: bool) -> Task {
    let mut files = pack_files();
    files.retain(|file| !demo_only || file.path.contains("000000-demo/2018"));
    Box::new(move || drop(black_box(book(&files))))
}

/// Five settlements of one year, each on what the ones before have added.
fn fold() -> Task {
    let case = demo_case().totals();
    let situation = leak(case.situation());
    let one: Sums = added(situation, &case.settle(situation));
    Box::new(move || {
        let year = (0..5).fold(Accumulators::default(), |year, _| year.after(&one));
        drop(black_box(year));
    })
}

/// Two lists of ten thousand settlements each in another order; every hundredth row differs by a fen.
fn join() -> Task {
    const ROWS: u32 = 10_000;
    let day = Day::new(2018, 3, 10);
    let list = |fen: &dyn Fn(u32) -> i64, order: &mut dyn Iterator<Item = u32>| {
        let mut book = Book::new();
        for row in order {
            let (reference, person) = (format!("S{row:08}"), format!("P{:06}", row % 4_000));
            let admission = format!("A{row:08}");
            let total = Money::from_fen(fen(row));
            let settled = Settled {
                reference: &reference,
                undoes: "",
                admission: &admission,
                person: &person,
                is_refund: false,
                total,
                fund: total,
                account: Money::ZERO,
                cash: None,
                day,
                line: row,
                outside: None,
            };
            book.push(&settled).unwrap();
        }
        book
    };
    let amount = |row: u32| 200_000 + i64::from(row);
    let slip = |row: u32| amount(row) + i64::from(row.is_multiple_of(100));
    let ledger = list(&amount, &mut (0..ROWS));
    let hospital = list(&slip, &mut (0..ROWS).rev());
    let scope = Scope { from: day.unwrap(), to: day.unwrap(), with_refunds: true };
    Box::new(move || drop(black_box(reconcile(&scope, &hospital, &ledger))))
}
