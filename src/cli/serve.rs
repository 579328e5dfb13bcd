//! `onestop serve`: the server, from configuration to a graceful stop.

use crate::access::Ring;
use crate::clearing_types::ClearingTypes;
use crate::cli::Context;
use crate::cli::Exit;
use crate::cli::client::Trouble;
use crate::cli::demo;
use crate::cli::output;
use crate::cli::reconcile::configured_names;
use crate::cli::serve::collector::Collector;
use crate::cli::serve::staff::Staff;
use crate::config::Config;
use crate::config::LogConfig;
use crate::config::LogFormat;
use crate::config::ServerConfig;
use crate::grpc::Api;
use crate::his::Gateway;
use crate::http;
use crate::http::HttpOptions;
use crate::listen::Door;
use crate::listen::tls::Keys;
use crate::listen::tls::Speaks;
use crate::proto;
use crate::refusal::Lang;
use crate::rules::check::warnings;
use crate::service;
use crate::service::Onlooker;
use crate::service::Service;
use crate::store::Store;
use crate::store::StoreOptions;
use crate::store::fault::chain;
use crate::store::halt::Halted;
use crate::store::seal::Seal;
use crate::trail::Trail;

use clap::Args;
use tokio::signal::unix::Signal;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tokio::sync::watch;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tracing_subscriber::EnvFilter;

use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::time::Duration;

mod collector;
mod count;
mod gate;
mod limits;
mod staff;
mod trace;

/// How long tasks that were dropped may take to end.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// Flags overlay the environment, which overlays the configuration file.
#[derive(Debug, Args)]
pub(super) struct ServeArguments {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Address and port to listen on for HTTP; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS")]
    http_listen: Option<SocketAddr>,
    /// Directory of the store.
    #[arg(long, value_name = "DIRECTORY")]
    data: Option<PathBuf>,
    /// Folder of rule packs.
    #[arg(long, value_name = "FOLDER")]
    rules: Option<PathBuf>,
    /// Load the sample register, settle one sample admission per place, print the sheets, and go on serving; the store is
    /// `data/demo` unless another is named.
    #[arg(long)]
    demo: bool,
    /// Write the addresses that are listened on to this file, gRPC's and then HTTP's, once the server is ready.
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

pub(super) fn run(context: &Context, arguments: ServeArguments) -> Exit {
    let mut config = context.config.clone();
    config.server.listen = arguments.listen.unwrap_or(config.server.listen);
    config.http.listen = arguments.http_listen.unwrap_or(config.http.listen);
    if arguments.demo {
        config.store.path = PathBuf::from("data/demo");
    }
    config.store.path = arguments.data.unwrap_or(config.store.path);
    config.rules.path = arguments.rules.unwrap_or(config.rules.path);
    if let Err(complaint) = start_logs(&config.log) {
        output::complain(&complaint);
        return Exit::Usage;
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::complain(&error.to_string());
            return Exit::Failed;
        }
    };
    let demo = arguments.demo.then_some(context.lang);
    let served = runtime.block_on(serve(&config, arguments.ready_file, demo));
    let closed = served.and_then(|service| {
        // Connections that their clients keep open hold the service too; they end with the runtime.
        runtime.shutdown_timeout(SHUTDOWN);
        close(service)
    });
    match closed {
        Ok(()) => Exit::Done,
        Err((exit, complaint)) => {
            output::complain(&complaint);
            exit
        }
    }
}

fn start_logs(config: &LogConfig) -> Result<(), String> {
    let filter =
        EnvFilter::try_new(&config.level).map_err(|error| format!("log.level: {error}"))?;
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match config.format {
        LogFormat::Text => logs.try_init(),
        LogFormat::Json => logs.json().try_init(),
    };
    started.map_err(|error| error.to_string())
}

type Stopped = (Exit, String);

fn usage(error: &dyn std::error::Error) -> Stopped {
    (Exit::Usage, chain(error))
}

fn failed(error: &dyn std::error::Error) -> Stopped {
    (Exit::Failed, chain(error))
}

