//! How the server stands at the moment of asking: sizes, packs in force, whether it can settle.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use prometheus_client::registry::Unit;

/// How the server stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// When it started. Unit: seconds since 1970 in UTC.
    pub started: i64,
    /// Whether what is written is acknowledged, and what is asked answered.
    pub ready: bool,
    /// The last ledger entry; none where the store cannot say it any more.
    pub head: Option<u64>,
    /// Journal. Unit: bytes.
    pub journal_bytes: u64,
    /// Index. Unit: bytes.
    pub index_bytes: u64,
    /// What the cache takes. Unit: bytes.
    pub cache_bytes: u64,
    /// What is free on the store's disk; none where the system does not say. Unit: bytes.
    pub free_bytes: Option<u64>,
    /// The packs in force today.
    pub packs: Vec<Pack>,
}

/// A pack in force.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Pack {
    /// Its family.
    pub pack: String,
    /// Its first day.
    pub effective_from: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Part {
    part: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: &'static str,
}

impl Standing {
    pub(super) fn registry(self) -> Registry {
        let mut registry = Registry::with_prefix("onestop");
        let build = Info::new(Build { version: env!("CARGO_PKG_VERSION") });
        registry.register("build", "The program", build);
        let help = "When the server started, in seconds since 1970";
        registry.register("start_time_seconds", help, ConstGauge::new(self.started));
        registry.register(
            "ready",
            "1 where what is asked is answered and what is written is acknowledged, else 0",
            ConstGauge::new(i64::from(self.ready)),
        );
        let gauge = |number: u64| ConstGauge::new(i64::try_from(number).unwrap_or(i64::MAX));
        if let Some(head) = self.head {
            registry.register("ledger_head", "Number of the last ledger entry", gauge(head));
        }
        let store = Family::<Part, Gauge>::default();
        for (part, bytes) in [
            ("journal", self.journal_bytes),
            ("index", self.index_bytes),
            ("cache", self.cache_bytes),
        ] {
            let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
            store.get_or_create(&Part { part }).set(bytes);
        }
        registry.register_with_unit("store", "Size of the store on disk", Unit::Bytes, store);
        if let Some(free) = self.free_bytes {
            let help = "What is free on the disk of the store, for this process";
            registry.register_with_unit("store_free", help, Unit::Bytes, gauge(free));
        }
        let packs = Family::<Pack, Gauge>::default();
        for pack in &self.packs {
            packs.get_or_create(pack).set(1);
        }
        registry.register("pack_in_force", "Rule packs in force today", packs);
        registry
    }
}
