//! The contract through the real server's socket.

mod calls;
mod limits;
mod logs;
mod packs;
mod stops;
mod together;
