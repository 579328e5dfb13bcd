//! `onestop reconcile` and `onestop sign-off`.

use crate::clearing_types::ClearingTypes;
use crate::cli::Context;
use crate::cli::Exit;
use crate::cli::client::ServerArguments;
use crate::cli::client::Trouble;
use crate::cli::client::ask;
use crate::cli::client::connect;
use crate::cli::client::url;
use crate::cli::output;
use crate::cli::output::in_lang;
use crate::cli::progress;
use crate::config::Config;
use crate::proto;
use crate::proto::office_client::OfficeClient;
use crate::proto::reconcile_reply::Part as Reply;
use crate::proto::reconcile_request::Part as Asked;
use crate::reconcile::Book;
use crate::refusal::Lang;
use crate::service::office::compare;
use crate::spreadsheet;
use crate::store::fault::chain;
use crate::store::seal::Place;
use crate::table::settlements;
use crate::table::settlements::ColumnNames;
use crate::wire::office;
use crate::wire::to_proto;

use clap::Args;
use sha2::Digest;
use sha2::Sha256;

use std::path::Path;
use std::path::PathBuf;

/// How many rows one message holds.
const ROWS: usize = 5_000;

#[derive(Debug, Args)]
pub(super) struct ReconcileArguments {
    /// The hospital's list: CSV, XLSX, or the national interface's TXT in a ZIP.
    file: PathBuf,
    /// The facility.
    #[arg(long, value_name = "CODE")]
    facility: String,
    /// The first day of settlement.
    #[arg(long, value_name = "DAY")]
    from: String,
    /// The last day of settlement; it counts.
    #[arg(long, value_name = "DAY")]
    to: String,
    /// Insurance type; all by default.
    #[arg(long, default_value = "")]
    insutype: String,
    /// Clearing type: 11 outpatient, 21 inpatient, 41 pharmacy; all by default.
    #[arg(long, default_value = "")]
    clearing_type: String,
    /// Totals count settlements alone, and no refunds.
    #[arg(long)]
    without_refunds: bool,
    /// Another name for a column, such as `medfee_sumamt=总费用`; beside those of the configuration.
    #[arg(long, value_name = "COLUMN=NAME")]
    column: Vec<String>,
    /// Write the differences to this file as CSV.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write the differences to this file as XLSX.
    #[arg(long, value_name = "FILE")]
    xlsx: Option<PathBuf>,
    /// Keep the result in the ledger; needs a server, the office and the operator.
    #[arg(long, requires_all = ["office", "operator"], conflicts_with = "data")]
    keep: bool,
    /// The office that keeps it.
    #[arg(long, value_name = "CODE", default_value = "")]
    office: String,
    /// Who keeps it.
    #[arg(long, value_name = "NAME", default_value = "")]
    operator: String,
    /// Compare with the ledger of this store in place of asking a server; also while one runs.
    #[arg(long, value_name = "DIRECTORY")]
    data: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Debug, Args)]
pub(super) struct SignOffArguments {
    /// The number of the kept reconciliation.
    number: u64,
    /// The office that signs.
    #[arg(long, value_name = "CODE")]
    office: String,
    /// Who signs.
    #[arg(long, value_name = "NAME")]
    operator: String,
    /// What he wishes to say.
    #[arg(long, default_value = "", value_name = "TEXT")]
    remark: String,
    #[command(flatten)]
    server: ServerArguments,
}

/// A result with all differences.
type Found = (proto::ReconciliationRecord, Vec<proto::ReconcileDifference>);

