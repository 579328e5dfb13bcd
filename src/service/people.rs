//! A patient at the window: by number, by the number of a document, or by name.

use crate::id::PersonId;
use crate::proto;
use crate::service::Failure;
use crate::service::Service;
use crate::wire::to_proto;

/// How many entries of the index are looked at for each person that is shown: names change.
const LOOKED_AT: usize = 10;

impl Service {
    /// The persons whom a number, the number of a document or the beginning of a name may mean; at most so many.
    ///
    /// A number that somebody has goes before a name.
    pub fn find_persons(&self, wanted: &str, most: usize) -> Result<Vec<proto::Person>, Failure> {
        let Some(id) = PersonId::parse(wanted) else { return Ok(Vec::new()) };
        if let Some(person) = self.store.person(&id)? {
            return Ok(vec![to_proto::person(&person)]);
        }
        let by_document = self.store.persons_of_certificate(wanted)?;
        let by_document = by_document.iter().filter_map(|id| PersonId::parse(id)).collect();
        let document = wanted.to_uppercase();
        let has = |person: &proto::Person| person.certificate_no.to_uppercase() == document;
        let found = self.persons(by_document, most, has)?;
        if !found.is_empty() {
            return Ok(found);
        }
        let named = self.store.persons_named(wanted, most.saturating_mul(LOOKED_AT))?;
        self.persons(named, most, |person| person.name.starts_with(wanted))
    }

    /// Those persons of whom it still holds.
    fn persons(
        &self,
        ids: Vec<PersonId>,
        most: usize,
        holds: impl Fn(&proto::Person) -> bool,
    ) -> Result<Vec<proto::Person>, Failure> {
        let mut found: Vec<proto::Person> = Vec::new();
        for id in ids {
            let person = self.store.person(&id)?.map(|person| to_proto::person(&person));
            found.extend(person.filter(|person| {
                holds(person) && !found.iter().any(|known| known.id == person.id)
            }));
            if most <= found.len() {
                break;
            }
        }
        Ok(found)
    }
}
