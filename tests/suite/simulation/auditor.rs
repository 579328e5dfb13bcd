//! Keeps its own books from the answers alone, and complains where an answer or what the service shows does not fit them.
//!
//! Answers are put down in the order of their numbers. While an answer of a person is lost, later answers of that person wait.

pub(crate) mod answer;
pub(crate) mod statement;
pub(crate) mod sums;
pub(crate) mod shown;

use crate::simulation::auditor::answer::Answer;
use crate::simulation::auditor::answer::RequestKey;
use crate::simulation::auditor::answer::YearKey;
use crate::simulation::auditor::sums::Sums;
use crate::simulation::auditor::sums::same;

use onestop::proto;
use onestop::wire::compare;
use prost::Message;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// What the registers and the rules said when a request was sent, as the simulation knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expected {
    /// Keys of the identities held on the admission day, sorted.
    pub(crate) identities: Vec<String>,
    /// First day of the pack file.
    pub(crate) pack_from: String,
}

/// An entry that the auditor knows of.
#[derive(Debug, Clone)]
pub(crate) struct Noted {
    pub(crate) year: YearKey,
    pub(crate) digest: String,
    /// Admission or opening id; of a reversal, that of what it undid.
    pub(crate) name: String,
    pub(crate) facility: String,
    pub(crate) is_settlement: bool,
    pub(crate) is_reversal: bool,
    pub(crate) reversed_by: u64,
    /// The first answer.
    bytes: Vec<u8>,
}

/// A year: all entries in their order, and those that stand, each with the sums after it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Year {
    pub(crate) entries: Vec<u64>,
    pub(crate) standing: Vec<(u64, Sums)>,
}

impl Year {
    pub(crate) fn version(&self) -> u64 {
        u64::try_from(self.entries.len()).unwrap()
    }

    pub(crate) fn sums(&self) -> Sums {
        self.standing.last().map(|(_, sums)| sums.clone()).unwrap_or_default()
    }

    pub(crate) fn top(&self) -> Option<u64> {
        self.standing.last().map(|(number, _)| *number)
    }
}

/// The auditor's books.
#[derive(Debug, Clone, Default)]
pub(crate) struct Auditor {
    pub(crate) years: BTreeMap<YearKey, Year>,
    pub(crate) entries: BTreeMap<u64, Noted>,
    /// Numbers of register writes.
    pub(crate) registers: BTreeSet<u64>,
    /// Reloads of the rules, by number.
    pub(crate) reloads: BTreeSet<u64>,
    pub(crate) requests: BTreeMap<RequestKey, u64>,
    /// Facility and admission: its settlements, the latest last.
    pub(crate) admissions: BTreeMap<(String, String), Vec<u64>>,
    /// Effective opening balances by year and reference.
    pub(crate) openings: BTreeMap<(YearKey, String), u64>,
    /// How many answers of a person are lost.
    adrift: BTreeMap<String, u64>,
    waiting: BTreeMap<String, BTreeMap<u64, (Answer, Vec<Expected>)>>,
    /// Years and entries that changed since they were compared last.
    pub(crate) touched: BTreeSet<YearKey>,
    pub(crate) touched_entries: BTreeSet<u64>,
}

impl Auditor {
    /// Puts first answers down. `expected`: what could have been known when the request was sent.
    pub(crate) fn note(&mut self, answers: Vec<(Answer, Vec<Expected>)>) -> Result<(), String> {
        let mut persons = BTreeSet::new();
        for (answer, expected) in answers {
            let number = answer.number();
            let year = answer.year().ok_or_else(|| format!("entry {number} names no year"))?;
            self.claim_number(number)?;
            self.claim_request(answer.request(), number)?;
            let waiting = self.waiting.entry(year.person.clone()).or_default();
            if waiting.insert(number, (answer, expected)).is_some() {
                return Err(format!("number {number} is given twice"));
            }
            persons.insert(year.person);
        }
        persons.iter().try_for_each(|person| self.put_down(person))
    }

    /// A register write that was answered with a number.
    pub(crate) fn note_register(&mut self, key: RequestKey, number: u64) -> Result<(), String> {
        self.claim_number(number)?;
        self.claim_request(key, number)?;
        self.registers.insert(number);
        Ok(())
    }

    /// The rules were read again, which is an entry too.
    pub(crate) fn note_reload(&mut self, number: u64) -> Result<(), String> {
        self.claim_number(number)?;
        self.reloads.insert(number);
        Ok(())
    }

    fn claim_number(&self, number: u64) -> Result<(), String> {
        let waits = self.waiting.values().any(|waiting| waiting.contains_key(&number));
        if number == 0
            || waits
            || self.entries.contains_key(&number)
            || self.registers.contains(&number)
            || self.reloads.contains(&number)
        {
            return Err(format!("number {number} is given twice"));
        }
        Ok(())
    }

