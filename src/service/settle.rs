//! Quote and settle. Spec 9.1, 9.2, 9.4.

use crate::accumulators::AccumulatorKey;
use crate::admission::Admission;
use crate::bill::Bill;
use crate::id::FacilityId;
use crate::id::RequestId;
use crate::metrics;
use crate::money::Money;
use crate::proto;
use crate::proto::ledger_entry::Kind;
use crate::proto::tags::settlement_record;
use crate::refusal::EntryName;
use crate::refusal::Refusal;
use crate::service::Failure;
use crate::service::RETRIES_MAX;
use crate::service::Service;
use crate::service::now;
use crate::service::quote::Quoting;
use crate::service::quote::balanced;
use crate::service::refuse_too_long;
use crate::service::used_for_another_kind;
use crate::settle::Terms;
use crate::settle::added;
use crate::settle::settle;
use crate::situation::situation;
use crate::statement::Basis;
use crate::statement::Statement;
use crate::store::AppendError;
use crate::store::Receipt;
use crate::store::Stored;
use crate::store::apply::ENTRY_VERSION;
use crate::store::fault::Fault;
use crate::wire::compare;
use crate::wire::from_proto;
use crate::wire::to_bytes;
use crate::wire::to_bytes::Out;
use crate::wire::to_bytes::Settlement;
use crate::wire::to_proto;

use prost::Message;
use prost::bytes::Bytes;

/// Most entries that a refusal for moved amounts names.
const SINCE_MAX: usize = 20;

/// Room for what an acknowledged record has beside its content. Unit: bytes.
const ACKNOWLEDGED_BYTES: usize = 128;

/// A settle request, read.
struct Asking {
    writer: (FacilityId, RequestId),
    admission: Admission,
    bill: Bill,
    terms: Terms,
    expected_patient_pay: Option<Money>,
    expected_version: Option<u64>,
    /// The request in the form in which it is stored and compared.
    stored: proto::SettleRequest,
}

impl Service {
    /// Computes what everybody would pay, and writes nothing.
    pub fn quote(&self, request: &proto::QuoteRequest) -> Result<proto::Statement, Failure> {
        let written = self.quote_written(request)?;
        Ok(to_bytes::read(&written).map_err(Fault::undecodable)?)
    }

    /// The same as the bytes of a `Statement`.
    pub fn quote_written(&self, request: &proto::QuoteRequest) -> Result<Vec<u8>, Failure> {
        let quoting = Quoting::read(request, now().day(), self.line_facts)?;
        let looked_up = self.look_up(&quoting.admission, Some(&quoting.bill))?;
        let book = self.book();
        let situation =
            situation(&book, &looked_up.person, looked_up.facility.as_deref(), &quoting.admission)?;
        let year = self.store.year(&situation.key)?.accumulators;
        quoting.written(situation, &looked_up.catalogue, &year)
    }

    /// Computes on the current accumulators and records the settlement; the same request again gets its first answer. A visit
    /// that a HIS keeps here is settled by its own lines only.
    pub async fn settle(
        &self,
        request: proto::SettleRequest,
    ) -> Result<proto::SettlementRecord, Failure> {
        read_record(&self.settle_written(request).await?)
    }

    /// The same as the bytes of a `SettlementRecord`.
    pub async fn settle_written(&self, request: proto::SettleRequest) -> Result<Vec<u8>, Failure> {
        const LEFT_OUT: (&str, &str) =
            ("left out; a visit is settled over the national interface", "空;就诊经国家接口结算");
        if !request.visit.is_empty() || request.visit_version != 0 {
            let field = "visit".to_owned();
            return Err(Refusal::Malformed { field, want: LEFT_OUT }.into());
        }
        self.settle_bill(request).await
    }