pub(super) fn run(context: &Context, arguments: &ReconcileArguments) -> Exit {
    let bytes = match std::fs::read(&arguments.file) {
        Ok(bytes) => bytes,
        Err(error) => {
            output::complain(&format!("{}: {error}", arguments.file.display()));
            return Exit::Usage;
        }
    };
    let names = match column_names(context, &arguments.column) {
        Ok(names) => names,
        Err(why) => {
            output::complain(&why);
            return Exit::Usage;
        }
    };
    let list = match settlements::read(&bytes, &names) {
        Ok(list) => list,
        Err(complaints) => {
            output::complain(&format!("{}:", arguments.file.display()));
            output::say(&complaints.text(context.lang));
            let nothing = (
                "未作任何记录,请改正后重新对账。",
                "nothing was kept; mend the rows and try again",
            );
            output::say(in_lang(context.lang, nothing.0, nothing.1));
            return Exit::Refused;
        }
    };
    let source = source_of(&arguments.file, &bytes);
    let scope = proto::ReconcileScope {
        facility: arguments.facility.clone(),
        insutype: arguments.insutype.clone(),
        clearing_type: arguments.clearing_type.clone(),
        from: arguments.from.clone(),
        to: arguments.to.clone(),
        without_refunds: arguments.without_refunds,
    };
    if let Some(data) = &arguments.data {
        return offline(context, arguments, (data, scope), (list, source));
    }
    let mut differ = false;
    let exit = ask(context.lang, async {
        let found = asked(context, arguments, scope, (list, source)).await?;
        differ = !found.1.is_empty();
        show(context, arguments, &found).map_err(Trouble::Input)
    });
    if exit == Exit::Done && differ { Exit::Refused } else { exit }
}

/// The names of columns: those of the configuration, and those given.
fn column_names(context: &Context, given: &[String]) -> Result<ColumnNames, String> {
    let mut names = configured_names(&context.config);
    for pair in given {
        let added = pair.split_once('=').and_then(|(column, name)| names.add(column, name));
        added.ok_or_else(|| {
            let columns = settlements::COLUMNS.join(", ");
            format!("`{pair}` should be COLUMN=NAME, with one of {columns}")
        })?;
    }
    Ok(names)
}

/// The names of columns that the configuration gives.
pub(super) fn configured_names(config: &Config) -> ColumnNames {
    let mut names = ColumnNames::default();
    for (column, others) in config.reconcile.names() {
        for name in others.split('|') {
            names.add(column, name).unwrap_or_default();
        }
    }
    names
}

fn source_of(file: &Path, bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let hex = digest.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    format!("{} sha256:{hex}", name.replace(char::is_control, ""))
}

fn offline(
    context: &Context,
    arguments: &ReconcileArguments,
    (data, scope): (&Path, proto::ReconcileScope),
    list: (Book, String),
) -> Exit {
    let subject = match office::subject(
        Some(&scope),
        &ClearingTypes::new(context.config.his.clearing_types.clone()),
    ) {
        Ok(subject) => subject,
        Err(refusal) => {
            output::refuse(&to_proto::refusal(&refusal), context.lang);
            return Exit::Refused;
        }
    };
    let seal = match context.seal() {
        Ok(seal) => seal,
        Err(exit) => return exit,
    };
    let store = Place { directory: data, seal: &seal };
    let compared = match compare(store, subject, list, |_| {}) {
        Ok(compared) => compared,
        Err(error) => {
            output::complain(&chain(&error));
            return Exit::Failed;
        }
    };
    let differences: Vec<_> = compared.differences().collect();
    let record = proto::ReconciliationRecord {
        reconciliation: Some(compared.result()),
        ..proto::ReconciliationRecord::default()
    };
    let exit = if differences.is_empty() { Exit::Done } else { Exit::Refused };
    match show(context, arguments, &(record, differences)) {
        Ok(()) => exit,
        Err(why) => {
            output::complain(&why);
            Exit::Failed
        }
    }
}

async fn asked(
    context: &Context,
    arguments: &ReconcileArguments,
    scope: proto::ReconcileScope,
    (list, source): (Book, String),
) -> Result<Found, Trouble> {
    let channel = connect(&url(context, &arguments.server), &context.config.client).await?;
    let mut client = OfficeClient::new(channel).max_decoding_message_size(usize::MAX);
    let digest = source.rsplit(':').next().unwrap_or_default().get(..16).unwrap_or_default();
    let period = format!("{}-{}-{}{}", scope.from, scope.to, scope.insutype, scope.clearing_type);
    let keep = arguments.keep.then(|| proto::Writer {
        facility: arguments.office.clone(),
        // The same file for the same period is kept once a ledger state: the server answers it again.
        request_id: format!("reconcile-{}-{period}-{digest}-{}", scope.facility, stamp()),
        operator: arguments.operator.clone(),
        terminal: String::new(),
    });
    let start = proto::ReconcileStart { scope: Some(scope), source, keep };
    let bar = progress::count(u64::try_from(list.len()).unwrap_or_default());
    let first = std::iter::once(Asked::Start(start));
    let rows: Vec<proto::HospitalRow> = list.rows().map(|(_, row)| office::row(&row)).collect();
    drop(list);
    let batches: Vec<Asked> = rows
        .chunks(ROWS)
        .map(|rows| Asked::Rows(proto::ReconcileRows { rows: rows.to_vec() }))
        .collect();
    let requests = first.chain(batches).map(|part| proto::ReconcileRequest { part: Some(part) });
    let requests = tokio_stream::iter(requests.collect::<Vec<_>>());
    let mut replies = client.reconcile(requests).await?.into_inner();
    let (mut record, mut differences) = (proto::ReconciliationRecord::default(), Vec::new());
    while let Some(reply) = replies.message().await? {
        match reply.part {
            Some(Reply::RowsTaken(rows)) => bar.set_position(rows),
            Some(Reply::Result(result)) => record = result,
            Some(Reply::Differences(more)) => differences.extend(more.differences),
            None => {}
        }
    }
    bar.finish_and_clear();
    Ok((record, differences))
}

