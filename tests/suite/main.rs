//! All integration tests, in one binary.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod packs;
mod tidy;
