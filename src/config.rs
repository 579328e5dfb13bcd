//! The one configuration file, overlaid by the environment; unknown keys are refused.

use crate::access::Role;
use crate::oidc::OidcConfig;
use crate::operators::Terms;

use serde::Deserialize;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;

/// Environment variables begin so: `ONESTOP_SERVER_LISTEN` stands for `listen` under `[server]`.
const ENVIRONMENT: &str = "ONESTOP_";

/// All that can be configured. Every key has a default; `deploy/onestop.toml` comments each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The gRPC server, and limits of every listener.
    pub server: ServerConfig,
    /// The HTTP listener.
    pub http: HttpConfig,
    /// TLS of both listeners.
    pub tls: TlsConfig,
    /// Who may call.
    pub access: AccessConfig,
    /// Logins by an identity provider.
    pub oidc: OidcConfig,
    /// Commands that ask a server.
    pub client: ClientConfig,
    /// The embedded store.
    pub store: StoreConfig,
    /// Rule packs.
    pub rules: RulesConfig,
    /// Reconciliation.
    pub reconcile: ReconcileConfig,
    /// The national interface.
    pub his: HisConfig,
    /// Traces.
    pub traces: TracesConfig,
    /// Logs.
    pub log: LogConfig,
}

/// The gRPC server, and the limits of both listeners.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Address and port.
    pub listen: SocketAddr,
    /// Largest request message. Unit: bytes.
    pub message_bytes_max: usize,
    /// Requests served at once; more are refused with RESOURCE_EXHAUSTED.
    pub requests_max: usize,
    /// Longest time for a request. Unit: milliseconds.
    pub request_timeout_ms: u64,
    /// Longest time to finish what was accepted when stopping. Unit: milliseconds.
    pub shutdown_timeout_ms: u64,
}

impl Default for ServerConfig {
    fn default() -> ServerConfig {
        ServerConfig {
            listen: SocketAddr::from(([127, 0, 0, 1], 7180)),
            message_bytes_max: 8 << 20,
            requests_max: 1024,
            request_timeout_ms: 30_000,
            shutdown_timeout_ms: 30_000,
        }
    }
}

/// The HTTP listener.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Address and port.
    pub listen: SocketAddr,
}

impl Default for HttpConfig {
    fn default() -> HttpConfig {
        HttpConfig { listen: SocketAddr::from(([127, 0, 0, 1], 7181)) }
    }
}

/// TLS of both listeners (传输加密).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsConfig {
    /// The server's certificate and those between it and its CA, in PEM; empty: no TLS.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
    /// The CA of clients' certificates, in PEM; empty: none is asked for.
    pub client_ca: PathBuf,
    /// Whether to listen in the clear elsewhere than on loopback.
    pub clear_off_loopback: bool,
}

impl TlsConfig {
    /// Whether the listeners speak TLS.
    pub fn is_on(&self) -> bool {
        !self.certificate.as_os_str().is_empty()
    }
}

/// Who may call gRPC, and who may work at the pages (访问控制).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccessConfig {
    /// Whether callers are asked who they are.
    pub ask: HisAuth,
    /// The file of keys.
    pub keys: PathBuf,
    /// Whether pages ask nobody who he is, also where callers are asked: something in front does.
    pub open_pages: bool,
    /// How long a session at the pages may be left alone. Unit: seconds.
    pub session_idle_s: u64,
    /// How long a session may last. Unit: seconds.
    pub session_max_s: u64,
    /// How long a password may be used; 0: without end. Unit: days.
    pub password_days: u32,
}

impl Default for AccessConfig {
    fn default() -> AccessConfig {
        AccessConfig {
            ask: HisAuth::UnlessLoopback,
            keys: PathBuf::new(),
            open_pages: false,
            session_idle_s: 1800,
            session_max_s: 43_200,
            password_days: 0,
        }
    }
}

impl AccessConfig {
    /// Whether those who open a page at an address are asked.
    pub fn asks_at_pages(&self, listen: SocketAddr) -> bool {
        self.asks_at(listen) && !self.open_pages
    }

