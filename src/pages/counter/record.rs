//! A settlement as a page may show it: to whom, and that its patient was looked at.

use crate::pages::visit::Visit;
use crate::proto;
use crate::service::Failure;
use crate::service::Service;

/// Whether a settlement is one that the visitor may see at a page.
pub(super) fn is_for(visit: &Visit, page: &str, record: &proto::SettlementRecord) -> bool {
    let writer = record.request.as_ref().and_then(|request| request.writer.as_ref());
    visit.may(page, writer.map_or("", |writer| &writer.facility))
}

/// Whose settlement it is.
pub(super) fn person_of(record: &proto::SettlementRecord) -> Option<&str> {
    let admission = record.request.as_ref()?.admission.as_ref()?;
    Some(&admission.person)
}

/// Records that the patient of a settlement is looked at.
pub(super) async fn seen(
    service: &Service,
    visit: &Visit,
    page: &str,
    record: &proto::SettlementRecord,
) -> Result<(), Failure> {
    let persons = person_of(record).map(str::to_owned).into_iter().collect();
    service.looked(&visit.onlooker(), page, persons).await
}
