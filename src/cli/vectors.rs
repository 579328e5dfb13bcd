//! `onestop vectors`.

use crate::cli::Exit;
use crate::cli::output;
use crate::store::fault::chain;
use crate::vectors;

use clap::Args;
use indicatif::ProgressBar;

use std::path::PathBuf;

/// Most differences that are printed.
const SHOWN_MAX: usize = 100;

#[derive(Debug, Args)]
pub(super) struct VectorsArguments {
    /// Scenarios as JSON lines; their packs lie in `packs/` beside the file.
    file: PathBuf,
}

pub(super) fn run(arguments: &VectorsArguments) -> Exit {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::complain(&error.to_string());
            return Exit::Failed;
        }
    };
    let progress = ProgressBar::new_spinner();
    let outcome = runtime.block_on(vectors::run(&arguments.file, || progress.inc(1)));
    progress.finish_and_clear();
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            output::complain(&chain(&error));
            return Exit::Usage;
        }
    };
    for difference in outcome.differences.iter().take(SHOWN_MAX) {
        output::print(difference);
    }
    let (scenarios, operations) = (outcome.scenarios, outcome.operations);
    let differences = outcome.differences.len();
    output::print(&format!(
        "{scenarios} scenarios, {operations} operations, {differences} differences"
    ));
    if differences == 0 { Exit::Done } else { Exit::Refused }
}