    fn claim_request(&mut self, key: RequestKey, number: u64) -> Result<(), String> {
        match self.requests.insert(key.clone(), number) {
            Some(before) => Err(format!("request {key:?} made entries {before} and {number}")),
            None => Ok(()),
        }
    }

    /// A request was repeated: its answer has to be the first one.
    pub(crate) fn again(&self, answer: &Answer) -> Result<(), String> {
        let key = answer.request();
        let number = self.requests.get(&key).ok_or_else(|| format!("{key:?} was never noted"))?;
        let waits = self.waiting.values().find_map(|waiting| waiting.get(number));
        let first = match (self.entries.get(number), waits) {
            (Some(noted), _) => noted.bytes.clone(),
            (None, Some((first, _))) => first.bytes(),
            (None, None) => return Err(format!("entry {number} is no answer to a counter")),
        };
        if first == answer.bytes() {
            return Ok(());
        }
        Err(format!(
            "request {key:?} is answered with {}, first with {number}: {}",
            answer.number(),
            differs(answer, &first)
        ))
    }

    /// An answer of this person got lost.
    pub(crate) fn lose(&mut self, person: &str) {
        *self.adrift.entry(person.to_owned()).or_default() += 1;
    }

    /// It was found, and noted before.
    pub(crate) fn find(&mut self, person: &str) -> Result<(), String> {
        if let Some(lost) = self.adrift.get_mut(person) {
            *lost -= 1;
        }
        self.adrift.retain(|_, lost| *lost != 0);
        self.put_down(person)
    }

    /// Whether the books of a person may lack an entry.
    pub(crate) fn is_adrift(&self, person: &str) -> bool {
        self.adrift.contains_key(person)
    }

    /// The highest number of all, if none is missing below it.
    pub(crate) fn head_without_gaps(&self) -> Result<u64, String> {
        let numbers: BTreeSet<u64> =
            self.entries.keys().chain(&self.registers).chain(&self.reloads).copied().collect();
        for (own, number) in (1..).zip(&numbers) {
            same("the next number", *number, own)?;
        }
        Ok(numbers.last().copied().unwrap_or_default())
    }

    fn put_down(&mut self, person: &str) -> Result<(), String> {
        if self.is_adrift(person) {
            return Ok(());
        }
        for (number, (answer, expected)) in self.waiting.remove(person).unwrap_or_default() {
            self.put_down_one(number, answer, &expected)
                .map_err(|complaint| format!("entry {number}: {complaint}"))?;
        }
        Ok(())
    }

    fn put_down_one(
        &mut self,
        number: u64,
        answer: Answer,
        expected: &[Expected],
    ) -> Result<(), String> {
        let key = answer.year().unwrap();
        let digest = answer.digest().to_owned();
        same("digits of the digest", digest.len(), 64)?;
        let (facility, _) = answer.request();
        let mut noted = Noted {
            year: key.clone(),
            digest,
            name: String::new(),
            facility,
            is_settlement: false,
            is_reversal: false,
            reversed_by: 0,
            bytes: answer.bytes(),
        };
        match &answer {
            Answer::Settlement(record) => {
                noted.is_settlement = true;
                noted.name = self.settled(number, record, expected)?;
            }
            Answer::Opening(opening) => noted.name = self.opened(number, opening)?,
            Answer::Reversal(reversal) => {
                noted.is_reversal = true;
                noted.name = self.undone(number, reversal)?;
            }
        }
        let year = self.years.entry(key.clone()).or_default();
        year.entries.push(number);
        year.sums().check(year.version(), answer.accumulators())?;
        self.entries.insert(number, noted);
        self.touched.insert(key);
        self.touched_entries.insert(number);
        Ok(())
    }

    fn settled(
        &mut self,
        number: u64,
        record: &proto::SettlementRecord,
        expected: &[Expected],
    ) -> Result<String, String> {
        same("reversed_by", record.reversed_by, 0)?;
        let request = record.request.clone().unwrap_or_default();
        let admission = request.admission.clone().unwrap_or_default();
        let statement = record.statement.clone().unwrap_or_default();
        let of_facts = statement.facts.clone().unwrap_or_default();
        let mut identities: Vec<String> =
            of_facts.identities.into_iter().map(|identity| identity.key).collect();
        identities.sort();
        let pack_from = statement.pack.unwrap_or_default().effective_from;
        let held = Expected { identities, pack_from };
        if !expected.contains(&held) {
            return Err(format!("{held:?} is none of {expected:?}"));
        }
        let year = admission.discharged_on[..4].parse::<i32>();
        same("benefit year", Ok(statement.benefit_year), year)?;
        let admission_key = (admission.facility.clone(), admission.id.clone());
        if let Some(before) = self.effective(&admission_key) {
            return Err(format!("admission {admission_key:?} is settled by entry {before}"));
        }
        self.admissions.entry(admission_key).or_default().push(number);
        let key = YearKey { person: admission.person, year: statement.benefit_year };
        let year = self.years.entry(key).or_default();
        let mut sums = year.sums();
        sums.add(&statement::audit(record, &sums, year.version())?);
        year.standing.push((number, sums));
        Ok(admission.id)
    }

