//! `onestop rules`.

use crate::cli::Context;
use crate::cli::Exit;

use clap::Subcommand;

use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// Read all packs of a folder strictly, and say what is refused and what is worth a look.
    Check {
        /// The folder of packs.
        folder: PathBuf,
    },
    /// Run all worked cases of a folder, exact to the fen.
    Test {
        /// The folder of packs.
        folder: PathBuf,
    },
    /// Show a pack as a person would read it.
    Show {
        /// The folder of packs.
        folder: PathBuf,
        /// Pack family; all of them without one.
        pack: Option<String>,
    },
}

pub(super) fn run(_context: &Context, _command: &RulesCommand) -> Exit {
    Exit::Failed
}
