//! The rule book: all packs in force, read from texts, and the choice of one. Spec 3.1, packs.

pub mod entry;
pub mod pack;
pub mod when;
pub mod problem;
pub(crate) mod read;
pub mod check;

use crate::calendar::Day;
use crate::register::Place;
use crate::rules::check::families;
use crate::rules::pack::Pack;
use crate::rules::problem::Problem;

use sha2::Digest;
use sha2::Sha256;

use std::fmt;

/// Most bytes of one pack file.
pub const PACK_BYTES_MAX: usize = 1024 * 1024;

/// A pack file as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackFile {
    /// Where: `settlement-rules/510400-resident/2018-01-01.toml`.
    pub path: String,
    /// All of it.
    pub text: String,
}

impl PackFile {
    /// A file that was sent without its folder, under the name that its family and first day give it; under its own where it does
    /// not say them.
    pub fn sent(name: &str, text: &str) -> PackFile {
        let table: Option<toml::Table> = toml::from_str(text).ok();
        let pack =
            table.as_ref().and_then(|table| table.get("pack")).and_then(|pack| pack.as_table());
        let head = |key: &str| {
            let value = pack.and_then(|pack| pack.get(key))?;
            value.as_str().map(str::to_owned).or_else(|| Some(value.as_datetime()?.to_string()))
        };
        let path = match (head("id"), head("effective_from")) {
            (Some(id), Some(from)) => format!("{id}/{from}.toml"),
            _ => name.to_owned(),
        };
        PackFile { path, text: text.to_owned() }
    }
}

/// Why a pack file is refused, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct PackError {
    /// The file.
    pub path: String,
    /// Step and key: `step basic: deductible[2].amount`; entries are counted from 1.
    pub place: String,
    /// What is wrong there.
    pub problem: Problem,
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.path, self.place, self.problem)
    }
}

impl PackError {
    /// The same in Chinese.
    pub fn zh(&self) -> String {
        format!("{}: {}: {}", self.path, self.place, self.problem.zh())
    }
}

/// The packs of a book (规则库), sorted by id and first day. A file without `effective_to` governs until the day before
/// the next file of its family.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleBook {
    packs: Vec<Pack>,
    /// Where each of them was found.
    paths: Vec<String>,
}

impl RuleBook {
    /// Reads a set of pack files.
    /// What needs the whole set is looked at once every file can be read by itself: a file that is missing from the set
    /// would make the others look wrong.
    ///
    /// Errors: all that is wrong with every file.
    pub fn read(files: &[PackFile]) -> Result<RuleBook, Vec<PackError>> {
        let mut read: Vec<(Pack, &str)> = Vec::new();
        let mut errors = Vec::new();
        for file in files {
            match read::read(file) {
                Ok(pack) => read.push((pack, &file.path)),
                Err(found) => errors.extend(found),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        read.sort_by(|(a, _), (b, _)| (&a.id, a.span.from).cmp(&(&b.id, b.span.from)));
        let (mut packs, paths): (Vec<Pack>, Vec<&str>) = read.into_iter().unzip();
        let errors = families::settle(&mut packs, &paths);
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(RuleBook { packs, paths: paths.into_iter().map(str::to_owned).collect() })
    }

    /// All packs, by id and first day.
    pub fn packs(&self) -> &[Pack] {
        &self.packs
    }

    /// SHA-256 over family, first day and digest of every pack, in hex: the same where the same packs are in force.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for pack in &self.packs {
            hash.update(format!("{}/{} {}\n", pack.id, pack.span.from, pack.digest));
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// All packs with the files that they were read from, by id and first day.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Pack)> {
        self.paths.iter().map(String::as_str).zip(&self.packs)
    }

    /// The pack that governs an insured place and insurance type on a day: the longest `admdvs` that fits. Spec 3.1.
    pub fn governing(&self, place: Place, insutype: &str, day: Day) -> Option<&Pack> {
        let fits = |pack: &&Pack| {
            place.as_str().starts_with(&pack.admdvs)
                && pack.insutype.iter().any(|one| one == insutype)
                && pack.span.has(day)
        };
        self.packs.iter().filter(fits).max_by_key(|pack| pack.admdvs.len())
    }

    /// The files of a family, earliest first.
    pub fn family<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Pack> {
        self.packs.iter().filter(move |pack| pack.id == id)
    }

    /// The file of a family that begins on a day.
    pub fn pack(&self, id: &str, effective_from: Day) -> Option<&Pack> {
        self.packs.iter().find(|pack| pack.id == id && pack.span.from == effective_from)
    }
}