    fn opened(&mut self, number: u64, opening: &proto::Opening) -> Result<String, String> {
        same("reversed_by", opening.reversed_by, 0)?;
        let request = opening.request.clone().unwrap_or_default();
        let key = YearKey { person: request.person, year: request.benefit_year };
        let name = (key.clone(), request.id.clone());
        if let Some(before) = self.openings.insert(name, number) {
            return Err(format!("opening {} is loaded by entry {before}", request.id));
        }
        let year = self.years.entry(key).or_default();
        let mut sums = year.sums();
        sums.add(&Sums::asked(&request.balances.unwrap_or_default())?);
        year.standing.push((number, sums));
        Ok(request.id)
    }

    fn undone(&mut self, number: u64, reversal: &proto::Reversal) -> Result<String, String> {
        let of = reversal.of_number;
        let key = reversal.key.clone().unwrap_or_default();
        let key = YearKey { person: key.person, year: key.benefit_year };
        let year = self.years.entry(key).or_default();
        same("the entry that may be undone", Some(of), year.top())?;
        year.standing.pop();
        let undone = self.entries.get_mut(&of).ok_or_else(|| format!("entry {of} is unknown"))?;
        undone.reversed_by = number;
        same("of_id", &reversal.of_id, &undone.name)?;
        let name = undone.name.clone();
        self.touched_entries.insert(of);
        self.openings.retain(|_, opening| *opening != of);
        Ok(name)
    }

    /// The settlement of an admission that stands.
    pub(crate) fn effective(&self, admission: &(String, String)) -> Option<u64> {
        let latest = self.admissions.get(admission)?.last()?;
        let reversed = self.entries.get(latest).is_some_and(|noted| noted.reversed_by != 0);
        (!reversed).then_some(*latest)
    }

    /// The entries that stand above one, latest first, as a refusal names them.
    pub(crate) fn later(&self, number: u64) -> Vec<(String, u64)> {
        let Some(year) = self.entries.get(&number).and_then(|one| self.years.get(&one.year)) else {
            return Vec::new();
        };
        let above = year.standing.iter().rev().map(|(number, _)| *number);
        above.take_while(|one| *one != number).map(|one| self.named(one)).collect()
    }

    /// The entries of a year after a version, latest first, as a refusal names them.
    pub(crate) fn since(&self, year: &YearKey, version: u64) -> Vec<(String, u64)> {
        let Some(year) = self.years.get(year) else { return Vec::new() };
        let after = usize::try_from(version).unwrap();
        year.entries.iter().skip(after).rev().map(|one| self.named(*one)).collect()
    }

    /// What a caller calls an entry: a reversal by what it undid, with a minus.
    fn named(&self, number: u64) -> (String, u64) {
        let noted = &self.entries[&number];
        let minus = if noted.is_reversal { "-" } else { "" };
        (format!("{minus}{}", noted.name), number)
    }

    /// The first answer that an entry was acknowledged with.
    pub(crate) fn first(&self, number: u64) -> Option<Answer> {
        let noted = self.entries.get(&number)?;
        let bytes = noted.bytes.as_slice();
        Some(if noted.is_settlement {
            Answer::Settlement(Box::new(proto::SettlementRecord::decode(bytes).ok()?))
        } else if noted.is_reversal {
            Answer::Reversal(Box::new(proto::Reversal::decode(bytes).ok()?))
        } else {
            Answer::Opening(Box::new(proto::Opening::decode(bytes).ok()?))
        })
    }

    /// The first answer of a settlement, with what has become of it since.
    pub(crate) fn settlement(&self, number: u64) -> proto::SettlementRecord {
        let noted = &self.entries[&number];
        let first = proto::SettlementRecord::decode(noted.bytes.as_slice()).unwrap();
        proto::SettlementRecord { reversed_by: noted.reversed_by, ..first }
    }
}

fn differs(answer: &Answer, first: &[u8]) -> String {
    let field = match answer {
        Answer::Settlement(record) => proto::SettlementRecord::decode(first)
            .ok()
            .and_then(|first| compare::difference_of(&first, &**record)),
        Answer::Reversal(reversal) => proto::Reversal::decode(first)
            .ok()
            .and_then(|first| compare::difference_of(&first, &**reversal)),
        Answer::Opening(opening) => proto::Opening::decode(first)
            .ok()
            .and_then(|first| compare::difference_of(&first, &**opening)),
    };
    field.map_or_else(|| "another kind".to_owned(), |field| format!("`{field}` differs"))
}
