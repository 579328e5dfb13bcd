//! The rule book: all packs in force, read from texts, and the choice of one. Spec 3.1, packs.

pub mod entry;
pub mod pack;
pub mod when;
