//! Writes to the registers. Each is one ledger entry; a put that changes nothing writes nothing.

use crate::calendar::Day;
use crate::calendar::Span;
use crate::id::FacilityId;
use crate::id::PersonId;
use crate::id::RequestId;
use crate::proto;
use crate::proto::ledger_entry::Kind;
use crate::proto::register_put::Put;
use crate::refusal::Refusal;
use crate::register::Facility;
use crate::register::Item;
use crate::register::Person;
use crate::service::Failure;
use crate::service::Service;
use crate::service::entry;
use crate::service::now;
use crate::service::used_for_another_kind;
use crate::store::AppendError;
use crate::store::Stored;
use crate::wire::compare;
use crate::wire::from_proto;
use crate::wire::to_proto;

use serde::Serialize;

/// Most records of one put.
const RECORDS_MAX: usize = 10_000;
/// How many writes are listed at once.
const WRITES_MAX: usize = 100;

impl Service {
    /// Puts persons, all or none.
    pub async fn put_persons(
        &self,
        request: proto::PutPersonsRequest,
    ) -> Result<proto::PutReply, Failure> {
        let writer = from_proto::writer(request.writer.as_ref())?;
        from_proto::text(&request.source, "source")?;
        let persons = read(&request.persons, "persons", from_proto::person)?;
        let records: Vec<_> = persons.iter().map(to_proto::person).collect();
        let dry_run = request.dry_run;
        let stored = proto::PutPersonsRequest { persons: records, dry_run: false, ..request };
        let _turn = self.register_lock.lock().await;
        if let Some(before) = self.made_by(&writer)? {
            return answered_before(before, &Put::Persons(stored));
        }
        let mut reply = proto::PutReply::default();
        for person in &persons {
            let before = self.store.person(&person.id)?;
            let before = before.as_deref();
            let spans = before.map(spans_of_person);
            count(&mut reply, before, person, (spans, spans_of_person(person)));
        }
        if dry_run {
            return Ok(reply);
        }
        self.put(&writer, Put::Persons(stored), reply).await
    }

    /// Puts facilities, all or none.
    pub async fn put_facilities(
        &self,
        request: proto::PutFacilitiesRequest,
    ) -> Result<proto::PutReply, Failure> {
        let writer = from_proto::writer(request.writer.as_ref())?;
        from_proto::text(&request.source, "source")?;
        let facilities = read(&request.facilities, "facilities", from_proto::facility)?;
        let records: Vec<_> = facilities.iter().map(to_proto::facility).collect();
        let dry_run = request.dry_run;
        let stored = proto::PutFacilitiesRequest { facilities: records, dry_run: false, ..request };
        let _turn = self.register_lock.lock().await;
        if let Some(before) = self.made_by(&writer)? {
            return answered_before(before, &Put::Facilities(stored));
        }
        let mut reply = proto::PutReply::default();
        for facility in &facilities {
            let before = self.store.facility(&facility.id)?;
            let spans = before.as_deref().map(spans_of_facility);
            count(&mut reply, before.as_deref(), facility, (spans, spans_of_facility(facility)));
        }
        if dry_run {
            return Ok(reply);
        }
        self.put(&writer, Put::Facilities(stored), reply).await
    }

