//! Commands that ask a server: settle, reverse, show.

use crate::cli::Context;
use crate::cli::Exit;
use crate::cli::output;
use crate::config::ClientConfig;
use crate::grpc;
use crate::proto;
use crate::proto::get_settlement_request::By;
use crate::proto::registers_client::RegistersClient;
use crate::proto::reverse_request::Of;
use crate::proto::rules_client::RulesClient;
use crate::proto::settlement_client::SettlementClient;
use crate::refusal::Lang;
use crate::sheet;
use crate::store::fault::chain;

use clap::Args;
use clap::Subcommand;
use serde::Serialize;
use sha2::Digest;
use sha2::Sha256;
use tonic::Status;
use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Certificate;
use tonic::transport::Channel;
use tonic::transport::ClientTlsConfig;
use tonic::transport::Endpoint;
use tonic::transport::Identity;

use std::path::Path;
use std::path::PathBuf;

/// Answers may be as long as they need to be.
const ANSWER_BYTES_MAX: usize = usize::MAX;

/// Which server to ask.
#[derive(Debug, Args)]
pub(super) struct ServerArguments {
    /// The server; by default where the configuration says that one listens.
    #[arg(long, global = true, value_name = "URL")]
    server: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct SettleArguments {
    /// A SettleRequest in the contract's JSON form; `-` is standard input. Without a request id, the file's digest is one,
    /// so that the same file settles once.
    file: PathBuf,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("of").required(true))]
pub(super) struct ReverseArguments {
    /// The settlement's or opening balance's number.
    #[arg(long, group = "of")]
    number: Option<u64>,
    /// The admission whose settlement is undone.
    #[arg(long, group = "of", value_name = "ID")]
    admission: Option<String>,
    /// The opening balance that is undone.
    #[arg(long, group = "of", value_name = "ID")]
    opening: Option<String>,
    /// The facility or office that writes.
    #[arg(long, value_name = "CODE")]
    facility: String,
    /// The request id, unique within the facility.
    #[arg(long, value_name = "ID")]
    request_id: String,
    /// Who does it.
    #[arg(long, default_value = "", value_name = "NAME")]
    operator: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Debug, Args)]
pub(super) struct ShowArguments {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Debug, Subcommand)]
enum What {
    /// One settlement with its trace: by number, by admission, or by request id.
    #[command(group = clap::ArgGroup::new("by").required(true))]
    Settlement {
        /// Its number.
        #[arg(long, group = "by")]
        number: Option<u64>,
        /// Its admission; needs the facility.
        #[arg(long, group = "by", requires = "facility", value_name = "ID")]
        admission: Option<String>,
        /// The request that made it; needs the facility.
        #[arg(long, group = "by", requires = "facility", value_name = "ID")]
        request_id: Option<String>,
        /// The facility.
        #[arg(long, value_name = "CODE")]
        facility: Option<String>,
    },
    /// Settlements, oldest first, one a line.
    Settlements {
        /// Of this person.
        #[arg(long, default_value = "", value_name = "NUMBER")]
        person: String,
        /// Of this facility.
        #[arg(long, default_value = "", value_name = "CODE")]
        facility: String,
        /// Recorded on or after this day.
        #[arg(long, default_value = "", value_name = "DAY")]
        from: String,
        /// Recorded on or before this day.
        #[arg(long, default_value = "", value_name = "DAY")]
        to: String,
        /// Leave out those that were reversed.
        #[arg(long)]
        effective: bool,
        /// At most this many; 0 for all.
        #[arg(long, default_value_t = 0)]
        limit: u32,
    },
    /// What a person's benefit year has.
    Accumulators {
        /// The person.
        #[arg(long, value_name = "NUMBER")]
        person: String,
        /// Insurance type.
        #[arg(long, default_value = "390")]
        insutype: String,
        /// Pack family.
        #[arg(long)]
        family: String,
        /// Benefit year.
        #[arg(long)]
        year: i32,
    },
    /// Who a person is to the policy on a day.
    Eligibility {
        /// The person.
        #[arg(long, value_name = "NUMBER")]
        person: String,
        /// The facility.
        #[arg(long, default_value = "", value_name = "CODE")]
        facility: String,
        /// The day; today by default.
        #[arg(long, default_value = "", value_name = "DAY")]
        asked: String,
        /// Medical type.
        #[arg(long, default_value = "")]
        med_type: String,
        /// none, registered or emergency.
        #[arg(long, default_value = "")]
        referral: String,
    },
    /// The packs in force.
    Packs,
    /// A person of the register.
    Person {
        /// The person.
        id: String,
        /// As the register stood at the end of this day.
        #[arg(long, default_value = "", value_name = "DAY")]
        as_of: String,
        /// All that the register ever had: who wrote it, when, from which list.
        #[arg(long)]
        history: bool,
    },
    /// The writes to the registers, oldest first, one a line.
    Imports,
    /// A facility of the register.
    Facility {
        /// The facility.
        id: String,
    },
    /// All catalogue entries of an item.
    Item {
        /// The item.
        code: String,
    },
}

