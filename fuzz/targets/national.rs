//! Requests of the national interface, whole: whatever comes is answered in JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use onestop::config::HisConfig;
use onestop::his::Answer;
use onestop::his::Gateway;
use onestop::rules::RuleBook;
use onestop::service::Service;
use onestop::store::Store;
use onestop::store::StoreOptions;
use std::sync::Arc;
use std::sync::LazyLock;
use tokio::runtime::Runtime;

static ANSWERING: LazyLock<(Runtime, Gateway)> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let home = tempfile::tempdir().unwrap();
    let options = StoreOptions { segment_bytes_max: 64 << 20, cache_bytes: 1 << 20 };
    let (store, _) = Store::open(home.path(), options).unwrap();
    let service = Service::new(store, RuleBook::default(), home.keep(), false);
    (runtime, Gateway::new(Arc::new(service), HisConfig::default()))
});

fuzz_target!(|bytes: &[u8]| {
    let (runtime, gateway) = &*ANSWERING;
    match runtime.block_on(gateway.answer(bytes)) {
        Answer::Json(text) => {
            serde_json::from_str::<serde_json::Value>(&text).expect("an answer is JSON");
        }
        Answer::File(_) => {}
    }
});
