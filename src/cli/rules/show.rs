//! `onestop rules show`.

use crate::cli::Context;
use crate::cli::Exit;

use clap::Args;

use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArguments {
    /// The folder of packs.
    folder: PathBuf,
}

pub(super) fn run(_context: &Context, _arguments: &ShowArguments) -> Result<Exit, Exit> {
    Err(Exit::Failed)
}