/// Tells one keeping from another, so that the same file can be reconciled again later.
fn stamp() -> String {
    crate::service::now().to_string().replace([':', '.', '+'], "")
}

fn show(context: &Context, arguments: &ReconcileArguments, found: &Found) -> Result<(), String> {
    let (record, differences) = found;
    let sheet = office::differences_sheet(differences.iter());
    let write = |file: &Path, bytes: Result<Vec<u8>, String>| {
        std::fs::write(file, bytes?).map_err(|error| format!("{}: {error}", file.display()))
    };
    if let Some(file) = &arguments.csv {
        write(file, spreadsheet::csv(&sheet, context.lang).map_err(|error| chain(&error)))?;
    }
    if let Some(file) = &arguments.xlsx {
        let sheets = [office::totals_sheet(record), sheet.clone()];
        write(file, spreadsheet::xlsx(&sheets, context.lang).map_err(|error| chain(&error)))?;
    }
    if context.json {
        output::print_json(record);
        return Ok(());
    }
    let mut sheets = vec![office::totals_sheet(record)];
    sheets.extend((!differences.is_empty()).then_some(sheet));
    output::print(&spreadsheet::text(&sheets, context.lang));
    output::print(&said(record, differences.len(), context.lang));
    Ok(())
}

fn said(record: &proto::ReconciliationRecord, differences: usize, lang: Lang) -> String {
    let result = record.reconciliation.clone().unwrap_or_default();
    let mut lines = vec![match lang {
        Lang::Zh => format!("相符 {} 行;差异 {differences} 处", result.matched),
        Lang::En => format!("{} rows matched; {differences} differences", result.matched),
    }];
    if result.previous != 0 {
        let (previous, resolved, still, new) =
            (result.previous, result.resolved, result.still_open, result.new);
        lines.push(match lang {
            Lang::Zh => format!("与上次对账({previous})相比:已解决 {resolved},仍未解决 {still},新增 {new}"),
            Lang::En => format!(
                "since reconciliation {previous}: {resolved} resolved, {still} still open, {new} new"
            ),
        });
    }
    if record.number != 0 {
        lines.push(match lang {
            Lang::Zh => format!("已记入账本,编号 {},摘要 {}", record.number, record.digest),
            Lang::En => {
                format!("kept in the ledger as {}, digest {}", record.number, record.digest)
            }
        });
    }
    lines.join("\n")
}

pub(super) fn sign_off(context: &Context, arguments: &SignOffArguments) -> Exit {
    ask(context.lang, async {
        let channel = connect(&url(context, &arguments.server), &context.config.client).await?;
        let mut client = OfficeClient::new(channel);
        let request = proto::SignOffRequest {
            writer: Some(proto::Writer {
                facility: arguments.office.clone(),
                request_id: format!("sign-off-{}", arguments.number),
                operator: arguments.operator.clone(),
                terminal: String::new(),
            }),
            number: arguments.number,
            remark: arguments.remark.clone(),
        };
        let signed = client.sign_off(request).await?.into_inner();
        if context.json {
            output::print_json(&signed);
            return Ok(());
        }
        let (number, digest) = (signed.number, &signed.digest);
        output::print(&match context.lang {
            Lang::Zh => format!("对账 {} 已签认,编号 {number},摘要 {digest}", arguments.number),
            Lang::En => format!(
                "reconciliation {} is signed off as {number}, digest {digest}",
                arguments.number
            ),
        });
        Ok(())
    })
}
