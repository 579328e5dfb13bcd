//! Searches for an identity that makes someone worse off (身份反致不利): bills are generated around what a pack names, and each
//! is settled for the same person with and without an identity. Packs 8.
//!
//! The search proves nothing where it finds nothing. It is the same every time: its numbers come from the pack's place in
//! the book and nothing else.

mod random;
mod vocabulary;
mod scene;
mod aim;
mod shrink;

use crate::admission::IdentitySet;
use crate::cases;
use crate::cases::Given;
use crate::money::Money;
use crate::rules::RuleBook;
use crate::rules::pack::Pack;
use crate::worse_off::random::Random;
use crate::worse_off::scene::Scene;
use crate::worse_off::vocabulary::Vocabulary;

use std::collections::BTreeMap;
use std::fmt;

/// Bills generated for each pack.
pub const TRIALS: u32 = 4000;

/// Most identities that are tried in one bill, so that a pack of many costs no more than others.
const TRIED_MAX: usize = 6;

/// An identity whose holder pays more, and a case that shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorseOff {
    /// The pack file.
    pub path: String,
    /// The identity.
    pub identity: String,
    /// What its holder holds beside it.
    pub beside: Vec<String>,
    /// What the patient pays without it.
    pub without: Money,
    /// What the patient pays with it.
    pub with: Money,
    /// The case in one line of the case format, with the identity.
    pub case: String,
}

impl fmt::Display for WorseOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WorseOff { path, identity, without, with, case, .. } = self;
        write!(f, "{path}: identities.{identity}: the patient pays {with} with it and {without} ")?;
        if self.beside.is_empty() {
            f.write_str("without")?;
        } else {
            write!(f, "with {} alone", self.beside.join(", "))?;
        }
        write!(f, ": {case}")
    }
}

impl WorseOff {
    /// The same in Chinese.
    pub fn zh(&self) -> String {
        let WorseOff { path, identity, without, with, case, .. } = self;
        let before = if self.beside.is_empty() {
            "无此身份".to_owned()
        } else {
            format!("仅有 {}", self.beside.join("、"))
        };
        format!(
            "{path}: identities.{identity}: 有此身份个人付 {with}，{before}时付 {without}：{case}"
        )
    }
}

/// One bill on which an identity makes its holder pay more.
#[derive(Debug, Clone)]
struct Finding {
    given: Given,
    /// What the person holds without it.
    held: IdentitySet,
    /// The identity, by its place in the pack.
    added: usize,
    without: Money,
    with: Money,
}

/// Searches all packs of a book, with so many bills for each; the smallest finding for each identity.
pub fn search(book: &RuleBook, trials: u32) -> Vec<WorseOff> {
    let mut found = Vec::new();
    for (seed, (path, pack)) in (1..).zip(book.files()) {
        let scene = Scene { book, pack, slack: slack(pack) };
        let mut random = Random::new(seed);
        let vocabulary = Vocabulary::of(pack);
        let mut smallest: BTreeMap<usize, Finding> = BTreeMap::new();
        for _ in 0..trials {
            let Some(given) = scene.generate(&vocabulary, &mut random) else { continue };
            for finding in try_all(&scene, &given, &mut random) {
                let is_smaller = smallest
                    .get(&finding.added)
                    .is_none_or(|least| shrink::size(&finding) < shrink::size(least));
                if is_smaller {
                    smallest.insert(finding.added, finding);
                }
            }
        }
        let shrunk = smallest.into_values().map(|finding| shrink::shrink(&scene, finding));
        found.extend(shrunk.map(|finding| told(path, pack, finding)));
    }
    found
}

/// Payments of a year are differences of two rounded values (spec 5.5), so that each step can be off by a fen either way,
/// which is no policy.
fn slack(pack: &Pack) -> Money {
    let enabled = pack.steps.iter().filter(|step| step.enabled);
    enabled.map(|_| Money::from_fen(1)).sum()
}

/// Settles one bill for a person without, with one and with two of the pack's identities.
fn try_all(scene: &Scene<'_>, given: &Given, random: &mut Random) -> Vec<Finding> {
    let mut tried: Vec<usize> = (0..scene.pack.identities.len()).collect();
    while TRIED_MAX < tried.len() {
        tried.swap_remove(random.below(tried.len()));
    }
    let nobody = IdentitySet::default();
    let Some(plain) = scene.patient_pays(given, nobody) else { return Vec::new() };
    let mut findings = Vec::new();
    let mut compare = |held: IdentitySet, added: usize, without: Money, with: Money| {
        if without + scene.slack < with {
            findings.push(Finding { given: given.clone(), held, added, without, with });
        }
    };
    let mut alone = Vec::new();
    for &one in &tried {
        let Some(pays) = scene.patient_pays(given, nobody.with(one)) else { continue };
        compare(nobody, one, plain, pays);
        alone.push((one, pays));
    }
    for (index, &(one, of_one)) in alone.iter().enumerate() {
        for &(other, of_other) in &alone[..index] {
            let both = nobody.with(one).with(other);
            let Some(pays) = scene.patient_pays(given, both) else { continue };
            compare(nobody.with(one), other, of_one, pays);
            compare(nobody.with(other), one, of_other, pays);
        }
    }
    findings
}

fn told(path: &str, pack: &Pack, finding: Finding) -> WorseOff {
    let Finding { mut given, held, added, without, with } = finding;
    let keys = |set: IdentitySet| -> Vec<String> {
        let all = pack.identities.iter().enumerate();
        all.filter(|(index, _)| set.has(*index)).map(|(_, one)| one.key.clone()).collect()
    };
    given.person.identities = keys(held.with(added)).into_iter().map(scene::held).collect();
    WorseOff {
        path: path.to_owned(),
        identity: pack.identities.get(added).map_or_else(String::new, |one| one.key.clone()),
        beside: keys(held),
        without,
        with,
        case: cases::line(&given),
    }
}

#[cfg(test)]
mod tests;
