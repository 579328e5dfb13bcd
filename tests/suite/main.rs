//! All integration tests, in one binary.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod generate;
mod packs;
mod properties;
mod vectors;