    /// The one way into the ledger for a settlement, whoever asks. Returns the bytes of a `SettlementRecord`.
    pub(super) async fn settle_bill(
        &self,
        request: proto::SettleRequest,
    ) -> Result<Vec<u8>, Failure> {
        let _timed = metrics::settling();
        let asking = self.read(request)?;
        for _ in 0..RETRIES_MAX {
            let _turn = self.lock_of(&asking.admission.person).lock().await;
            if let Some(stored) = self.made_by(&asking.writer)? {
                return answered_before(stored, &asking.stored);
            }
            let computed = match self.refuse_second(&asking).and_then(|()| self.compute(&asking)) {
                Ok(computed) => computed,
                // What the id was used for comes first, also where that was written only just now.
                Err(refused) => match self.made_by(&asking.writer)? {
                    Some(stored) => return answered_before(stored, &asking.stored),
                    None => return Err(refused),
                },
            };
            match self.store.append_content(computed.content.clone()).await {
                Ok(receipt) => {
                    metrics::guarantees_missed(computed.guarantees_missed);
                    tracing::debug!(
                        number = receipt.sequence,
                        facility = %asking.writer.0,
                        request_id = %asking.writer.1,
                        "settled"
                    );
                    return Ok(computed.record(receipt));
                }
                Err(AppendError::Raced) => {}
                Err(AppendError::Fault(fault)) => return Err(fault.into()),
            }
        }
        Err(Refusal::Busy.into())
    }

    fn read(&self, request: proto::SettleRequest) -> Result<Asking, Failure> {
        let mut writer = request.writer.unwrap_or_default();
        let admission = from_proto::admission(request.admission.as_ref(), None)?;
        let of_admission = admission.facility.as_ref().map(ToString::to_string).unwrap_or_default();
        if writer.facility.is_empty() {
            writer.facility.clone_from(&of_admission);
        }
        if writer.facility != of_admission {
            const WANT: (&str, &str) = ("the admission's facility", "就诊所在机构");
            let field = "writer.facility".to_owned();
            return Err(Refusal::Malformed { field, want: WANT }.into());
        }
        let bill = from_proto::bill(request.bill.as_ref())?;
        let terms = Terms {
            account_pay: from_proto::money(&request.account_pay, "account_pay")?,
            deposit: from_proto::money(&request.deposit, "deposit")?,
            line_facts: self.line_facts,
        };
        let expected = &request.expected_patient_pay;
        let expected_patient_pay = from_proto::money_if_given(expected, "expected_patient_pay")?;
        let stored = proto::SettleRequest {
            admission: Some(to_proto::admission(&admission)),
            bill: Some(to_proto::bill(&bill)),
            account_pay: terms.account_pay.to_string(),
            deposit: terms.deposit.to_string(),
            expected_patient_pay: expected_patient_pay
                .map_or_else(String::new, |expected| expected.to_string()),
            expected_version: request.expected_version,
            visit: request.visit,
            visit_version: request.visit_version,
            noted: request.noted,
            writer: Some(writer),
        };
        Ok(Asking {
            writer: from_proto::writer(stored.writer.as_ref())?,
            admission,
            bill,
            terms,
            expected_patient_pay,
            expected_version: request.expected_version,
            stored,
        })
    }

    /// An admission has one effective settlement at a time (spec 9.4).
    fn refuse_second(&self, asking: &Asking) -> Result<(), Failure> {
        let Some(admission) = &asking.admission.id else { return Ok(()) };
        let Some(latest) = self.store.by_admission(&asking.writer.0, admission)? else {
            return Ok(());
        };
        if self.store.link(latest)?.is_some_and(|link| link.reversed_by != 0) {
            return Ok(());
        }
        let settlement = EntryName { id: admission.to_string(), sequence: latest };
        Err(Refusal::AlreadySettled { settlement }.into())
    }

    /// What was expected must hold (spec 9.2).
    fn refuse_moved(
        &self,
        asking: &Asking,
        key: &AccumulatorKey,
        (patient_pay, version): (Money, u64),
    ) -> Result<(), Failure> {
        let moved = asking.expected_patient_pay.is_some_and(|expected| expected != patient_pay)
            || asking.expected_version.is_some_and(|expected| expected != version);
        if !moved {
            return Ok(());
        }
        let from = asking.expected_version.unwrap_or(version);
        let numbers = self.store.entries_since(key, from)?;
        let names = numbers.into_iter().take(SINCE_MAX).map(|number| self.entry_name(number));
        let since = names.collect::<Result<_, _>>()?;
        Err(Refusal::Moved { patient_pay, version, since }.into())
    }