async fn serve(
    config: &Config,
    ready_file: Option<PathBuf>,
    demo: Option<Lang>,
) -> Result<Arc<Service>, Stopped> {
    let signals = Signals::listen().map_err(|error| failed(&error))?;
    config.is_private().map_err(|error| usage(&error))?;
    let keys = Keys::read(&config.tls).map_err(|error| usage(&error))?;
    if demo.is_some() && keys.is_some() {
        return Err((Exit::Usage, "`--demo` speaks in the clear; leave it or TLS out".to_owned()));
    }
    let known = known(config)?;
    let collector = Collector::begin(&config.traces)?;
    let service = Arc::new(open(config)?);
    let Staff { operators, oidc, noting } = staff::begin(config, &service)?;
    let (door, web) = doors(config, keys.as_ref()).await?;
    let (address, web_address) = (door.address(), web.address());
    let (stop, stopping) = watch::channel(false);
    let reloaded = Reloaded { keys, known: known.clone(), ring: config.access.keys.clone() };
    let listening = tokio::spawn(wait_for_signals(signals, Arc::clone(&service), reloaded, stop));

    let (health, health_service) = tonic_health::server::health_reporter();
    let halted = service.halted();
    let has_stopped = halted.borrow().anything();
    set_health(&health, has_stopped).await;
    let telling = tokio::spawn(say_health(halted, health));
    let limits = tower::ServiceBuilder::new()
        .layer(count::CountLayer(collector.traces.clone()))
        .layer(trace::TraceLayer)
        .layer(gate::GateLayer(known.clone()))
        .layer(limits::LimitLayer(Duration::from_millis(config.server.request_timeout_ms)))
        .map_err(limits::overloaded)
        .load_shed()
        .concurrency_limit(config.server.requests_max)
        .into_inner();
    let routes = with_reflection(Routes::new(health_service))?;
    let server = tonic::transport::Server::builder()
        .http2_keepalive_interval(Some(Duration::from_secs(60)))
        .layer(limits)
        .add_routes(contract(routes, &service, &config.server))
        .serve_with_incoming_shutdown(door, until(stopping.clone()));
    let options = http_options(config);
    let on_loopback = web_address.ip().is_loopback();
    let gateway = Gateway::new(Arc::clone(&service), config.his.clone(), on_loopback)
        .remembering(&config.store.path);
    let traces = collector.traces.clone();
    let behind = http::Behind { service: Arc::clone(&service), gateway, operators, oidc, traces };
    let web = http::serve(web, behind, options, until(stopping.clone()));
    tracing::info!(%address, http = %web_address, "listening");
    if let Some(file) = ready_file {
        let addresses = format!("{address}\n{web_address}\n");
        std::fs::write(&file, addresses).map_err(|error| failed(&error))?;
    }
    if let Some(lang) = demo {
        tokio::spawn(show_demo(address, web_address, lang));
    }
    let patience = Duration::from_millis(config.server.shutdown_timeout_ms);
    let both = async { tokio::join!(server, web) };
    let (served, ()) = tokio::select! {
        both = both => both,
        () = too_late(stopping, patience) => {
            tracing::warn!("some requests were not finished in time");
            (Ok(()), ())
        }
    };
    served.map_err(|error| failed(&error))?;
    listening.abort();
    telling.abort();
    noting.abort();
    writes_end(&service).await;
    collector.end().await;
    Ok(service)
}

/// Where gRPC and HTTP are listened for.
async fn doors(config: &Config, keys: Option<&Arc<Keys>>) -> Result<(Door, Door), Stopped> {
    let door = Door::open(config.server.listen, keys.cloned(), Speaks::Grpc);
    let door = door.await.map_err(|error| usage(&error))?;
    let web = Door::open(config.http.listen, keys.cloned(), Speaks::Http);
    Ok((door, web.await.map_err(|error| usage(&error))?))
}

/// Adds what tells callers the contract.
fn with_reflection(routes: Routes) -> Result<Routes, Stopped> {
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::DESCRIPTOR)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1();
    Ok(routes.add_service(reflection.map_err(|error| failed(&error))?))
}

