//! The `onestop` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    onestop::cli::run()
}