    /// Puts catalogue entries, all or none.
    pub async fn put_items(
        &self,
        request: proto::PutItemsRequest,
    ) -> Result<proto::PutReply, Failure> {
        let writer = from_proto::writer(request.writer.as_ref())?;
        from_proto::text(&request.source, "source")?;
        let items = read(&request.items, "items", from_proto::item)?;
        let records: Vec<_> = items.iter().map(to_proto::item).collect();
        let dry_run = request.dry_run;
        let stored = proto::PutItemsRequest { items: records, dry_run: false, ..request };
        let _turn = self.register_lock.lock().await;
        if let Some(before) = self.made_by(&writer)? {
            return answered_before(before, &Put::Items(stored));
        }
        let mut catalogue = self.store.catalogue(items.iter().map(|item| item.code.as_str()))?;
        let mut reply = proto::PutReply::default();
        for item in &items {
            let same_key =
                |one: &&Item| one.admdvs == item.admdvs && one.span.from == item.span.from;
            let before = catalogue.entries(&item.code).iter().find(same_key).cloned();
            let spans = before.as_ref().map(|before| vec![before.span]);
            count(&mut reply, before.as_ref(), item, (spans, vec![item.span]));
            catalogue.put(item.clone())?;
        }
        if dry_run {
            return Ok(reply);
        }
        self.put(&writer, Put::Items(stored), reply).await
    }

    /// A person of the register, now or at the end of a past day.
    pub fn get_person(&self, request: &proto::GetPersonRequest) -> Result<proto::Person, Failure> {
        if request.as_of.is_empty() {
            let id = from_proto::id(&request.id, "id", PersonId::parse)?;
            let person = self.store.person(&id)?.ok_or(Refusal::UnknownPerson)?;
            return Ok(to_proto::person(&person));
        }
        let latest = self.person_history(request)?.versions.pop();
        Ok(latest.and_then(|version| version.person).ok_or(Refusal::UnknownPerson)?)
    }

    /// All that the register had of a person by the end of a day, oldest first.
    pub fn person_history(
        &self,
        request: &proto::GetPersonRequest,
    ) -> Result<proto::PersonHistory, Failure> {
        let id = from_proto::id(&request.id, "id", PersonId::parse)?;
        let as_of = from_proto::day_if_given(&request.as_of, "as_of")?;
        let mut versions = Vec::new();
        for number in self.store.writes_of_person(&id)? {
            let Stored { entry, .. } = self.stored(number)?;
            let recorded_on = entry.recorded_at.get(..10).and_then(Day::parse);
            if as_of.is_some_and(|as_of| recorded_on.is_none_or(|day| as_of < day)) {
                break;
            }
            let Some(Kind::Register(register)) = entry.kind else { continue };
            let Some(Put::Persons(put)) = register.put else { continue };
            // Of two in one write the later stands.
            let person = put.persons.into_iter().rfind(|person| person.id == id.as_str());
            versions.push(proto::PersonVersion {
                number,
                recorded_at: entry.recorded_at,
                writer: put.writer,
                source: put.source,
                person,
            });
        }
        if versions.is_empty() {
            return Err(Refusal::UnknownPerson.into());
        }
        Ok(proto::PersonHistory { versions })
    }

    /// The next writes to the registers after a number; none at the end.
    pub fn register_writes(&self, after: u64) -> Result<Vec<proto::RegisterWrite>, Failure> {
        let mut writes = Vec::new();
        for number in self.store.register_writes(after, WRITES_MAX)? {
            let Stored { entry, .. } = self.stored(number)?;
            let Some(Kind::Register(register)) = entry.kind else { continue };
            let (name, writer, source) = match register.put {
                Some(Put::Persons(put)) => ("persons", put.writer, put.source),
                Some(Put::Facilities(put)) => ("facilities", put.writer, put.source),
                Some(Put::Items(put)) => ("items", put.writer, put.source),
                None => continue,
            };
            writes.push(proto::RegisterWrite {
                number,
                recorded_at: entry.recorded_at,
                writer,
                register: name.to_owned(),
                source,
                reply: register.reply,
            });
        }
        Ok(writes)
    }

    /// A facility of the register.
    pub fn get_facility(
        &self,
        request: &proto::GetFacilityRequest,
    ) -> Result<proto::Facility, Failure> {
        let id = from_proto::id(&request.id, "id", FacilityId::parse)?;
        Ok(to_proto::facility(self.facility(&id)?.as_ref()))
    }

