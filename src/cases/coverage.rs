//! Which entries of the packs the cases exercise, so that an author sees what nobody has worked by hand yet.

use crate::cases::Unreached;
use crate::rules::RuleBook;
use crate::rules::entry::Entry;
use crate::rules::pack::Kind;
use crate::rules::pack::Pack;
use crate::rules::pack::Step;
use crate::statement::Basis;
use crate::statement::LineReason;
use crate::statement::Run;
use crate::statement::Statement;

use std::collections::BTreeSet;
use std::fmt::Debug;

/// What is exercised so far. An entry is known by its family, its step, its key and its content, so that a later file of
/// the family that repeats it word for word need not work it again.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    reached: BTreeSet<Entered>,
}

/// An entry, or under the key `when` a step that runs.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entered {
    family: String,
    step: String,
    key: &'static str,
    content: String,
}

/// The key under which a step is noted that runs.
const RUNS: &str = "when";

/// Names the entries of one pack, or of one of its steps.
struct Namer<'p> {
    pack: &'p Pack,
    step: &'p str,
}

impl Namer<'_> {
    fn name<T: Debug>(&self, key: &'static str, entry: &T) -> Entered {
        // Sets of identities go by their places, which mean the same only where the same are declared.
        let content = format!("{:?} {entry:?}", self.pack.identities);
        Entered { family: self.pack.id.clone(), step: self.step.to_owned(), key, content }
    }

    fn names<T: Debug>(&self, key: &'static str, entries: &[Entry<T>]) -> Vec<Entered> {
        entries.iter().map(|entry| self.name(key, entry)).collect()
    }
}

/// The entries that act on the bill.
fn of_bill(pack: &Pack) -> Vec<Entered> {
    let namer = Namer { pack, step: "" };
    let mut names = namer.names("override", &pack.overrides);
    names.extend(namer.names("waiver", &pack.waivers));
    names.extend(namer.names("deposit_exempt", &pack.deposit_exempt));
    names.extend(namer.names("check", &pack.checks));
    names
}

/// The entries of a step.
fn of_step(pack: &Pack, step: &Step) -> Vec<Entered> {
    let namer = Namer { pack, step: &step.id };
    let mut names = match &step.kind {
        Kind::Share(share) => {
            let mut names = namer.names("deductible", &share.deductible);
            names.extend(namer.names("bands", &share.bands));
            names.extend(namer.names("adjust", &share.adjust));
            names.extend(namer.names("chain", &share.chain));
            names
        }
        Kind::Floor(floor) => namer.names("guarantee", &floor.guarantee),
    };
    names.extend(namer.names("cap", &step.cap));
    names
}

impl Coverage {
    /// Notes what acted in a statement.
    pub(super) fn reach(&mut self, pack: &Pack, statement: &Statement<'_>) {
        let namer = Namer { pack, step: "" };
        let reached = &mut self.reached;
        reached.extend(statement.deposit_exempt.map(|entry| namer.name("deposit_exempt", entry)));
        reached.extend(statement.checks.iter().map(|result| namer.name("check", result.check)));
        reached.extend(statement.lines.iter().flatten().filter_map(|line| match &line.reason {
            LineReason::NonCompliant => None,
            LineReason::Waiver(entry) => Some(namer.name("waiver", *entry)),
            LineReason::Class { by, .. } => by.map(|entry| namer.name("override", entry)),
        }));
        for result in &statement.steps {
            let namer = Namer { pack, step: &result.step.id };
            if let Some(run) = &result.run {
                reached.insert(namer.name(RUNS, &result.step.when));
                reached.extend(in_run(&namer, run));
            }
        }
    }

    /// What no case has exercised, in the order of the files.
    pub(super) fn unreached(&self, book: &RuleBook) -> Vec<Unreached> {
        let mut unreached = Vec::new();
        for (path, pack) in book.files() {
            let mut add = |step: Option<&Step>, entries: Vec<String>| {
                let step = step.map(|step| step.id.clone());
                unreached.push(Unreached { path: path.to_owned(), step, entries });
            };
            let left = self.left(&of_bill(pack));
            if !left.is_empty() {
                add(None, left);
            }
            for step in &pack.steps {
                let runs = Namer { pack, step: &step.id }.name(RUNS, &step.when);
                let left = self.left(&of_step(pack, step));
                if !self.reached.contains(&runs) {
                    add(Some(step), Vec::new());
                } else if !left.is_empty() {
                    add(Some(step), left);
                }
            }
        }
        unreached
    }

    /// Those not exercised, as people count: `deductible[2]`.
    fn left(&self, entries: &[Entered]) -> Vec<String> {
        let mut left = Vec::new();
        for of_key in entries.chunk_by(|a, b| a.key == b.key) {
            let numbered = of_key.iter().enumerate();
            let unreached = numbered.filter(|(_, entry)| !self.reached.contains(entry));
            left.extend(unreached.map(|(index, entry)| format!("{}[{}]", entry.key, index + 1)));
        }
        left
    }
}

/// The entries that acted in a step.
fn in_run(namer: &Namer<'_>, run: &Run<'_>) -> Vec<Entered> {
    let mut names: Vec<Entered> =
        run.cap.map(|entry| namer.name("cap", entry)).into_iter().collect();
    match &run.basis {
        Basis::Share(trace) => {
            names.extend(trace.deductible.map(|entry| namer.name("deductible", entry)));
            names.extend(trace.bands.map(|entry| namer.name("bands", entry)));
            names.extend(trace.adjustments.iter().map(|entry| namer.name("adjust", *entry)));
            names.extend(trace.chain.as_ref().map(|(entry, _)| namer.name("chain", *entry)));
        }
        Basis::Floor(trace) => {
            names.extend(trace.guarantee.map(|entry| namer.name("guarantee", entry)));
        }
    }
    names
}