    /// How long sessions and passwords are good.
    pub fn terms(&self) -> Terms {
        Terms {
            idle_s: self.session_idle_s,
            longest_s: self.session_max_s,
            password_days: self.password_days,
        }
    }

    /// Whether those who call at an address are asked.
    pub fn asks_at(&self, listen: SocketAddr) -> bool {
        match self.ask {
            HisAuth::UnlessLoopback => !listen.ip().is_loopback(),
            HisAuth::Always => true,
            HisAuth::Never => false,
        }
    }
}

/// Commands that ask a server over TLS.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientConfig {
    /// The CA of the server's certificate, in PEM.
    pub ca: PathBuf,
    /// A certificate to show, in PEM; empty: none.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
    /// The secret of a key to name to the server; empty: none.
    pub token: String,
}

/// The embedded store.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreConfig {
    /// Its directory.
    pub path: PathBuf,
    /// How large a journal segment grows. Unit: bytes.
    pub segment_bytes_max: u64,
    /// Memory of the cache. Unit: bytes.
    pub cache_bytes: u64,
    /// The file of keys that the store is sealed with; empty: none.
    pub key_file: PathBuf,
    /// The keys themselves, in place of a file.
    pub key: Secret,
}

/// What is shown to nobody (密钥).
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The secret.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "none" } else { "hidden" })
    }
}

impl Default for StoreConfig {
    fn default() -> StoreConfig {
        StoreConfig {
            path: PathBuf::from("data"),
            segment_bytes_max: 64 << 20,
            cache_bytes: 128 << 20,
            key_file: PathBuf::new(),
            key: Secret::default(),
        }
    }
}

/// Rule packs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RulesConfig {
    /// Their folder.
    pub path: PathBuf,
    /// Whether lines may carry their own catalogue facts (spec 2.4).
    pub line_facts: bool,
}

impl Default for RulesConfig {
    fn default() -> RulesConfig {
        RulesConfig { path: PathBuf::from("settlement-rules"), line_facts: false }
    }
}

/// Other names of the columns in hospitals' lists, parted by `|`; the national names are always read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReconcileConfig {
    /// Number of the settlement at the centre.
    pub setl_id: String,
    /// Admission.
    pub mdtrt_id: String,
    /// Person.
    pub psn_no: String,
    /// Bill.
    pub medfee_sumamt: String,
    /// What the funds paid.
    pub fund_pay_sumamt: String,
    /// From the personal account.
    pub acct_pay: String,
    /// In cash.
    pub psn_cash_pay: String,
    /// Day of settlement.
    pub setl_time: String,
    /// Whether a row is a refund.
    pub refd_setl_flag: String,
}

impl Default for ReconcileConfig {
    fn default() -> ReconcileConfig {
        ReconcileConfig {
            setl_id: "结算编号|结算ID".to_owned(),
            mdtrt_id: "就诊编号|就诊ID".to_owned(),
            psn_no: "人员编号".to_owned(),
            medfee_sumamt: "医疗费总额".to_owned(),
            fund_pay_sumamt: "基金支付总额".to_owned(),
            acct_pay: "个人账户支出".to_owned(),
            psn_cash_pay: "个人现金支出".to_owned(),
            setl_time: "结算时间|结算日期".to_owned(),
            refd_setl_flag: "退费标志".to_owned(),
        }
    }
}