/// Why a command did not get its answer.
pub(super) enum Trouble {
    /// The input is wrong.
    Input(String),
    /// The server cannot be reached.
    Server(String),
    /// The server said no.
    Status(Status),
}

impl From<Status> for Trouble {
    fn from(status: Status) -> Trouble {
        Trouble::Status(status)
    }
}

/// The server that the arguments, or else the configuration, name.
pub(super) fn url(context: &Context, arguments: &ServerArguments) -> String {
    let scheme = if context.config.tls.is_on() { "https" } else { "http" };
    let listening = || format!("{scheme}://{}", context.config.server.listen);
    arguments.server.clone().unwrap_or_else(listening)
}

/// Connects to a server.
pub(super) async fn connect(url: &str, client: &ClientConfig) -> Result<Asking, Trouble> {
    let trouble =
        |error: tonic::transport::Error| Trouble::Server(format!("{url}: {}", chain(&error)));
    let mut endpoint = Endpoint::from_shared(url.to_owned()).map_err(trouble)?;
    if url.starts_with("https://") {
        endpoint = endpoint.tls_config(tls(client)?).map_err(trouble)?;
    }
    let channel = endpoint.connect().await.map_err(trouble)?;
    Ok(InterceptedService::new(channel, Token::read(&client.token)?))
}

/// A connection on which every request says who asks.
pub(super) type Asking = InterceptedService<Channel, Token>;

/// Says who asks.
#[derive(Debug, Clone)]
pub(super) struct Token(Option<AsciiMetadataValue>);

impl Token {
    fn read(secret: &str) -> Result<Token, Trouble> {
        if secret.is_empty() {
            return Ok(Token(None));
        }
        let value = format!("Bearer {secret}").parse();
        let mut value: AsciiMetadataValue =
            value.map_err(|_| Trouble::Input("`client.token` is no key".to_owned()))?;
        value.set_sensitive(true);
        Ok(Token(Some(value)))
    }
}

impl Interceptor for Token {
    fn call(&mut self, mut request: tonic::Request<()>) -> Result<tonic::Request<()>, Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

/// Whom to trust, and who one is.
fn tls(client: &ClientConfig) -> Result<ClientTlsConfig, Trouble> {
    let read = |path: &Path| {
        std::fs::read(path)
            .map_err(|error| Trouble::Input(format!("`{}`: {error}", path.display())))
    };
    if client.ca.as_os_str().is_empty() {
        let why =
            "`client.ca` names no CA: give the file of the CA that signed the server's certificate";
        return Err(Trouble::Input(why.to_owned()));
    }
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(&client.ca)?));
    if client.certificate.as_os_str().is_empty() {
        return Ok(tls);
    }
    let identity = Identity::from_pem(read(&client.certificate)?, read(&client.key)?);
    Ok(tls.identity(identity))
}

/// Runs a command that asks a server, and says what went wrong.
pub(super) fn ask(lang: Lang, command: impl Future<Output = Result<(), Trouble>>) -> Exit {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::complain(&error.to_string());
            return Exit::Failed;
        }
    };
    match runtime.block_on(command) {
        Ok(()) => Exit::Done,
        Err(Trouble::Input(complaint)) => {
            output::complain(&complaint);
            Exit::Usage
        }
        Err(Trouble::Server(complaint)) => {
            output::complain(&complaint);
            Exit::Failed
        }
        Err(Trouble::Status(status)) => match grpc::refusal_of(&status) {
            Some(refusal) => {
                output::refuse(&refusal, lang);
                Exit::Refused
            }
            None => {
                output::complain(&format!("{}: {}", status.code(), status.message()));
                Exit::Failed
            }
        },
    }
}

