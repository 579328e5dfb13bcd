//! `onestop rules check`.

use crate::cli::Context;
use crate::cli::Exit;

use clap::Args;

use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::cli) struct CheckArguments {
    /// The folder of packs.
    folder: PathBuf,
}

pub(super) fn run(_context: &Context, _arguments: &CheckArguments) -> Result<Exit, Exit> {
    Err(Exit::Failed)
}