/// The national interface: what differs from one region to another, and who may use it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HisConfig {
    /// Whether callers must sign their requests.
    pub auth: HisAuth,
    /// How old a signature may be. Unit: seconds.
    pub replay_window_s: u64,
    /// Who may sign.
    pub keys: Vec<HisKey>,
    /// How `infcode` is written.
    pub infcode: HisInfcode,
    /// How results of reconciliation are written.
    pub results: HisResults,
    /// Whether `fund_pay_sumamt` has what the personal account pays in it.
    pub account_in_fund: bool,
    /// A region's name of a field, and ours.
    pub field_names: BTreeMap<String, String>,
    /// A region's medical type, and the national one that packs name.
    pub med_types: BTreeMap<String, String>,
    /// A medical type, and how the patient then came: `registered` or `emergency`.
    pub referrals: BTreeMap<String, String>,
    /// The register's word for an identity, and the region's code.
    pub identities: BTreeMap<String, String>,
    /// A pack's fund, and the region's `fund_pay_type`.
    pub funds: BTreeMap<String, String>,
    /// A pack's fund, and the output field of its payments.
    pub fund_fields: BTreeMap<String, String>,
    /// A medical type, and its `clr_type`.
    pub clearing_types: BTreeMap<String, String>,
}

impl Default for HisConfig {
    fn default() -> HisConfig {
        let map = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect()
        };
        HisConfig {
            auth: HisAuth::UnlessLoopback,
            replay_window_s: 1800,
            keys: Vec::new(),
            infcode: HisInfcode::Number,
            results: HisResults::TwoWay,
            account_in_fund: false,
            field_names: BTreeMap::new(),
            med_types: BTreeMap::new(),
            referrals: map(&[("23", "registered"), ("24", "emergency")]),
            identities: BTreeMap::new(),
            funds: BTreeMap::new(),
            fund_fields: BTreeMap::new(),
            clearing_types: BTreeMap::new(),
        }
    }
}

impl ReconcileConfig {
    /// Each column with the other names that it has.
    pub fn names(&self) -> [(&'static str, &str); 9] {
        [
            ("setl_id", &self.setl_id),
            ("mdtrt_id", &self.mdtrt_id),
            ("psn_no", &self.psn_no),
            ("medfee_sumamt", &self.medfee_sumamt),
            ("fund_pay_sumamt", &self.fund_pay_sumamt),
            ("acct_pay", &self.acct_pay),
            ("psn_cash_pay", &self.psn_cash_pay),
            ("setl_time", &self.setl_time),
            ("refd_setl_flag", &self.refd_setl_flag),
        ]
    }
}

/// Whether callers of the national interface must sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HisAuth {
    /// Unless the listener is on loopback.
    UnlessLoopback,
    /// Always.
    Always,
    /// Never: something in front does it.
    Never,
}

/// How `infcode` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HisInfcode {
    /// 0 and -1.
    Number,
    /// "0" and "-1".
    Text,
}

/// How results of reconciliation are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HisResults {
    /// 0 the same, 1 not.
    TwoWay,
    /// 0 the same, 1 only here, 2 only there, 3 other amounts.
    FourWay,
    /// 000000, 000101, 000102, 000103 for the same.
    SixDigits,
}

/// Who may sign requests of which facilities.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HisKey {
    /// Access key, or paasid.
    pub id: String,
    /// The secret that both sides know.
    pub secret: String,
    /// What it is for: his, clerk, supervisor, insurer or auditor.
    #[serde(default = "his")]
    pub role: Role,
    /// The facilities that it may write for; an insurer's and an auditor's may look at all.
    #[serde(default)]
    pub facilities: Vec<String>,
    /// How `cainfo` is checked.
    #[serde(default)]
    pub cainfo: HisCainfo,
    /// Public key for SM2: 65 bytes uncompressed, or 33 compressed, in hex.
    #[serde(default)]
    pub sm2_public_key: String,
}

fn his() -> Role {
    Role::His
}

impl std::fmt::Debug for HisKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HisKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// How `cainfo` is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HisCainfo {
    /// Not at all: it is kept as given.
    #[default]
    Kept,
    /// The SM3 digest of `input`, in hex.
    Sm3Input,
    /// An SM2 signature over the envelope without `cainfo` and `input`, r and s in hex.
    Sm2Envelope,
}

/// Traces (调用链), for a collector that speaks OTLP over gRPC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TracesConfig {
    /// The collector's address; empty: nothing is traced.
    pub endpoint: String,
    /// The CA of its certificate, in PEM, where the address begins with `https`.
    pub ca: PathBuf,
}

