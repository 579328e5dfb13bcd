//! The back office: compare a list with the ledger, keep the result, sign it off; clear a month, close it.

use crate::audit::Audit;
use crate::audit::Look;
use crate::audit::Wanted;
use crate::calendar::Day;
use crate::clear::Statement;
use crate::outline;
use crate::outline::OutlineError;
use crate::proto;
use crate::proto::ledger_entry::Kind;
use crate::proto::office_record::Record;
use crate::reconcile::Book;
use crate::reconcile::Reconciled;
use crate::reconcile::Subject;
use crate::reconcile::reconcile;
use crate::refusal::Refusal;
use crate::service::Failure;
use crate::service::Service;
use crate::service::acknowledged;
use crate::service::entry;
use crate::service::now;
use crate::service::used_for_another_kind;
use crate::store::AppendError;
use crate::store::Stored;
use crate::store::fault::Fault;
use crate::store::journal::Head;
use crate::store::journal::digest::Digest;
use crate::store::seal::Place;
use crate::survey::Looked;
use crate::survey::Survey;
use crate::trail;
use crate::wire::compare;
use crate::wire::from_proto;
use crate::wire::office;

use prost::Message;

use std::collections::BTreeSet;

/// Most differences that are kept with a result.
const KEPT_MAX: usize = 10_000;
/// How many records of the back office are read at once.
const PAGE: usize = 200;

impl From<OutlineError> for Failure {
    fn from(error: OutlineError) -> Failure {
        Failure::Fault(Fault::Unreadable(crate::store::fault::chain(&error)))
    }
}

/// A hospital's list and the ledger's, compared.
#[derive(Debug)]
pub struct Compared {
    subject: Subject,
    source: String,
    hospital: Book,
    ledger: Book,
    reconciled: Reconciled,
    head: Head,
}

/// Compares a hospital's list with the ledger of a store; also while a server runs. `watch` is told the number of every entry.
pub fn compare(
    store: Place<'_>,
    subject: Subject,
    (hospital, source): (Book, String),
    watch: impl FnMut(u64),
) -> Result<Compared, OutlineError> {
    let (ledger, head) = outline::ledger_list(store, &subject, watch)?;
    let reconciled = reconcile(&subject.scope, &hospital, &ledger);
    Ok(Compared { subject, source, hospital, ledger, reconciled, head })
}

impl Compared {
    /// Every difference, in order.
    pub fn differences(&self) -> impl Iterator<Item = proto::ReconcileDifference> {
        let books = (&self.hospital, &self.ledger);
        self.reconciled.differences.iter().map(move |one| office::difference(one, books))
    }

    /// The result, with as many differences as are kept.
    pub fn result(&self) -> proto::Reconciliation {
        let mut digest = Digest::GENESIS;
        let mut kept = Vec::new();
        for (sequence, difference) in (1..).zip(self.differences()) {
            digest = Digest::of(&digest, sequence, &difference.encode_to_vec());
            if kept.len() < KEPT_MAX {
                kept.push(difference);
            }
        }
        let left_out = self.reconciled.differences.len() - kept.len();
        proto::Reconciliation {
            source: self.source.clone(),
            ledger_number: self.head.sequence,
            ledger_digest: self.head.digest.to_string(),
            differences: kept,
            differences_left_out: u64::try_from(left_out).unwrap_or(u64::MAX),
            differences_digest: digest.to_string(),
            ..office::result(&self.subject, &self.reconciled)
        }
    }

    /// What has become of the differences of an earlier result.
    fn since(&self, number: u64, before: &proto::Reconciliation, now: &mut proto::Reconciliation) {
        let key = |one: &proto::ReconcileDifference| {
            let names = |row: &Option<proto::HospitalRow>| {
                row.as_ref()
                    .map(|row| (row.reference.clone(), row.admission.clone(), row.is_refund))
            };
            (one.class.clone(), names(&one.hospital), names(&one.ledger))
        };
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        let open: BTreeSet<_> = self.differences().map(|one| key(&one)).collect();
        let (still, gone): (Vec<_>, Vec<_>) =
            before.differences.iter().cloned().partition(|one| open.contains(&key(one)));
        now.previous = number;
        now.resolved = count(gone.len());
        now.still_open = count(still.len());
        now.new = count(self.reconciled.differences.len()).saturating_sub(now.still_open);
        now.gone = gone;
    }
}

