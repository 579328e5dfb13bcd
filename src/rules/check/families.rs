//! What needs the whole set: files of a family agree and take turns, and no two families govern at once. Packs 8.

use crate::calendar::Day;
use crate::rules::PackError;
use crate::rules::pack::Kind;
use crate::rules::pack::Pack;
use crate::rules::pack::Step;
use crate::rules::problem::Problem;

use std::collections::BTreeSet;
use std::mem::discriminant;

/// Ends every open file on the day before the next one of its family, and refuses what cannot stand together.
/// Expects the packs in the order of their ids and first days, each with its path.
pub(in crate::rules) fn settle(packs: &mut [Pack], paths: &[&str]) -> Vec<PackError> {
    let mut errors = Vec::new();
    let mut start = 0;
    for family in packs.chunk_by_mut(|a, b| a.id == b.id) {
        let end = start + family.len();
        let paths = &paths[start..end];
        start = end;
        take_turns(family, paths, &mut errors);
        agree(family, paths, &mut errors);
    }
    if errors.is_empty() {
        keep_apart(packs, paths, &mut errors);
    }
    errors
}

fn error(path: &str, place: String, problem: Problem) -> PackError {
    PackError { path: path.to_owned(), place, problem }
}

/// A file governs until its own last day, or until the day before the next one.
fn take_turns(family: &mut [Pack], paths: &[&str], errors: &mut Vec<PackError>) {
    for index in 1..family.len() {
        let next = family[index].span.from;
        let span = &mut family[index - 1].span;
        let path = paths[index - 1];
        if span.from == next {
            let problem = Problem::SameFile { other: path.to_owned() };
            errors.push(error(paths[index], "pack.effective_from".to_owned(), problem));
            continue;
        }
        match span.to {
            Some(to) if to >= next => {
                let problem = Problem::SpanIntoNext { to, next };
                errors.push(error(path, "pack.effective_to".to_owned(), problem));
            }
            Some(_) => {}
            None => span.to = Day::before(next),
        }
    }
}

/// All files agree with the first one that says the same thing.
fn agree(family: &[Pack], paths: &[&str], errors: &mut Vec<PackError>) {
    for (index, pack) in family.iter().enumerate().skip(1) {
        let mut differs = |place: String, other: usize| {
            let problem = Problem::FamilyDiffers { other: paths[other].to_owned() };
            errors.push(error(paths[index], place, problem));
        };
        let first = &family[0];
        if pack.admdvs != first.admdvs {
            differs("pack.admdvs".to_owned(), 0);
        }
        if types(pack) != types(first) {
            differs("pack.insutype".to_owned(), 0);
        }
        if pack.benefit_year_start != first.benefit_year_start {
            differs("pack.benefit_year_start".to_owned(), 0);
        }
        for step in &pack.steps {
            let Some((other, before)) = earlier(&family[..index], &step.id) else {
                continue;
            };
            if discriminant::<Kind>(&step.kind) != discriminant(&before.kind) {
                differs(format!("step {}: kind", step.id), other);
            }
            if step.period != before.period {
                differs(format!("step {}: period", step.id), other);
            }
        }
    }
}

fn types(pack: &Pack) -> BTreeSet<&String> {
    pack.insutype.iter().collect()
}

/// The first file of some that has a step of that id.
fn earlier<'p>(family: &'p [Pack], id: &str) -> Option<(usize, &'p Step)> {
    family.iter().enumerate().find_map(|(index, pack)| Some((index, pack.step(id)?)))
}

/// No two families of equally long `admdvs` have a place, type and day in common.
fn keep_apart(packs: &[Pack], paths: &[&str], errors: &mut Vec<PackError>) {
    for (index, pack) in packs.iter().enumerate() {
        let meets = |other: &Pack| {
            other.id != pack.id
                && other.admdvs == pack.admdvs
                && other.insutype.iter().any(|one| pack.insutype.contains(one))
                && other.span.meets(&pack.span)
        };
        if let Some(other) = packs[..index].iter().position(meets) {
            let problem = Problem::FamiliesMeet { other: paths[other].to_owned() };
            errors.push(error(paths[index], "pack.admdvs".to_owned(), problem));
        }
    }
}
