//! `onestop survey` and `onestop audit`: reports from the ledger of a store, also while a server runs on it.

use crate::audit::Wanted;
use crate::calendar::Day;
use crate::cli::Context;
use crate::cli::Exit;
use crate::cli::clear::SheetFiles;
use crate::cli::clear::write_sheets;
use crate::cli::output;
use crate::extract::Kind;
use crate::outline::OutlineError;
use crate::proto;
use crate::service::office;
use crate::spreadsheet;
use crate::store::fault::chain;
use crate::store::seal::Place;
use crate::survey::Looked;

use clap::Args;

use std::path::PathBuf;

/// Which entries of which store.
#[derive(Debug, Args)]
struct Period {
    /// Recorded on or after this day.
    #[arg(long, value_name = "DAY")]
    from: String,
    /// Recorded on or before this day.
    #[arg(long, value_name = "DAY")]
    to: String,
    /// The store; by default the configured one.
    #[arg(long, value_name = "DIRECTORY")]
    data: Option<PathBuf>,
    #[command(flatten)]
    files: SheetFiles,
}

impl Period {
    fn days(&self) -> Result<(Day, Day), String> {
        let day = |text: &str| {
            Day::parse(text).ok_or_else(|| format!("`{text}` is not a day such as 2018-06-15"))
        };
        Ok((day(&self.from)?, day(&self.to)?))
    }
}

#[derive(Debug, Args)]
pub(super) struct SurveyArguments {
    #[command(flatten)]
    period: Period,
    /// Of this facility; all by default.
    #[arg(long, default_value = "", value_name = "CODE")]
    facility: String,
    /// Of those insured in this place; all by default.
    #[arg(long, default_value = "", value_name = "CODE")]
    place: String,
    /// Insurance type; all by default.
    #[arg(long, default_value = "")]
    insutype: String,
    /// Of those with this identity; all by default.
    #[arg(long, default_value = "", value_name = "KEY")]
    identity: String,
}

#[derive(Debug, Args)]
pub(super) struct AuditArguments {
    #[command(flatten)]
    period: Period,
    /// Of this kind: settlement, reversal, opening, register, office or interface; all by default.
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<Kind>,
    /// Of this facility or office; all by default.
    #[arg(long, default_value = "", value_name = "CODE")]
    writer: String,
    /// Of this operator; all by default.
    #[arg(long, default_value = "", value_name = "NAME")]
    operator: String,
    /// Looks at this person's record; all by default.
    #[arg(long, default_value = "")]
    person: String,
}

fn kind(name: &str) -> Result<Kind, String> {
    let names = || Kind::ALL.map(Kind::name).join(", ");
    Kind::parse(name).ok_or_else(|| format!("it should be one of {}", names()))
}

pub(super) fn survey(context: &Context, arguments: &SurveyArguments) -> Exit {
    let SurveyArguments { period, facility, place, insutype, identity } = arguments;
    made(context, period, |store, from, to| {
        let (facility, place) = (facility.clone(), place.clone());
        let (insutype, identity) = (insutype.clone(), identity.clone());
        office::survey(store, Looked { from, to, facility, place, insutype, identity })
    })
}

pub(super) fn audit(context: &Context, arguments: &AuditArguments) -> Exit {
    let AuditArguments { period, kind, writer, operator, person } = arguments;
    made(context, period, |store, from, to| {
        let (writer, operator, person) = (writer.clone(), operator.clone(), person.clone());
        office::audit(store, Wanted { from, to, kind: *kind, writer, operator, person })
    })
}

fn made(
    context: &Context,
    period: &Period,
    make: impl FnOnce(Place<'_>, Day, Day) -> Result<Vec<proto::Sheet>, OutlineError>,
) -> Exit {
    let (from, to) = match period.days() {
        Ok(days) => days,
        Err(why) => {
            output::complain(&why);
            return Exit::Usage;
        }
    };
    let seal = match context.seal() {
        Ok(seal) => seal,
        Err(exit) => return exit,
    };
    let directory = period.data.as_ref().unwrap_or(&context.config.store.path);
    let sheets = match make(Place { directory, seal: &seal }, from, to) {
        Ok(sheets) => sheets,
        Err(error) => {
            output::complain(&chain(&error));
            return Exit::Failed;
        }
    };
    if let Err(why) = write_sheets(&sheets, &period.files, context.lang) {
        output::complain(&why);
        return Exit::Failed;
    }
    if context.json {
        for sheet in &sheets {
            output::print_json(sheet);
        }
    } else {
        output::print(&spreadsheet::text(&sheets, context.lang));
    }
    Exit::Done
}
