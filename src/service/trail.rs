//! Looks at persons' records, recorded before they are answered. Settling, and quoting by whoever settles, reads a person too and
//! is none: what it writes says it.

use crate::service::Failure;
use crate::service::Service;
use crate::service::now;
use crate::trail::Look;

/// Most persons of one entry of the trail; a longer list is several.
const PERSONS_MAX: usize = 10_000;

/// Who looks: the operator or the name of a key, empty where nobody was asked; and from which address.
#[derive(Debug, Clone, Default)]
pub struct Onlooker {
    /// Who.
    pub who: String,
    /// From where.
    pub from: String,
}

impl Service {
    /// Records that somebody looks at persons' records; they may be shown once this has returned.
    pub async fn looked(
        &self,
        by: &Onlooker,
        how: &str,
        persons: Vec<String>,
    ) -> Result<(), Failure> {
        let Some(trail) = &self.trail else { return Ok(()) };
        for persons in persons.chunks(PERSONS_MAX) {
            let Onlooker { who, from } = by.clone();
            let (at, persons) = (now().to_string(), persons.to_vec());
            trail.note(Look { at, who, from, how: how.to_owned(), persons }).await?;
        }
        Ok(())
    }
}
