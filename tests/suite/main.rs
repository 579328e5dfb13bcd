//! All integration tests, in one binary.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
#![allow(
    clippy::large_enum_variant,
    clippy::too_many_lines,
    clippy::type_complexity,
    reason = "tables and generators"
)]

mod access;
mod api;
mod cases;
mod counter;
mod coverage;
mod demo;
mod faults;
mod files;
mod generate;
mod golden;
mod his;
mod ledger_commands;
mod limits;
mod looks;
mod office;
mod operations;
mod operators;
mod packs;
mod properties;
mod python;
mod quote_lines;
mod reconcile;
mod refusals;
mod registers;
mod rules_commands;
mod sealed;
mod server;
mod store;
mod simulation;
mod tidy;
mod tls;
mod traces;
mod vectors;
mod watch;
mod web;