impl Service {
    /// Compares a hospital's list with this ledger, and says what has become of the last kept result. Nothing is written.
    pub fn compare(
        &self,
        subject: Subject,
        list: (Book, String),
        watch: impl FnMut(u64),
    ) -> Result<(Compared, proto::Reconciliation), Failure> {
        let compared = compare(self.store.place(), subject, list, watch)?;
        let mut result = compared.result();
        if let Some((number, before)) = self.last_kept(result.scope.as_ref())? {
            compared.since(number, &before, &mut result);
        }
        Ok((compared, result))
    }

    /// Keeps a result; the same request again gets the first one.
    pub async fn keep(
        &self,
        writer: proto::Writer,
        result: proto::Reconciliation,
    ) -> Result<proto::ReconciliationRecord, Failure> {
        let name = from_proto::writer(Some(&writer))?;
        let _turn = self.office_lock.lock().await;
        if let Some(stored) = self.made_by(&name)? {
            let number = stored.sequence;
            let Some(Record::Reconciliation(before)) = &office_record(&stored)?.record else {
                return Err(used_for_another_kind());
            };
            let asked = |one: &proto::Reconciliation| proto::Reconciliation {
                scope: one.scope.clone(),
                source: one.source.clone(),
                ..proto::Reconciliation::default()
            };
            compare::same(&asked(before), &asked(&result))?;
            return self.reconciliation(number);
        }
        let stored = self.write(writer, Record::Reconciliation(result)).await?;
        reconciliation_of(stored)
    }

    /// A kept result, with its sign-off.
    pub fn reconciliation(&self, number: u64) -> Result<proto::ReconciliationRecord, Failure> {
        let mut record = reconciliation_of(self.stored(number)?)?;
        record.sign_off = self.sign_off_of(number)?;
        Ok(record)
    }

    /// All kept results of a facility, or of all, oldest first and without their differences.
    pub fn reconciliations(
        &self,
        facility: &str,
    ) -> Result<Vec<proto::ReconciliationRecord>, Failure> {
        let mut records = Vec::new();
        self.each_record(|stored| {
            match &office_record(&stored)?.record {
                Some(Record::Reconciliation(_)) => {
                    let mut record = reconciliation_of(stored)?;
                    if let Some(result) = &mut record.reconciliation {
                        result.differences.clear();
                        result.gone.clear();
                    }
                    records.push(record);
                }
                Some(Record::SignOff(_)) => {
                    let signed = signed_of(stored)?;
                    let of = signed.request.as_ref().map_or(0, |request| request.number);
                    let of = records.iter_mut().find(|record| record.number == of);
                    if let Some(record) = of {
                        record.sign_off = Some(signed);
                    }
                }
                Some(Record::Clearing(_) | Record::Account(_) | Record::Packs(_)) | None => {}
            }
            Ok(())
        })?;
        records.retain(|record| {
            let scope = record.reconciliation.as_ref().and_then(|one| one.scope.as_ref());
            facility.is_empty() || scope.is_some_and(|scope| scope.facility == facility)
        });
        Ok(records)
    }

    /// Signs a kept result off, once and for all; the same request again gets the first answer.
    pub async fn sign_off(
        &self,
        request: proto::SignOffRequest,
    ) -> Result<proto::SignOffReply, Failure> {
        let writer = request.writer.clone().unwrap_or_default();
        let name = from_proto::writer(Some(&writer))?;
        from_proto::text(&request.remark, "remark")?;
        const NAMED: (&str, &str) = ("the name of who signs", "签认人姓名");
        if from_proto::text(&writer.operator, "writer.operator")?.is_empty() {
            let field = "writer.operator".to_owned();
            return Err(Refusal::Malformed { field, want: NAMED }.into());
        }
        let _turn = self.office_lock.lock().await;
        if let Some(stored) = self.made_by(&name)? {
            let signed = signed_of(stored)?;
            let of = |number| proto::SignOffRequest { number, ..proto::SignOffRequest::default() };
            let before = signed.request.as_ref().map_or(0, |request| request.number);
            compare::same(&of(before), &of(request.number))?;
            return Ok(signed);
        }
        // What is signed has to be there.
        reconciliation_of(self.stored(request.number)?)?;
        if self.sign_off_of(request.number)?.is_some() {
            return Err(Refusal::AlreadySigned { number: request.number }.into());
        }
        let stored = self.write(writer, Record::SignOff(request)).await?;
        signed_of(stored)
    }

