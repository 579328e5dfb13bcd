//! `onestop rules check`.

use crate::cli::Context;
use crate::cli::Exit;
use crate::cli::output;
use crate::cli::rules::complain;
use crate::cli::rules::pack_files;
use crate::rules::RuleBook;
use crate::rules::check::Warning;
use crate::rules::check::warnings;
use crate::service::now;
use crate::worse_off;
use crate::worse_off::WorseOff;

use clap::Args;
use serde_json::Value;
use serde_json::json;

use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::cli) struct CheckArguments {
    /// The folder of packs.
    folder: PathBuf,
    /// End with 1 where there is a warning.
    #[arg(long)]
    deny_warnings: bool,
    /// Bills generated for each pack in the search for an identity that makes someone worse off; 0 leaves it out.
    #[arg(long, value_name = "N", default_value_t = worse_off::TRIALS)]
    trials: u32,
}

pub(super) fn run(context: &Context, arguments: &CheckArguments) -> Result<Exit, Exit> {
    let files = pack_files(context, &arguments.folder)?;
    let book = RuleBook::read(&files).map_err(|errors| {
        complain(context, &errors);
        Exit::Refused
    })?;
    let warnings = warnings(&book, now().day());
    let worse = worse_off::search(&book, arguments.trials);
    let count = warnings.len() + worse.len();
    if context.json {
        let all: Vec<Value> =
            warnings.iter().map(warning_json).chain(worse.iter().map(worse_json)).collect();
        output::print_json(&json!({ "packs": files.len(), "errors": [], "warnings": all }));
    } else {
        for one in &warnings {
            output::print(output::in_lang(context.lang, &one.zh(), &one.to_string()));
        }
        for one in &worse {
            output::print(output::in_lang(context.lang, &one.zh(), &one.to_string()));
        }
        let packs = files.len();
        let (zh, en) = (
            format!("{packs} 个规则包文件，{count} 条提醒"),
            format!("{packs} pack files, {count} warnings"),
        );
        output::print(output::in_lang(context.lang, &zh, &en));
    }
    Ok(if arguments.deny_warnings && 0 < count { Exit::Refused } else { Exit::Done })
}

fn warning_json(warning: &Warning) -> Value {
    json!({
        "file": warning.path,
        "place": warning.place,
        "code": warning.problem.code(),
        "zh": warning.problem.zh(),
        "en": warning.problem.to_string(),
    })
}

fn worse_json(worse: &WorseOff) -> Value {
    json!({
        "file": worse.path,
        "place": format!("identities.{}", worse.identity),
        "code": "worse-off",
        "zh": worse.zh(),
        "en": worse.to_string(),
        "beside": worse.beside,
        "without": worse.without.to_string(),
        "with": worse.with.to_string(),
        "case": worse.case,
    })
}