/// Adds the contract's services.
fn contract(routes: Routes, service: &Arc<Service>, config: &ServerConfig) -> Routes {
    let api = Api::new(Arc::clone(service));
    let most = config.message_bytes_max;
    let settlement = proto::settlement_server::SettlementServer::new(api.clone())
        .max_decoding_message_size(most)
        .max_encoding_message_size(usize::MAX);
    let rules = proto::rules_server::RulesServer::new(api.clone());
    let registers = proto::registers_server::RegistersServer::new(api.clone())
        .max_decoding_message_size(most)
        .max_encoding_message_size(usize::MAX);
    let office = proto::office_server::OfficeServer::new(api)
        .max_decoding_message_size(most)
        .max_encoding_message_size(usize::MAX);
    routes.add_service(settlement).add_service(rules).add_service(registers).add_service(office)
}

fn http_options(config: &Config) -> HttpOptions {
    let config = &config.server;
    HttpOptions {
        message_bytes_max: config.message_bytes_max,
        requests_max: config.requests_max,
        request_timeout: Duration::from_millis(config.request_timeout_ms),
    }
}

/// Whoever asks for the server's health learns that the store has stopped, and that it goes on.
async fn say_health(mut halted: watch::Receiver<Halted>, health: HealthReporter) {
    while halted.changed().await.is_ok() {
        let has_stopped = halted.borrow_and_update().anything();
        set_health(&health, has_stopped).await;
    }
}

async fn set_health(health: &HealthReporter, has_stopped: bool) {
    let status = if has_stopped { ServingStatus::NotServing } else { ServingStatus::Serving };
    for service in [
        "",
        proto::settlement_server::SERVICE_NAME,
        proto::rules_server::SERVICE_NAME,
        proto::registers_server::SERVICE_NAME,
        proto::office_server::SERVICE_NAME,
    ] {
        health.set_service_status(service, status).await;
    }
}

async fn show_demo(address: SocketAddr, web_address: SocketAddr, lang: Lang) {
    match demo::run(address, web_address, lang).await {
        Ok(()) => {}
        Err(Trouble::Input(why) | Trouble::Server(why)) => output::complain(&why),
        Err(Trouble::Status(status)) => output::complain(status.message()),
    }
}

/// Opens the store and reads the packs; either failing keeps the server from starting.
fn open(config: &Config) -> Result<Service, Stopped> {
    let book = service::read_rules(&config.rules.path).map_err(|error| usage(&error))?;
    for warning in warnings(&book, service::now().day()) {
        tracing::warn!("{warning}");
    }
    let seal = Seal::of(&config.store.key_file, config.store.key.text());
    let seal = seal.map_err(|error| usage(&error))?;
    match seal.name() {
        Some(name) => tracing::info!(key = %name, "the store is sealed"),
        None => tracing::warn!(
            "the store is not sealed: persons' data stands in its files in the clear; `store.key_file` seals it"
        ),
    }
    let options = StoreOptions {
        segment_bytes_max: config.store.segment_bytes_max,
        cache_bytes: config.store.cache_bytes,
        seal,
    };
    let (store, report) =
        Store::open(&config.store.path, options).map_err(|error| failed(&error))?;
    if let Some(torn) = &report.torn {
        tracing::warn!(
            segment = torn.segment,
            offset = torn.offset,
            bytes = torn.bytes,
            "a torn tail of the journal was cut off; it was never acknowledged"
        );
    }
    if let Some((why, aside)) = &report.set_aside {
        let aside = aside.display();
        tracing::warn!(why, %aside, "the index was set aside and built anew from the journal");
    }
    tracing::info!(
        packs = book.packs().len(),
        head = report.head.sequence,
        replayed = report.replayed,
        "store open"
    );
    let (rules, line_facts) = (config.rules.path.clone(), config.rules.line_facts);
    let trail = Trail::open(store.place()).map_err(|error| failed(&error))?;
    let service = Service::new(store, book, rules, line_facts);
    Ok(service
        .naming(configured_names(config), ClearingTypes::new(config.his.clearing_types.clone()))
        .recording(trail))
}

