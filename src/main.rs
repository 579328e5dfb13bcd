//! The `onestop` command.

use mimalloc::MiMalloc;

use std::process::ExitCode;

/// A settlement with its trace is some hundred texts.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    onestop::cli::run()
}
