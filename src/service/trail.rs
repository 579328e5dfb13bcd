//! Looks at persons' records, recorded before they are answered. Quoting and settling read a person too, and are none: what they
//! write, or do not, says it.

use crate::service::Failure;
use crate::service::Service;
use crate::service::now;
use crate::trail::Look;

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
        let Some(trail) = self.trail.as_ref().filter(|_| !persons.is_empty()) else {
            return Ok(());
        };
        let Onlooker { who, from } = by.clone();
        let look = Look { at: now().to_string(), who, from, how: how.to_owned(), persons };
        Ok(trail.note(look).await?)
    }
}
