//! Corrections (身份更正): settlements whose person's identities were changed afterwards for the days concerned, with what they
//! would be today. The settlements themselves keep the facts that they were made with.

use crate::admission::IdentitySet;
use crate::calendar::Day;
use crate::id::PersonId;
use crate::proto;
use crate::proto::ledger_entry::Kind;
use crate::register::Person;
use crate::rules::RuleBook;
use crate::rules::pack::IdentityDate;
use crate::rules::pack::Pack;
use crate::store::apply::settlement_key;
use crate::store::fault::Fault;
use crate::verify::Misfit;
use crate::verify::Verifier;
use crate::verify::again;
use crate::wire::from_proto;

use std::collections::BTreeMap;

/// A settlement whose identities the register holds differently today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The settlement's number.
    pub number: u64,
    /// Where it was made.
    pub facility: String,
    /// Its admission.
    pub admission: String,
    /// The identities that it was made with.
    pub recorded: Vec<String>,
    /// Those that the register holds for that day today.
    pub today: Vec<String>,
    /// What the patient paid.
    pub patient_pay: String,
    /// What he would pay with today's identities, on the year as it stood then.
    pub patient_pay_today: String,
}

/// Finds corrections while it follows a ledger from its first entry.
#[derive(Debug)]
pub struct Corrections<'b> {
    book: &'b RuleBook,
    persons: BTreeMap<PersonId, Person>,
    verifier: Verifier<'b>,
    found: BTreeMap<u64, Correction>,
}

impl<'b> Corrections<'b> {
    /// With the packs that entries name, and the persons as the register holds them today.
    pub fn new(book: &'b RuleBook, persons: BTreeMap<PersonId, Person>) -> Corrections<'b> {
        Corrections { book, persons, verifier: Verifier::new(book), found: BTreeMap::new() }
    }

    /// Follows the next entry; `fetch` reads an earlier one again.
    pub fn next(
        &mut self,
        sequence: u64,
        entry: &proto::LedgerEntry,
        fetch: &dyn Fn(u64) -> Result<proto::LedgerEntry, Fault>,
    ) -> Result<(), Misfit> {
        match &entry.kind {
            Some(Kind::Settlement(record)) => {
                if let Some(correction) = self.correction(sequence, record)? {
                    self.found.insert(sequence, correction);
                }
            }
            Some(Kind::Reversal(reversal)) => {
                self.found.remove(&reversal.of_number);
            }
            Some(
                Kind::Opening(_)
                | Kind::Register(_)
                | Kind::Visit(_)
                | Kind::Sign(_)
                | Kind::File(_)
                | Kind::Cancellation(_)
                | Kind::Office(_),
            )
            | None => {}
        }
        self.verifier.next(sequence, entry, fetch)
    }

    /// The corrections of settlements that stand.
    pub fn found(self) -> impl Iterator<Item = Correction> {
        self.found.into_values()
    }

    fn correction(
        &self,
        number: u64,
        record: &proto::SettlementRecord,
    ) -> Result<Option<Correction>, Misfit> {
        let admission = record.request.as_ref().and_then(|request| request.admission.as_ref());
        let (Some(admission), Some(recorded)) = (admission, &record.statement) else {
            return Ok(None);
        };
        let person = PersonId::parse(&admission.person).and_then(|id| self.persons.get(&id));
        let (Some(person), Some(facts)) = (person, &recorded.facts) else { return Ok(None) };
        let pack = again::pack(self.book, recorded)?;
        let today = identities_on(pack, person, facts);
        let held: Vec<String> = facts.identities.iter().map(|one| one.key.clone()).collect();
        let now = keys(pack, today);
        if held == now {
            return Ok(None);
        }
        let stands = self.verifier.stands(&settlement_key(record)?);
        let (again, _) = again::settle_with(self.book, record, &stands, Some(today))?;
        Ok(Some(Correction {
            number,
            facility: admission.facility.clone(),
            admission: admission.id.clone(),
            recorded: held,
            today: now,
            patient_pay: recorded.patient_pay.clone(),
            patient_pay_today: again::read(&again)?.patient_pay,
        }))
    }
}

/// The pack's identities that the register holds today for a settlement's identity date.
fn identities_on(pack: &Pack, person: &Person, facts: &proto::Facts) -> IdentitySet {
    let day = match pack.identity_date {
        IdentityDate::Admission => Day::parse(&facts.admitted_on),
        IdentityDate::Discharge => Day::parse(&facts.discharged_on),
    };
    let Some(day) = day else { return IdentitySet::default() };
    let numbered = pack.identities.iter().enumerate();
    numbered
        .filter(|(_, identity)| person.holds_identity_on(&identity.key, &identity.codes, day))
        .fold(IdentitySet::default(), |set, (index, _)| set.with(index))
}

fn keys(pack: &Pack, set: IdentitySet) -> Vec<String> {
    let held = pack.identities.iter().enumerate().filter(|(index, _)| set.has(*index));
    held.map(|(_, identity)| identity.key.clone()).collect()
}

/// Keeps the persons of the register as an entry puts them.
pub fn keep_persons(
    persons: &mut BTreeMap<PersonId, Person>,
    entry: &proto::LedgerEntry,
) -> Result<(), Fault> {
    let Some(Kind::Register(register)) = &entry.kind else { return Ok(()) };
    let Some(proto::register_put::Put::Persons(put)) = &register.put else { return Ok(()) };
    for message in &put.persons {
        let person = from_proto::person(message, "person").map_err(Fault::unreadable)?;
        persons.insert(person.id.clone(), person);
    }
    Ok(())
}