fn print<T: Serialize>(context: &Context, message: &T, sheet: impl FnOnce() -> String) {
    if context.json { output::print_json(message) } else { output::print(&sheet()) }
}

pub(super) fn settle(context: &Context, arguments: &SettleArguments) -> Exit {
    ask(context.lang, async {
        let text = output::read(&arguments.file).map_err(Trouble::Input)?;
        let mut request: proto::SettleRequest = serde_json::from_str(&text)
            .map_err(|error| Trouble::Input(format!("{}: {error}", arguments.file.display())))?;
        let writer = request.writer.get_or_insert_default();
        if writer.request_id.is_empty() {
            let digest = Sha256::digest(text.as_bytes());
            let hex = |id: String, byte: &u8| format!("{id}{byte:02x}");
            writer.request_id = digest.iter().take(16).fold("file-".to_owned(), hex);
        }
        let channel = connect(&url(context, &arguments.server), &context.config.client).await?;
        let mut client = SettlementClient::new(channel).max_decoding_message_size(ANSWER_BYTES_MAX);
        let reply = client.settle(request).await?.into_inner();
        let record = reply.settlement.unwrap_or_default();
        print(context, &record, || sheet::settlement(&record, context.lang));
        Ok(())
    })
}

pub(super) fn reverse(context: &Context, arguments: &ReverseArguments) -> Exit {
    let number = arguments.number.map(Of::Number);
    let admission = arguments.admission.clone().map(Of::Admission);
    let of = number.or(admission).or_else(|| arguments.opening.clone().map(Of::Opening));
    let request = proto::ReverseRequest {
        writer: Some(proto::Writer {
            facility: arguments.facility.clone(),
            request_id: arguments.request_id.clone(),
            operator: arguments.operator.clone(),
            terminal: String::new(),
        }),
        of,
        reason: arguments.reason.clone(),
    };
    ask(context.lang, async {
        let channel = connect(&url(context, &arguments.server), &context.config.client).await?;
        let reply = SettlementClient::new(channel).reverse(request).await?.into_inner();
        let reversal = reply.reversal.unwrap_or_default();
        print(context, &reversal, || sheet::reversal(&reversal, context.lang));
        Ok(())
    })
}

pub(super) fn show(context: &Context, arguments: &ShowArguments) -> Exit {
    ask(context.lang, async {
        let channel = connect(&url(context, &arguments.server), &context.config.client).await?;
        let mut client =
            SettlementClient::new(channel.clone()).max_decoding_message_size(ANSWER_BYTES_MAX);
        match &arguments.what {
            What::Settlement { .. } => {
                let request = proto::GetSettlementRequest { by: by(&arguments.what) };
                let record = client.get_settlement(request).await?.into_inner();
                print(context, &record, || sheet::settlement(&record, context.lang));
            }
            What::Settlements { .. } => list(context, &mut client, &arguments.what).await?,
            What::Accumulators { person, insutype, family, year } => {
                let key = proto::AccumulatorKey {
                    person: person.clone(),
                    insutype: insutype.clone(),
                    family: family.clone(),
                    benefit_year: *year,
                };
                let request = proto::GetAccumulatorsRequest { key: Some(key) };
                let reply = client.get_accumulators(request).await?.into_inner();
                let accumulators = reply.accumulators.clone().unwrap_or_default();
                print(context, &reply, || sheet::accumulators(&accumulators, context.lang));
            }
            What::Eligibility { person, facility, asked, med_type, referral } => {
                let request = proto::EligibilityRequest {
                    person: person.clone(),
                    facility: facility.clone(),
                    asked: asked.clone(),
                    med_type: med_type.clone(),
                    referral: referral.clone(),
                    diagnoses: Vec::new(),
                };
                let reply = client.check_eligibility(request).await?.into_inner();
                print(context, &reply, || sheet::eligibility(&reply, context.lang));
            }
            What::Packs
            | What::Person { .. }
            | What::Imports
            | What::Facility { .. }
            | What::Item { .. } => {
                show_record(context, channel, &arguments.what).await?;
            }
        }
        Ok(())
    })
}