    /// All catalogue entries of an item code.
    pub fn get_item(
        &self,
        request: &proto::GetItemRequest,
    ) -> Result<proto::GetItemReply, Failure> {
        let catalogue = self.store.catalogue([request.code.as_str()].into_iter())?;
        let items: Vec<_> = catalogue.entries(&request.code).iter().map(to_proto::item).collect();
        if items.is_empty() {
            return Err(Refusal::UnknownEntry { name: request.code.clone() }.into());
        }
        Ok(proto::GetItemReply { items })
    }

    async fn put(
        &self,
        writer: &(FacilityId, RequestId),
        put: Put,
        mut reply: proto::PutReply,
    ) -> Result<proto::PutReply, Failure> {
        if reply.added == 0 && reply.changed == 0 {
            return Ok(reply);
        }
        let register = proto::RegisterPut { put: Some(put), reply: Some(reply) };
        match self.store.append(&entry(Kind::Register(register), now())?).await {
            Ok(receipt) => {
                let (number, facility, request_id) = (receipt.sequence, &writer.0, &writer.1);
                tracing::info!(number, %facility, %request_id, "register written");
                reply.number = number;
                Ok(reply)
            }
            Err(AppendError::Raced) => Err(Refusal::Busy.into()),
            Err(AppendError::Fault(fault)) => Err(fault.into()),
        }
    }
}

fn read<M, T>(
    messages: &[M],
    field: &str,
    read_one: impl Fn(&M, &str) -> Result<T, Refusal>,
) -> Result<Vec<T>, Refusal> {
    if RECORDS_MAX < messages.len() {
        return Err(Refusal::TooMany { what: field.to_owned(), max: RECORDS_MAX });
    }
    let numbered = messages.iter().enumerate();
    numbered.map(|(index, one)| read_one(one, &format!("{field}[{index}]"))).collect()
}

fn count<T: PartialEq>(
    reply: &mut proto::PutReply,
    before: Option<&T>,
    now: &T,
    (spans_before, spans_now): (Option<Vec<Span>>, Vec<Span>),
) {
    match before {
        None => reply.added += 1,
        Some(before) if before == now => reply.unchanged += 1,
        Some(_) => {
            reply.changed += 1;
            let ends = |span: &Span| {
                spans_now.iter().any(|now| {
                    now.from == span.from
                        && now.to.is_some_and(|to| span.to.is_none_or(|before| to < before))
                })
            };
            if spans_before.is_some_and(|spans| spans.iter().any(ends)) {
                reply.ended += 1;
            }
        }
    }
}

fn spans_of_person(person: &Person) -> Vec<Span> {
    let enrolments = person.enrolments.iter().map(|one| one.span);
    enrolments.chain(person.identities.iter().map(|one| one.span)).collect()
}

fn spans_of_facility(facility: &Facility) -> Vec<Span> {
    facility.entries.iter().map(|one| one.span).collect()
}

/// The first answer again, or a refusal where the request differs.
fn answered_before(stored: Stored, now: &Put) -> Result<proto::PutReply, Failure> {
    let Some(Kind::Register(register)) = &stored.entry.kind else {
        return Err(used_for_another_kind());
    };
    match (&register.put, now) {
        (Some(Put::Persons(before)), Put::Persons(now)) => same(&before.persons, &now.persons)?,
        (Some(Put::Facilities(before)), Put::Facilities(now)) => {
            same(&before.facilities, &now.facilities)?;
        }
        (Some(Put::Items(before)), Put::Items(now)) => same(&before.items, &now.items)?,
        (Some(Put::Persons(_) | Put::Facilities(_) | Put::Items(_)) | None, _) => {
            return Err(used_for_another_kind());
        }
    }
    let reply = register.reply.unwrap_or_default();
    Ok(proto::PutReply { number: stored.sequence, ..reply })
}

fn same<T: PartialEq + Serialize>(before: &[T], now: &[T]) -> Result<(), Refusal> {
    compare::same(&before, &now)
}
