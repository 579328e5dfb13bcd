//! `onestop import`: a register table, sent to a server in batches; each batch is one write.

mod openings;

use crate::cli::Context;
use crate::cli::Exit;
use crate::cli::client::Asking;
use crate::cli::client::ServerArguments;
use crate::cli::client::Trouble;
use crate::cli::client::ask;
use crate::cli::client::connect;
use crate::cli::client::url;
use crate::cli::output;
use crate::cli::progress;
use crate::proto;
use crate::proto::registers_client::RegistersClient;
use crate::refusal::Lang;
use crate::table;
use crate::table::Complaints;
use crate::wire::to_proto;

use clap::Args;
use clap::ValueEnum;
use indicatif::ProgressBar;
use sha2::Digest;
use sha2::Sha256;
use tokio_stream::Stream;
use tonic::Streaming;

use std::path::PathBuf;

/// Records of one write.
const BATCH: usize = 1000;

#[derive(Debug, Args)]
pub(super) struct ImportArguments {
    /// Which register.
    #[arg(value_enum)]
    register: Register,
    /// The table (CSV, UTF-8).
    file: PathBuf,
    /// The office that writes.
    #[arg(long, default_value = "register-office", value_name = "CODE")]
    office: String,
    /// Who does it.
    #[arg(long, default_value = "", value_name = "NAME")]
    operator: String,
    /// Only say what would be added, changed and ended.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Register {
    /// 人员
    Persons,
    /// 机构
    Facilities,
    /// 目录
    Catalogue,
    /// 期初余额
    Openings,
}

/// A table, read, as requests.
enum Batches {
    Persons(Vec<proto::PutPersonsRequest>),
    Facilities(Vec<proto::PutFacilitiesRequest>),
    Items(Vec<proto::PutItemsRequest>),
    Openings(Vec<(u64, proto::LoadOpeningRequest)>),
}

pub(super) fn run(context: &Context, arguments: &ImportArguments) -> Exit {
    let bytes = match std::fs::read(&arguments.file) {
        Ok(bytes) => bytes,
        Err(error) => {
            output::complain(&format!("{}: {error}", arguments.file.display()));
            return Exit::Usage;
        }
    };
    let batches = match batches(arguments, &bytes) {
        Ok(batches) => batches,
        Err(complaints) => {
            output::complain(&format!("{}:", arguments.file.display()));
            output::say(&complaints.text(context.lang));
            let nothing = "一行也没有写入,请改正后重新导入。";
            output::say(output::in_lang(
                context.lang,
                nothing,
                "nothing was written; mend the rows and import again",
            ));
            return Exit::Refused;
        }
    };
    let batches = match batches {
        Batches::Openings(openings) => {
            let url = url(context, &arguments.server);
            return openings::load(context, &url, openings, arguments.dry_run);
        }
        batches @ (Batches::Persons(_) | Batches::Facilities(_) | Batches::Items(_)) => batches,
    };
    ask(context.lang, async {
        let channel = connect(&url(context, &arguments.server), &context.config.client).await?;
        let sum = put(channel, batches).await?;
        let dry = arguments.dry_run;
        if context.json {
            output::print_json(&sum);
        } else {
            output::print(&summary(&sum, dry, context.lang));
        }
        Ok(())
    })
}