fn by(what: &What) -> Option<By> {
    let What::Settlement { number, admission, request_id, facility } = what else { return None };
    let facility = facility.clone().unwrap_or_default();
    let of_admission = admission.clone().map(|admission| {
        By::Admission(proto::AdmissionName { facility: facility.clone(), admission })
    });
    let of_request = request_id.clone().map(|request_id| {
        By::Request(proto::RequestName { facility: facility.clone(), request_id })
    });
    number.map(By::Number).or(of_admission).or(of_request)
}

async fn list(
    context: &Context,
    client: &mut SettlementClient<Asking>,
    what: &What,
) -> Result<(), Trouble> {
    let What::Settlements { person, facility, from, to, effective, limit } = what else {
        return Ok(());
    };
    let request = proto::ListSettlementsRequest {
        person: person.clone(),
        facility: facility.clone(),
        recorded_from: from.clone(),
        recorded_to: to.clone(),
        effective_only: *effective,
        limit: *limit,
        after_number: 0,
    };
    let mut records = client.list_settlements(request).await?.into_inner();
    while let Some(record) = records.message().await? {
        if context.json {
            let line = serde_json::to_string(&record).unwrap_or_default();
            output::print(&line);
            continue;
        }
        let statement = record.statement.clone().unwrap_or_default();
        let admission = record.request.and_then(|request| request.admission).unwrap_or_default();
        let state = match record.reversed_by {
            0 => String::new(),
            by => format!("  {} {by}", output::in_lang(context.lang, "已撤销", "reversed by")),
        };
        output::print(&format!(
            "{:>8}  {}  {}  {}  {:>14}  {:>14}{state}",
            record.number,
            record.recorded_at.get(..19).unwrap_or_default(),
            admission.facility,
            admission.id,
            statement.total,
            statement.patient_pay,
        ));
    }
    Ok(())
}

/// Packs and register records are shown in JSON form, one a line.
async fn show_record(context: &Context, channel: Asking, what: &What) -> Result<(), Trouble> {
    let mut registers = RegistersClient::new(channel.clone());
    match what {
        What::Packs => {
            let reply = RulesClient::new(channel).list_packs(proto::ListPacksRequest {}).await?;
            let reply = reply.into_inner();
            if context.json {
                output::print_json(&reply);
                return Ok(());
            }
            for pack in &reply.packs {
                output::print(&pack_line(pack, context.lang));
            }
        }
        What::Person { id, as_of, history } => {
            let request = proto::GetPersonRequest { id: id.clone(), as_of: as_of.clone() };
            if *history {
                output::print_json(&registers.get_person_history(request).await?.into_inner());
            } else {
                output::print_json(&registers.get_person(request).await?.into_inner());
            }
        }
        What::Imports => {
            let request = proto::ListRegisterWritesRequest::default();
            let mut writes = registers.list_register_writes(request).await?.into_inner();
            while let Some(write) = writes.message().await? {
                output::print(&serde_json::to_string(&write).unwrap_or_default());
            }
        }
        What::Facility { id } => {
            let request = proto::GetFacilityRequest { id: id.clone() };
            output::print_json(&registers.get_facility(request).await?.into_inner());
        }
        What::Item { code } => {
            let request = proto::GetItemRequest { code: code.clone() };
            output::print_json(&registers.get_item(request).await?.into_inner());
        }
        What::Settlement { .. }
        | What::Settlements { .. }
        | What::Accumulators { .. }
        | What::Eligibility { .. } => {}
    }
    Ok(())
}

fn pack_line(pack: &proto::PackSummary, lang: Lang) -> String {
    let name = pack.name.clone().unwrap_or_default();
    let title = name.title.unwrap_or_default();
    let title = output::in_lang(lang, &title.zh, &title.en);
    let (assumed, numbers) = (pack.assumed, pack.numbers);
    let counted = match lang {
        Lang::Zh => format!("{numbers} 处取值,其中 {assumed} 处为假定"),
        Lang::En => format!("{numbers} values, {assumed} of them assumed"),
    };
    format!(
        "{:<18} {} .. {:<10}  {title}  ({counted})",
        name.id, name.effective_from, pack.effective_to
    )
}
