//! All integration tests, in one binary.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
#![allow(clippy::too_many_lines, clippy::type_complexity, reason = "tables and generators")]

mod golden;
mod cases;
mod coverage;
mod demo;
mod generate;
mod limits;
mod packs;
mod properties;
mod refusals;
mod registers;
mod rules_commands;
mod simulation;
mod tidy;
mod vectors;
