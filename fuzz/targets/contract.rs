//! Messages of the contract, in binary and in JSON: read strictly, and what is read is written in one form that reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use onestop::proto;
use onestop::wire::from_proto;
use onestop::wire::to_proto;
use prost::Message;

fn settle(request: &proto::SettleRequest) {
    if let Ok(bill) = from_proto::bill(request.bill.as_ref()) {
        let written = to_proto::bill(&bill);
        assert_eq!(from_proto::bill(Some(&written)).as_ref(), Ok(&bill), "a bill reads the same again");
    }
    if let Ok(admission) = from_proto::admission(request.admission.as_ref(), None) {
        let written = to_proto::admission(&admission);
        let again = from_proto::admission(Some(&written), None);
        assert_eq!(again.as_ref(), Ok(&admission), "an admission reads the same again");
    }
    let _ = from_proto::writer(request.writer.as_ref());
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = proto::SettleRequest::decode(bytes) {
        settle(&request);
    }
    if let Ok(request) = serde_json::from_slice::<proto::SettleRequest>(bytes) {
        settle(&request);
    }
    if let Ok(person) = proto::Person::decode(bytes) {
        let _ = from_proto::person(&person, "person");
    }
    if let Ok(item) = proto::Item::decode(bytes) {
        let _ = from_proto::item(&item, "item");
    }
    if let Ok(sums) = proto::Accumulators::decode(bytes) {
        let _ = (from_proto::balances(Some(&sums)), from_proto::accumulators(&sums));
    }
    let _ = proto::LedgerEntry::decode(bytes);
});
