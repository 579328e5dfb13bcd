//! The settlement window: what the server answers to browsers, and what a clerk does in real Chromium.

mod guarded;
pub(crate) mod raw;
