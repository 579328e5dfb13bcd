//! The contract through the real server's socket.

mod calls;
mod limits;
mod lists;
mod logs;
mod lost;
mod packs;
mod stops;
mod together;