/// Reads the table and cuts it into requests. Their ids derive from the file, so that sending it again changes nothing.
fn batches(arguments: &ImportArguments, bytes: &[u8]) -> Result<Batches, Complaints> {
    let digest = Sha256::digest(bytes);
    let hex = digest.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let name = arguments.file.file_name().unwrap_or_default().to_string_lossy();
    let source = format!("{} sha256:{hex}", name.replace(char::is_control, ""));
    let digest = hex.get(..16).unwrap_or_default();
    let writer = |index: usize| {
        Some(proto::Writer {
            facility: arguments.office.clone(),
            request_id: format!("import-{digest}-{index}"),
            operator: arguments.operator.clone(),
            terminal: String::new(),
        })
    };
    let dry_run = arguments.dry_run;
    Ok(match arguments.register {
        Register::Persons => {
            let persons: Vec<_> = table::persons(bytes)?.iter().map(to_proto::person).collect();
            let request = |(index, persons): (usize, &[proto::Person])| proto::PutPersonsRequest {
                writer: writer(index),
                persons: persons.to_vec(),
                dry_run,
                source: source.clone(),
            };
            Batches::Persons(persons.chunks(BATCH).enumerate().map(request).collect())
        }
        Register::Facilities => {
            let facilities: Vec<_> =
                table::facilities(bytes)?.iter().map(to_proto::facility).collect();
            let request = |(index, facilities): (usize, &[proto::Facility])| {
                let facilities = facilities.to_vec();
                proto::PutFacilitiesRequest {
                    writer: writer(index),
                    facilities,
                    dry_run,
                    source: source.clone(),
                }
            };
            Batches::Facilities(facilities.chunks(BATCH).enumerate().map(request).collect())
        }
        Register::Catalogue => {
            let items: Vec<_> = table::catalogue(bytes)?.iter().map(to_proto::item).collect();
            let request = |(index, items): (usize, &[proto::Item])| proto::PutItemsRequest {
                writer: writer(index),
                items: items.to_vec(),
                dry_run,
                source: source.clone(),
            };
            Batches::Items(items.chunks(BATCH).enumerate().map(request).collect())
        }
        Register::Openings => {
            let openings = table::openings(bytes)?.into_iter().enumerate();
            let request = |(index, opening): (usize, table::Opening)| {
                let key = opening.key;
                let request = proto::LoadOpeningRequest {
                    writer: writer(index),
                    id: opening.id.to_string(),
                    person: key.person.to_string(),
                    insutype: key.insutype,
                    family: key.family,
                    benefit_year: i32::from(key.benefit_year),
                    balances: Some(to_proto::sums(&opening.balances, 0)),
                };
                (opening.row, request)
            };
            Batches::Openings(openings.map(request).collect())
        }
    })
}

async fn put(channel: Asking, batches: Batches) -> Result<proto::PutReply, Trouble> {
    let mut client = RegistersClient::new(channel);
    let bar = |batches: usize| progress::count(u64::try_from(batches).unwrap_or_default());
    match batches {
        Batches::Persons(requests) => {
            let bar = bar(requests.len());
            add_up(client.put_persons(stream(requests)).await?.into_inner(), &bar).await
        }
        Batches::Facilities(requests) => {
            let bar = bar(requests.len());
            add_up(client.put_facilities(stream(requests)).await?.into_inner(), &bar).await
        }
        Batches::Items(requests) => {
            let bar = bar(requests.len());
            add_up(client.put_items(stream(requests)).await?.into_inner(), &bar).await
        }
        // Opening balances are loaded one by one: see `openings`.
        Batches::Openings(_) => Ok(proto::PutReply::default()),
    }
}

fn stream<T: Send + 'static>(requests: Vec<T>) -> impl Stream<Item = T> + Send + 'static {
    tokio_stream::iter(requests)
}

async fn add_up(
    mut replies: Streaming<proto::PutReply>,
    bar: &ProgressBar,
) -> Result<proto::PutReply, Trouble> {
    let mut sum = proto::PutReply::default();
    while let Some(reply) = replies.message().await? {
        sum.number = sum.number.max(reply.number);
        sum.added += reply.added;
        sum.changed += reply.changed;
        sum.ended += reply.ended;
        sum.unchanged += reply.unchanged;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(sum)
}

fn summary(sum: &proto::PutReply, dry_run: bool, lang: Lang) -> String {
    let proto::PutReply { added, changed, ended, unchanged, .. } = sum;
    match (lang, dry_run) {
        (Lang::Zh, false) => {
            format!("新增 {added},变更 {changed}(其中终止 {ended}),未变 {unchanged}")
        }
        (Lang::Zh, true) => {
            format!("试运行:将新增 {added},变更 {changed}(其中终止 {ended}),未变 {unchanged}")
        }
        (Lang::En, false) => {
            format!(
                "{added} added, {changed} changed ({ended} of them ended), {unchanged} unchanged"
            )
        }
        (Lang::En, true) => format!(
            "dry run: {added} would be added, {changed} changed ({ended} of them ended), {unchanged} unchanged"
        ),
    }
}