    /// Where the money of a period went.
    pub fn survey(&self, looked: Looked) -> Result<Vec<proto::Sheet>, Failure> {
        Ok(survey(self.store.place(), looked)?)
    }

    /// Who did what, and which reversals should be looked at.
    pub fn audit(&self, wanted: Wanted) -> Result<Vec<proto::Sheet>, Failure> {
        Ok(audit(self.store.place(), wanted)?)
    }

    /// The statement of a month; a closed one as it was closed. Nothing is written.
    pub fn clearing(
        &self,
        request: &proto::ClearRequest,
    ) -> Result<proto::ClearingRecord, Failure> {
        let asked = proto::ClearRequest { close: None, ..request.clone() };
        if let Some(closed) = self.closed(&asked)? {
            return Ok(closed);
        }
        Ok(clear(self.store.place(), asked)??)
    }

    /// Closes the statement of a month; the same request again gets the first answer.
    pub async fn close_clearing(
        &self,
        writer: proto::Writer,
        drawn: proto::ClearingRecord,
    ) -> Result<proto::ClearingRecord, Failure> {
        let name = from_proto::writer(Some(&writer))?;
        let request = drawn.request.clone().unwrap_or_default();
        let month = office::clearing(&request)?.month;
        if now().day() <= month.last() {
            return Err(Refusal::MonthOpen { month: request.month }.into());
        }
        let _turn = self.office_lock.lock().await;
        if let Some(stored) = self.made_by(&name)? {
            let closed = clearing_of(stored)?;
            compare::same(&closed.request, &drawn.request)?;
            return Ok(closed);
        }
        if let Some(closed) = self.closed(&request)? {
            return Err(Refusal::AlreadyClosed { number: closed.number }.into());
        }
        let stored = self.write(writer, Record::Clearing(drawn)).await?;
        clearing_of(stored)
    }

