//! What must hold whatever bytes come, a function for each parser of the program: no panic, and what is taken is taken whole.
//!
//! `.ci/fuzz` builds the targets and runs them, beginning with the seeds.

mod keys;
mod ledger;
mod national;
mod pages;
mod policy;
mod quotes;
mod scratch;
mod tables;
mod world;

pub use crate::keys::access_keys;
pub use crate::keys::configuration;
pub use crate::keys::store_key;
pub use crate::keys::token;
pub use crate::ledger::journal;
pub use crate::ledger::ledger_entry;
pub use crate::national::national_body;
pub use crate::national::national_file;
pub use crate::pages::page_form;
pub use crate::policy::case_file;
pub use crate::policy::rule_pack;
pub use crate::quotes::quote_line;
pub use crate::quotes::value;
pub use crate::tables::register_table;
pub use crate::tables::settlement_list;
