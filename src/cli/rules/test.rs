//! `onestop rules test`.

use crate::cases;
use crate::cases::CaseFile;
use crate::cases::Difference;
use crate::cases::Failed;
use crate::cases::Report;
use crate::cli::Context;
use crate::cli::Exit;
use crate::cli::output;
use crate::cli::rules::complain;
use crate::cli::rules::pack_files;
use crate::folder;
use crate::refusal::Lang;
use crate::rules::RuleBook;

use clap::Args;
use serde_json::Value;
use serde_json::json;

use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::cli) struct TestArguments {
    /// The folder of packs, each with its worked cases in `cases/`.
    folder: PathBuf,
}

pub(super) fn run(context: &Context, arguments: &TestArguments) -> Result<Exit, Exit> {
    let refused = |errors: Vec<_>| {
        complain(context, &errors);
        Exit::Refused
    };
    let book = RuleBook::read(&pack_files(context, &arguments.folder)?).map_err(refused)?;
    let files = folder::case_files(&arguments.folder).map_err(|error| {
        output::complain(&error.sentence(context.lang));
        Exit::Usage
    })?;
    let file = |(family, path, text)| CaseFile { family, path, text };
    let files: Vec<CaseFile> = files.into_iter().map(file).collect();
    let cases = cases::read(&files).map_err(refused)?;
    let report = cases::run(&book, &cases);
    if context.json {
        output::print_json(&report_json(&report));
    } else {
        output::print(&cases::text(&report, context.lang));
    }
    Ok(if report.failed.is_empty() { Exit::Done } else { Exit::Refused })
}

fn report_json(report: &Report) -> Value {
    let families = report
        .families
        .iter()
        .map(|one| json!({ "family": one.id, "cases": one.cases, "failures": one.failures }));
    let unreached = report
        .unreached
        .iter()
        .map(|one| json!({ "file": one.path, "step": one.step, "entries": one.entries }));
    json!({
        "families": families.collect::<Vec<_>>(),
        "failures": report.failed.iter().map(failure_json).collect::<Vec<_>>(),
        "unchecked": report.unchecked,
        "unreached": unreached.collect::<Vec<_>>(),
    })
}

fn failure_json(failed: &Failed) -> Value {
    let difference = |one: &Difference| {
        let (zh, en) = (one.problem.sentence(Lang::Zh), one.problem.sentence(Lang::En));
        json!({ "place": one.place, "zh": zh, "en": en })
    };
    json!({
        "family": failed.family,
        "file": failed.path,
        "case": failed.name,
        "from": failed.from,
        "differences": failed.differences.iter().map(difference).collect::<Vec<_>>(),
        "trace": failed.trace,
    })
}