    /// The closed statement of a month, if it is closed.
    fn closed(
        &self,
        request: &proto::ClearRequest,
    ) -> Result<Option<proto::ClearingRecord>, Failure> {
        let mut found = None;
        self.each_record(|stored| {
            if let Some(Record::Clearing(one)) = &office_record(&stored)?.record
                && one.request.as_ref() == Some(request)
            {
                found = Some(clearing_of(stored)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// The last kept result of the same facility, types and period.
    fn last_kept(
        &self,
        scope: Option<&proto::ReconcileScope>,
    ) -> Result<Option<(u64, proto::Reconciliation)>, Failure> {
        let mut last = None;
        self.each_record(|stored| {
            let number = stored.sequence;
            if let Some(Record::Reconciliation(one)) = &office_record(&stored)?.record
                && one.scope.as_ref() == scope
            {
                last = Some((number, one.clone()));
            }
            Ok(())
        })?;
        Ok(last)
    }

    fn sign_off_of(&self, number: u64) -> Result<Option<proto::SignOffReply>, Failure> {
        let mut found = None;
        self.each_record(|stored| {
            if let Some(Record::SignOff(one)) = &office_record(&stored)?.record
                && one.number == number
            {
                found = Some(signed_of(stored)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    fn each_record(
        &self,
        mut next: impl FnMut(Stored) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut after = 0;
        loop {
            let numbers = self.store.office_records(after, PAGE)?;
            let Some(last) = numbers.last() else { return Ok(()) };
            after = *last;
            for number in numbers {
                next(self.stored(number)?)?;
            }
        }
    }

    pub(super) async fn write(
        &self,
        writer: proto::Writer,
        record: Record,
    ) -> Result<Stored, Failure> {
        let office = proto::OfficeRecord { writer: Some(writer), record: Some(record) };
        let entry = entry(Kind::Office(office), now())?;
        match self.store.append(&entry).await {
            Ok(receipt) => {
                tracing::info!(number = receipt.sequence, "office record written");
                Ok(acknowledged(receipt, entry))
            }
            Err(AppendError::Raced) => Err(Refusal::Busy.into()),
            Err(AppendError::Fault(fault)) => Err(fault.into()),
        }
    }
}

/// The statement of a month from the ledger of a store; also while a server runs.
pub fn clear(
    store: Place<'_>,
    request: proto::ClearRequest,
) -> Result<Result<proto::ClearingRecord, Refusal>, OutlineError> {
    let clearing = match office::clearing(&request) {
        Ok(clearing) => clearing,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let mut statement = Statement::new(clearing);
    let head = outline::each(store, 0, |extract| statement.add(&extract))?;
    Ok(Ok(proto::ClearingRecord {
        request: Some(request),
        ledger_number: head.sequence,
        ledger_digest: head.digest.to_string(),
        sheets: statement.reports().iter().map(office::sheet).collect(),
        ..proto::ClearingRecord::default()
    }))
}

/// Where the money of a period went, from the ledger of a store; also while a server runs.
pub fn survey(store: Place<'_>, looked: Looked) -> Result<Vec<proto::Sheet>, OutlineError> {
    let mut survey = Survey::new(looked);
    outline::each(store, 0, |extract| survey.add(&extract))?;
    Ok(survey.reports().iter().map(office::sheet).collect())
}

/// Who did what, and which reversals should be looked at; also while a server runs.
pub fn audit(store: Place<'_>, wanted: Wanted) -> Result<Vec<proto::Sheet>, OutlineError> {
    let mut audit = Audit::new(wanted);
    outline::each(store, 0, |extract| audit.add(&extract))?;
    trail::each(store, |number, look| {
        if let Some(look) = of_trail(number, look) {
            audit.add_look(&look);
        }
    })?;
    Ok(audit.reports().iter().map(office::sheet).collect())
}

fn of_trail(number: u64, look: trail::Look) -> Option<Look> {
    let on = look.at.get(..10).and_then(Day::parse)?;
    let trail::Look { at, who, from, how, persons } = look;
    Some(Look { number, at, on, who, from, how, persons })
}

fn office_record(stored: &Stored) -> Result<&proto::OfficeRecord, Failure> {
    let Some(Kind::Office(record)) = &stored.entry.kind else {
        return Err(used_for_another_kind());
    };
    Ok(record)
}

fn unknown(number: u64) -> Failure {
    Refusal::UnknownEntry { name: number.to_string() }.into()
}

fn reconciliation_of(stored: Stored) -> Result<proto::ReconciliationRecord, Failure> {
    let Stored { sequence, digest, entry, .. } = stored;
    match entry.kind {
        Some(Kind::Office(proto::OfficeRecord {
            writer,
            record: Some(Record::Reconciliation(reconciliation)),
        })) => Ok(proto::ReconciliationRecord {
            number: sequence,
            digest: digest.to_string(),
            recorded_at: entry.recorded_at,
            writer,
            reconciliation: Some(reconciliation),
            sign_off: None,
        }),
        _ => Err(unknown(sequence)),
    }
}

fn signed_of(stored: Stored) -> Result<proto::SignOffReply, Failure> {
    let Stored { sequence, digest, entry, .. } = stored;
    match entry.kind {
        Some(Kind::Office(proto::OfficeRecord {
            record: Some(Record::SignOff(request)), ..
        })) => Ok(proto::SignOffReply {
            number: sequence,
            digest: digest.to_string(),
            recorded_at: entry.recorded_at,
            request: Some(request),
        }),
        _ => Err(used_for_another_kind()),
    }
}

fn clearing_of(stored: Stored) -> Result<proto::ClearingRecord, Failure> {
    let Stored { sequence, digest, entry, .. } = stored;
    match entry.kind {
        Some(Kind::Office(proto::OfficeRecord {
            record: Some(Record::Clearing(record)), ..
        })) => Ok(proto::ClearingRecord {
            number: sequence,
            digest: digest.to_string(),
            recorded_at: entry.recorded_at,
            ..record
        }),
        _ => Err(used_for_another_kind()),
    }
}
