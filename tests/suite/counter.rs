//! The settlement window: what the server answers to browsers, and what a clerk does in real Chromium.

pub(crate) mod accessible;
mod bills;
pub(crate) mod browser;
mod day;
mod fuzz;
mod guarded;
mod injected;
mod keyboard;
mod lost;
mod printed;
mod proxy;
pub(crate) mod raw;
mod settles;
mod undone;
