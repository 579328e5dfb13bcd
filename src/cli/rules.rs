//! `onestop rules`: for those who write policy.

mod check;
mod show;
mod test;

use crate::cli::Context;
use crate::cli::Exit;
use crate::cli::output;
use crate::folder;
use crate::rules::PackError;
use crate::rules::PackFile;

use clap::Subcommand;
use serde_json::Value;
use serde_json::json;

use std::path::Path;

#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// Read all packs of a folder strictly, and say what is refused and what is worth a look.
    Check(check::CheckArguments),
    /// Run all worked cases of a folder, exact to the fen.
    Test(test::TestArguments),
    /// Show a pack as a person would read it.
    Show(show::ShowArguments),
}

pub(super) fn run(context: &Context, command: &RulesCommand) -> Exit {
    let exit = match command {
        RulesCommand::Check(arguments) => check::run(context, arguments),
        RulesCommand::Test(arguments) => test::run(context, arguments),
        RulesCommand::Show(arguments) => show::run(context, arguments),
    };
    match exit {
        Ok(exit) | Err(exit) => exit,
    }
}

/// The pack files of a folder; says why there are none.
fn pack_files(context: &Context, folder: &Path) -> Result<Vec<PackFile>, Exit> {
    folder::pack_files(folder).map_err(|error| {
        output::complain(&error.sentence(context.lang));
        Exit::Usage
    })
}

/// Says all that is wrong with packs or cases.
fn complain(context: &Context, errors: &[PackError]) {
    if context.json {
        let errors: Vec<Value> = errors.iter().map(error_json).collect();
        output::print_json(&json!({ "errors": errors }));
        return;
    }
    for error in errors {
        output::print(output::in_lang(context.lang, &error.zh(), &error.to_string()));
    }
}

fn error_json(error: &PackError) -> Value {
    json!({
        "file": error.path,
        "place": error.place,
        "code": error.problem.code(),
        "zh": error.problem.zh(),
        "en": error.problem.to_string(),
    })
}
