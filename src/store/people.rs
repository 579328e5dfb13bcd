//! Persons by what people say and cards hold: the beginning of a name, the number of an identity document.

use crate::id::PersonId;
use crate::proto;
use crate::store::Store;
use crate::store::fault::Fault;
use crate::store::index::keys::Keys;
use crate::store::index::keys::NAME_CHARACTERS_MAX;
use crate::store::index::posting::Key;

impl Store {
    /// Persons that were put with a name that begins so, now or earlier; at most so many, by name.
    pub fn persons_named(&self, beginning: &str, most: usize) -> Result<Vec<PersonId>, Fault> {
        let asked: String = beginning.chars().take(NAME_CHARACTERS_MAX).collect();
        let key = |keys: &Keys| keys.named(&asked);
        let mut found = self.persons_put(key, most, |person| person.name.starts_with(beginning))?;
        found.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
        Ok(found.iter().filter_map(|person| PersonId::parse(&person.id)).collect())
    }

    /// The persons that were put with this number of an identity document, now or earlier.
    pub fn persons_of_certificate(&self, number: &str) -> Result<Vec<String>, Fault> {
        let wanted = number.to_uppercase();
        let fits = |person: &proto::Person| person.certificate_no.to_uppercase() == wanted;
        let found = self.persons_put(|keys| keys.certificate(number), usize::MAX, fits)?;
        let mut ids: Vec<String> = found.into_iter().map(|person| person.id).collect();
        ids.sort_unstable();
        Ok(ids)
    }

    /// The first persons whose writes are under a key and fit, each once.
    fn persons_put(
        &self,
        key: impl FnOnce(&Keys) -> Key,
        most: usize,
        fits: impl Fn(&proto::Person) -> bool,
    ) -> Result<Vec<proto::Person>, Fault> {
        self.read(|view| {
            let mut found: Vec<proto::Person> = Vec::new();
            let mut parts = self.parts();
            for posting in view.all(key(view.keys()))? {
                if most <= found.len() {
                    break;
                }
                let person: proto::Person = parts.decode(view, posting)?;
                if fits(&person) && !found.iter().any(|one| one.id == person.id) {
                    found.push(person);
                }
            }
            Ok(found)
        })
    }
}
