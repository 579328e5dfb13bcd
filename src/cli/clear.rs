//! `onestop clear`.

use crate::cli::Context;
use crate::cli::Exit;
use crate::cli::client::ServerArguments;
use crate::cli::client::Trouble;
use crate::cli::client::ask;
use crate::cli::client::connect;
use crate::cli::client::url;
use crate::cli::output;
use crate::proto;
use crate::proto::office_client::OfficeClient;
use crate::refusal::Lang;
use crate::service::office::clear;
use crate::spreadsheet;
use crate::store::fault::chain;
use crate::store::seal::Place;
use crate::wire::to_proto;

use clap::Args;

use std::path::Path;
use std::path::PathBuf;

/// Where sheets are written beside what is printed.
#[derive(Debug, Args)]
pub(super) struct SheetFiles {
    /// Write the sheets to this folder as CSV, one file each.
    #[arg(long, value_name = "FOLDER")]
    csv: Option<PathBuf>,
    /// Write the sheets to this file as XLSX.
    #[arg(long, value_name = "FILE")]
    xlsx: Option<PathBuf>,
}

/// Writes sheets to the files that were asked for.
pub(super) fn write_sheets(
    sheets: &[proto::Sheet],
    files: &SheetFiles,
    lang: Lang,
) -> Result<(), String> {
    let write = |file: &Path, bytes: Vec<u8>| {
        std::fs::write(file, bytes).map_err(|error| format!("{}: {error}", file.display()))
    };
    if let Some(folder) = &files.csv {
        std::fs::create_dir_all(folder)
            .map_err(|error| format!("{}: {error}", folder.display()))?;
        for sheet in sheets {
            let bytes = spreadsheet::csv(sheet, lang).map_err(|error| chain(&error))?;
            write(&folder.join(format!("{}.csv", sheet.name)), bytes)?;
        }
    }
    if let Some(file) = &files.xlsx {
        let bytes = spreadsheet::xlsx(sheets, lang).map_err(|error| chain(&error))?;
        write(file, bytes)?;
    }
    Ok(())
}

#[derive(Debug, Args)]
pub(super) struct ClearArguments {
    /// The month, such as 2018-06.
    month: String,
    /// The facility; all by default.
    #[arg(long, value_name = "CODE", default_value = "")]
    facility: String,
    /// The insured place; all by default.
    #[arg(long, value_name = "CODE", default_value = "")]
    place: String,
    /// Insurance type; all by default.
    #[arg(long, default_value = "")]
    insutype: String,
    #[command(flatten)]
    files: SheetFiles,
    /// Close the statement, so that it cannot drift; needs a server, the office and the operator.
    #[arg(long, requires_all = ["office", "operator"], conflicts_with = "data")]
    close: bool,
    /// The office that closes it.
    #[arg(long, value_name = "CODE", default_value = "")]
    office: String,
    /// Who closes it.
    #[arg(long, value_name = "NAME", default_value = "")]
    operator: String,
    /// Read the ledger of this store in place of asking a server; also while one runs.
    #[arg(long, value_name = "DIRECTORY")]
    data: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArguments,
}

pub(super) fn run(context: &Context, arguments: &ClearArguments) -> Exit {
    let ClearArguments { month, facility, place, insutype, .. } = arguments;
    let close = arguments.close.then(|| proto::Writer {
        facility: arguments.office.clone(),
        request_id: format!("clear-{month}-{facility}-{place}-{insutype}"),
        operator: arguments.operator.clone(),
        terminal: String::new(),
    });
    let request = proto::ClearRequest {
        month: month.clone(),
        facility: facility.clone(),
        place: place.clone(),
        insutype: insutype.clone(),
        close,
    };
    let Some(data) = &arguments.data else {
        return ask(context.lang, async {
            let channel = connect(&url(context, &arguments.server), &context.config.client).await?;
            let mut client = OfficeClient::new(channel).max_decoding_message_size(usize::MAX);
            let record = client.clear(request).await?.into_inner();
            show(context, arguments, &record).map_err(Trouble::Input)
        });
    };
    let seal = match context.seal() {
        Ok(seal) => seal,
        Err(exit) => return exit,
    };
    let shown = match clear(Place { directory: data, seal: &seal }, request) {
        Ok(Ok(record)) => show(context, arguments, &record),
        Ok(Err(refusal)) => {
            output::refuse(&to_proto::refusal(&refusal), context.lang);
            return Exit::Refused;
        }
        Err(error) => Err(chain(&error)),
    };
    match shown {
        Ok(()) => Exit::Done,
        Err(why) => {
            output::complain(&why);
            Exit::Failed
        }
    }
}

fn show(
    context: &Context,
    arguments: &ClearArguments,
    record: &proto::ClearingRecord,
) -> Result<(), String> {
    let lang = context.lang;
    write_sheets(&record.sheets, &arguments.files, lang)?;
    if context.json {
        output::print_json(record);
        return Ok(());
    }
    output::print(&spreadsheet::text(&record.sheets, lang));
    if record.number != 0 {
        let (number, digest) = (record.number, &record.digest);
        output::print(&match lang {
            Lang::Zh => format!("已关账,编号 {number},摘要 {digest}"),
            Lang::En => format!("closed as {number}, digest {digest}"),
        });
    }
    Ok(())
}
