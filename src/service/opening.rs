//! Opening balances from another system. Spec 8.3.

use crate::accumulators::AccumulatorKey;
use crate::accumulators::Sums;
use crate::id::FacilityId;
use crate::id::OpeningId;
use crate::id::PersonId;
use crate::id::RequestId;
use crate::proto;
use crate::proto::ledger_entry::Kind;
use crate::refusal::EntryName;
use crate::refusal::Refusal;
use crate::rules::RuleBook;
use crate::service::Failure;
use crate::service::RETRIES_MAX;
use crate::service::Service;
use crate::service::acknowledged;
use crate::service::entry;
use crate::service::now;
use crate::service::used_for_another_kind;
use crate::store::AppendError;
use crate::store::Stored;
use crate::wire::compare;
use crate::wire::from_proto;
use crate::wire::to_proto;

use std::collections::BTreeSet;

/// A request to load an opening balance, read.
struct Loading {
    writer: (FacilityId, RequestId),
    id: OpeningId,
    key: AccumulatorKey,
    balances: Sums,
    /// Every step that the request names, also one that has nothing.
    steps: BTreeSet<String>,
    stored: proto::LoadOpeningRequest,
}

impl Service {
    /// Adds an opening balance to a year; the same request again gets its first answer.
    pub async fn load_opening(
        &self,
        request: proto::LoadOpeningRequest,
    ) -> Result<proto::Opening, Failure> {
        let loading = read(request)?;
        for _ in 0..RETRIES_MAX {
            let _turn = self.lock_of(&loading.key.person).lock().await;
            if let Some(stored) = self.made_by(&loading.writer)? {
                return loaded_before(stored, &loading.stored);
            }
            if let Err(refused) = self.refuse_loading(&loading) {
                // What the id was used for comes first, also where that was written only just now.
                return match self.made_by(&loading.writer)? {
                    Some(stored) => loaded_before(stored, &loading.stored),
                    None => Err(refused),
                };
            }
            let after = self.store.year(&loading.key)?.accumulators.after(&loading.balances);
            let opening = proto::Opening {
                request: Some(loading.stored.clone()),
                accumulators: Some(to_proto::accumulators(&after)),
                ..proto::Opening::default()
            };
            let entry = entry(Kind::Opening(opening), now())?;
            match self.store.append(&entry).await {
                Ok(receipt) => return opening_of(acknowledged(receipt, entry)),
                Err(AppendError::Raced) => {}
                Err(AppendError::Fault(fault)) => return Err(fault.into()),
            }
        }
        Err(Refusal::Busy.into())
    }

    /// An unknown person or step, or a reference that is loaded already, is refused (spec 8.3).
    fn refuse_loading(&self, loading: &Loading) -> Result<(), Failure> {
        if self.store.person(&loading.key.person)?.is_none() {
            return Err(Refusal::UnknownPerson.into());
        }
        refuse_unknown(&self.book(), loading)?;
        if let Some(latest) = self.store.by_opening(&loading.key, &loading.id)?
            && self.store.link(latest)?.is_some_and(|link| link.reversed_by == 0)
        {
            let opening = EntryName { id: loading.id.to_string(), sequence: latest };
            return Err(Refusal::AlreadyLoaded { opening }.into());
        }
        Ok(())
    }
}

fn read(request: proto::LoadOpeningRequest) -> Result<Loading, Refusal> {
    let writer = from_proto::writer(request.writer.as_ref())?;
    let id = from_proto::id(&request.id, "id", OpeningId::parse)?;
    let key = AccumulatorKey {
        person: from_proto::id(&request.person, "person", PersonId::parse)?,
        insutype: request.insutype.clone(),
        family: request.family.clone(),
        benefit_year: from_proto::benefit_year(request.benefit_year, "benefit_year")?,
    };
    let balances = from_proto::balances(request.balances.as_ref())?;
    let steps = request.balances.as_ref().map(steps_of).unwrap_or_default();
    let stored =
        proto::LoadOpeningRequest { balances: Some(to_proto::sums(&balances, 0)), ..request };
    Ok(Loading { writer, id, key, balances, steps, stored })
}

fn steps_of(balances: &proto::Accumulators) -> BTreeSet<String> {
    let of_steps = balances.steps.iter().map(|one| one.step.clone());
    of_steps.chain(balances.chains.iter().map(|one| one.step.clone())).collect()
}

/// A family, type or step that no pack has is refused.
fn refuse_unknown(book: &RuleBook, loading: &Loading) -> Result<(), Refusal> {
    let AccumulatorKey { family, insutype, .. } = &loading.key;
    let packs: Vec<_> = book.family(family).collect();
    let Some(pack) = packs.first() else {
        return Err(Refusal::UnknownFamily { family: family.clone() });
    };
    if !pack.insutype.contains(insutype) {
        let (family, insutype) = (family.clone(), insutype.clone());
        return Err(Refusal::FamilyType { family, insutype });
    }
    let unknown = |id: &&String| packs.iter().all(|pack| pack.step(id).is_none());
    match loading.steps.iter().find(unknown) {
        Some(step) => Err(Refusal::UnknownStep { family: family.clone(), step: step.clone() }),
        None => Ok(()),
    }
}

fn loaded_before(
    stored: Stored,
    now: &proto::LoadOpeningRequest,
) -> Result<proto::Opening, Failure> {
    let Some(Kind::Opening(opening)) = &stored.entry.kind else {
        return Err(used_for_another_kind());
    };
    let comparable = |request: &proto::LoadOpeningRequest| {
        let mut request = request.clone();
        if let Some(writer) = &mut request.writer {
            writer.operator.clear();
            writer.terminal.clear();
        }
        request
    };
    let before = opening.request.as_ref().map(comparable).unwrap_or_default();
    compare::same(&before, &comparable(now))?;
    opening_of(Stored { reversed_by: 0, ..stored })
}

/// An opening balance with its number and digest.
fn opening_of(stored: Stored) -> Result<proto::Opening, Failure> {
    let Stored { sequence, digest, entry, reversed_by } = stored;
    match entry.kind {
        Some(Kind::Opening(opening)) => Ok(proto::Opening {
            number: sequence,
            digest: digest.to_string(),
            recorded_at: entry.recorded_at,
            reversed_by,
            ..opening
        }),
        Some(
            Kind::Settlement(_)
            | Kind::Reversal(_)
            | Kind::Register(_)
            | Kind::Visit(_)
            | Kind::Sign(_)
            | Kind::File(_)
            | Kind::Cancellation(_)
            | Kind::Office(_),
        )
        | None => Err(used_for_another_kind()),
    }
}