    /// The settlement as it would be recorded now.
    fn compute(&self, asking: &Asking) -> Result<Computed, Failure> {
        let book = self.book();
        let looked_up = self.look_up(&asking.admission, Some(&asking.bill))?;
        let situation =
            situation(&book, &looked_up.person, looked_up.facility.as_deref(), &asking.admission)?;
        let year = self.store.year(&situation.key)?.accumulators;
        let situation = situation.at(&year);
        let settled = settle(&situation, &asking.bill, &looked_up.catalogue, &year, asking.terms);
        // Whoever expects another amount may want to pay all of it from the account: what moved comes first.
        if let Err(Refusal::AccountPay { patient_pay, .. }) = &settled {
            self.refuse_moved(asking, &situation.key, (*patient_pay, year.version))?;
        }
        let statement = settled?;
        balanced(&statement)?;
        self.refuse_moved(asking, &situation.key, (statement.patient_pay, year.version))?;
        let recorded_at = now().to_string();
        let (content, record) = Settlement {
            version: ENTRY_VERSION,
            recorded_at: &recorded_at,
            request: &asking.stored.encode_to_vec(),
            statement: &statement,
            situation: &situation,
            admitted_on: asking.admission.admitted_on,
            after: &year.after(&added(&situation, &statement)),
        }
        .entry();
        refuse_too_long(content.len())?;
        let guarantees_missed = guarantees_missed(&statement);
        Ok(Computed { content: content.into(), record, recorded_at, guarantees_missed })
    }
}

/// A settlement that may be appended.
struct Computed {
    /// The entry's content.
    content: Bytes,
    /// Where in it the record begins.
    record: usize,
    recorded_at: String,
    guarantees_missed: u64,
}

impl Computed {
    /// The record as it was acknowledged.
    fn record(&self, Receipt { sequence, digest }: Receipt) -> Vec<u8> {
        let record = self.content.get(self.record..).unwrap_or_default();
        let mut out = Out::with_capacity(ACKNOWLEDGED_BYTES + record.len());
        out.number(settlement_record::NUMBER, sequence);
        out.shown(settlement_record::DIGEST, digest);
        out.text(settlement_record::RECORDED_AT, &self.recorded_at);
        let mut written = out.into_bytes();
        written.extend_from_slice(record);
        written
    }
}

/// How many guarantees (保证支付比例) of a settlement are missed.
fn guarantees_missed(statement: &Statement<'_>) -> u64 {
    let runs = statement.steps.iter().filter_map(|step| step.run.as_ref());
    let missed = runs.filter(|run| match &run.basis {
        Basis::Floor(trace) => trace.shortfall.is_some_and(|shortfall| !shortfall.is_zero()),
        Basis::Share(_) => false,
    });
    missed.map(|_| 1).sum()
}

/// A record from its bytes.
pub(super) fn read_record(bytes: &[u8]) -> Result<proto::SettlementRecord, Failure> {
    Ok(proto::SettlementRecord::decode(bytes).map_err(Fault::undecodable)?)
}

/// The first answer again, or a refusal where the request differs.
fn answered_before(stored: Stored, now: &proto::SettleRequest) -> Result<Vec<u8>, Failure> {
    let Some(Kind::Settlement(record)) = &stored.entry.kind else {
        return Err(used_for_another_kind());
    };
    let comparable = |request: &proto::SettleRequest| {
        let mut request = request.clone();
        if let Some(writer) = &mut request.writer {
            writer.operator.clear();
            writer.terminal.clear();
        }
        request
    };
    let before = record.request.as_ref().map(comparable).unwrap_or_default();
    compare::same(&before, &comparable(now))?;
    Ok(record_of(Stored { reversed_by: 0, ..stored })?.encode_to_vec())
}

/// A settlement with its number and digest.
pub(super) fn record_of(stored: Stored) -> Result<proto::SettlementRecord, Failure> {
    let Stored { sequence, digest, entry, reversed_by } = stored;
    match entry.kind {
        Some(Kind::Settlement(record)) => Ok(proto::SettlementRecord {
            number: sequence,
            digest: digest.to_string(),
            recorded_at: entry.recorded_at,
            reversed_by,
            ..record
        }),
        Some(
            Kind::Reversal(_)
            | Kind::Opening(_)
            | Kind::Register(_)
            | Kind::Visit(_)
            | Kind::Sign(_)
            | Kind::File(_)
            | Kind::Cancellation(_)
            | Kind::Office(_),
        )
        | None => Err(Refusal::UnknownEntry { name: sequence.to_string() }.into()),
    }
}
