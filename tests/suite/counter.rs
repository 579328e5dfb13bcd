//! The settlement window: what the server answers to browsers, and what a clerk does in real Chromium.

mod accessible;
mod bills;
mod browser;
mod day;
mod fuzz;
mod guarded;
mod keyboard;
mod lost;
mod printed;
mod proxy;
pub(crate) mod raw;
mod settles;
mod undone;