/// The signals that the server listens to. They are listened to before anybody can know that it is ready.
struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Signals> {
        Ok(Signals {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }
}

/// What SIGHUP reads again beside the packs.
struct Reloaded {
    keys: Option<Arc<Keys>>,
    known: gate::Known,
    ring: PathBuf,
}

/// SIGHUP reads the packs, the certificates and the keys of callers again; SIGTERM and SIGINT stop the server.
async fn wait_for_signals(
    signals: Signals,
    service: Arc<Service>,
    reloaded: Reloaded,
    stop: watch::Sender<bool>,
) {
    let Signals { mut hangup, mut terminate, mut interrupt } = signals;
    loop {
        tokio::select! {
            _ = hangup.recv() => {
                reload(&service).await;
                if let Some(keys) = &reloaded.keys {
                    reload_keys(keys);
                }
                if let Some(known) = &reloaded.known {
                    reload_ring(known, &reloaded.ring);
                }
            }
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    tracing::info!("stopping");
    // Whoever serves may have ended by itself.
    let _ = stop.send(true);
    std::future::pending::<()>().await;
}

async fn reload(service: &Service) {
    let by = Onlooker { who: "SIGHUP".to_owned(), from: String::new() };
    match service.reload_rules(by).await {
        Ok(book) => tracing::info!(packs = book.packs().len(), "rule packs read again"),
        Err(error) => {
            tracing::error!(
                error = chain(&error),
                "rule packs refused; the old ones stay in force"
            );
        }
    }
}

fn reload_ring(known: &RwLock<Ring>, path: &Path) {
    match read_ring(path) {
        Ok(ring) => {
            *known.write().unwrap_or_else(PoisonError::into_inner) = ring;
            tracing::info!("keys of callers read again");
        }
        Err(error) => tracing::error!(error, "keys of callers refused; the old ones stay in force"),
    }
}

fn read_ring(path: &Path) -> Result<Ring, String> {
    let name = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("`{name}`: {error}"))?;
    Ring::read(&text).map_err(|error| format!("`{name}`: {error}"))
}

/// The keys of callers; none where nobody is asked who he is.
fn known(config: &Config) -> Result<gate::Known, Stopped> {
    if !config.access.asks_at(config.server.listen) {
        return Ok(None);
    }
    if config.access.keys.as_os_str().is_empty() {
        let why = "callers are asked who they are, and `access.keys` names no file of keys: make one with `onestop key`, \
                   listen on loopback, or say `access.ask = \"never\"` where something in front asks";
        return Err((Exit::Usage, why.to_owned()));
    }
    let ring = read_ring(&config.access.keys).map_err(|why| (Exit::Usage, why))?;
    Ok(Some(Arc::new(RwLock::new(ring))))
}

fn reload_keys(keys: &Keys) {
    match keys.reload() {
        Ok(()) => tracing::info!("certificates read again"),
        Err(error) => {
            let error = chain(&error);
            tracing::error!(error, "certificates refused; the old ones stay in use");
        }
    }
}

async fn until(mut stopping: watch::Receiver<bool>) {
    // An error means that nobody can ask any more to stop.
    if stopping.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn too_late(stopping: watch::Receiver<bool>, patience: Duration) {
    until(stopping).await;
    tokio::time::sleep(patience).await;
}

/// Writes that outlive their connection hold the service a little longer.
async fn writes_end(service: &Arc<Service>) {
    for _ in 0..500 {
        if Arc::strong_count(service) == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Finishes what was accepted, then closes the store.
fn close(service: Arc<Service>) -> Result<(), Stopped> {
    match Arc::try_unwrap(service) {
        Ok(service) => {
            service.close().map_err(|error| failed(&error))?;
            tracing::info!("closed");
            Ok(())
        }
        Err(_) => Err((
            Exit::Failed,
            "the store is still in use; it will be checked at the next start".to_owned(),
        )),
    }
}
