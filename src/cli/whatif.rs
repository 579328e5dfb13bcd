//! `onestop whatif`: settles a period of a ledger again under other packs, on all cores; also while a server runs on the store.

use crate::calendar::Day;
use crate::calendar::Span;
use crate::cli::Context;
use crate::cli::Exit;
use crate::cli::clear::SheetFiles;
use crate::cli::clear::write_sheets;
use crate::cli::output;
use crate::cli::progress;
use crate::pages;
use crate::proto;
use crate::resettle::resettle;
use crate::service;
use crate::spreadsheet;
use crate::store::fault::chain;
use crate::store::seal::Place;
use crate::wire::office;

use clap::Args;

use std::num::NonZero;
use std::path::PathBuf;
use std::thread;

#[derive(Debug, Args)]
pub(super) struct WhatIfArguments {
    /// Folder with the other packs.
    #[arg(long, value_name = "FOLDER")]
    packs: PathBuf,
    /// Discharged on or after this day.
    #[arg(long, value_name = "DAY")]
    from: String,
    /// Discharged on or before this day.
    #[arg(long, value_name = "DAY")]
    to: String,
    /// The store; by default the configured one.
    #[arg(long, value_name = "DIRECTORY")]
    data: Option<PathBuf>,
    /// Write a report with plots to this file.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// How many threads; all cores by default.
    #[arg(long, value_name = "N")]
    jobs: Option<NonZero<usize>>,
    #[command(flatten)]
    files: SheetFiles,
}

pub(super) fn run(context: &Context, arguments: &WhatIfArguments) -> Exit {
    let day = |text: &str| {
        Day::parse(text).ok_or_else(|| format!("`{text}` is not a day such as 2018-06-15"))
    };
    let (from, to) = match (day(&arguments.from), day(&arguments.to)) {
        (Ok(from), Ok(to)) => (from, to),
        (Err(why), _) | (_, Err(why)) => {
            output::complain(&why);
            return Exit::Usage;
        }
    };
    let book = match service::read_rules(&arguments.packs) {
        Ok(book) => book,
        Err(error) => {
            output::complain(&chain(&error));
            return Exit::Usage;
        }
    };
    let seal = match context.seal() {
        Ok(seal) => seal,
        Err(exit) => return exit,
    };
    let directory = arguments.data.as_ref().unwrap_or(&context.config.store.path);
    let store = Place { directory, seal: &seal };
    let jobs = arguments.jobs.or(thread::available_parallelism().ok()).map_or(1, NonZero::get);
    let bar = progress::count(0);
    let compared = resettle(store, &book, (Span { from, to: Some(to) }, jobs), |done, of| {
        bar.set_length(of);
        bar.set_position(done);
        true
    });
    bar.finish_and_clear();
    let comparison = match compared {
        Ok(comparison) => comparison,
        Err(error) => {
            output::complain(&chain(&error));
            return Exit::Failed;
        }
    };
    let sheets: Vec<_> = comparison.reports().iter().map(office::sheet).collect();
    if let Err(why) = written(context, arguments, &sheets) {
        output::complain(&why);
        return Exit::Failed;
    }
    if context.json {
        sheets.iter().for_each(output::print_json);
    } else {
        output::print(&spreadsheet::text(&sheets, context.lang));
    }
    Exit::Done
}

fn written(
    context: &Context,
    arguments: &WhatIfArguments,
    sheets: &[proto::Sheet],
) -> Result<(), String> {
    write_sheets(sheets, &arguments.files, context.lang)?;
    let Some(file) = &arguments.html else { return Ok(()) };
    let period = format!("{} – {}", arguments.from, arguments.to);
    let page = pages::what_if(sheets, &period, context.lang);
    std::fs::write(file, page).map_err(|error| format!("{}: {error}", file.display()))
}
