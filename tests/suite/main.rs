//! All integration tests, in one binary.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod golden;
mod cases;
mod coverage;
mod packs;
mod rules_commands;