/// Logs, on standard error.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// `text` or `json`.
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug` or `trace`, or a filter such as `info,onestop=debug`.
    pub level: String,
}

impl Default for LogConfig {
    fn default() -> LogConfig {
        LogConfig { format: LogFormat::Text, level: "info".to_owned() }
    }
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("configuration `{}` cannot be read", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not as it should be.
    #[error("configuration `{}`: {message}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and where.
        message: String,
    },
    /// A value that no server could work with.
    #[error("`{key}` = `{value}` is too small; at least `{least}`")]
    TooSmall {
        /// Which key.
        key: &'static str,
        /// Its value.
        value: u64,
        /// The least.
        least: u64,
    },
    /// Half of what TLS needs.
    #[error(
        "`tls.certificate` and `tls.key` are given together, and `tls.client_ca` only with them"
    )]
    HalfTls,
    /// An address that others can reach, without TLS.
    #[error(
        "`{key}` = `{listen}` can be reached from other machines, and there is no TLS: persons' data would cross the network \
         in the clear. Give `tls.certificate` and `tls.key`, or listen on loopback; where something in front does TLS, \
         say `tls.clear_off_loopback = true`"
    )]
    Clear {
        /// Which key.
        key: &'static str,
        /// The address.
        listen: SocketAddr,
    },
    /// An environment variable names no key, or its value does not fit.
    #[error("environment variable `{variable}`: {message}")]
    Environment {
        /// Which.
        variable: String,
        /// What is wrong.
        message: String,
    },
}

impl Config {
    /// Reads a file, if one is given, and overlays the environment.
    pub fn read(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Config, ConfigError> {
        let mut table = match file {
            Some(path) => read_file(path)?,
            None => toml::Table::new(),
        };
        for (variable, value) in environment {
            let Some(name) = variable.strip_prefix(ENVIRONMENT) else { continue };
            overlay(&mut table, name, &value).map_err(|message| ConfigError::Environment {
                variable: variable.clone(),
                message,
            })?;
            // Read at once, so that a value that does not fit is named with its variable.
            from_table(&table).map_err(|message| ConfigError::Environment { variable, message })?;
        }
        let path = file.map(Path::to_owned).unwrap_or_default();
        let config = from_table(&table).map_err(|message| ConfigError::File { path, message })?;
        config.in_range()?;
        Ok(config)
    }

    /// Refuses to listen in the clear where others can listen too, and half of what TLS needs.
    pub fn is_private(&self) -> Result<(), ConfigError> {
        let is_given = |path: &Path| !path.as_os_str().is_empty();
        let tls = &self.tls;
        if is_given(&tls.key) != tls.is_on() || (is_given(&tls.client_ca) && !tls.is_on()) {
            return Err(ConfigError::HalfTls);
        }
        if tls.is_on() || tls.clear_off_loopback {
            return Ok(());
        }
        for (key, listen) in
            [("server.listen", self.server.listen), ("http.listen", self.http.listen)]
        {
            if !listen.ip().is_loopback() {
                return Err(ConfigError::Clear { key, listen });
            }
        }
        Ok(())
    }

    /// Refuses values that no server could work with.
    fn in_range(&self) -> Result<(), ConfigError> {
        let bytes = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let (server, store, access) = (&self.server, &self.store, &self.access);
        for (key, value, least) in [
            ("server.message_bytes_max", bytes(server.message_bytes_max), 1 << 10),
            ("server.requests_max", bytes(server.requests_max), 1),
            ("server.request_timeout_ms", server.request_timeout_ms, 1),
            ("access.session_idle_s", access.session_idle_s, 1),
            ("access.session_max_s", access.session_max_s, 1),
            ("store.segment_bytes_max", store.segment_bytes_max, 4 << 10),
            ("store.cache_bytes", store.cache_bytes, 1 << 20),
        ] {
            if value < least {
                return Err(ConfigError::TooSmall { key, value, least });
            }
        }
        Ok(())
    }
}

fn read_file(path: &Path) -> Result<toml::Table, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    let complain = |message: String| ConfigError::File { path: path.to_owned(), message };
    toml::from_str::<Config>(&text).map_err(|error| complain(error.to_string()))?;
    text.parse::<toml::Table>().map_err(|error| complain(error.to_string()))
}

fn from_table(table: &toml::Table) -> Result<Config, String> {
    table.clone().try_into().map_err(|error: toml::de::Error| error.message().to_owned())
}

/// Puts a value under its key; a number or truth value is read as such.
fn overlay(table: &mut toml::Table, name: &str, text: &str) -> Result<(), String> {
    let lower = name.to_ascii_lowercase();
    let (section, key) =
        lower.split_once('_').ok_or("it should name a section and a key, as ONESTOP_LOG_LEVEL")?;
    let value = match (text.parse::<i64>(), text.parse::<bool>()) {
        (Ok(number), _) => toml::Value::Integer(number),
        (_, Ok(truth)) => toml::Value::Boolean(truth),
        (Err(_), Err(_)) => toml::Value::String(text.to_owned()),
    };
    let section =
        table.entry(section.to_owned()).or_insert_with(|| toml::Value::Table(toml::Table::new()));
    let section = section.as_table_mut().ok_or("its section is not a table")?;
    section.insert(key.to_owned(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect::<Vec<_>>().into_iter()
    }

    #[test]
    fn the_environment_overlays_the_defaults() {
        let pairs = [("ONESTOP_SERVER_LISTEN", "0.0.0.0:1"), ("ONESTOP_RULES_LINE_FACTS", "true")];
        let config = Config::read(None, environment(&pairs)).unwrap();
        assert_eq!(config.server.listen.to_string(), "0.0.0.0:1");
        assert!(config.rules.line_facts);
        assert_eq!(config.store, StoreConfig::default());
    }

    #[test]
    fn values_that_no_server_could_work_with_are_refused() {
        for (name, value) in
            [("ONESTOP_STORE_CACHE_BYTES", "255"), ("ONESTOP_SERVER_REQUESTS_MAX", "0")]
        {
            let error = Config::read(None, environment(&[(name, value)])).unwrap_err().to_string();
            assert!(error.contains("too small"), "{error}");
        }
    }

    #[test]
    fn listening_in_the_clear_off_loopback_is_refused_unless_told_to() {
        let read = |pairs: &[(&str, &str)]| {
            Config::read(None, environment(pairs)).unwrap().is_private().map_err(|e| e.to_string())
        };
        let open = ("ONESTOP_SERVER_LISTEN", "0.0.0.0:7180");
        let (certificate, key) =
            (("ONESTOP_TLS_CERTIFICATE", "c.pem"), ("ONESTOP_TLS_KEY", "k.pem"));
        assert_eq!(read(&[]), Ok(()));
        assert!(read(&[open]).unwrap_err().contains("in the clear"));
        assert!(read(&[("ONESTOP_HTTP_LISTEN", "[::]:1")]).unwrap_err().contains("http.listen"));
        assert_eq!(read(&[open, certificate, key]), Ok(()));
        assert_eq!(read(&[open, ("ONESTOP_TLS_CLEAR_OFF_LOOPBACK", "true")]), Ok(()));
        for half in [certificate, key, ("ONESTOP_TLS_CLIENT_CA", "ca.pem")] {
            assert!(read(&[half]).unwrap_err().contains("together"), "{half:?}");
        }
    }

    #[test]
    fn unknown_keys_and_values_that_do_not_fit_are_named() {
        for (name, value, complaint) in [
            ("ONESTOP_SERVER_LISTNE", "x", "unknown field `listne`"),
            ("ONESTOP_SERVER_LISTEN", "x", "invalid socket address"),
            ("ONESTOP_LOG_FORMAT", "xml", "unknown variant `xml`"),
            ("ONESTOP_NOWHERE", "1", "section and a key"),
        ] {
            let error = Config::read(None, environment(&[(name, value)])).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(complaint), "{error}");
        }
    }
}
