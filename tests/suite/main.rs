//! All integration tests, in one binary.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod api;
mod demo;
mod generate;
mod limits;
mod packs;
mod properties;
mod python;
mod refusals;
mod server;
mod store;
mod vectors;
