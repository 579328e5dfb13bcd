//! The `onestop` command.
fn main() {}
