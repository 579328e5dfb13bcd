//! Which of the ledger's settlements a hospital's list is about.

use crate::clearing_types::ClearingTypes;
use crate::extract::Extract;
use crate::extract::Kind;
use crate::reconcile::Scope;
use crate::reconcile::book::Book;
use crate::reconcile::book::BookError;
use crate::reconcile::book::Outside;
use crate::reconcile::book::Settled;

/// A facility, its insurance and clearing type, and a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The facility.
    pub facility: String,
    /// Insurance type; empty: all.
    pub insutype: String,
    /// Clearing type; empty: all.
    pub clearing_type: String,
    /// Which medical types are of a clearing type.
    pub clearing_types: ClearingTypes,
    /// The period, and what counts in totals.
    pub scope: Scope,
}

impl Subject {
    /// Puts an entry into the ledger's list, if it is a settlement or reversal of the facility. What is of another period or type is
    /// put in too, as that: there it can be found.
    pub fn take(&self, ledger: &mut Book, extract: &Extract) -> Result<(), BookError> {
        let Some(settled) = &extract.settled else { return Ok(()) };
        if settled.facility != self.facility {
            return Ok(());
        }
        let fits = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
        let is_of_type = fits(&self.insutype, &settled.insutype)
            && fits(&self.clearing_type, self.clearing_types.of(&settled.med_type));
        let of_type = if is_of_type { None } else { Some(Outside::OtherType) };
        let undoes = extract.undoes.as_ref().map(|undone| undone.number.to_string());
        ledger.push(&Settled {
            reference: &extract.number.to_string(),
            undoes: undoes.as_deref().unwrap_or_default(),
            admission: &settled.admission,
            person: &settled.person,
            is_refund: extract.kind == Kind::Reversal,
            total: settled.total,
            fund: settled.payments,
            account: settled.account,
            cash: Some(settled.cash()),
            day: Some(extract.recorded_on),
            outside: of_type.or_else(|| self.scope.place(extract.recorded_on)),
            line: 0,
        })
    }
}
