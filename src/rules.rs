//! The rule book: all packs in force, read from texts, and the choice of one. Spec 3.1, packs.

pub mod entry;
pub mod pack;
pub mod when;

use crate::calendar::Day;
use crate::register::Place;
use crate::rules::pack::Pack;

/// stub
#[derive(Debug)]
pub struct RuleBook {
    packs: Vec<Pack>,
}
impl RuleBook {
    /// stub
    pub fn governing(&self, place: Place, insutype: &str, day: Day) -> Option<&Pack> {
        self.packs.iter().find(|pack| {
            place.as_str().starts_with(&pack.admdvs)
                && pack.insutype.iter().any(|t| t == insutype)
                && pack.span.has(day)
        })
    }
}
